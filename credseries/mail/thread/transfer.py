"""The transfer encodings of RFC 2045, read leniently: what is broken is read as far as it goes, and said. Pure."""

from __future__ import annotations

import base64
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass

_PLAIN = frozenset({"", "7bit", "8bit", "binary"})
_BASE64_LINE = re.compile(rb"[A-Za-z0-9+/]+={0,2}")
_FULL = 60  # characters of a line that is base64 beyond doubt


@dataclass(frozen=True)
class Unpacked:
    """The bytes that were encoded, and what is to be said about it."""

    data: bytes
    problems: tuple[str, ...] = ()


def unpack(data: bytes, encoding: str) -> Unpacked:
    """The bytes of a part's body; an `encoding` that is unknown leaves them as they are. Never raises."""
    name = encoding.strip().lower()
    if name == "base64":
        return _base64(data)
    if name == "quoted-printable":
        # With a CR alone below its `=`, the standard decoder drops all up to the next LF.
        return Unpacked(quopri.decodestring(data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")))
    if name in _PLAIN:
        return Unpacked(data)
    return Unpacked(data, (f"its transfer encoding {name[:40]!r} is unknown: read as it stands",))


def _base64(data: bytes) -> Unpacked:
    """Lists append their footer to encoded text as it is, and lines get damaged: what is no base64 is plain text."""
    decoded = b""
    problems: list[str] = []
    for start, encoded, lines in _runs(data.replace(b"\r\n", b"\n").split(b"\n")):
        if encoded:
            part, problem = _decoded(b"".join(lines))
            decoded += part
            problems += [problem] if problem else []
        elif any(line.strip() for line in lines):
            problems.append(f"line {start} of its base64 is none: {_counted(lines)} read as it stands")
            decoded += (b"" if decoded.endswith(b"\n") or not decoded else b"\n") + b"\n".join(lines) + b"\n"
    return Unpacked(decoded, tuple(problems))


def _counted(lines: list[bytes]) -> str:
    count = sum(1 for line in lines if line.strip())
    return "it is" if count == 1 else f"{count} lines from there are"


def _runs(lines: list[bytes]) -> Iterator[tuple[int, bool, list[bytes]]]:
    """(number of the first line, whether it is base64, the lines). After plain text only a long line starts base64."""
    start, encoded, run = 1, True, list[bytes]()
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        is_code = not text or _BASE64_LINE.fullmatch(text) is not None
        ended = encoded and bool(text) and any(part.endswith(b"=") for part in run)
        begins = not encoded and is_code and len(text) >= _FULL
        if begins or (encoded and (ended or not is_code)):
            yield start, encoded, run
            start, encoded, run = number, begins or (ended and is_code and len(text) >= _FULL), []
        run.append(text if encoded else line)
    yield start, encoded, run


def _decoded(encoded: bytes) -> tuple[bytes, str]:
    """The bytes that some base64 stands for; without padding, or with one character too many, it is read too."""
    bare = encoded.rstrip(b"=")
    cut = len(bare) % 4 == 1  # six bits are no byte
    whole = bare[:-1] if cut else bare
    data = base64.b64decode(whole + b"=" * (-len(whole) % 4))
    return data, "its base64 is cut off: the last character is missing" if cut else ""
