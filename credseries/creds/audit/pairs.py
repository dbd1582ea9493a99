"""Which functions of two trees are to be compared: those that changed, and those whose callees mean something else."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from credseries.creds.audit.checks import touches_credentials
from credseries.creds.audit.reading import Reading
from credseries.creds.program import SourceFile
from credseries.csource.function import Function

_ALIKE = 0.6  # of the lines of a function that got another name
_MOST_ROUNDS = 8


@dataclass(frozen=True)
class Pair:
    """A function before (None: it is new) and after a change."""

    before: Function | None
    after: Function


@dataclass
class Pairs:
    """What to compare; `removed` and `added` are functions by name that only one of the trees has."""

    changed: list[Pair] = field(default_factory=list)
    callers: list[Pair] = field(default_factory=list)
    removed: dict[str, Function] = field(default_factory=dict)
    added: dict[str, Function] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


Key = tuple[str, str, int]  # path, name, and which one of that name


def _functions(files: Mapping[str, SourceFile], paths: Iterable[str]) -> dict[Key, Function]:
    found: dict[Key, Function] = {}
    for path in paths:
        file = files.get(path)
        seen: Counter[str] = Counter()
        for extent in file.extents if file is not None else ():
            found[path, extent.name, seen[extent.name]] = (file or files[path]).function(extent)
            seen[extent.name] += 1
    return found


def _lines(function: Function) -> list[bytes]:
    return [line.strip() for line in function.code.split(b"\n") if line.strip()]


def _same_code(one: Function, two: Function) -> bool:
    """Whether two functions differ in comments and white space at most."""
    return one.source == two.source or (one.code.split() == two.code.split() and not _literals_differ(one, two))


def _literals_differ(one: Function, two: Function) -> bool:
    # literals and directives are blank in the code, so other text there must not pass for the same
    return any(mark in text for text in (one.source, two.source) for mark in (b'"', b"'", b"#"))


def _renamed(gone: dict[Key, Function], new: dict[Key, Function]) -> list[tuple[Key, Key]]:
    """Functions that moved to another file, or got another name in theirs."""
    found = []
    names = Counter(key[1] for key in gone), Counter(key[1] for key in new)
    for old in gone:
        for other in new:
            if old[1] == other[1] and names[0][old[1]] == names[1][old[1]] == 1:
                found.append((old, other))
    taken = {old for old, _ in found}, {other for _, other in found}
    ratios = []
    for old, one in gone.items():
        for other, two in new.items():
            if old[0] == other[0] and old not in taken[0] and other not in taken[1]:
                ratio = SequenceMatcher(None, _lines(one), _lines(two), autojunk=False).ratio()
                if ratio >= _ALIKE:
                    ratios.append((ratio, old, other))
    for _, old, other in sorted(ratios, reverse=True):
        if old not in taken[0] and other not in taken[1]:
            taken[0].add(old)
            taken[1].add(other)
            found.append((old, other))
    return found


def _touched(pair: Pair, old: Reading, new: Reading) -> bool:
    """Whether a pair has to do with credentials on either side."""
    before = pair.before is not None and touches_credentials(pair.before, old)
    return before or touches_credentials(pair.after, new)


def _means_other(name: str, path: str, old: Reading, new: Reading) -> bool:
    """Whether a call of a name in a file does, or stands for, something else than before."""
    one, two = old.effects(path), new.effects(path)
    if one.overrides.get(name) != two.overrides.get(name) or one.reverts.get(name) != two.reverts.get(name):
        return True
    if old.meaning(name, path) != new.meaning(name, path):
        return True
    return one.calls.get(name) != two.calls.get(name) or (name in one.opaque) != (name in two.opaque)


def find_pairs(paths: Iterable[str], old: Reading, new: Reading) -> Pairs:
    """The functions to compare, given the files that changed, by path and position."""
    listed = sorted(paths)
    olds, news = _functions(old.program.files, listed), _functions(new.program.files, listed)
    gone = {key: olds[key] for key in olds.keys() - news.keys()}
    fresh = {key: news[key] for key in news.keys() - olds.keys()}
    partner = {other: olds[before] for before, other in _renamed(gone, fresh)}
    moved = set(map(id, partner.values()))
    found = Pairs(
        removed={key[1]: item for key, item in gone.items() if id(item) not in moved},
        added={key[1]: item for key, item in fresh.items() if key not in partner},
    )
    for key, after in news.items():
        before = olds.get(key) or partner.get(key)
        if before is None or not _same_code(before, after):
            found.names |= {after.name} | ({before.name} if before is not None else set())
            pair = Pair(before, after)
            if _touched(pair, old, new):
                found.changed.append(pair)
    found.names |= {key[1] for key in gone}
    _add_callers(found, old, new)
    return found


def _add_callers(found: Pairs, old: Reading, new: Reading) -> None:
    """Unchanged functions that call what means something else now, and their callers in turn."""
    known = {id(pair.after) for pair in found.changed}
    before: defaultdict[str, dict[tuple[str, int], Function]] = defaultdict(dict)
    names = set(found.names)
    for _ in range(_MOST_ROUNDS):
        more: set[str] = set()
        for path, file in new.program.files.items():
            called = [name for name in sorted(names) if name.encode() in file.source]
            other = [name for name in called if _means_other(name, path, old, new)]
            for extent in file.calling(other):
                after = file.function(extent)
                if id(after) in known:
                    continue
                known.add(id(after))
                if path not in before:
                    before[path] = _by_place(old.program.files.get(path))
                pair = Pair(before[path].get(_place(file, after)), after)
                if pair.before is not None and _touched(pair, old, new):
                    found.callers.append(pair)
                    more.add(after.name)
        if not more:
            return
        names = more


def _place(file: SourceFile, function: Function) -> tuple[str, int]:
    same = [extent for extent in file.extents if extent.name == function.name]
    return function.name, next(i for i, extent in enumerate(same) if file.function(extent) is function)


def _by_place(file: SourceFile | None) -> dict[tuple[str, int], Function]:
    if file is None:
        return {}
    found: dict[tuple[str, int], Function] = {}
    seen: Counter[str] = Counter()
    for extent in file.extents:
        found[extent.name, seen[extent.name]] = file.function(extent)
        seen[extent.name] += 1
    return found


def same_function(after: Function, old: Reading, new: Reading) -> Function | None:
    """The function of another tree that has a function's file, name and place among those of that name."""
    file = new.program.files.get(after.path)
    return None if file is None else _by_place(old.program.files.get(after.path)).get(_place(file, after))


def meaning_changed(pairs: Pairs, old: Reading, new: Reading) -> set[str]:
    """The names of changed functions whose callers, wherever they are, have to be looked at again."""
    paths = {pair.after.path for pair in pairs.changed} | {item.path for item in pairs.removed.values()}
    return {name for name in pairs.names if any(_means_other(name, path, old, new) for path in paths)}
