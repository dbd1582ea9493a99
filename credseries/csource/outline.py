"""Where the functions of a file are, without parsing it: kernel files are large and few functions matter."""

from __future__ import annotations

import re
from dataclasses import dataclass

from credseries.csource.mask import closing

_BRACE = re.compile(rb"[{}]")
_CALL_HEAD = re.compile(rb"([A-Za-z_]\w*)\s*\(")
# Macros with arguments that may stand before a function's name.
_NOT_A_NAME = re.compile(
    rb"__\w+__|__(?:printf|scanf|acquires|releases|must_hold|section|aligned|alloc_size)\w*|noinline_for_\w+"
)
_DEFINING = re.compile(rb"[A-Z][A-Z0-9_]*\s*\(")
_SYSCALL = re.compile(rb"(?:COMPAT_)?SYSCALL(?:32)?_DEFINE\d$")


@dataclass(frozen=True)
class Extent:
    """A function definition: byte offsets of its head, its opening brace and just past its closing brace."""

    name: str
    start: int
    body: int
    end: int

    def holds(self, offset: int) -> bool:
        """Whether a byte offset lies in the head or the body."""
        return self.start <= offset < self.end


def _blocks(code: bytes) -> list[tuple[int, int]]:
    """Top-level brace pairs. A brace in column 0 resynchronises where `#if` branches unbalance the count."""
    found: list[tuple[int, int]] = []
    depth = start = 0
    for match in _BRACE.finditer(code):
        at = match.start()
        column0 = at == 0 or code[at - 1] == 0x0A
        if code[at] == 0x7B:
            if depth == 0 or (column0 and code[at + 1 : at + 2] in (b"\n", b"\r")):
                start, depth = at, 0
            depth += 1
        elif depth:
            depth = 0 if column0 else depth - 1
            if depth == 0:
                found.append((start, at + 1))
    return found


def _name(head: bytes) -> str | None:
    for match in _CALL_HEAD.finditer(head):
        word = match.group(1)
        if _NOT_A_NAME.fullmatch(word):
            continue
        if _SYSCALL.match(word):
            inner = re.match(rb"\s*(\w+)", head[match.end() :])
            return inner.group(1).decode() if inner else word.decode()
        return word.decode()
    return None


def _past_macros(head: bytes) -> bytes:
    """A head without the macros above it that no semicolon ends: `DEFINE_FREE(..)`, or what is left of one."""
    depth = begin = 0
    for bracket in re.finditer(rb"[()]", head):
        depth += 1 if bracket.group() == b"(" else -1
        if depth < 0:
            depth, begin = 0, bracket.end()
    head = head[begin:].lstrip()
    while (match := _DEFINING.match(head)) is not None:
        close = closing(head, match.end() - 1)
        rest = head[close + 1 :].lstrip()
        if close < 0 or b"(" not in rest:
            break  # it is the function's own head, as of a system call
        head = rest
    return head


def functions(code: bytes) -> list[Extent]:
    """The function definitions of a file, in text order; `code` has comments, literals and directives blank."""
    found: list[Extent] = []
    previous = 0
    for body, end in _blocks(code):
        head_start = max(code.rfind(b";", previous, body) + 1, previous)
        head = _past_macros(code[head_start:body].lstrip())
        stripped = head.strip()
        previous = end
        if b"(" not in stripped or stripped.endswith((b"=", b",", b"(")) or _is_data(stripped):
            continue
        name = _name(stripped)
        if name is None:
            continue
        found.append(Extent(name, body - len(head), body, end))
    return found


def _is_data(head: bytes) -> bool:
    """Whether a brace after this head opens a structure, a union, an enumeration or an initialiser."""
    depth = 0
    for byte in head if b"=" in head else b"":
        if byte in b"(":
            depth += 1
        elif byte in b")":
            depth -= 1
        elif byte in b"=" and depth == 0:
            return True
    return re.match(rb"(?:typedef\s+)?(?:struct|union|enum)\b[^()]*$", head) is not None
