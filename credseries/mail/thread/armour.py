"""Text that is signed in its own lines (OpenPGP's cleartext signatures, RFC 9580, 7): without what signs it. Pure."""

from __future__ import annotations

import re

_SIGNED = re.compile(
    r"^-----BEGIN PGP SIGNED MESSAGE-----[ \t]*\n(?:[A-Za-z-]+:[^\n]*\n)*[ \t]*\n"
    r"(?P<text>.*?)"
    r"^-----BEGIN PGP SIGNATURE-----[ \t]*\n(?:(?:[A-Za-z]+:[^\n]*|[A-Za-z0-9+/=]*[ \t]*)\n)*"
    r"-----END PGP SIGNATURE-----[ \t]*(?:\n|\Z)",
    re.MULTILINE | re.DOTALL,
)
_ESCAPED = re.compile(r"^- (?=-|From )", re.MULTILINE)
_ENCRYPTED = re.compile(r"^-----BEGIN PGP MESSAGE-----[ \t]*$", re.MULTILINE)


def without_armour(text: str) -> str:
    """The text as it was before it was signed; what is damaged stays as it is, with its marks."""
    if "-----BEGIN PGP SIGNED MESSAGE-----" not in text:
        return text
    return _SIGNED.sub(lambda found: _ESCAPED.sub("", found["text"]), text)


def is_encrypted(text: str) -> bool:
    """Whether there is an encrypted message in the text."""
    return _ENCRYPTED.search(text) is not None
