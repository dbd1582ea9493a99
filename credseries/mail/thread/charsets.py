"""Bytes of a mail as text, whatever charset it says that they have. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

# What may be in a text: the rest of C0, DEL, C1 and single surrogates would do things to terminals and files.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_MOST, _NEARLY_ALL = 0.52, 0.9  # of a text's bytes
_PRINTABLE = frozenset(range(0x20, 0x7F)) | frozenset(b"\t\r\n")
_WESTERN = frozenset({"iso-8859-1", "iso8859-1", "latin-1", "latin1", "l1", "windows-1252", "cp1252"})
_SHIFTED = frozenset({"utf-7", "utf7", "utf-16", "utf-16le", "utf-16be", "utf-32", "hz", "hz-gb-2312"})


@dataclass(frozen=True)
class Decoded:
    """A text with lines ending in LF, and what is to be said about how it was read (mostly nothing)."""

    text: str
    problems: tuple[str, ...] = ()


def decode_text(data: bytes, declared: str = "") -> Decoded:
    """The text of some bytes; `declared` is the charset that the mail names.

    What is not in that charset is read as UTF-8 and, when it is not that either, as Latin-1, which fits everything.
    Text that says Latin-1 and is UTF-8 is read as UTF-8: accidents do not make valid sequences of it. Control
    characters become U+FFFD, NUL bytes go. Never raises.
    """
    text, problem = _decode(data, declared.strip().strip("\"'").lower())
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    problems = [problem] if problem else []
    if "\0" in plain:
        problems.append(f"{plain.count(chr(0))} NUL bytes in it are left out")
        plain = plain.replace("\0", "")
    cleaned, count = _CONTROLS.subn("\ufffd", plain)
    if count:
        problems.append(f"{count} control characters in it are shown as U+FFFD")
    return Decoded(cleaned, tuple(problems))


def _decode(data: bytes, declared: str) -> tuple[str, str]:
    if data.isascii() and declared not in _SHIFTED and b"\x1b" not in data and b"~{" not in data:
        return data.decode("ascii"), ""
    unicode = _strictly(data, "utf-8")
    if declared in _WESTERN and unicode is not None:
        return unicode, f"it says charset {declared} and is UTF-8: read as that"
    if declared:
        # What says Latin-1 is Windows-1252 nearly always (WHATWG Encoding, 4.2); they differ in control characters.
        names = ("windows-1252", "latin-1") if declared in _WESTERN else (declared,)
        for name in names:
            text = _strictly(data, name)
            ascii_share = _ascii_share(data, name)
            if text is not None and ascii_share < _NEARLY_ALL:
                mixed = ascii_share > _MOST and f"some of its text may not be in the charset {name} that it names"
                return text, mixed or ""
    said = f"its text is not in the charset {declared[:40]!r} that it names" if declared else "it names no charset"
    if unicode is not None:
        return unicode, f"{said}: read as UTF-8"
    return data.decode("latin-1"), f"{said}, and is not UTF-8: read as Latin-1, letters that are not ASCII may be wrong"


def _ascii_share(data: bytes, charset: str) -> float:
    """How much of some bytes is ASCII where a charset has other letters for it (UTF-16, EBCDIC); 0 where it has not.

    Text in UTF-16 that is all Latin is half ASCII, and half NUL bytes.
    """
    if not data or _strictly(_LETTERS, charset) == _LETTERS.decode():
        return 0.0
    return sum(map(_PRINTABLE.__contains__, data)) / len(data)


def _strictly(data: bytes, charset: str) -> str | None:
    try:
        return data.decode(charset)
    except (LookupError, ValueError):  # ValueError: UnicodeError, and a name with a NUL in it
        return None
