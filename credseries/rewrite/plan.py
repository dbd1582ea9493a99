"""Which form each site gets: every form is written, proven or refused, and the first that proves is chosen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tree_sitter import Node

from credseries.creds.effects import Effects
from credseries.creds.lifetime import unproven
from credseries.creds.operations import Enter, Override, Steps
from credseries.creds.proof import Counterexample, Side, compare
from credseries.creds.sites import Analysis, Site, SiteKind, analyse
from credseries.creds.source import classify
from credseries.creds.state import explore, opaque_operations
from credseries.creds.steps import read_steps
from credseries.csource.flow import Kind
from credseries.csource.function import Function
from credseries.csource.splice import OffsetMap, Spliced, splice
from credseries.csource.statements import DECLARED
from credseries.csource.syntax import callee, walk
from credseries.csource.syntax import field as child_field
from credseries.rewrite.forms import FORMS, Form, Names, Refused, write, write_naive_guard

DEFAULT_ORDER = FORMS
Allowed = Callable[[str], bool]
MayMove = Callable[[str, str], bool]


def _nothing(name: str) -> bool:
    """No call may move."""
    del name
    return False


def _nowhere(path: str, name: str) -> bool:
    """No call of any file may move."""
    del path, name
    return False


@dataclass(frozen=True)
class Moved:
    """A call (or a read of the current credentials) that would run under other credentials."""

    line: int
    call: str


@dataclass(frozen=True)
class Verdict:
    """Whether a form of a site is proven; if not, why. `jumps` are lines of gotos or cases over an in-place guard.

    `moved` are the calls that an in-place guard would run under the override: of a proven guard, those that a person
    has allowed to.
    """

    form: Form
    ok: bool
    reason: str = ""
    moved: tuple[Moved, ...] = ()
    jumps: tuple[int, ...] = ()
    counterexample: Counterexample | None = None


@dataclass(frozen=True)
class Judged:
    """A site with the verdict on each form and the one that is chosen (None: refused)."""

    site: Site
    verdicts: tuple[Verdict, ...]
    choice: Form | None

    def verdict(self, form: Form) -> Verdict:
        """The verdict on a form."""
        return next(item for item in self.verdicts if item.form is form)

    @property
    def reason(self) -> str:
        """Why no form, or not the first form, was chosen; empty when nothing stood in the way."""
        if self.site.problem is not None:
            return self.site.problem
        refusals = [item.reason for item in self.verdicts if not item.ok]
        if self.choice is None and refusals and refusals[-1] != refusals[0]:
            return f"{refusals[0]}; {refusals[-1]}"  # the light form asks for least, so what it lacks says most
        return refusals[0] if refusals else ""

    @property
    def hindrance(self) -> str:
        """What stood in the way of every form; empty when one is proven."""
        refusals = [item.reason for item in self.verdicts if not item.ok]
        return "" if self.choice is not None or not refusals else self.site.problem or refusals[-1]


@dataclass(frozen=True)
class Rewritten:
    """A function and the text it gets; `judged` are its sites, in order, `offsets` the way back to its own text."""

    function: Function
    text: bytes
    judged: tuple[Judged, ...]
    offsets: OffsetMap = field(compare=False)


class Composed(OffsetMap):
    """Offset maps one after the other."""

    def __init__(self, maps: Sequence[OffsetMap]) -> None:
        super().__init__(())
        object.__setattr__(self, "_maps", tuple(maps))

    def origin(self, offset: int) -> int:
        """Where a byte came from in the first text."""
        for item in reversed(self._maps):  # type: ignore[attr-defined]
            offset = item.origin(offset)
        return offset


def check(
    before: Analysis,
    after: Function,
    offsets: OffsetMap,
    names: Names,
    effects: Effects | None = None,
    allowed: Allowed = _nothing,
) -> str | Counterexample | None:
    """Prove a rewritten function against its original: None when proven, else the reason or a counterexample.

    `effects` is what functions do after the rewrite, where that differs from before; `allowed` says of a call, by its
    name, that it may run under the override although it did not before.
    """
    if after.unreadable is not None:
        return f"the rewritten function does not parse: {after.unreadable.reason}"
    if len(after.variants) != len(before.steps):
        return "the rewrite changes how many #if variants the function has"
    for variant, steps in zip(after.variants, before.steps, strict=True):
        new = read_steps(variant, effects or before.effects)
        for offset, reason in (*variant.flow.unsupported, *new.unfollowed):
            return f"{reason} (line {before.function.line(offsets.origin(offset))})"
        gone = _read_but_gone(steps, new)
        if gone is not None:
            return f"{gone[0]} is also read at line {before.function.line(gone[1])}"
        for operation in opaque_operations(new):
            return operation.reason
        opened = {step.opened for item in new.steps for step in item.operations if isinstance(step, Enter)}
        for bypass in variant.flow.bypasses:
            if bypass.opened in opened:
                line = before.function.line(offsets.origin(bypass.jump))
                return f"the jump at line {line} would enter the scope past its guard"
        guards = {node.start for node in variant.flow.nodes if node.kind is Kind.OPEN and node.macro in DECLARED}
        for node in walk(variant.body):
            if node.type not in ("labeled_statement", "case_statement"):
                continue
            first = _first_statement(node)
            if _declares(first) or (first is not None and first.start_byte in guards):
                line = before.function.line(offsets.origin(node.start_byte))
                return f"a label (line {line}) would stand before a declaration"
        difference = compare(Side(before.function, steps, None), Side(after, new, offsets), names.accessors, allowed)
        if difference is not None:
            return difference
    return None


def _outlived(before: Analysis, after: Function, offsets: OffsetMap, site: Site) -> str | None:
    """Why a credential may not outlive a guard's scope that reaches further than the override did, or None."""
    for variant, original in zip(after.variants, before.function.variants, strict=True):
        steps = read_steps(variant, before.effects)
        found = explore(steps, tolerate=True)
        source = classify(original, site.function.text(*site.argument), before.effects.wrappers.get(site.via))
        for enter in (item for step in steps.steps for item in step.operations if isinstance(item, Enter)):
            if offsets.origin(enter.call) == site.call:
                expression = site.function.text(*site.argument)
                reason = unproven(variant, steps, found, before.effects, enter.call, source, expression, site.via)
                if reason is not None:
                    return reason
    return None


