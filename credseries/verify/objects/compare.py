"""Proof that objects are the same program before and after a patch, or where they differ.

Every block (section) before has one partner after, and no partner serves twice. The objects are the same if all
partners have the same bytes, and each reference leads to partners too, under one renaming of the names that changed.
What is proven is proven for whole blocks, so nothing is assumed about instructions.

* Compile with PLAIN_FLAGS. Then each function and variable has a block of its own, and a mere change of their order
  counts as the same. Where several share a block (.init.text, .data..once, or everything without PLAIN_FLAGS) another
  order is a difference.
* A name that other objects see is renamed safely only if nobody outside of the given objects knows the old one, which
  the objects cannot show: `Comparison.published` has these names for the caller to look up in the tree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from credseries.errors import UnreadableObject
from credseries.verify.objects.elf import (
    STT_OBJECT,
    Block,
    InBlock,
    Named,
    Object,
    Ref,
    Symbol,
    Target,
    read_object,
)
from credseries.verify.objects.naming import Naming, unordered
from credseries.verify.objects.pairing import UNORDERED, Labels, Side, family, pair_blocks
from credseries.verify.objects.words import pieces, view

# To be added to the kernel's own compiler command, at its end, before and after the patch alike.
PLAIN_FLAGS: tuple[str, ...] = (
    # line numbers are data of WARN() and its like, and every patch that adds a line moves those below
    "-g0",
    "-Wno-builtin-macro-redefined",
    "-D__LINE__=0",
    # gcc warns of a new __LINE__ whatever it is told (libcpp marks the macro so), and CONFIG_WERROR makes that an error
    "-Wno-error",
    # the records of the undefined behaviour sanitizer hold line numbers that no macro gives
    "-fno-sanitize=undefined",
    # a block for each function and variable, so that none of them depends on where the others are
    "-ffunction-sections",
    "-fdata-sections",
)
What = Literal["function", "data", "section", "symbol"]


@dataclass(frozen=True)
class ObjectPair:
    """An object file by the path of its source or object, and its bytes; None where there is no such object."""

    path: str
    before: bytes | None
    after: bytes | None


@dataclass(frozen=True)
class Difference:
    """Something that is not the same: in which object, what it is, its name (before, if it had one), and how."""

    path: str
    what: What
    name: str
    detail: str


@dataclass(frozen=True)
class Comparison:
    """If the objects are the same program, the names that changed as (before, after), and what differs.

    `renamed` leaves out names that a compiler derives from others. `published` are those of them that are not local.
    """

    same: bool
    renamed: tuple[tuple[str, str], ...]
    differences: tuple[Difference, ...]
    published: tuple[tuple[str, str], ...] = ()


def compare(pairs: Sequence[ObjectPair]) -> Comparison:
    """If all objects of one patch are the same program before and after it. Raises UnreadableObject."""
    read = [(pair.path, *_both(pair)) for pair in pairs]
    sides: list[Side] = [(Labels(before), Labels(after)) for _, before, after in read]
    partners = pair_blocks(sides)
    naming = Naming(sides)
    differences: list[Difference] = []
    for number, (path, before, after) in enumerate(read):
        if before.machine != after.machine:
            how = f"is for {after.machine}, was for {before.machine}"
            differences.append(Difference(path, "section", "ELF header", how))
        differences += [Difference(path, *problem) for problem in naming.learn(number, partners[number])]
    for number, (path, _, _) in enumerate(read):
        found = [*_Proof(path, sides[number], partners[number], naming, number).differences()]
        differences += found or _outer_names(path, sides[number], naming)
    unique = _once(differences)
    return Comparison(not unique, naming.renamed(), unique, naming.published())


def _once(differences: Iterable[Difference]) -> tuple[Difference, ...]:
    """Each difference once; a function that differs need not be told again as a symbol of another size."""
    unique = tuple(dict.fromkeys(differences))
    told = {(one.path, one.name) for one in unique if one.what in ("function", "data")}
    return tuple(one for one in unique if one.what != "symbol" or (one.path, one.name) not in told)


def _both(pair: ObjectPair) -> tuple[Object, Object]:
    before, after = (_read(pair.path, data) for data in (pair.before, pair.after))
    some = before or after
    nothing = Object(some.machine if some else "", (), ())
    return before or nothing, after or nothing


def _read(path: str, data: bytes | None) -> Object | None:
    if data is None:
        return None
    try:
        return read_object(data)
    except UnreadableObject as problem:
        raise UnreadableObject(f"{path}: {problem.message}", hint=problem.hint) from problem


def _outer_names(path: str, side: Side, naming: Naming) -> Iterator[Difference]:
    """Names that are in no block: those that another object has to define, fixed addresses, common variables."""
    before, after = (
        Counter(
            (symbol.name if which else naming.outer.get(symbol.name, symbol.name), *_fixed(symbol))
            for symbol in symbols
        )
        for which, symbols in enumerate(
            [symbol for symbol in labels.of.symbols if not isinstance(symbol.place, InBlock)] for labels in side
        )
    )
    for name, *_ in (before - after) + (after - before):
        how = "is used or defined in another way" if name in {key[0] for key in before & after} else "is new or gone"
        yield Difference(path, "symbol", str(name), how)


def _fixed(symbol: Symbol) -> tuple[object, ...]:
    return symbol.binding, symbol.kind, symbol.visibility, symbol.size, symbol.place, symbol.common


class _Record(NamedTuple):
    content: bytes
    refs: tuple[tuple[int, int, Target], ...]


class _Proof:
    """The comparison of one object with its partner."""

    def __init__(self, path: str, side: Side, partners: dict[int, int], naming: Naming, number: int) -> None:
        self.path = path
        self.before, self.after = side
        self.partners = partners
        self.naming = naming
        self.number = number

    def differences(self) -> Iterator[Difference]:
        for old, new in self.partners.items():
            if not self._same(old, new):
                yield from self._explain(old, new)
        for index in range(len(self.before.of.blocks)):
            if index not in self.partners:
                yield from self._alone(self.before, index, "is gone")
        yield from self._shuffled()
        used = set(self.partners.values())
        for index in range(len(self.after.of.blocks)):
            if index not in used:
                yield from self._alone(self.after, index, "is new")

    def _shuffled(self) -> Iterator[Difference]:
        """Sections of one name that a linker will join in another order, where an order can say something."""
        last: dict[str, int] = {}
        for old, new in sorted(self.partners.items()):
            block = self.before.of.blocks[old]
            if block.executable or block.link is not None or family(block.name) != block.name:
                continue
            if new < last.setdefault(block.name, new):
                yield Difference(self.path, "section", block.name, "is one of several, which have another order")
            last[block.name] = new

    def _same(self, old: int, new: int) -> bool:
        before, after = self.before.of.blocks[old], self.after.of.blocks[new]
        if self._frame(before, after):
            return False
        if unordered(self.before, old) and unordered(self.after, new):
            return _sorted(before, self._translated(before)) == _sorted(after, after.refs)
        return before.content == after.content and self._translated(before) == after.refs

    def _translated(self, block: Block) -> tuple[Ref, ...]:
        """The references of a block before the patch, in terms of the object after it."""
        return tuple(ref._replace(target=self._translate(ref.target)) for ref in block.refs)

    def _translate(self, target: Target) -> Target:
        if isinstance(target, InBlock):
            return InBlock(self.partners.get(target.block, -1), target.offset)
        if isinstance(target, Named):
            return Named(self.naming.outer.get(target.name, target.name), target.addend)
        return target

    def _frame(self, before: Block, after: Block) -> str:
        """What is not the same in two blocks apart from their contents, as a clause; empty if nothing is."""
        if before.name != after.name and not self._follows(before.name, after.name):
            return f"is in section {after.name}, was in {before.name}"
        if (before.type, before.flags, before.entry) != (after.type, after.flags, after.entry):
            return "is in a section of another kind"
        if before.align != after.align:
            return f"is aligned to {after.align} bytes, was to {before.align}"
        link = before.link if before.link is None else self.partners.get(before.link, -1)
        if link != after.link or (
            before.group != after.group and not self.naming.derived(self.number, before.group, after.group)
        ):
            return "belongs to another section or group"
        return "" if before.size == after.size else f"has {after.size} bytes, had {before.size}"

    def _follows(self, was: str, now: str) -> bool:
        start = family(was)
        if start != family(now) or start in (was, now):
            return False
        return self.naming.derived(self.number, was[len(start) :], now[len(start) :])

    def _explain(self, old: int, new: int) -> Iterator[Difference]:
        """What differs in two partner blocks, function by function; the block as a whole if none of them tells."""
        before, after = self.before.of.blocks[old], self.after.of.blocks[new]
        was, now = pieces(self.before, old), {symbol.name: symbol for symbol in pieces(self.after, new)}
        found = []
        for symbol in was:
            partner = now.pop(self.naming.after(self.number, symbol.name), None)
            if partner is None:
                found.append(Difference(self.path, _what(symbol), symbol.name, "is gone"))
            else:
                how = self._point(old, symbol, new, partner)
                found += [Difference(self.path, _what(symbol), symbol.name, how)] if how else []
        found += [Difference(self.path, _what(symbol), symbol.name, "is new") for symbol in now.values()]
        frame = self._frame(before, after)
        moved = frame and not frame.startswith("has ")
        if found and not moved:
            yield from found
            return
        what, name = (_what(was[0]), was[0].name) if len(was) == 1 else ("section", before.name)
        rest = "has its parts in another order or at other places" if was else "has other contents"
        yield Difference(self.path, what, name, frame or rest)

    def _point(self, old: int, symbol: Symbol, new: int, partner: Symbol) -> str:
        """Where two functions or variables differ, as a clause; empty if they do not."""
        one = view(self.before, old, symbol, lambda name: self.naming.after(self.number, name))
        two = view(self.after, new, partner, lambda name: name)
        if one == two:
            return ""
        sizes = f"{symbol.size} bytes before, {partner.size} after"
        spots = [place for place, (was, now) in enumerate(zip(one.content, two.content, strict=False)) if was != now][
            :1
        ]
        refs = one.refs.items() ^ two.refs.items()
        spot = min([*spots, *(offset for offset, _ in refs), symbol.size, partner.size])
        was, now = one.refs.get(spot), two.refs.get(spot)
        says = f"; there it refers to {was or 'nothing'}, now to {now or 'nothing'}" if was != now else ""
        return f"differs from byte {spot:#x} on ({sizes}){says}"

    def _alone(self, labels: Labels, index: int, how: str) -> Iterator[Difference]:
        block, symbols = labels.of.blocks[index], labels.inside.get(index, [])
        if not block.size and not symbols and index not in labels.targets:
            return
        if not symbols:
            yield Difference(self.path, "section", block.name, how)
        for symbol in symbols:
            yield Difference(self.path, _what(symbol), symbol.name, how)


def _sorted(block: Block, refs: tuple[Ref, ...]) -> list[_Record]:
    """The entries of a table by the place that they are for; those for the same place stay in their order."""
    return sorted(_records(block, refs), key=lambda record: repr(record.refs[:1]))


def _records(block: Block, refs: tuple[Ref, ...]) -> Iterator[_Record]:
    """The entries of a table: the smallest size that gives all of them relocations at the same offsets."""
    # the shape comes from the references as they are in the block, so both sides of a comparison get the same size
    shape = {(ref.offset, ref.type) for ref in refs}
    for size in range(UNORDERED[block.name], block.size + 1):
        first = {(offset, type_) for offset, type_ in shape if offset < size}
        if block.size % size == 0 and shape == {
            (o + start, t) for start in range(0, block.size, size) for o, t in first
        }:
            break
    else:
        size = max(block.size, 1)
    for start in range(0, block.size, size):
        inside = tuple((ref.offset - start, ref.type, ref.target) for ref in refs if start <= ref.offset < start + size)
        yield _Record(block.content[start : start + size], inside)


def _what(symbol: Symbol) -> What:
    if symbol.function:
        return "function"
    return "data" if symbol.kind == STT_OBJECT else "symbol"
