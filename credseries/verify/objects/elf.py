"""What a relocatable ELF object says, freed from its layout: blocks of bytes, what they refer to, and their names.

A section is a block, and a block is never taken apart: that is the unit that a linker moves, so what is said about
whole blocks holds without a look at the instructions. Mergeable sections are no blocks, because a linker takes them
apart by value; a reference into one becomes the string or the constant that it means.

Source of the format: the System V ABI, chapter 4 (Object Files), and its supplements for each processor.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal, NamedTuple

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from credseries.errors import UnreadableObject

SHF_ALLOC, SHF_EXECINSTR, SHF_MERGE, SHF_STRINGS = 0x2, 0x4, 0x10, 0x20
SHN_UNDEF, SHN_ABS, SHN_COMMON, SHN_XINDEX = 0, 0xFFF1, 0xFFF2, 0xFFFF
STT_OBJECT, STT_FUNC, STT_SECTION, STT_FILE, STT_GNU_IFUNC = 1, 2, 3, 4, 10

# Sections that describe the object to a linker or a debugger; the program never sees them.
_DESCRIPTIVE_TYPES = {"SHT_NULL", "SHT_SYMTAB", "SHT_STRTAB", "SHT_REL", "SHT_RELA", "SHT_GROUP", "SHT_SYMTAB_SHNDX"}
_DESCRIPTIVE_NAMES = (".comment", ".note.GNU-stack", ".llvm_addrsig")
_DEBUG_NAMES = (".debug", ".zdebug", ".gnu.debug", ".stab")
# Field sizes in bytes of the i386 relocations that keep their addend in the field (i386 psABI, table 4.9).
_I386_FIELDS = dict.fromkeys((1, 2, 3, 4, 9, 10), 4) | dict.fromkeys((20, 21), 2) | dict.fromkeys((22, 23), 1)
_BINDINGS: dict[int, Literal["local", "global", "weak"]] = {0: "local", 1: "global", 2: "weak"}


class InBlock(NamedTuple):
    """A place in a block of the same object: block number, offset in bytes (it can lie outside of the block)."""

    block: int
    offset: int


class Named(NamedTuple):
    """A place that only a linker knows: a name that other objects can define or replace, and an addend in bytes."""

    name: str
    addend: int


class Constant(NamedTuple):
    """A string or constant of a mergeable section: its bytes, the section's kind, and the offset in it in bytes."""

    content: bytes
    kind: str
    offset: int
    addend: int


class Fixed(NamedTuple):
    """An address that no linker moves."""

    value: int


Target = InBlock | Named | Constant | Fixed


class Ref(NamedTuple):
    """A relocation: the offset of its field in its block, its type as the processor numbers it, what it means."""

    offset: int
    type: int
    target: Target


@dataclass(frozen=True)
class Block:
    """A section that ends up in the program. `content` has zeros where a relocation writes; sizes are in bytes.

    `link` is the block that this one is sorted along with, `group` the name of its COMDAT group. A section that
    takes no room in the file (.bss) has no content.
    """

    name: str
    type: str
    flags: int
    align: int
    entry: int
    size: int
    content: bytes
    refs: tuple[Ref, ...]
    link: int | None
    group: str

    @property
    def executable(self) -> bool:
        """If it holds machine code."""
        return bool(self.flags & SHF_EXECINSTR)


@dataclass(frozen=True)
class Symbol:
    """A name of the object. `place` is a block and an offset in it, a fixed value, or None when it is undefined.

    `kind` is the number of the symbol type, `visibility` the byte st_other, `size` is in bytes.
    """

    name: str
    binding: Literal["local", "global", "weak"]
    kind: int
    visibility: int
    size: int
    place: InBlock | Fixed | None
    common: bool = False

    @property
    def function(self) -> bool:
        """If it names machine code."""
        return self.kind in (STT_FUNC, STT_GNU_IFUNC)


@dataclass(frozen=True)
class Object:
    """A relocatable object: the processor that it is for, its blocks, and its symbols without section symbols."""

    machine: str
    blocks: tuple[Block, ...]
    symbols: tuple[Symbol, ...]


def read_object(data: bytes) -> Object:
    """The object in the bytes of a relocatable ELF file, for any processor.

    What does not reach the program is left out: debug sections, .comment, .note.GNU-stack, the symbol and string
    tables with their order, mapping symbols and assembler labels. Raises UnreadableObject.
    """
    _refuse_bitcode(data)
    try:
        elf = ELFFile(BytesIO(data))
        if elf["e_type"] != "ET_REL":
            raise UnreadableObject(
                f"The ELF file is not relocatable ({elf['e_type']}).", hint="Give the .o file of one source file."
            )
        return _Reader(elf, len(data)).object()
    except (
        ELFError,
        struct.error,
        UnicodeDecodeError,
        KeyError,
        IndexError,
        ValueError,
        OverflowError,
        MemoryError,
    ) as problem:
        raise UnreadableObject(
            f"This is no readable ELF object ({problem}).", hint="Compile the file again; the object is damaged."
        ) from problem


