"""Changes to a C file by chance: of bytes, tokens and lines, and pieces of C that are likely to matter.

Most changes are made near a credential call, and many leave C that compiles: only of that can a rewrite go wrong.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

_NUMBERS = (1, 1, 1, 1, 2, 2, 2, 3, 3, 5)  # of changes; of C with many, few files are left that compile
_NEAR = re.compile(rb"override_creds|revert_creds|guard\(|_override|begin_\w+\(|end_\w+\(|\bold\w*\b")
_TOKEN = re.compile(rb"[A-Za-z_]\w*|\d\w*|->|\+\+|--|&&|\|\||[=!<>]=|<<|>>|\"[^\"\n]*\"|[^\s\w]")
_WORD = re.compile(rb"\b[A-Za-z_]\w*\b")
_LABEL = re.compile(rb"^[ \t]?(\w+):", re.MULTILINE)
_HEAD = re.compile(rb"^(?:static )?(?:inline )?(?:\w+ )+\**\w+\([^;{]*\)\n\{\n", re.MULTILINE)

_BYTES = (
    *(b"\r", b"\r\n", b"\0", b"\xff", b"\xc3\xa9", b"\xef\xbb\xbf", b"\f", b"\v", b"\x1b", b"\\", b"\\\n", b"\\ \n"),
    *(b"'", b'"', b"/*", b"*/", b"//", b"#", b"##", b"{", b"}", b"(", b")", b"[", b"]", b";", b",", b":", b"?", b"\n"),
    *(b"%:", b"<%", b"%>", b"\\\r\n", b"$", b"@", b"`", b"*", b"&", b"=", b"0", b"L'", b'u8"', b"\t", b"   "),
)
_LONG = (
    *(b" ", b"\t", b"(", b"{", b"a + ", b"/* ", b"// \\\n", b"\\\n", b"'", b'"', b"#\n", b"\n", b"x(", b"- ", b"!"),
    *(b"* ", b"DEFINE_X(a) ", b"case 1: ", b"else if (a) ", b"__free(x) ", b"a->", b"#if A\n"),
)


def _pieces() -> dict[str, list[bytes]]:
    """The pieces of C by the heading that they stand under."""
    found: dict[str, list[bytes]] = {}
    for line in (Path(__file__).parent / "pieces.txt").read_text().splitlines():
        if line.startswith("[") and line.endswith("]"):
            found[line[1:-1]] = heading = []
        elif line and found:
            heading.append(_ESCAPE.sub(lambda match: _ESCAPED[match.group()], line.encode()))
    return found


_ESCAPED = {rb"\n": b"\n", rb"\t": b"\t", rb"\\": b"\\"}
_ESCAPE = re.compile(rb"\\[nt\\]")
_PIECES = _pieces()
Change = Callable[[random.Random, bytes], bytes]


def _at(chance: random.Random, text: bytes) -> int:
    """An offset, mostly near something that is about credentials."""
    near = [match.start() for match in _NEAR.finditer(text)] if chance.random() < 0.8 else []
    at = chance.choice(near) + round(chance.gauss(0, 90)) if near else chance.randint(0, len(text))
    return min(max(at, 0), len(text))


def _line(chance: random.Random, text: bytes) -> tuple[int, int]:
    """A line, with its newline."""
    at = _at(chance, text)
    start = text.rfind(b"\n", 0, at) + 1
    return start, text.find(b"\n", start) + 1 or len(text)


def _token(chance: random.Random, text: bytes) -> tuple[int, int]:
    match = _TOKEN.search(text, _at(chance, text))
    return match.span() if match is not None else (len(text), len(text))


def _indent(text: bytes, start: int) -> bytes:
    match = re.compile(rb"[ \t]*").match(text, start)
    return match.group() if match is not None else b""


def _flip(chance: random.Random, text: bytes) -> bytes:
    changed = bytearray(text)
    for _ in range(chance.randint(1, 3)):
        at = _at(chance, text)
        if at < len(changed):
            changed[at] = chance.randrange(256) if chance.random() < 0.5 else changed[at] ^ (1 << chance.randrange(8))
    return bytes(changed)


def _insert_bytes(chance: random.Random, text: bytes) -> bytes:
    at = _at(chance, text)
    return text[:at] + chance.choice(_BYTES) + text[at:]


def _insert_long(chance: random.Random, text: bytes) -> bytes:
    at = _at(chance, text)
    return text[:at] + chance.choice(_LONG) * chance.choice((50, 300, 3000)) + text[at:]


def _cut(chance: random.Random, text: bytes) -> bytes:
    at = _at(chance, text)
    return text[:at] + text[at + chance.choice((1, 3, 10, 60)) :]


def _delete_token(chance: random.Random, text: bytes) -> bytes:
    start, end = _token(chance, text)
    return text[:start] + text[end:]


def _double_token(chance: random.Random, text: bytes) -> bytes:
    start, end = _token(chance, text)
    return text[:end] + chance.choice((b"", b" ")) + text[start:end] + text[end:]


def _swap_tokens(chance: random.Random, text: bytes) -> bytes:
    start, end = _token(chance, text)
    following = _TOKEN.search(text, end)
    if following is None:
        return text
    other, stop = following.span()
    return text[:start] + text[other:stop] + text[end:other] + text[start:end] + text[stop:]


def _other_token(chance: random.Random, text: bytes) -> bytes:
    start, end = _token(chance, text)
    other, stop = _token(chance, text)
    return text[:start] + text[other:stop] + text[end:]


def _rename(chance: random.Random, text: bytes) -> bytes:
    """One use of a name, or all that follow in the function, become another name of the file."""
    words = list(_WORD.finditer(text, _at(chance, text)))
    if not words:
        return text
    match, other = words[0], _WORD.search(text, _at(chance, text))
    if other is None:
        return text
    if chance.random() < 0.5:
        return text[: match.start()] + other.group() + text[match.end() :]
    stop = text.find(b"\n}\n", match.start())
    stop = len(text) if stop < 0 else stop
    changed = re.sub(rb"\b%b\b" % match.group(), lambda _: other.group(), text[match.start() : stop])
    return text[: match.start()] + changed + text[stop:]


def _delete_line(chance: random.Random, text: bytes) -> bytes:
    start, end = _line(chance, text)
    return text[:start] + text[end:]


def _double_line(chance: random.Random, text: bytes) -> bytes:
    start, end = _line(chance, text)
    return text[:end] + text[start:]


def _move_line(chance: random.Random, text: bytes) -> bytes:
    start, end = _line(chance, text)
    line, rest = text[start:end], text[:start] + text[end:]
    at, _ = _line(chance, rest)
    return rest[:at] + line + rest[at:]


def _copy_line(chance: random.Random, text: bytes) -> bytes:
    start, end = _line(chance, text)
    at, _ = _line(chance, text)
    return text[:at] + text[start:end] + text[at:]


def _swap_lines(chance: random.Random, text: bytes) -> bytes:
    start, end = _line(chance, text)
    stop = text.find(b"\n", end) + 1 or len(text)
    return text[:start] + text[end:stop] + text[start:end] + text[stop:]


def _join_lines(chance: random.Random, text: bytes) -> bytes:
    """Two lines become one, or a line two, or its indentation changes."""
    start, end = _line(chance, text)
    way = chance.randrange(4)
    if way == 0:
        return text[: end - 1] + b" " + text[end:].lstrip(b" \t")
    if way == 1:
        at = text.find(b" ", start, end)
        return text if at < 0 else text[:at] + b"\n" + text[at + 1 :]
    if way == 2:
        return (
            text[:start]
            + chance.choice((b"", b" ", b"\t", b"        ", b"\t\t\t\t"))
            + text[start:end].lstrip()
            + text[end:]
        )
    return text[:end] + b"\n" + text[end:]


def _statement(chance: random.Random, text: bytes) -> bytes:
    """A statement, or half of one, on a line of its own or on one with others; a jump goes to a label there is."""
    start, end = _line(chance, text)
    new = chance.choice(_PIECES["statements"])
    labels = _LABEL.findall(text)
    if new == b"goto out;" and labels:
        new = b"goto " + chance.choice(labels) + b";"
    if chance.random() < 0.15:
        return text[: end - 1] + b" " + new + text[end - 1 :]
    return text[:start] + _indent(text, start) + new + b"\n" + text[start:]


def _directive(chance: random.Random, text: bytes) -> bytes:
    start, _ = _line(chance, text)
    return text[:start] + chance.choice(_PIECES["directives"]) + b"\n" + text[start:]


def _comment(chance: random.Random, text: bytes) -> bytes:
    start, end = _token(chance, text)
    new = chance.choice((b"/* one */", b"/* ; */", b"/* one\n\ttwo */", b"// one\n", b"/* { */", b"/**/"))
    at = chance.choice((start, end))
    return text[:at] + new + text[at:]


def _macro(chance: random.Random, text: bytes) -> bytes:
    """A macro before a function, and mostly a use of it."""
    heads = list(_HEAD.finditer(text))
    if not heads:
        return text
    define = chance.choice(_PIECES["macros"])
    at = chance.choice(heads).start()
    start, _ = _line(chance, text)
    use = (
        b"MACRO"
        if b"MACRO(" not in define
        else chance.choice((b"MACRO(ctx->cred)", b"MACRO()", b"MACRO(old)", b"MACRO(1)"))
    )
    use += chance.choice((b";", b";", b""))
    if chance.random() < 0.8 and start > at:
        text = text[:start] + _indent(text, start) + use + b"\n" + text[start:]
    return text[:at] + define + b"\n" + text[at:]


def _around_lines(chance: random.Random, text: bytes) -> bytes:
    """Something around one to four lines."""
    start, end = _line(chance, text)
    for _ in range(chance.choice((0, 0, 1, 2, 3))):
        end = text.find(b"\n", end) + 1 or len(text)
    before, _, after = chance.choice(_PIECES["around"]).partition(b"...")
    before, after = before.strip(), after.strip()
    indent = b"" if before.startswith(b"#") else _indent(text, start)
    tail = indent + after + b"\n" if after else b""
    return text[:start] + indent + before + b"\n" + text[start:end] + tail + text[end:]


def _end_early(chance: random.Random, text: bytes) -> bytes:
    return text[: _at(chance, text)]


def _line_ends(chance: random.Random, text: bytes) -> bytes:
    return text.replace(b"\n", chance.choice((b"\r\n", b"\r", b" \n", b"\n\n", b" \\\n")))


_WEIGHTS: tuple[tuple[int, Change], ...] = (
    *((3, _flip), (3, _insert_bytes), (1, _insert_long), (2, _cut), (4, _delete_token), (3, _double_token)),
    *((3, _swap_tokens), (5, _other_token), (6, _rename), (5, _delete_line), (5, _double_line), (6, _move_line)),
    *((6, _copy_line), (5, _swap_lines), (5, _join_lines), (14, _statement), (4, _directive), (4, _comment)),
    *((6, _macro), (12, _around_lines), (1, _end_early), (1, _line_ends)),
)


def mutant(seed: int, text: bytes) -> bytes:
    """A text with a few changes; the same for the same seed."""
    chance = random.Random(seed)
    changes, weights = [change for _, change in _WEIGHTS], [weight for weight, _ in _WEIGHTS]
    for change in chance.choices(changes, weights, k=chance.choice(_NUMBERS)):
        text = change(chance, text)
    return text
