"""Which block of one object is which block of another, when names and places may have changed.

Only proposals are made here: a wrong one costs a message that is harder to read, never a wrong "same", because
objects.py proves what it says from the finished pairing alone.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import cached_property

from credseries.verify.objects.elf import Block, InBlock, Named, Object, Symbol, Target

# What -ffunction-sections and -fdata-sections put before the name of a function or variable, longest first.
FAMILIES = tuple(
    sorted(
        (
            *(".text", ".text.unlikely", ".text.hot", ".text.startup", ".text.exit", ".text.unknown", ".text.split"),
            *(".rodata", ".data", ".bss", ".tdata", ".tbss", ".sdata", ".sbss", ".srodata"),
            *(".ARM.exidx.text", ".ARM.extab.text"),
            *(".data.rel", ".data.rel.local", ".data.rel.ro", ".data.rel.ro.local"),
        ),
        key=len,
        reverse=True,
    )
)
# Tables whose readers look an entry up by address or sort them all first, so that the order says nothing, with the
# least number of bytes that an entry has. Sources: arch/*/include/asm/{bug,extable,jump_label}.h, scripts/sorttable.c,
# include/linux/compiler.h (__ADDRESSABLE).
UNORDERED = {
    "__bug_table": 6,
    "__ex_table": 8,
    "__jump_table": 12,
    "__mcount_loc": 4,
    ".smp_locks": 4,
    ".discard.addressable": 4,
    ".retpoline_sites": 4,
    ".return_sites": 4,
    ".call_sites": 4,
    ".ibt_endbr_seal": 4,
}
_SUFFIX = re.compile(r"(?<=\.)\d+(?=\.|$)|(?<=^\.LC)\d+$")
_UNIQUE = re.compile(r"\d+$|(?<=^__UNIQUE_ID_)\d+")
_INITCALL = re.compile(r"(?<=__)\d+_\d+(?=_)")


def family(section: str) -> str:
    """The part of a section name that a linker script goes by: `.text` for `.text.foo`."""
    for start in FAMILIES:
        # `.data..percpu` and its like are names of their own
        if section.startswith(start + ".") and not section.startswith(start + ".."):
            return start
    return section


def countless(name: str) -> str:
    """A compiler-made name with `#` for each number that only counts: `__func__.12` gives `__func__.#`.

    The numbers of names that a person wrote stay.
    """
    if name.startswith("__initcall__kmod_"):
        return _INITCALL.sub("#", name)
    if name.startswith(("__UNIQUE_ID_", "__BTF_ID__")):
        return _UNIQUE.sub("#", name)
    return _SUFFIX.sub("#", name)


class Labels:
    """The symbols of an object, by block and by name."""

    def __init__(self, of: Object) -> None:
        self.of = of
        self.named: dict[str, list[Symbol]] = defaultdict(list)
        self.inside: dict[int, list[Symbol]] = defaultdict(list)
        for symbol in of.symbols:
            self.named[symbol.name].append(symbol)
            if isinstance(symbol.place, InBlock):
                self.inside[symbol.place.block].append(symbol)
        for found in self.inside.values():
            found.sort(key=lambda symbol: (offset_of(symbol), not symbol.size, symbol.name))

    def definition(self, name: str) -> InBlock | None:
        """Where the one symbol of this name is defined."""
        places = [symbol.place for symbol in self.named.get(name, ()) if isinstance(symbol.place, InBlock)]
        return places[0] if len(places) == 1 else None

    @cached_property
    def targets(self) -> frozenset[int]:
        """The blocks that some reference leads into."""
        refs = (ref.target for block in self.of.blocks for ref in block.refs)
        return frozenset(target.block for target in refs if isinstance(target, InBlock))


def offset_of(symbol: Symbol) -> int:
    """The offset in bytes of a symbol in its block, 0 when it is in none."""
    return symbol.place.offset if isinstance(symbol.place, InBlock) else 0


Side = tuple[Labels, Labels]


def pair_blocks(sides: Sequence[Side]) -> list[dict[int, int]]:
    """For each pair of objects, the block after for each block before that has one; no block is used twice.

    The names that stayed pair first, then what paired blocks refer to at the same place, then what looks the same.
    """
    work = _Pairing(sides)
    for number, (before, after) in enumerate(sides):
        for old, new in _seeds(before, after):
            work.add(number, old, new)
    work.follow()
    for look in (_look, _shape):
        while work.alike(look, ties=False) or work.alike(look, ties=True):
            work.follow()
    for look in (_names, _part):
        while work.alike(look, ties=False):
            work.follow()
    return work.there


class _Pairing:
    def __init__(self, sides: Sequence[Side]) -> None:
        self.sides = sides
        self.there: list[dict[int, int]] = [{} for _ in sides]
        self.back: list[dict[int, int]] = [{} for _ in sides]
        self.queue: deque[tuple[int, int, int]] = deque()
        self.defined = [self._definitions(0), self._definitions(1)]

    def _definitions(self, side: int) -> dict[str, tuple[int, InBlock]]:
        found: dict[str, tuple[int, InBlock]] = {}
        for number, both in enumerate(self.sides):
            for symbol in both[side].of.symbols:
                if symbol.binding != "local" and isinstance(symbol.place, InBlock):
                    found.setdefault(symbol.name, (number, symbol.place))
        return found

    def add(self, number: int, old: int, new: int) -> bool:
        if old in self.there[number] or new in self.back[number]:
            return False
        before, after = self.sides[number]
        if before.of.blocks[old].executable != after.of.blocks[new].executable:
            return False
        self.there[number][old] = new
        self.back[number][new] = old
        self.queue.append((number, old, new))
        return True

    def follow(self) -> None:
        """Pair what paired blocks refer to at the same place, and so on."""
        while self.queue:
            number, old, new = self.queue.popleft()
            before, after = (
                labels.of.blocks[index] for labels, index in zip(self.sides[number], (old, new), strict=True)
            )
            if before.name in UNORDERED or len(before.refs) != len(after.refs):
                continue
            for one, two in zip(before.refs, after.refs, strict=True):
                if one.type == two.type:
                    self._follow(number, one.target, two.target)

    def _follow(self, number: int, one: Target, two: Target) -> None:
        if isinstance(one, InBlock) and isinstance(two, InBlock):
            if one.offset == two.offset:
                self.add(number, one.block, two.block)
        elif isinstance(one, Named) and isinstance(two, Named) and one.name != two.name:
            was, now = self.defined[0].get(one.name), self.defined[1].get(two.name)
            if was and now and was[0] == now[0] and was[1].offset == now[1].offset:
                self.add(was[0], was[1].block, now[1].block)

    def alike(self, look: Callable[[Labels, int], Hashable], *, ties: bool) -> bool:
        """Pair what is left and looks the same: all that is unambiguous, or, with `ties`, one of several in order."""
        found = False
        for number, (before, after) in enumerate(self.sides):
            olds = _group(before, self.there[number], look)
            news = _group(after, self.back[number], look)
            for key in [key for key in olds if key in news]:
                if len(olds[key]) == len(news[key]) == 1 or (ties and not found):
                    found |= self.add(number, olds[key][0], news[key][0])
        return found


def _group(labels: Labels, taken: dict[int, int], look: Callable[[Labels, int], Hashable]) -> dict[Hashable, list[int]]:
    found: dict[Hashable, list[int]] = defaultdict(list)
    for index in range(len(labels.of.blocks)):
        if index not in taken:
            found[look(labels, index)].append(index)
    return found


def _seeds(before: Labels, after: Labels) -> Iterable[tuple[int, int]]:
    for name in before.named:
        was, now = before.definition(name), after.definition(name)
        if was and now and countless(name) == name:
            yield was.block, now.block
    # a section that has its name for itself on both sides, and not from a compiler that counts
    counts = [Counter(block.name for block in labels.of.blocks) for labels in (before, after)]
    places = [{block.name: index for index, block in enumerate(labels.of.blocks)} for labels in (before, after)]
    for name, index in places[0].items():
        if counts[0][name] == counts[1][name] == 1 and countless(name) == name:
            yield index, places[1][name]


def _outside(block: Block) -> tuple[Hashable, ...]:
    return family(block.name), block.type, block.flags, block.size, block.content


def _look(labels: Labels, index: int) -> Hashable:
    block = labels.of.blocks[index]
    return *_outside(block), tuple((ref.offset, ref.type, _known(ref.target)) for ref in block.refs)


def _known(target: Target) -> Hashable:
    return None if isinstance(target, InBlock | Named) else target


def _shape(labels: Labels, index: int) -> Hashable:
    block = labels.of.blocks[index]
    return *_outside(block), tuple((ref.offset, ref.type) for ref in block.refs)


def _names(labels: Labels, index: int) -> Hashable:
    names = tuple(countless(symbol.name) for symbol in labels.inside.get(index, ()))
    return family(labels.of.blocks[index].name), names or labels.of.blocks[index].name


def _part(labels: Labels, index: int) -> Hashable:
    return family(labels.of.blocks[index].name), labels.of.blocks[index].executable