def _refuse_bitcode(data: bytes) -> None:
    # LLVM bitcode, bare or in its wrapper: "LLVM Bitcode File Format", magic numbers
    if data.startswith((b"BC\xc0\xde", b"\xde\xc0\x17\x0b")):
        raise UnreadableObject(
            "The object is LLVM bitcode, so it has no machine code to compare.",
            hint="Link-time optimisation is on: compile with -fno-lto, or switch CONFIG_LTO_CLANG off.",
        )
    if not data.startswith(b"\x7fELF"):
        raise UnreadableObject(
            "The object is no ELF file.", hint="Give the .o file that the compiler made for Linux, not an archive."
        )


@dataclass(frozen=True)
class _Pool:
    """A mergeable section: its bytes, its kind, the offsets at which its elements begin."""

    content: bytes
    kind: str
    starts: tuple[int, ...]

    def whole(self, offset: int) -> Constant:
        """The whole section, for a reference of which it is not known where it leads."""
        return Constant(self.content, self.kind, offset, 0)

    def at(self, offset: int, addend: int) -> Constant:
        """The element that the offset lies in; for an offset outside of the section, the whole section."""
        if not 0 <= offset < len(self.content):
            return self.whole(offset)._replace(addend=addend)
        index = bisect_right(self.starts, offset) - 1
        end = self.starts[index + 1] if index + 1 < len(self.starts) else len(self.content)
        return Constant(self.content[self.starts[index] : end], self.kind, offset - self.starts[index], addend)


def _end(section: Any) -> int:
    return int(section["sh_offset"]) + int(section["sh_size"])