def _read_but_gone(before: Steps, after: Steps) -> tuple[str, int] | None:
    """A saved variable that has other readers but is saved in fewer places than before, and where it is read."""

    def count(steps: Steps) -> Counter[str]:
        return Counter(item.variable for item in steps.operations() if isinstance(item, Override))

    lost = count(before) - count(after)
    return next(((name, before.reads[name][0]) for name in lost if before.reads[name]), None)


def _first_statement(labelled: Node) -> Node | None:
    """The statement that a label or a `case` stands before."""
    label = child_field(labelled, "label") or child_field(labelled, "value")
    inner = [child for child in labelled.named_children if child.type != "comment"]
    return next((child for child in inner if label is None or child.id != label.id), None)


def _declares(statement: object) -> bool:
    node = statement
    kind = getattr(node, "type", "")
    if kind == "declaration":
        return True
    inner = getattr(node, "named_children", [])
    if kind != "expression_statement" or not inner or inner[0].type != "call_expression":
        return False
    return callee(inner[0]).startswith(("guard(", "CLASS("))


@dataclass(frozen=True)
class Exposure:
    """What a guard in place would do: the calls that move, the lines of jumps that skip it, and a path to the first."""

    moved: tuple[Moved, ...] = ()
    jumps: tuple[int, ...] = ()
    counterexample: Counterexample | None = None


def exposure(analysis: Analysis, site: Site, names: Names) -> Exposure:
    """What a guard in place of an override would expose, its reverts simply gone."""
    counterexample: Counterexample | None = None
    moved: dict[tuple[int, str], Moved] = {}  # of `f(x)->g(x)`, two calls begin at the same byte
    jumps: set[int] = set()
    spliced = write_naive_guard(site, names)
    naive = site.function.rewritten(spliced.text)
    for variant, before in zip(naive.variants, analysis.steps, strict=False):
        steps = read_steps(variant, analysis.effects, before.saved)
        guards = {
            operation.opened
            for step in steps.steps
            for operation in step.operations
            if isinstance(operation, Enter) and spliced.offsets.origin(operation.call) == site.call
        }
        for bypass in variant.flow.bypasses:
            if bypass.opened in guards:
                jumps.add(site.function.line(spliced.offsets.origin(bypass.jump)))
        old = explore(before)
        new = explore(steps, spliced.offsets.origin, tolerate=True)
        for event in (event for step in before.steps for event in step.events):
            stacks = old.exposed.get(event.offset)
            if stacks is not None and new.exposed.get(event.offset, stacks) != stacks:
                moved[event.offset, event.name] = Moved(site.function.line(event.offset), event.name)
        if moved and counterexample is None:
            sides = Side(site.function, before, None), Side(naive, steps, spliced.offsets)
            counterexample = compare(*sides, names.accessors)
    return Exposure(tuple(moved[key] for key in sorted(moved)), tuple(sorted(jumps)), counterexample)


