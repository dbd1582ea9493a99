"""Which F: and X: lines of MAINTAINERS match a file, by the rules of scripts/get_maintainer.pl.

The script turns a line into a regular expression that need only match the start of a file's name, and takes
it if the name has as many slashes as the pattern; one that ends in a slash matches everything below. To try
8000 expressions takes milliseconds, and to compile them a second: a pattern is looked up by its leading
directory instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

# Everything that means something in a regular expression after the script has replaced `.`, `*` and `?`.
_SPECIAL = re.compile(r"[][*?(){}+^$|\\]")

IsDirectory = Callable[[str], bool]


@dataclass(frozen=True)
class Pattern:
    """An F: or X: line: its text, and where it stands."""

    text: str
    section: int
    line: int

    @property
    def is_literal(self) -> bool:
        return not _SPECIAL.search(self.text)

    @property
    def directory(self) -> str:
        """The directory, with its slash, that every match is in; empty if that is not known."""
        if "|" in self.text:
            return ""
        special = _SPECIAL.search(self.text)
        literal = self.text[: special.start()] if special else self.text
        return literal[: literal.rfind("/") + 1]


@dataclass
class PathIndex:
    """The F: or the X: patterns of a MAINTAINERS file, by leading directory."""

    is_directory: IsDirectory
    _by_directory: dict[str, list[Pattern]] = field(default_factory=dict)
    _compiled: dict[str, re.Pattern[str] | None] = field(default_factory=dict)

    def add(self, pattern: Pattern) -> None:
        """Adds a pattern; patterns are to be added in the order of the file."""
        self._by_directory.setdefault(pattern.directory, []).append(pattern)

    def matches(self, file: str) -> Iterator[tuple[Pattern, int]]:
        """The patterns that match a file and how specific each is (slashes, as the script counts them)."""
        end = 0
        while True:
            for pattern in self._by_directory.get(file[:end], ()):
                depth = self._depth(pattern, file)
                if depth is not None:
                    yield pattern, depth
            end = file.find("/", end) + 1
            if end == 0:
                return

    def _depth(self, pattern: Pattern, file: str) -> int | None:
        text = pattern.text
        depth = text.count("/") + (not text.endswith("/"))
        if not pattern.is_literal:
            expression = self._expression(text)
            if expression is None or not expression.match(file) or not _level(text, file):
                return None
            return -1 if text.startswith("*") else depth
        if not file.startswith(text):
            return None
        # The script asks the file system whether the pattern is a directory that lacks its slash.
        if text.endswith("/") or file == text or file.startswith(text + "/"):
            return depth
        return depth if _level(text, file) and not self.is_directory(text) else None

    def _expression(self, text: str) -> re.Pattern[str] | None:
        if text not in self._compiled:
            translated = text.replace(".", r"\.").replace("*", ".*").replace("?", ".")
            self._compiled[text] = compile_perl(translated)
        return self._compiled[text]


def _level(text: str, file: str) -> bool:
    """Whether a pattern is for files at this depth."""
    return text.endswith("/") or text.count("/") == file.count("/")


def compile_perl(expression: str, flags: re.RegexFlag = re.RegexFlag.NOFLAG) -> re.Pattern[str] | None:
    """The expression of a MAINTAINERS line; None for one that is not valid, which then matches nothing."""
    try:
        return re.compile(expression, flags | re.ASCII)
    except re.error:
        return None
