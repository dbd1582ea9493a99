"""The files by which a developer changes what scripts/get_maintainer.pl gives: .get_maintainer.conf and .ignore.

The script looks for each of them in the directory that it is started in (the top of the tree), in the home directory,
and in a directory `.scripts` of the tree; the first that is there is the one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

CONFIGURATION = ".get_maintainer.conf"
IGNORED = ".get_maintainer.ignore"

_SWITCHES = {
    "m": "maintainers",
    "r": "reviewers",
    "l": "lists",
    "moderated": "moderated",
    "s": "subscribers_only",
    "fixes": "fixes",
    "k": "keywords",
    "keywords": "keywords",
    "mailmap": "mailmap",
    "git-chief-penguins": "chief_penguin",
    "fe": "file_emails",
    "file-emails": "file_emails",
    "git-all-signature-types": "every_signature",
}
_NUMBERS = {
    "pattern-depth": "pattern_depth",
    "git-max-maintainers": "most_signers",
    "git-min-signatures": "least_signatures",
    "git-min-percent": "least_percent",
}
# These change nothing about who is named: output, and what the options --nogit and --nogit-fallback turn off.
_WITHOUT_EFFECT = frozenset(
    ("git", "git-fallback", "git-since", "hg-since", "roles", "rolestats", "multiline", "separator", "tree")
)
_WITH_VALUE = frozenset(("git-since", "hg-since", "separator", *_NUMBERS))


@dataclass(frozen=True)
class Options:
    """Who is named: the options of the script that decide it, with its defaults. `unknown` are words that do not
    count here, such as --git-blame."""

    maintainers: bool = True
    reviewers: bool = True
    lists: bool = True
    moderated: bool = True
    subscribers_only: bool = False
    fixes: bool = True
    keywords: bool = True
    mailmap: bool = True
    chief_penguin: bool = False
    file_emails: bool = False
    every_signature: bool = False
    pattern_depth: int = 0
    most_signers: int = 5
    least_signatures: int = 1
    least_percent: int = 5
    unknown: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Options:
        """The options in a .get_maintainer.conf: words in lines, with comments; the last of several wins."""
        options = cls()
        words = _words(text)
        for word in words:
            name, equals, value = word.lstrip("-").partition("=")
            name = name.lower()
            if not equals and name in _WITH_VALUE:
                value = next(words, "")
            options = options._with(word, name, value)
        return options

    def _with(self, word: str, name: str, value: str) -> Options:
        if name in _NUMBERS:
            if not value.isdigit():
                return self._not_known(word)
            number: dict[str, Any] = {_NUMBERS[name]: int(value)}
            return replace(self, **number)
        negative = name not in _SWITCHES and name.startswith("no")
        switch = name[2:].removeprefix("-") if negative else name
        if switch in _SWITCHES:
            changed: dict[str, Any] = {_SWITCHES[switch]: not negative}
            return replace(self, **changed)
        return self if switch in _WITHOUT_EFFECT else self._not_known(word)

    def _not_known(self, word: str) -> Options:
        return replace(self, unknown=(*self.unknown, word))

    @property
    def is_default(self) -> bool:
        """Whether nothing is changed."""
        return all(getattr(self, item.name) == item.default for item in fields(self))


def parse_ignored(text: str) -> frozenset[str]:
    """The people in a .get_maintainer.ignore, as the script writes them: it adds them to nobody by itself, but an M: or
    R: line may."""
    lines = (line.strip().partition("#")[0] for line in text.split("\n"))
    return frozenset(line for line in lines if line)


def find_file(name: str, places: Sequence[Path]) -> str:
    """The text of the first file of this name; empty if none of the directories has one."""
    for place in places:
        try:
            return (place / name).read_text(encoding="utf-8", errors="backslashreplace")
        except OSError:
            continue
    return ""


def _words(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        for word in line.split():
            if word.startswith("#"):
                break
            yield word
