"""Preview: the conversion of files or functions as a diff, without a series."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from credseries.creds.sites import Analysis
from credseries.csource.splice import Edit, Insert, splice
from credseries.errors import UnknownPath
from credseries.rewrite.plan import Judged
from credseries.series.scan import Survey


@dataclass(frozen=True)
class Preview:
    """A diff for `git apply`, and the sites that it leaves as they are."""

    diff: str
    refused: tuple[Judged, ...]


def _select(survey: Survey, targets: Sequence[str], is_path: Callable[[str], bool]) -> list[Analysis]:
    if not targets:
        return survey.analyses
    found: list[Analysis] = []
    for target in targets:
        if is_path(target.rstrip("/")):
            prefix = target.rstrip("/")
            found += [
                item
                for item in survey.analyses
                if item.function.path == prefix or item.function.path.startswith(prefix + "/")
            ]
        elif "/" in target or "." in target:
            hint = "paths are relative to the top of the tree; functions are given by name alone"
            raise UnknownPath(f"{target} is not in commit {survey.commit[:12]}", hint=hint)
        else:
            found += survey.in_function(target)
    return list({(item.function.path, item.function.first_line): item for item in found}.values())


def unified(path: str, before: bytes, after: bytes) -> str:
    """A unified diff of one file as git writes it; bytes that are not UTF-8 are surrogates (PEP 383) in it."""
    old, new = (_lines(text.decode("utf-8", "surrogateescape")) for text in (before, after))
    lines = []
    for line in difflib.unified_diff(old, new, f"a/{path}", f"b/{path}"):
        lines.append(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n")
    return "".join(lines)


def _lines(text: str) -> list[str]:
    """Lines as git counts them: a form feed or a carriage return ends none."""
    *whole, rest = text.split("\n")
    return [line + "\n" for line in whole] + ([rest] if rest else [])


def preview(survey: Survey, targets: Sequence[str], is_path: Callable[[str], bool]) -> Preview:
    """Convert what the targets (paths or function names) select. Raises UnknownPath and UnknownFunction."""
    edits: dict[str, list[Edit]] = {}
    refused: list[Judged] = []
    for analysis in _select(survey, targets, is_path):
        if not analysis.sites:
            continue
        judged = survey.planner.rewrite(analysis, survey.planner.judge_all(analysis))
        refused += [item for item in judged.judged if item.choice is None and item.site.converted is None]
        if judged.text != analysis.function.source:
            start = survey.program.start_of(analysis.function)
            end = start + len(analysis.function.source)
            edit = Edit(start, end, (Insert(judged.text, start),))
            edits.setdefault(analysis.function.path, []).append(edit)
    parts = []
    for path, changes in sorted(edits.items()):
        source = survey.program.files[path].source
        parts.append(unified(path, source, splice(source, changes).text))
    return Preview("".join(parts), tuple(refused))
