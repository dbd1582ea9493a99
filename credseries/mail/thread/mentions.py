"""Which patch of a version some words name: by its number, by a file that only it changes, by its subject. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from credseries.mail.thread.posted import Posted, Version
from credseries.mail.thread.sentences import Shape, blocks

_NUMBER = re.compile(
    r"\bpatch(?:es)?\s*#?\s*(?P<first>\d{1,3})(?!\d|\s*/\s*\d|\.\d)|\b(?P<of>\d{1,3})\s*/\s*(?P<total>\d{1,3})\b", re.I
)
_FILE = re.compile(
    r"(?<![\w@])(?:[\w.+-]+/)*[\w+-]+\.(?:c|h|S|rs|py|sh|rst|txt|ya?ml|dtsi?|lds)\b|(?:[\w.+-]+/)+(?:Makefile|Kconfig)\b"
)
_ITEM = re.compile(r"(?<![\w&])#(?P<number>\d{1,2})\b|(?<![\w)])\((?P<round>\d{1,2})\)")
_LONGEST = 300  # characters of a word that may be a path
_DIFFSTAT = re.compile(r"^\s*(?P<file>\S+)\s+\|\s+(?:\d+|Bin)\b")


@dataclass(frozen=True)
class Mention:
    """A patch that some words name, and the file if it is one."""

    number: int
    file: str = ""


def list_items(texts: Iterable[str]) -> Mapping[str, str]:
    """The items of numbered lists by number, as far as one number has one text."""
    found: dict[str, set[str]] = {}
    for text in texts:
        for block in blocks(text):
            if block.shape is Shape.ITEM and block.mark.isdigit():
                found.setdefault(block.mark, set()).add(" ".join(block.text.split()))
    return {number: next(iter(items)) for number, items in found.items() if len(items) == 1}


def mentioned(words: str, version: Version, items: Mapping[str, str]) -> Mention | None:
    """The one patch of a version that some words name, or None when they name none, or several.

    `items` are those of lists that were spoken of, for words like `#2`.
    """
    numbers = set(_numbers(words, version))
    if numbers:
        return Mention(numbers.pop()) if len(numbers) == 1 else None
    names = files_named(words)
    for match in _ITEM.finditer(words):
        item = items.get(match["number"] or match["round"])
        names += files_named(item) if item else []
    return _by_files(names, version)


def named_by_line(line: str, version: Version) -> Mention | None:
    """The patch that a line of a cover letter stands for: its subject in the list of patches, or a line of the
    diffstat with a file that only it changes."""
    text = " ".join(line.strip(" -*").split()).casefold()
    same = [mail.number for mail in version.patches if text and " ".join(mail.title.casefold().split()) == text]
    if len(same) == 1:
        return Mention(same[0])
    stat = _DIFFSTAT.match(line)
    return _by_files([stat["file"]], version) if stat else None


def _numbers(words: str, version: Version) -> Iterable[int]:
    for match in _NUMBER.finditer(words):
        number = int(match["first"] or match["of"])
        if match["total"] and int(match["total"]) != version.total:
            continue
        if 1 <= number <= max(version.total, *(mail.number for mail in version.patches), 0):
            yield number


def _by_files(names: Sequence[str], version: Version) -> Mention | None:
    found = {(mail.number, file) for name in names for mail in version.patches for file in changed_as(name, mail)}
    numbers, files = {number for number, _ in found}, {file for _, file in found}
    if len(numbers) != 1:
        return None
    return Mention(numbers.pop(), files.pop() if len(files) == 1 else "")


def changed_as(name: str, mail: Posted) -> list[str]:
    """The files of a patch that a name means: a whole path or its end; `-` and `_` are the same to people."""
    wanted = _plain(name)
    return [file for file in mail.files if _plain(file) == wanted or _plain(file).endswith(f"/{wanted}")]


def files_named(words: str) -> list[str]:
    """The names of files in some words."""
    short = (word for word in words.split() if len(word) <= _LONGEST)
    return list(dict.fromkeys(match.group() for word in short for match in _FILE.finditer(word)))


def _plain(path: str) -> str:
    return path.casefold().replace("_", "-").lstrip("./")
