"""What gcc, clang, sparse and the assembler have to say, as values; and which of it is new."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from credseries.verify.model import Problem, Severity

# "file:line:column: warning: text [-Wflag]", as both compilers and sparse write it; an assembler has no column and
# capitals, and objtool (of kbuild) has no line. gcc marks its own errors as "cc1: error: text".
_MESSAGE = re.compile(
    r"(?P<path>[^\s:][^:]*?):(?:(?P<line>\d+):)?(?:\d+:)? "
    r"(?P<severity>(?:fatal )?error|[Ww]arning|Error|Fatal error|note|remark): (?P<text>.*)"
)
_FLAG = re.compile(r"(.*\S)\s+\[(?:-Werror,)?-W(?:error=)?([^\]\s]+)\]")
# What says nothing that another message has not said.
_REMARKS = re.compile(r"(?:some|all) warnings being treated as errors|recipe for target .* failed")
_NOTES = 3  # that a problem shows
_LAST_WORDS = 5  # lines that are shown of an output that says nothing else


@dataclass(frozen=True)
class Diagnostic:
    """An error or a warning: where it is (a path from the top of the source tree), its text, and the flag without -W.

    `source` is the text of its line, and `notes` are what the compiler adds; they do not tell one from another.
    """

    path: str
    line: int
    severity: Severity
    text: str
    flag: str = ""
    source: str = field(default="", compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)

    @property
    def identity(self) -> tuple[str, str, str]:
        """What stays the same when lines come and go above it."""
        return self.path, self.text, self.flag

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form that `from_json` reads back."""
        return {
            "path": self.path,
            "line": self.line,
            "severity": self.severity.value,
            "text": self.text,
            "flag": self.flag,
            "source": self.source,
            "notes": list(self.notes),
        }

    def problem(self) -> Problem:
        """It, as the problem of a patch."""
        flag = f" [-W{self.flag}]" if self.flag else ""
        notes = "".join(f"\n{note}" for note in self.notes[:_NOTES])
        return Problem(self.severity, f"{self.text}{flag}{notes}", self.path, self.line, self.source)


def from_json(data: dict[str, Any]) -> Diagnostic:
    """The diagnostic that `Diagnostic.to_json` gave."""
    return Diagnostic(**{**data, "severity": Severity(data["severity"]), "notes": tuple(data["notes"])})


def parse(output: str, tops: Sequence[Path], unit: str = "") -> list[Diagnostic]:
    """The errors and warnings of a tool's output, in order; `tops` are directories that paths are shown relative to.

    What the assembler says of gcc's temporary file is said of `unit`.
    """
    found: list[Diagnostic] = []
    for row in output.splitlines():
        match = _MESSAGE.fullmatch(row.rstrip())
        if match is None or _REMARKS.search(match["text"]):
            continue
        path, line, text, flag = _relative(match["path"], tops), int(match["line"] or 0), match["text"], ""
        if unit and path.endswith(".s") and path.startswith("/"):
            path, line = unit, 0
        said = match["severity"].lower()
        if said in ("note", "remark"):
            if found:
                last = found.pop()
                place = f"{path}:{line}: " if line else ""
                found.append(replace(last, notes=(*last.notes, f"{place}note: {text}")))
            continue
        if flagged := _FLAG.fullmatch(text):
            text, flag = flagged.groups()
        severity = Severity.WARNING if said == "warning" else Severity.ERROR
        found.append(Diagnostic(path, line, severity, text, flag))
    return found


def last_words(output: str, path: str) -> Diagnostic:
    """The error of a tool that failed and said nothing of the usual form."""
    rows = [row.strip() for row in output.splitlines() if row.strip()]
    return Diagnostic(path, 0, Severity.ERROR, "\n".join(rows[-_LAST_WORDS:]) or "it fails without a word")


def with_sources(diagnostics: Iterable[Diagnostic], read: Callable[[str], bytes | None]) -> list[Diagnostic]:
    """The diagnostics with their lines' text; `read` gives the contents of a file of the state that was compiled."""
    texts: dict[str, list[str]] = {}
    found = []
    for diagnostic in diagnostics:
        if diagnostic.path not in texts:
            content = read(diagnostic.path) if diagnostic.line else None
            texts[diagnostic.path] = (content or b"").decode("utf-8", "replace").split("\n")
        lines = texts[diagnostic.path]
        source = lines[diagnostic.line - 1] if 0 < diagnostic.line <= len(lines) else ""
        found.append(replace(diagnostic, source=source))
    return found


def new_ones(before: Iterable[Diagnostic], after: Iterable[Diagnostic]) -> list[Diagnostic]:
    """What is said after a change and was not before, or not as often; line numbers do not matter."""
    known = Counter(diagnostic.identity for diagnostic in before)
    found = []
    for diagnostic in after:
        if known[diagnostic.identity]:
            known[diagnostic.identity] -= 1
        else:
            found.append(diagnostic)
    return found


def problems_of(diagnostics: Iterable[Diagnostic]) -> tuple[Problem, ...]:
    """The problems, each once: a header is compiled with many files. Errors come first."""
    once = dict.fromkeys(diagnostics)
    return tuple(item.problem() for item in sorted(once, key=lambda item: item.severity is not Severity.ERROR))


def _relative(path: str, tops: Sequence[Path]) -> str:
    for top in tops:
        prefix = f"{top}/"
        if path.startswith(prefix):
            return os.path.normpath(path[len(prefix) :])
    return os.path.normpath(path)
