"""What scripts/get_maintainer.pl takes from a patch: files, commits that it fixes, lines for keywords. Pure.

The script reads a patch line by line and does not know where its diff starts and ends: a line of the message that looks
like a part of a diff counts as one, and so does a removed line that starts with two dashes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Where a name has a space in it, the script does not see it, and looks for keywords in the line.
_MODE = re.compile(r" mode change [0-7]+ => [0-7]+ (\S+)\s*$")
_RENAME = re.compile(r"rename (?:from|to) (\S+)\s*$")
_GIT = re.compile(r"diff --git a/(\S+) b/(\S+)\s*$")
_FIXES = re.compile(r"Fixes:\s+([0-9a-fA-F]{6,40})")
_FILE = re.compile(r"(?:\+\+\+|---)\s+(\S+)")
_HUNK = re.compile(r"@@ -\d+,\d+")
_NAMES = {" ": _MODE, "r": _RENAME, "d": _GIT}


@dataclass(frozen=True)
class PatchFacts:
    """What the script knows of a patch.

    `files` is in order of name, each once, with `dev/null` for a file that is new or deleted, as the script takes that
    for a file; `fixes` are ids of commits, whole or not; `message` are the lines in which a keyword counts wherever it
    stands, `change` those in which it counts where a line is added or removed.
    """

    files: tuple[str, ...]
    fixes: tuple[str, ...]
    message: tuple[str, ...]
    change: tuple[str, ...]

    @classmethod
    def parse(cls, patch: str) -> PatchFacts:
        """Reads a patch, or a diff without a message, or nothing."""
        files: list[str] = []
        fixes: list[str] = []
        message: list[str] = []
        change: list[str] = []
        lines = message
        for line in _lines(patch):
            first = line[0]
            if first in _NAMES and (match := _NAMES[first].match(line)):
                files.extend(match.groups())
            elif first == "F" and (match := _FIXES.match(line)):
                fixes.append(match[1])
            elif first in "+-" and (match := _FILE.match(line)):
                files.append(_without_first(match[1]))
                lines = change
            elif first != "@" or not _HUNK.match(line):
                lines.append(line)
        return cls(tuple(sorted(set(files))), tuple(dict.fromkeys(fixes)), tuple(message), tuple(change))


def patch_text(patch: bytes) -> str:
    """The text of a patch as the script sees it: UTF-8, and other bytes as `\\xE4`, of which letters are words."""
    return patch.decode("utf-8", "backslashreplace")


def _lines(text: str) -> Iterator[str]:
    """The lines, with their ends: an expression may match those too."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


def _without_first(name: str) -> str:
    """A name without `a/` or whatever stands before its first slash."""
    _, slash, rest = name.partition("/")
    return rest if slash else name