def _refusal(form: Form, reason: str | Counterexample, exposed: Exposure) -> Verdict:
    """A refused form: for a guard, what it would expose says more than which step of the proof failed."""
    parts = []
    if exposed.moved:
        calls = ", ".join(f"{item.call} (line {item.line})" for item in exposed.moved)
        parts.append(f"would run {calls} under the override")
    if exposed.jumps:
        lines = ", ".join(str(line) for line in exposed.jumps)
        parts.append(f"jumps at line{'s' if len(exposed.jumps) > 1 else ''} {lines} would skip it")
    counterexample = reason if isinstance(reason, Counterexample) else exposed.counterexample
    if not parts and isinstance(reason, Counterexample):
        parts = [f"line {reason.line}: {reason.reason}"]
        if not reason.reason:
            parts = [f"line {reason.line}: {reason.event} ran under {reason.before}, would run under {reason.after}"]
    return Verdict(form, False, "; ".join(parts) or str(reason), exposed.moved, exposed.jumps, counterexample)


def _write_in_all(analysis: Analysis, site: Site, form: Form, names: Names) -> Spliced:
    """The rewrite, which every variant of the function has to ask for alike. Raises Refused."""
    pairs = zip(analysis.function.variants, analysis.steps, strict=True)
    written = [write(site, variant, steps, form, names) for variant, steps in pairs]
    if any(item.text != written[0].text for item in written[1:]):
        raise Refused("the #if variants of the function would be rewritten in different ways")
    return written[0]


