"""The addresses that a file names, as scripts/get_maintainer.pl finds them in .yaml files. Pure.

Schemas of the device tree name who maintains them; the script takes those as recipients. It does not know YAML: it
takes what looks like a name and an address anywhere in the file, and cuts the name down to what is likely one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from credseries.kernel.addresses import Address, parse_address

_LETTER = r"[^\W\d_]"
_POSSIBLE = re.compile(rf"(?:{_LETTER}|[\"' ,.+-])*\s*,*\s*[(<{{]?[A-Za-z0-9_.+-]+@[A-Za-z0-9.-]+\.[A-Za-z0-9]+[)>}}]?")
_ADDRESS = re.compile(r"[(<{]?([A-Za-z0-9_.+-]+@[A-Za-z0-9.-]+)[)>}]?")
_NOT_IN_NAME = re.compile(rf"(?:(?!{_LETTER})[^',.+-])")
_STRAY = frozenset("',.+-")
_MAINTAINERS = re.compile(r"\bMAINTAINERS$")


def names_its_people(file: str, *, always: bool = False) -> bool:
    """Whether the script looks for addresses in a file: in .yaml files, or in all (its option --file-emails)."""
    return (always or file.endswith(".yaml")) and not _MAINTAINERS.search(file)


def addresses_in(text: str) -> Iterator[Address]:
    """The addresses in a file, in order, as often as they are there."""
    if "@" not in text:
        return
    for possible in _POSSIBLE.finditer(text):
        found = parse_address(_ADDRESS.sub(r"<\1>", possible[0]))
        if found is not None:
            yield Address(_likely_name(found.name), found.email)


def _likely_name(name: str) -> str:
    """The last two words of what stands before an address, or three where one of them is an initial."""
    words = _NOT_IN_NAME.split(name)
    while words and not words[-1]:
        words.pop()
    words = [word for word in words if word not in _STRAY]
    if len(words) > 2:
        first, middle, last = words[-3:]
        kept = (first, middle, last) if _is_initial(first) or _is_middle_initial(middle) else (middle, last)
        name = " ".join(kept)
    else:
        name = " ".join(words)
    if name.endswith((",", ".")):
        name = name[:-1]
    if name.startswith((",", ".")):
        name = name[1:]
    return re.sub(r'^"|"$', "", name.strip())


def _is_initial(word: str) -> bool:
    return (len(word) == 1 and word.isalpha()) or (len(word) == 2 and word.endswith("."))


def _is_middle_initial(word: str) -> bool:
    return len(word) == 1 or (len(word) == 2 and word.endswith("."))
