"""Who calls a wrapper that is to be made light: every mention of it in the tree is accounted for. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from credseries.creds.effects import Wrapper
from credseries.creds.program import Program, SourceFile
from credseries.creds.sites import Analysis
from credseries.rewrite.forms import Form
from credseries.rewrite.plan import Judged

FunctionKey = tuple[str, int]  # the file, and the byte that the function begins at
SiteKey = tuple[str, int, int]  # and the byte of the override's call within the function


@dataclass(frozen=True)
class Callers:
    """The sites that go through a wrapper: those that are proven light, and those that need the reference.

    `elsewhere` are callers (file, function) that no topic covers; `unknown` are mentions (file, where, why) that are no
    call which the analysis follows, so that nobody knows what would become of them.
    """

    light: tuple[SiteKey, ...]
    counted: tuple[SiteKey, ...]
    elsewhere: tuple[tuple[str, str], ...]
    unknown: tuple[tuple[str, str, str], ...]


def callers_of(
    program: Program,
    wrapper: Wrapper,
    judged: Mapping[FunctionKey, Sequence[Judged]],
    covers: Callable[[str], bool],
    gone: Set[SiteKey],
    can_see: Callable[[str], bool],
) -> Callers:
    """The callers of a wrapper in the whole program.

    `judged` has the sites of all topics, `covers` says which files the topic at hand may change, `gone` are sites that
    do not call their wrapper any more, `can_see` says which files can mean the wrapper by its name.
    """
    light: list[SiteKey] = []
    counted: list[SiteKey] = []
    elsewhere: list[tuple[str, str]] = []
    for key, analysis in sorted(program.analyses.items()):
        calls = {site.call for site in analysis.sites if site.via == wrapper.name and site.converted is None}
        calls -= {call for call in calls if (*key, call) in gone}
        if calls and not covers(key[0]):
            elsewhere.append((key[0], analysis.function.name))
            continue
        for item in judged.get(key, ()):
            if item.site.call in calls:
                (light if item.verdict(Form.LIGHT).ok else counted).append((*key, item.site.call))
    files = [file for path, file in program.files.items() if can_see(path)]
    unknown = [item for file in files for item in _unknown(program, file, wrapper)]
    return Callers(tuple(light), tuple(counted), tuple(elsewhere), tuple(unknown))


def _unknown(program: Program, file: SourceFile, wrapper: Wrapper) -> Iterator[tuple[str, str, str]]:
    word = re.compile(rb"\b" + re.escape(wrapper.name.encode()) + rb"\b")
    for span in file.lexed.directives(0, len(file.source)):
        if word.search(file.source, span.start, span.end):
            yield file.path, f"line {file.lines.number(span.start)}", "a macro uses it"
    code = file.lexed.code
    for match in word.finditer(code):
        extent = file.extent_at(match.start())
        if extent is None or match.start() < extent.body:
            if not _is_declared(code, match):
                yield file.path, f"line {file.lines.number(match.start())}", "its address is taken"
            continue
        analysis = program.analyses.get((file.path, extent.start))
        if analysis is None or not _is_site(analysis, match.start() - extent.start):
            why = analysis.unreadable if analysis is not None else None
            where = f"{extent.name}(), line {file.lines.number(match.start())}"
            yield file.path, where, why or "it is no call that is followed"


def _is_declared(code: bytes, match: re.Match[bytes]) -> bool:
    """Whether a mention outside of functions is a declaration, a definition or an export."""
    exported = re.search(rb"EXPORT_SYMBOL\w*\(\s*\Z", code[: match.start()]) is not None
    return exported or code[match.end() :].lstrip().startswith(b"(")


def _is_site(analysis: Analysis, offset: int) -> bool:
    return any(site.call == offset for site in analysis.sites)
