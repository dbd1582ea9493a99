"""A function or variable of an object as a person sees it: its bytes, and what it refers to in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from credseries.verify.objects.elf import Constant, Fixed, Named, Ref, Symbol
from credseries.verify.objects.pairing import Labels, family, offset_of

_X86 = ("EM_386", "EM_X86_64")


def pieces(labels: Labels, index: int) -> list[Symbol]:
    """The functions and variables of a block, without further names for the same bytes."""
    found: list[Symbol] = []
    for symbol in labels.inside.get(index, ()):
        if symbol.size and (not found or offset_of(symbol) >= offset_of(found[-1]) + found[-1].size):
            found.append(symbol)
    return found


@dataclass(frozen=True)
class View:
    """A function or variable for a message: its bytes, and by offset what it refers to in words."""

    content: bytes
    refs: dict[int, str]


def view(labels: Labels, index: int, symbol: Symbol, name: Callable[[str], str]) -> View:
    block, start = labels.of.blocks[index], offset_of(symbol)
    end = start + symbol.size
    content = bytearray(block.content[start:end])
    refs = {ref.offset - start: _words(labels, ref, name) for ref in block.refs if start <= ref.offset < end}
    for place, target in _branches(labels, index, symbol, bytes(content)):
        content[place : place + 4] = bytes(4)
        refs[place] = name(target)
    return View(bytes(content), refs)


def _branches(labels: Labels, index: int, symbol: Symbol, content: bytes) -> list[tuple[int, str]]:
    """Direct calls and jumps to other functions of the block, which an assembler resolves: field offset, name.

    They are found by their look, which is enough for a message: an x86 call or jump that leads to a function's start.
    """
    others = {offset_of(other): other.name for other in pieces(labels, index) if other != symbol and other.function}
    if not others or not labels.of.machine.startswith(_X86):
        return []
    found = []
    for place in range(len(content) - 4):
        if content[place] in (0xE8, 0xE9):
            leads = (
                offset_of(symbol) + place + 5 + int.from_bytes(content[place + 1 : place + 5], "little", signed=True)
            )
            if leads in others:
                found.append((place + 1, others[leads]))
    return found


def _words(labels: Labels, ref: Ref, name: Callable[[str], str]) -> str:
    # an x86 reference by R_*_PC32 or R_*_PLT32 counts from the end of its field, which is 4 bytes on
    ahead = 4 if ref.type in (2, 4) and labels.of.machine.startswith(_X86) else 0
    target = ref.target
    if isinstance(target, Named):
        return _plus(name(target.name), target.addend + ahead)
    if isinstance(target, Constant):
        return _plus(f"{target.kind.split(',')[0]} {target.content!r}", target.offset + target.addend)
    if isinstance(target, Fixed):
        return f"address {target.value:#x}"
    place = target.offset + ahead
    covers = [symbol for symbol in pieces(labels, target.block) if offset_of(symbol) <= place]
    if covers:
        return _plus(name(covers[-1].name), place - offset_of(covers[-1]))
    return _plus(family(labels.of.blocks[target.block].name), place)


def _plus(name: str, offset: int) -> str:
    return f"{name}{offset:+#x}" if offset else name
