"""Text that is signed in its own lines (OpenPGP's cleartext signatures, RFC 9580, 7): without what signs it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"
_SIGNATURE = "-----BEGIN PGP SIGNATURE-----"
_END = "-----END PGP SIGNATURE-----"
_FIELD = re.compile(r"[A-Za-z-]+:.*")
_CODE = re.compile(r"(?:[A-Za-z]+:.*|[A-Za-z0-9+/=]*[ \t]*)")
_ESCAPED = re.compile(r"- (?=-|From )")
_ENCRYPTED = re.compile(r"^-----BEGIN PGP MESSAGE-----[ \t]*$", re.MULTILINE)


def without_armour(text: str) -> str:
    """The text as it was before it was signed; what is damaged stays as it is, with its marks."""
    if _SIGNED not in text:
        return text
    lines = text.split("\n")
    done: list[str] = []
    at = 0
    while at < len(lines):
        begin, signature, end = _block(lines, at)
        if end:
            done += [_ESCAPED.sub("", line) if line.startswith("- ") else line for line in lines[begin:signature]]
            at = end
        else:
            done.append(lines[at])
            at += 1
    return "\n".join(done)


def _block(lines: Sequence[str], start: int) -> tuple[int, int, int]:
    """Where the text begins that a line says is signed, where its signature does, and where that is over; 0 for all
    when the line says nothing of that, or one of them is not as it should be."""
    nothing = (0, 0, 0)
    if lines[start].rstrip() != _SIGNED:
        return nothing
    begin = start + 1
    while begin < len(lines) and _FIELD.fullmatch(lines[begin]):
        begin += 1
    if begin >= len(lines) or lines[begin].strip():
        return nothing
    signature = begin + 1
    while signature < len(lines) and lines[signature].rstrip() != _SIGNATURE:
        if lines[signature].rstrip() == _SIGNED:
            return nothing
        signature += 1
    end = signature + 1
    while end < len(lines) and lines[end].rstrip() != _END:
        if not _CODE.fullmatch(lines[end]):
            return nothing
        end += 1
    return (begin + 1, signature, end + 1) if end < len(lines) else nothing


def is_encrypted(text: str) -> bool:
    """Whether there is an encrypted message in the text."""
    return _ENCRYPTED.search(text) is not None
