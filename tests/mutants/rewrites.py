"""What credseries makes of a file among others, and whether that holds when the rewritten file is read anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from credseries.creds.program import Program, SourceFile
from credseries.creds.sites import Analysis, SiteKind
from credseries.rewrite.forms import FORMS, Form, Names
from credseries.rewrite.plan import DEFAULT_ORDER, Judged, Planner, Rewritten, check

ORDERS: dict[str, tuple[Form, ...]] = {"auto": DEFAULT_ORDER, **{f"all {form.value}": (form,) for form in FORMS}}


@dataclass
class Rewrites:
    """The texts that are proven for a file, each with the first label it has, and what is wrong with them.

    `sites` counts the file's sites, `unreadable` its functions that are refused whole.
    """

    texts: dict[bytes, str] = field(default_factory=dict)
    wrong: list[tuple[str, bytes]] = field(default_factory=list)
    sites: int = 0
    unreadable: int = 0


Changed = tuple[Analysis, int, Rewritten]


def analyse_file(files: Mapping[str, SourceFile], path: str, source: bytes) -> Program:
    """A file with this text, analysed among the others as they are."""
    program = Program({**files, path: SourceFile(path, source)})
    program.run()
    return program


def rewrites_of(files: Mapping[str, SourceFile], path: str, source: bytes, names: Names) -> Rewrites:
    """Every rewrite of a file: all of its functions in each order of forms, and each site alone in each form."""
    program = analyse_file(files, path, source)
    found = Rewrites()
    together: dict[str, list[Changed]] = {label: [] for label in ORDERS}
    for (where, start), analysis in sorted(program.analyses.items(), key=lambda item: item[0]):
        if where != path:
            continue
        found.unreadable += analysis.unreadable is not None
        planner = Planner(names)
        judged = planner.judge_all(analysis)
        found.sites += sum(item.site.kind is SiteKind.SITE for item in judged)
        for label, alone in _alone(judged):
            _note(found, files, path, source, names, label, [(analysis, start, planner.rewrite(analysis, alone))])
        for label, order in ORDERS.items():
            ordered = [replace(item, choice=_first(item, order)) for item in judged]
            if any(item.choice is not None for item in ordered):
                rewritten = Planner(names, order).rewrite(analysis, ordered)
                together[label].append((analysis, start, rewritten))
    for label, changed in together.items():
        _note(found, files, path, source, names, label, changed)
    return found


def _alone(judged: Sequence[Judged]) -> Iterator[tuple[str, list[Judged]]]:
    """Each proven form of each site, the others as they are; nothing when there is one site only."""
    if len(judged) == 1:
        return
    for index, item in enumerate(judged):
        for verdict in item.verdicts:
            if verdict.ok:
                alone = [replace(other, choice=None) for other in judged]
                alone[index] = replace(item, choice=verdict.form)
                yield f"site at line {item.site.line} alone, {verdict.form.value}", alone


def _first(judged: Judged, order: Sequence[Form]) -> Form | None:
    ok = {verdict.form for verdict in judged.verdicts if verdict.ok}
    return next((form for form in order if form in ok), None)


def _note(
    found: Rewrites,
    files: Mapping[str, SourceFile],
    path: str,
    source: bytes,
    names: Names,
    label: str,
    changed: Sequence[Changed],
) -> None:
    changed = [item for item in changed if item[2].text != item[0].function.source]
    text = source
    for analysis, start, rewritten in sorted(changed, key=lambda item: -item[1]):
        text = text[:start] + rewritten.text + text[start + len(analysis.function.source) :]
    if text == source or text in found.texts:
        return
    found.texts[text] = label
    # with all sites in their first form, the whole program is read anew; of the others, the functions are
    program = analyse_file(files, path, text) if label in ORDERS else None
    found.wrong += [(f"{label}: {what}", text) for what in _read_anew(path, text, names, changed, program)]


def _read_anew(
    path: str, text: bytes, names: Names, changed: Sequence[Changed], program: Program | None
) -> Iterator[str]:
    """What of a rewritten file does not prove when nothing is known but its text."""
    file = program.files[path] if program is not None else SourceFile(path, text)
    moved = 0
    for analysis, start, rewritten in sorted(changed, key=lambda item: item[1]):
        name = analysis.function.name
        extent = next((item for item in file.extents if item.start == start + moved), None)
        moved += len(rewritten.text) - len(analysis.function.source)
        if extent is None or text[extent.start : extent.end] != rewritten.text:
            yield f"{name}() is not found again"
            continue
        if program is None:
            file.use(analysis.function.macros)
        function = file.function(extent)
        effects = program.effects(path) if program is not None else None
        reason = check(analysis, function, rewritten.offsets, names, effects)
        if reason is not None:
            yield f"{name}() does not prove again: {reason}"
        again = program.analyses.get((path, extent.start)) if program is not None else None
        converted = {item.site.call for item in rewritten.judged if item.choice is not None}
        for site in again.sites if again is not None else ():
            if rewritten.offsets.origin(site.call) in converted and site.converted is None:
                yield f"{name}() is rewritten, but the site at line {site.line} is not converted"
