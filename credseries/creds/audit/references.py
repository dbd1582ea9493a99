"""References that a change loses or keeps, and credentials that do not outlive their override any more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tree_sitter import Node

from credseries.creds.audit.canonical import expression_node
from credseries.creds.audit.cleanups import scopes
from credseries.creds.audit.compared import Compared, Finding, Kind, Side
from credseries.creds.audit.trail import CALLER, Credential, Slip, SlipKind, Visit
from credseries.creds.effects import Discipline
from credseries.creds.ledger import Defect, Value, Way, keep_books
from credseries.creds.lifetime import gives_up
from credseries.creds.state import State, Token
from credseries.csource.flow import Kind as NodeKind
from credseries.csource.syntax import arguments, callee, field, text_of, walk

_KINDS = {
    SlipKind.LEAKS: Kind.EXTRA_REFERENCE,
    SlipKind.DROPS: Kind.LOST_REFERENCE,
    SlipKind.BY_HAND: Kind.MIXED,
}


def _disciplines(side: Side, slip: Slip) -> str:
    """What a slip's override is, in words."""
    known = {item.call: item.discipline for item in side.entered}
    known |= {item.call: item.discipline for item in side.overrides}
    if slip.site in known:
        return f"a {known[slip.site].value} override of {side.trail.credentials[slip.site].words}"
    return "no override of this function" if slip.site < 0 else "an override that a called function makes"


def slips(case: Compared) -> list[Finding]:
    """Reverts, and calls that end overrides, that do not fit what they end and did before."""
    known = {(slip.kind, slip.call) for slip in case.before.trail.slips}
    found: dict[tuple[SlipKind, int], Finding] = {}
    for slip, visit in case.after.trail.slips.items():
        if (slip.kind, case.alignment.tokens.get(slip.call, -1)) in known or (slip.kind, slip.call) in found:
            continue
        name = case.after.version.calls.get(slip.call)
        called = callee(name) if name is not None else "the end of the scope"
        state = case.after.trail.visits[visit][1]
        found[slip.kind, slip.call] = case.finding(
            _KINDS[slip.kind],
            slip.call,
            f"{called}(): {slip.reason}" if name is not None else slip.reason,
            call=called,
            before="an override and a revert that fit" if not case.new else "",
            after=f"{case.after.trail.in_force(state).words}, by {_disciplines(case.after, slip)}",
            visit=visit,
        )
    return list(found.values())


class _Books:
    """The balances of one version, by keys that mean the same in both versions."""

    def __init__(self, side: Side, partner: Mapping[int, int] | None) -> None:
        version = side.version
        self.side, self.partner = side, partner
        self.kept = keep_books(version.function, version.variant, version.steps, side.effects)
        values = {value for counts in self.kept.ways_out for value, _ in counts} | self.kept.drops.keys()
        self.values: dict[str, list[Value]] = {}
        for value in sorted(values, key=lambda item: (item.made, item.name)):
            self.values.setdefault(self.key(value), []).append(value)

    @property
    def complete(self) -> bool:
        """Whether every path was followed to its end."""
        return self.kept.complete and not self.kept.faults

    def key(self, value: Value) -> str:
        """What a value is called in both versions: what was made, by the call before the change that made it."""
        if not value.is_made:
            credential = self._in_force(value)
            return self.side.canon.of(value.name.lstrip("?")) if credential is None else credential.key
        made = value.made if self.partner is None else self.partner.get(value.made)
        called = callee(self.side.version.calls[value.made])
        return f"{called}() at {made}" if made is not None else f"{called}() that is new"

    def _in_force(self, value: Value) -> Credential | None:
        """What a call put in force, or what the caller has, where the ledger knows it by that alone."""
        name = value.name.lstrip("?")
        if not name.startswith("@"):
            return None
        return self.side.trail.credentials.get(int(name[1:]), CALLER) if name[1:] else CALLER

    def balances(self, key: str) -> dict[int, Way]:
        """Every balance that a value has at an exit, with a shortest path to it."""
        found: dict[int, Way] = {}
        for counts, way in self.kept.ways_out.items():
            found.setdefault(sum(number for value, number in counts if self.key(value) == key), way)
        return found

    def drops(self, key: str) -> list[int]:
        """The offsets where references on a value are dropped."""
        return [offset for value in self.values.get(key, ()) for offset in self.kept.drops.get(value, ())]

    def spelled(self, key: str) -> str:
        """A value as a person would say it; empty when this version has none of that key."""
        for value in self.values.get(key, ()):
            credential = self._in_force(value)
            if credential is not None:
                return credential.words
            return f"what {value.name} returned" if value.is_made else value.name.lstrip("?").replace(".", "->")
        return ""


