"""Names that stay while what they do to credentials changes: wrappers, reverts, accessors, guards. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from credseries.creds.audit.reading import Reading
from credseries.creds.effects import CREDENTIALS, Discipline, Effects, Pop, Push
from credseries.creds.interface import CRED_HEADER
from credseries.creds.scope_classes import ScopeClass
from credseries.csource.function import Function
from credseries.review.code.model import Caller, Meaning

_CREDENTIALS = re.compile(rb"\bstruct\s+cred\b")  # in the declaration of what gives some
_NOTHING = "leaves credentials as they are"
_Place = tuple[str, str]  # a name, and the file that uses it


def meanings(old: Reading, new: Reading, names: Collection[str], changed: Collection[_Place]) -> Iterator[Meaning]:
    """What means something else now: of the functions whose text or whose callees changed (`names`), of the interface
    of credentials, and of the classes of guards. `changed` are the functions (name, file) that the patch changes."""
    for name, path in sorted(_functions(old, new, names)):
        function, before = new.program.definition(name, path), old.program.definition(name, path)
        if function is None or before is None:
            continue
        was, now = _does(old, name, path), _does(new, name, path)
        if was != now:
            same = _head(before) == _head(function)
            yield Meaning(
                *(name, function.path, function.first_line, was, now, same, function.is_local),
                tuple(_callers(new, name, function, changed)),
            )
    yield from _classes(old, new, changed)


def _functions(old: Reading, new: Reading, names: Collection[str]) -> set[_Place]:
    """The functions that may mean something else: name, and the file that a local one is in."""
    found = {(item.name, item.path) for side in (old, new) for item in side.program.summaries}
    if old.program.base.counts != new.program.base.counts:
        found |= {(name, CRED_HEADER) for name in (*CREDENTIALS.overrides, *CREDENTIALS.reverts)}
    for name in names:
        function = new.program.definition(name, CRED_HEADER)
        if function is not None and _CREDENTIALS.search(_declared(function)):
            found.add((name, function.path))
    return found


def _does(reading: Reading, name: str, path: str) -> str:
    """What a call of a name in a file does to credentials, or stands for, in words."""
    effects = reading.effects(path)
    if name in effects.wrappers:
        wrapper = effects.wrappers[name]
        return f"puts {wrapper.inlined or wrapper.expression} in force, {_held(wrapper.discipline)}"
    if name in effects.overrides:
        return f"puts what it is given in force, {_held(effects.overrides[name])}"
    if name in effects.reverts:
        return f"ends an override, and drops {_one(effects.reverts[name])} reference"
    if name in effects.calls:
        return " or ".join(dict.fromkeys(_acts(effects, name))) or _NOTHING
    if name in effects.opaque:
        return effects.opaque[name]
    meaning = reading.meaning(name, path)
    return f"gives {' '.join(meaning.expression.split())}" if meaning is not None else _NOTHING


def _held(discipline: Discipline) -> str:
    return "with a reference of its own" if discipline is Discipline.COUNTED else "without a reference of its own"


def _one(discipline: Discipline) -> str:
    return "a" if discipline is Discipline.COUNTED else "no"


def _acts(effects: Effects, name: str) -> Iterator[str]:
    for outcome in effects.calls[name]:
        words = []
        for act in outcome.acts:
            if isinstance(act, Push):
                words.append(f"puts {act.credential} in force, {_held(act.discipline)}")
            elif isinstance(act, Pop):
                words.append(f"ends an override, and drops {_one(act.discipline)} reference")
            else:
                words.append(f"replaces what is in force by {act.credential}")
        yield ", then ".join(words) or _NOTHING


def _declared(function: Function) -> bytes:
    return function.code[: function.code.index(b"{")]


def _head(function: Function) -> bytes:
    """What a caller has to fit: everything before the body, white space apart."""
    return b"".join(_declared(function).split())


def _callers(reading: Reading, name: str, function: Function, changed: Collection[_Place]) -> Iterator[Caller]:
    for path, file in sorted(reading.program.files.items()):
        if function.is_local and path != function.path:
            continue
        for extent in file.calling([name]):
            if reading.program.definition(name, path) is function and extent.name != name:
                line = file.lines.number(extent.start)
                yield Caller(path, extent.name, line, (extent.name, path) in changed)


def _classes(old: Reading, new: Reading, changed: Collection[_Place]) -> Iterator[Meaning]:
    """The classes of guards that both trees define and that do something else."""
    before, after = old.effects(CRED_HEADER).classes, new.effects(CRED_HEADER).classes
    for name in sorted(before.keys() & after.keys()):
        one, two = before[name], after[name]
        was, now = _opens(one), _opens(two)
        if was == now or not ({one.discipline, two.discipline} - {None}):
            continue
        callers = tuple(
            Caller(path, extent.name, file.lines.number(extent.start), (extent.name, path) in changed)
            for path, file in sorted(new.program.files.items())
            for extent in file.entering({name})
        )
        yield Meaning(f"class {name}", two.path, 0, was, now, one.parameters == two.parameters, False, callers)


def _opens(item: ScopeClass) -> str:
    if item.problem is not None:
        return item.problem
    if item.discipline is None:
        return _NOTHING
    what = f"{item.via}({item.expression})" if item.via else item.expression or "what it is given"
    return f"puts {what} in force, {_held(item.discipline)}"
