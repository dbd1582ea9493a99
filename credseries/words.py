"""Words and numbers: how they are written for a person, and what tells one text from all others."""

import hashlib


def many(number: int, one: str, more: str = "") -> str:
    """A number of things: `1 patch`, `2 patches` (`more` is the plural where it does not just end in s)."""
    return f"{number} {one if number == 1 else more or one + 's'}"


def content_key(*parts: str | bytes) -> str:
    """A key (SHA-256, in hexadecimal) for what depends on nothing but these parts; their borders count."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
        digest.update(b"%d:" % len(data) + data)
    return digest.hexdigest()