def _compare(case: Compared, key: str, old: _Books, new: _Books) -> Finding | None:
    exits = new.balances(key)
    before, after = set(old.balances(key)), set(exits)
    if before == after or not before or not after:
        return None
    more, fewer = after - before, before - after
    if any(value > max(before) for value in more) or (fewer and min(before) in fewer and not more):
        kind, value, what = Kind.EXTRA_REFERENCE, max(after), "keeps"
    elif any(value < min(before) for value in more) or (fewer and max(before) in fewer):
        kind, value, what = Kind.LOST_REFERENCE, min(after), "drops"
    else:
        return None
    spelled = new.spelled(key) or old.spelled(key)
    way = exits[value]
    offset = way.offset
    if kind is Kind.LOST_REFERENCE:
        drops = new.drops(key)
        fresh = [place for place in drops if place not in case.alignment.tokens]
        offset = (fresh or drops or [offset])[0]
    listed = [", ".join(f"{value:+d}" if value else "0" for value in sorted(values)) for values in (before, after)]
    was, now = (f"gets minus puts at the exits: {text}" for text in listed)
    message = f"on this path the function {what} a reference to {spelled} that it did not {what.rstrip('s')} before"
    return case.finding(kind, offset, message, call=spelled, before=was, after=now, path=way.path)


_DEFECTS = {"leak": Kind.EXTRA_REFERENCE, "double-put": Kind.LOST_REFERENCE}


def _defects(case: Compared, old: _Books, new: _Books, said: set[tuple[Kind, str]]) -> Iterator[Finding]:
    """What is wrong with the references of the version after alone, and was not wrong before."""

    def wrong(books: _Books) -> dict[tuple[Kind, str], Defect]:
        found: dict[tuple[Kind, str], Defect] = {}
        for defect in books.kept.defects:
            if defect.kind in _DEFECTS and defect.about is not None:
                found.setdefault((_DEFECTS[defect.kind], books.key(defect.about)), defect)
        return found

    known = wrong(old)
    for (kind, key), defect in wrong(new).items():
        if (kind, key) not in known and (kind, key) not in said:
            yield case.finding(
                kind,
                defect.offset,
                defect.message,
                call=new.spelled(key) or key,
                before="references that balance" if not case.new else "",
                after="a reference too many" if kind is Kind.EXTRA_REFERENCE else "a reference too few",
                path=defect.path,
            )


def _counts_by_hand(side: Side) -> bool:
    """Whether a version handles references itself."""
    names = {name.encode() for name in side.effects.references}
    return any(name in side.version.function.code for name in names)


def ledger(case: Compared) -> list[Finding]:
    """References by hand whose balance at an exit has changed, or does not hold any more."""
    if not _counts_by_hand(case.before) and not _counts_by_hand(case.after):
        return []
    old, new = _Books(case.before, None), _Books(case.after, case.alignment.partner)
    if not old.complete or not new.complete:
        return []
    slipped = {case.after.trail.credential(Token(slip.site, Discipline.COUNTED)).key for slip in _of_overrides(case)}
    keys = sorted((old.values.keys() | new.values.keys()) - slipped)
    compared = [(key, _compare(case, key, old, new)) for key in keys if not case.new]
    found = [item for _, item in compared if item is not None]
    said = {(item.kind, key) for key, item in compared if item is not None}
    return [*found, *_defects(case, old, new, said)]