class _Reader:
    """One walk over the tables of an ELF file."""

    def __init__(self, elf: Any, length: int) -> None:
        self.elf = elf
        self.order = "<" if elf.little_endian else ">"
        self.wide = elf.elfclass == 64
        self.sections = list(elf.iter_sections())
        if any(section["sh_type"] != "SHT_NOBITS" and _end(section) > length for section in self.sections):
            raise ValueError("a section lies outside of the file")
        self.names = [section.name for section in self.sections]
        if any(name.startswith(".gnu.lto_") for name in self.names):
            raise UnreadableObject(
                "The object is GCC's intermediate code, so it has no machine code to compare.",
                hint="Link-time optimisation is on: compile with -fno-lto.",
            )
        self.raw = list(self._raw_symbols())
        self.relocated: dict[int, list[Any]] = {}
        for section in self.sections:
            if section["sh_type"] in ("SHT_REL", "SHT_RELA"):
                self.relocated.setdefault(section["sh_info"], []).append(section)
        self.pools: dict[int, _Pool] = {}
        self.numbers: dict[int, int] = {}
        pinned = {place for _, info, _, place, _, _ in self.raw if info >> 4 and place}
        for index, section in enumerate(self.sections):
            if not self._reaches_program(section):
                continue
            if section["sh_flags"] & SHF_MERGE and index not in self.relocated and index not in pinned:
                self.pools[index] = self._pool(section)
            else:
                self.numbers[index] = len(self.numbers)

    def object(self) -> Object:
        header = self.elf.header
        machine = f"{header['e_machine']}, {self.elf.elfclass} bit, {self.order} order, flags {header['e_flags']:#x}"
        groups = self._groups()
        blocks = tuple(self._block(index, groups.get(index, "")) for index in self.numbers)
        return Object(machine, blocks, tuple(self._symbols()))

    def _reaches_program(self, section: Any) -> bool:
        # what is not allocated can still steer the build (.discard.*, .export_symbol), so it stays unless it is known
        if section["sh_type"] in _DESCRIPTIVE_TYPES or section.name in _DESCRIPTIVE_NAMES:
            return False
        return bool(section["sh_flags"] & SHF_ALLOC) or not section.name.startswith(_DEBUG_NAMES)

    def _pool(self, section: Any) -> _Pool:
        content, entry = section.data(), max(section["sh_entsize"], 1)
        strings = section["sh_flags"] & SHF_STRINGS
        starts = [0]
        if strings:
            end = bytes(entry)
            for offset in range(0, len(content) - entry, entry):
                if content[offset : offset + entry] == end:
                    starts.append(offset + entry)
        else:
            starts = list(range(0, len(content), entry))
        # constants that a linker throws away after the start of the kernel are another kind than those that stay
        place = ".rodata" if section.name.startswith(".rodata") else section.name
        kind = f"{'string' if strings else 'constant'}, {entry} bytes a unit, align {section['sh_addralign']}, {place}"
        return _Pool(content, kind, tuple(starts))

    def _raw_symbols(self) -> Iterator[tuple[str, int, int, int, int, int]]:
        """For each symbol its name, info, other, section number, value and size; a section number can be extended."""
        table = next((section for section in self.sections if section["sh_type"] == "SHT_SYMTAB"), None)
        if table is None:
            return
        wide = [section for section in self.sections if section["sh_type"] == "SHT_SYMTAB_SHNDX"]
        extended = self._words(wide[0]) if wide else None
        texts = self.sections[table["sh_link"]].data()
        layout = struct.Struct(self.order + ("IBBHQQ" if self.wide else "IIIBBH"))
        for number, entry in enumerate(layout.iter_unpack(table.data())):
            if self.wide:
                name, info, other, place, value, size = entry
            else:
                name, value, size, info, other, place = entry
            if place == SHN_XINDEX and extended is not None:
                place = extended[number]
            yield texts[name : texts.index(b"\0", name)].decode(), info, other, place, value, size

    def _words(self, section: Any) -> list[int]:
        return [word for (word,) in struct.iter_unpack(self.order + "I", section.data())]

    def _symbols(self) -> Iterator[Symbol]:
        for name, info, other, place, value, size in self.raw[1:]:
            kind, binding = info & 15, _BINDINGS.get(info >> 4, "global")
            # the mapping symbols of ARM and the labels of an assembler name places that references resolve to anyway
            label = name.startswith(("$", ".L")) and binding == "local" and kind == 0
            if kind in (STT_SECTION, STT_FILE) or label:
                continue
            if place == SHN_UNDEF:
                yield Symbol(name, binding, kind, other, size, None)
            elif place in (SHN_ABS, SHN_COMMON):
                yield Symbol(name, binding, kind, other, size, Fixed(value), place == SHN_COMMON)
            elif place in self.numbers:
                yield Symbol(name, binding, kind, other, size, InBlock(self.numbers[place], value))

    def _groups(self) -> dict[int, str]:
        found: dict[int, str] = {}
        for section in self.sections:
            if section["sh_type"] == "SHT_GROUP":
                words = self._words(section)
                for member in words[1:]:
                    found[member] = f"{self.raw[section['sh_info']][0]} ({words[0]})"
        return found

    def _block(self, index: int, group: str) -> Block:
        section = self.sections[index]
        content = bytearray() if section["sh_type"] == "SHT_NOBITS" else bytearray(section.data())
        refs = [ref for table in self.relocated.get(index, ()) for ref in self._refs(table, content)]
        refs.sort(key=lambda ref: ref.offset)
        return Block(
            name=section.name,
            type=str(section["sh_type"]),
            flags=section["sh_flags"],
            align=section["sh_addralign"],
            entry=section["sh_entsize"],
            size=section["sh_size"],
            content=bytes(content),
            refs=tuple(refs),
            link=self.numbers.get(section["sh_link"]) if section["sh_link"] else None,
            group=group,
        )

    def _refs(self, table: Any, content: bytearray) -> Iterator[Ref]:
        explicit = table["sh_type"] == "SHT_RELA"
        layout = struct.Struct(self.order + ("Q" if self.wide else "I") * 2 + (("q" if self.wide else "i") * explicit))
        machine = self.elf.header["e_machine"]
        if machine == "EM_MIPS" and self.wide:
            raise UnreadableObject("Objects for 64-bit MIPS cannot be read.", hint="Compare without the object check.")
        for entry in layout.iter_unpack(table.data()):
            offset, info = entry[0], entry[1]
            symbol, type_ = (info >> 32, info & 0xFFFFFFFF) if self.wide else (info >> 8, info & 0xFF)
            addend: int | None = entry[2] if explicit else None
            if not explicit and machine == "EM_386" and type_ in _I386_FIELDS:
                field = slice(offset, offset + _I386_FIELDS[type_])
                addend = int.from_bytes(content[field], "little", signed=True)
                content[field] = bytes(_I386_FIELDS[type_])
            yield Ref(offset, type_, self._target(symbol, addend))

    def _target(self, number: int, explicit: int | None) -> Target:
        """What the relocation means; an addend of None is one that stays in the field, as part of the content."""
        addend = explicit or 0
        if not number:
            return Fixed(addend)
        name, info, _, place, value, _ = self.raw[number]
        if place in self.pools:
            if explicit is None:
                return self.pools[place].whole(value)
            # a linker looks a section symbol with its addend up as one offset, but adds to the element of a named one
            section = info & 15 == STT_SECTION
            return self.pools[place].at(addend, 0) if section else self.pools[place].at(value, addend)
        if info >> 4 or place in (SHN_UNDEF, SHN_COMMON):
            return Named(name, addend)
        if place == SHN_ABS:
            return Fixed(value + addend)
        if place in self.numbers:
            return InBlock(self.numbers[place], value + addend)
        return Named(self.names[place], value + addend)