class Planner:
    """Judges the sites of analysed functions and rewrites them; pure."""

    def __init__(
        self,
        names: Names,
        order: Sequence[Form] = DEFAULT_ORDER,
        unavailable: Mapping[Form, str] | None = None,
        may_move: MayMove = _nowhere,
    ) -> None:
        """`order` is the order of preference, `unavailable` says why the tree cannot have a form at all.

        `may_move` says of a file and a call's name that a person lets such calls run under a guard.
        """
        self.names = names
        self.order = tuple(order)
        self.unavailable = dict(unavailable or {})
        self.may_move = may_move
        # What was proven of single sites, the others of their functions as they are: with the site, so that it stays.
        self._alone: dict[tuple[int, Form], tuple[Site, Spliced]] = {}

    def _allowed(self, site: Site, form: Form | None) -> Allowed:
        if form is not Form.GUARD:
            return _nothing
        return lambda name: self.may_move(site.function.path, name)

    def _attempt(self, analysis: Analysis, site: Site, form: Form) -> tuple[bytes, OffsetMap] | str | Counterexample:
        if site.problem is not None:
            return site.problem
        if form in self.unavailable:
            return self.unavailable[form]
        if site.keeps_alive is not None:
            return site.keeps_alive
        try:
            spliced = _write_in_all(analysis, site, form, self.names)
        except Refused as refused:
            return str(refused)
        rewritten = site.function.rewritten(spliced.text)
        result = check(analysis, rewritten, spliced.offsets, self.names)
        if isinstance(result, Counterexample) and form is Form.GUARD and self.may_move is not _nowhere:
            result = check(analysis, rewritten, spliced.offsets, self.names, allowed=self._allowed(site, form))
            result = result or _outlived(analysis, rewritten, spliced.offsets, site)
        if result is not None:
            return result
        self._alone[id(site), form] = (site, spliced)
        return spliced.text, spliced.offsets

    def judge(self, analysis: Analysis, site: Site) -> Judged:
        """The verdict on every form of one site, the others of its function as they are."""
        if site.converted is not None:
            verdicts = tuple(Verdict(form, False, f"already converted ({site.converted})") for form in FORMS)
            return Judged(site, verdicts, None)
        judged: list[Verdict] = []
        for form in FORMS:
            result = self._attempt(analysis, site, form)
            if isinstance(result, tuple):
                judged.append(Verdict(form, True, moved=self._moved(analysis, site, form)))
                continue
            guard = form is Form.GUARD and form not in self.unavailable
            guard = guard and site.kind is SiteKind.SITE and site.statement != (0, 0)
            exposed = self._exposed(analysis, site) if guard else Exposure()
            judged.append(_refusal(form, result, exposed))
        proven = {item.form for item in judged if item.ok}
        return Judged(site, tuple(judged), next((form for form in self.order if form in proven), None))

    def _moved(self, analysis: Analysis, site: Site, form: Form) -> tuple[Moved, ...]:
        """The calls that a proven form moves: none, but for a guard that a person has allowed some."""
        if form is not Form.GUARD or self.may_move is _nowhere:
            return ()
        return exposure(analysis, site, self.names).moved

    def _exposed(self, analysis: Analysis, site: Site) -> Exposure:
        """What stands in the way of a guard: what it would expose, without the calls that are allowed to move."""
        found = exposure(analysis, site, self.names)
        allowed = self._allowed(site, Form.GUARD)
        moved = tuple(item for item in found.moved if not allowed(item.call))
        return replace(found, moved=moved, counterexample=found.counterexample if moved else None)

    def judge_all(self, analysis: Analysis) -> list[Judged]:
        """Every site of a function."""
        return [self.judge(analysis, site) for site in analysis.sites]

    def rewrite(self, analysis: Analysis, judged: Iterable[Judged], effects: Effects | None = None) -> Rewritten:
        """The function with every site in its chosen form, proven as a whole against the original.

        Sites are rewritten one after the other, each in the text that the one before left. When the whole does not
        prove although each site did, the sites are refused from the last one on until it does. For `effects` see
        `write`.
        """
        sites = list(judged)
        while True:
            found = self._write(analysis, sites, effects)
            if isinstance(found, Spliced):
                return Rewritten(analysis.function, found.text, tuple(sites), found.offsets)
            index = max((i for i, item in enumerate(sites) if item.choice is not None), default=-1)
            if index < 0:  # with other effects, not even the text as it is need prove
                same = splice(analysis.function.source, [])
                return Rewritten(analysis.function, same.text, tuple(sites), same.offsets)
            path = found if isinstance(found, Counterexample) else None
            verdicts = tuple(
                replace(
                    item,
                    ok=False,
                    reason=f"with the function's other sites: {found}",
                    counterexample=path or item.counterexample,
                )
                for item in sites[index].verdicts
            )
            sites[index] = Judged(sites[index].site, verdicts, None)

    def write(
        self, analysis: Analysis, judged: Sequence[Judged], effects: Effects | None = None
    ) -> bytes | str | Counterexample:
        """The function with every site in its chosen form, or why that is not proven.

        `effects` is what functions do by then, where that differs from the analysis.
        """
        found = self._write(analysis, judged, effects)
        return found.text if isinstance(found, Spliced) else found

    def _write(
        self, analysis: Analysis, judged: Sequence[Judged], effects: Effects | None
    ) -> Spliced | str | Counterexample:
        function, after = analysis.function, effects or analysis.effects
        chosen = [item for item in judged if item.choice is not None]
        if len(chosen) == 1 and effects is None and chosen[0].choice is not None:
            known = self._alone.get((id(chosen[0].site), chosen[0].choice))
            if known is not None:
                return known[1]
        same = splice(function.source, [])
        maps: list[OffsetMap] = [same.offsets]
        current = analysis
        for item in judged:
            if item.choice is None:
                continue
            composed = Composed(maps)
            site = next((site for site in current.sites if composed.origin(site.call) == item.site.call), None)
            if site is None:
                return f"the site at line {item.site.line} is lost after the others are rewritten"
            try:
                spliced = _write_in_all(current, site, item.choice, self.names)
            except Refused as refused:
                return str(refused)
            maps.append(spliced.offsets)
            # what is still to rewrite makes sense under the effects that it was read with, not under those to come
            current = analyse(current.function.rewritten(spliced.text), analysis.effects)
        if len(maps) == 1 and effects is None:
            return same
        guards = [item for item in judged if item.choice is Form.GUARD]
        allowed = self._allowed(guards[0].site, Form.GUARD) if guards else _nothing
        result = check(analysis, current.function, Composed(maps), self.names, after, allowed)
        return Spliced(current.function.source, Composed(maps)) if result is None else result