def _of_overrides(case: Compared) -> list[Slip]:
    """The slips that name an override of the function: its reference is spoken of already."""
    return [slip for slip in case.after.trail.slips if slip.site in case.after.trail.credentials]


# -- lifetimes


def _holders(key: str) -> set[str]:
    """What keeps a credential: itself, and the object whose member it is."""
    found = {key}
    node = expression_node(key)
    if node is not None and node.type == "field_expression":
        base = field(node, "argument")
        if base is not None:
            found.add("".join(text_of(base).split()).strip())
    return found


def _given_up(side: Side, call: Node) -> set[str]:
    if not gives_up(callee(call)):
        return set()
    return {side.canon.of(text_of(item)) for item in arguments(call)}


def _gives(passed: set[str], holders: set[str]) -> bool:
    inside = tuple(f"&{holder}{link}" for holder in holders for link in ("->", "."))
    return bool(passed & holders) or any(text.startswith(inside) for text in passed)


def _light(side: Side, state: State) -> Iterator[str]:
    """The keys of the light overrides in force."""
    for token in state.stack:
        if token.site >= 0 and token.discipline is Discipline.LIGHT:
            yield side.trail.credential(token).key


def _endangered(side: Side) -> dict[tuple[int, str], Visit]:
    """Calls and cleanups that give up what holds a light override in force: by offset and credential."""
    nodes = side.version.steps.flow.nodes
    cleaned = {scope.opened: scope for scope in scopes(side.version, {})}
    found: dict[tuple[int, str], Visit] = {}
    passed_at: dict[int, list[tuple[int, set[str]]]] = {}
    for node in nodes:
        items = []
        if node.kind is NodeKind.CLEANUP and node.opened in cleaned:
            scope = cleaned[node.opened]
            if scope.variable and gives_up(scope.spelled.replace("__free(", "").rstrip(")")):
                items.append((scope.start, {side.canon.of(scope.variable)}))
        elif node.syntax is not None:
            for call in walk(node.syntax):
                if call.type == "call_expression" and (passed := _given_up(side, call)):
                    items.append((call.start_byte, passed))
        if items:
            passed_at[node.number] = items
    for visit, (number, state, _) in enumerate(side.trail.visits):
        for offset, passed in passed_at.get(number, ()):
            for key in _light(side, state):
                if _gives(passed, _holders(key)):
                    found.setdefault((offset, key), visit)
    return found


def lifetimes(case: Compared) -> list[Finding]:
    """Calls that give up what a light override in force depends on, where a counted one held it before."""
    if not any(discipline is Discipline.LIGHT for discipline in _all_disciplines(case.after)):
        return []
    known = {(offset, key) for offset, key in _endangered(case.before)}
    found = []
    for (offset, key), visit in _endangered(case.after).items():
        if (case.alignment.tokens.get(offset, -1), key) in known:
            continue
        call = case.after.version.calls.get(offset)
        name = f"{callee(call)}()" if call is not None else "the cleanup"
        words = case.after.trail.words({key})
        message = f"{name} may give up what holds {words} while it is in force and no reference of its own holds it"
        held = f"{words}, held by a reference" if key in _counted(case.before) else CALLER.words
        found.append(
            case.finding(
                Kind.LIFETIME,
                offset,
                message,
                call=callee(call) if call is not None else name,
                before=held,
                after=f"{words}, not held",
                visit=visit,
            )
        )
    return found


def _all_disciplines(side: Side) -> set[Discipline]:
    return {token.discipline for _, state, _ in side.trail.visits for token in state.stack if token.site >= 0}


def _counted(side: Side) -> set[str]:
    return {
        side.trail.credential(token).key
        for _, state, _ in side.trail.visits
        for token in state.stack
        if token.site >= 0 and token.discipline is Discipline.COUNTED
    }
