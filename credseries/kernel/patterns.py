"""Which F: and X: lines of MAINTAINERS match a file, by the rules of scripts/get_maintainer.pl.

The script turns a line into a regular expression that need only match the start of a file's name, and takes
it if the name has as many slashes as the pattern; one that ends in a slash matches everything below. To try
8000 expressions takes milliseconds, and to compile them a second: a pattern is looked up by its leading
directory instead.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from credseries.kernel.expressions import compile_perl

# Everything that means something in a regular expression after the script has replaced `.`, `*` and `?`.
_SPECIAL = re.compile(r"[][*?(){}+^$|\\]")

IsDirectory = Callable[[str], bool]


class Pattern(NamedTuple):
    """An F: or X: line: its text, the number of its section, and that of its line there."""

    text: str
    section: int
    line: int
    is_literal: bool


@dataclass
class PathIndex:
    """The F: or the X: patterns of a MAINTAINERS file, by leading directory.

    `is_directory` says whether a path is a directory of the tree. Without it, one that a file is below is one.
    """

    is_directory: IsDirectory | None = None
    _by_directory: defaultdict[str, list[Pattern]] = field(default_factory=lambda: defaultdict(list))
    _compiled: dict[str, re.Pattern[str] | None] = field(default_factory=dict)
    _directories: dict[str, bool] = field(default_factory=dict)

    def add(self, text: str, section: int, line: int) -> None:
        """Adds a pattern; patterns are to be added in the order of the file."""
        special = _SPECIAL.search(text)
        if special is None:
            directory = text[: text.rfind("/") + 1]
        else:
            directory = "" if "|" in text else text[: text.rfind("/", 0, special.start()) + 1]
        self._by_directory[directory].append(Pattern(text, section, line, special is None))

    def matches(self, file: str) -> Iterator[tuple[Pattern, int]]:
        """The patterns that match a file and how specific each is (slashes, as the script counts them)."""
        end = 0
        while True:
            for pattern in self._by_directory.get(file[:end], ()):
                if not pattern.is_literal or file.startswith(pattern.text):
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
            if expression is None or not expression.search(file) or not _level(text, file):
                return None
            return -1 if text.startswith("*") else depth
        # The script asks the file system whether the pattern is a directory that lacks its slash.
        if text.endswith("/") or file == text:
            return depth
        if self._lacks_slash(text, below := file.startswith(text + "/")):
            return depth if below else None
        return depth if _level(text, file) else None

    def _lacks_slash(self, text: str, below: bool) -> bool:
        # The script asks after it has put a backslash before every dot: it finds no directory that has one.
        if "." in text:
            return False
        if self.is_directory is None:
            return below
        if text not in self._directories:
            self._directories[text] = self.is_directory(text)
        return self._directories[text]

    def _expression(self, text: str) -> re.Pattern[str] | None:
        if text not in self._compiled:
            translated = text.replace(".", r"\.").replace("*", ".*").replace("?", ".")
            self._compiled[text] = compile_perl(f"^{translated}", extended=False)
        return self._compiled[text]


def _level(text: str, file: str) -> bool:
    """Whether a pattern is for files at this depth."""
    return text.endswith("/") or text.count("/") == file.count("/")
