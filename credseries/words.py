"""Words and numbers: how they are written for a person, and what tells one text from all others."""

import hashlib
from collections.abc import Sequence
from itertools import groupby


def many(number: int, one: str, more: str = "") -> str:
    """A number of things: `1 patch`, `2 patches` (`more` is the plural where it does not just end in s)."""
    return f"{number} {one if number == 1 else more or one + 's'}"


def numbered(numbers: Sequence[int]) -> str:
    """Patches by their numbers, in ranges."""
    return f"{'patch' if len(set(numbers)) == 1 else 'patches'} {ranges(numbers)}"


def ranges(numbers: Sequence[int]) -> str:
    """Numbers in order, three or more in a row as a range: `1-3, 5, 6`."""
    found = []
    for _, group in groupby(enumerate(sorted(set(numbers))), key=lambda pair: pair[1] - pair[0]):
        run = [number for _, number in group]
        found += [f"{run[0]}-{run[-1]}"] if len(run) > 2 else [str(number) for number in run]
    return ", ".join(found)


def near(value: str, allowed: Sequence[str]) -> str:
    """A question, after a space, whether one of the words was meant, if one is close; else nothing."""
    found = nearest(value, allowed)
    return f" (did you mean {found}?)" if found else ""


def nearest(value: str, allowed: Sequence[str]) -> str:
    """The word that was probably meant, or nothing."""
    from difflib import get_close_matches  # not for those who write no wrong word

    return next(iter(get_close_matches(value, allowed, 1)), "")


def in_words(path: str) -> str:
    """A path as it stands in a text: what is no character of one, or would end its line, is a `?`."""
    return "".join(char if char.isprintable() else "?" for char in path)


def content_key(*parts: str | bytes) -> str:
    """A key (SHA-256, in hexadecimal) for what depends on nothing but these parts; their borders count."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
        digest.update(b"%d:" % len(data) + data)
    return digest.hexdigest()
