"""Names that a host can have (RFC 1123, 2.1; RFC 5890 for those that are not in ASCII). Pure."""

from __future__ import annotations

from ipaddress import ip_address
from unicodedata import category

_NAME, _LABEL = 253, 63  # bytes (RFC 1035, 2.3.4, without the length of the first label and the root)
# Letters, their marks, and digits. By the book no host's name has `_`, but there are such.
_CHARACTERS = "LMN"
_SIGNS = "-_"


def wrong_host(name: str) -> str:
    """Why no host can have a name or an address, as the rest of a sentence about it; empty when one can."""
    try:
        ip_address(name)
    except ValueError:
        return _wrong_name(name)
    return ""


def _wrong_name(name: str) -> str:
    if not name.isprintable() or any(letter.isspace() for letter in name):
        return "a host's name has no spaces and no control characters"
    labels = name.removesuffix(".").split(".")
    if not all(labels):
        return "a part of a host's name, between its dots, is not empty"
    for label in labels:
        if problem := _wrong_label(label):
            return problem
    if sum(len(_ascii(label)) + 1 for label in labels) - 1 > _NAME:
        return f"a host's name has at most {_NAME} characters"
    if all(label.isdigit() for label in labels):
        return "it is no address of a host"
    return ""


def _wrong_label(label: str) -> str:
    try:
        text = _ascii(label)
    except UnicodeError:
        return f"{label!r} is no part of a host's name"
    if len(text) > _LABEL:
        return f"a part of a host's name has at most {_LABEL} characters"
    known = all(letter in _SIGNS or category(letter)[0] in _CHARACTERS for letter in label)
    if not known or text.startswith("-") or text.endswith("-"):
        return f"{label!r} is no part of a host's name"
    return ""


def _ascii(label: str) -> str:
    """A label as it is asked for; raises UnicodeError."""
    return label if label.isascii() else label.encode("idna").decode("ascii")
