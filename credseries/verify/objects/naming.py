"""One renaming for all objects of a patch: which names changed, and whether that is a mere renaming.

The names are taken from the labels of partner blocks. A name that changed is accepted only if it was free on the
other side, if all objects agree on it, and if nothing outside of the objects goes by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from credseries.verify.objects.elf import Symbol
from credseries.verify.objects.pairing import UNORDERED, Labels, Side, countless, offset_of

# Local names that the build reads: modpost, and resolve_btfids (tools/bpf/resolve_btfids/main.c).
_READ_BY_BUILD = ("__export_symbol_", "__ksymtab_", "__BTF_ID__")
# Names that the module loader looks for (include/linux/module.h).
_READ_BY_LOADER = {"init_module", "cleanup_module", "__this_module"}


class Problem(NamedTuple):
    """Something that is wrong with a name: what it names, the name, and why, as a clause."""

    what: Literal["section", "symbol"]
    name: str
    why: str


class Naming:
    """The renaming of all objects: what the labels of partners say, as far as it is consistent."""

    def __init__(self, sides: Sequence[Side]) -> None:
        self.sides = sides
        self.outer: dict[str, str] = {}
        self.inner: list[dict[str, str]] = [{} for _ in sides]
        self.sources: dict[str, str] = {}
        self.public = [
            {symbol.name for both in sides for symbol in both[side].of.symbols if symbol.binding != "local"}
            for side in (0, 1)
        ]

    def learn(self, number: int, partners: dict[int, int]) -> Iterator[Problem]:
        """Take the names of one object in; yields what is wrong with them."""
        before, after = self.sides[number]
        for old, new in partners.items():
            was, now = before.inside.get(old, []), after.inside.get(new, [])
            if unordered(before, old) and unordered(after, new):
                if len(was) != len(now):
                    yield Problem("section", before.of.blocks[old].name, "has another number of names")
                continue
            couples, lost, gained = _couples(was, now)
            yield from (Problem("symbol", symbol.name, "is gone") for symbol in lost)
            yield from (Problem("symbol", symbol.name, "is new") for symbol in gained)
            for one, two in couples:
                problem = _attributes(one, two) or self._take(number, one, two)
                if problem:
                    yield Problem("symbol", one.name, problem)

    def _take(self, number: int, one: Symbol, two: Symbol) -> str:
        """Add a couple of names to the renaming; gives why that cannot be, or nothing."""
        was, now = one.name, two.name
        before, after = self.sides[number]
        if one.binding != "local":
            if self.outer.setdefault(was, now) != now or self.sources.setdefault(now, was) != was:
                return f"is {now} here, which is not so in another object"
        else:
            self.inner[number][was] = now
        if was == now:
            return ""
        if countless(was) != countless(now) and any(name.startswith(_READ_BY_BUILD) for name in (was, now)):
            return f"is {now} after the patch, and the build of the kernel goes by that name"
        if one.binding == "local" and countless(was) == countless(now):
            return ""
        if one.binding == "weak":
            return f"is {now} after the patch; other objects can replace a weak name, so this is no mere renaming"
        if {was, now} & _READ_BY_LOADER:
            return f"is {now} after the patch, and the module loader goes by that name"
        if was in after.named or now in before.named:
            return f"is {now} after the patch, but both names are in use on one side"
        if one.binding != "local" and (was in self.public[1] or now in self.public[0]):
            return f"is {now} after the patch, but another object has one of the names on the other side"
        return ""

    def after(self, number: int, name: str) -> str:
        """The name after the patch of something in an object, for messages."""
        return self.inner[number].get(name, self.outer.get(name, name))

    def derived(self, number: int, was: str, now: str) -> bool:
        """If a compiler-made name is the same but for numbers that count and names that changed."""
        changed = [*self.inner[number].items(), *self.outer.items()]
        return _derived(was, now, [(old, new) for old, new in changed if old != new])

    def renamed(self) -> tuple[tuple[str, str], ...]:
        """All names that changed, without those that a compiler derives from them."""
        couples = {
            _written(was, now) for names in (*self.inner, self.outer) for was, now in names.items() if was != now
        }
        plain: list[tuple[str, str]] = []
        for was, now in sorted(couples, key=lambda couple: (len(couple[0]), couple)):
            if not _derived(was, now, plain):
                plain.append((was, now))
        return tuple(sorted(plain))

    def published(self) -> tuple[tuple[str, str], ...]:
        """The names that changed and that other objects see."""
        return tuple(sorted((was, now) for was, now in self.outer.items() if was != now))


def _written(was: str, now: str) -> tuple[str, str]:
    """The names as a person wrote them: what a compiler added to both of them is left out."""
    (old, _, added), (new, _, also) = was.partition("."), now.partition(".")
    return (old, new) if old != new and countless(f".{added}") == countless(f".{also}") else (was, now)


def _derived(was: str, now: str, renamed: Iterable[tuple[str, str]]) -> bool:
    wanted = countless(now)
    return countless(was) == wanted or any(
        old in was and countless(was.replace(old, new)) == wanted for old, new in renamed
    )


def _couples(
    was: Sequence[Symbol], now: Sequence[Symbol]
) -> tuple[list[tuple[Symbol, Symbol]], list[Symbol], list[Symbol]]:
    """The labels of two partner blocks as couples: those with the same name, then those at the same offset in order."""
    names = {symbol.name: symbol for symbol in now}
    couples = [
        (symbol, names[symbol.name]) for symbol in was if symbol.name in names and countless(symbol.name) == symbol.name
    ]
    taken = {symbol.name for symbol, _ in couples}
    lost, gained = ([symbol for symbol in side if symbol.name not in taken] for side in (was, now))
    left: list[Symbol] = []
    for symbol in lost:
        fit = [other for other in gained if _attributes(symbol, other) == ""]
        fit = [other for other in fit if countless(other.name) == countless(symbol.name)] or fit
        fit = fit or [other for other in gained if offset_of(other) == offset_of(symbol)]
        if fit:
            couples.append((symbol, fit[0]))
            gained.remove(fit[0])
        else:
            left.append(symbol)
    return couples, left, gained


def _attributes(one: Symbol, two: Symbol) -> str:
    """What is not the same in two symbols apart from their name and block, as a clause; empty if nothing is."""
    if one.binding != two.binding:
        return f"is {two.binding}, was {one.binding}"
    if (one.kind, one.visibility, one.common) != (two.kind, two.visibility, two.common):
        return "has another type or visibility"
    if one.size != two.size:
        return f"has {two.size} bytes, had {one.size}"
    if offset_of(one) != offset_of(two):
        return f"is at {offset_of(two):#x} in its section, was at {offset_of(one):#x}"
    return ""


def unordered(labels: Labels, index: int) -> bool:
    """If the order of the entries of a table says nothing, as nobody refers to a place in it."""
    if labels.of.blocks[index].name not in UNORDERED or index in labels.targets:
        return False
    return all(symbol.binding == "local" for symbol in labels.inside.get(index, ()))
