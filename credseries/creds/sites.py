"""The sites of a function: each override, the reverts that end it, and what stands in the way of rewriting it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property

from credseries.creds.effects import Discipline, Effects
from credseries.creds.lifetime import unproven
from credseries.creds.operations import Call, Enter, Opaque, Override, Revert, Steps, Swap
from credseries.creds.places import RESULT
from credseries.creds.source import Source, classify
from credseries.creds.state import DIRECT, Exploration, Mode, explore
from credseries.creds.steps import followed, read_operations
from credseries.csource.function import Function, Variant
from credseries.csource.names import local_names
from credseries.csource.syntax import field, identifiers, text_of


class SiteKind(Enum):
    """What a site is to its function, as in the `scan` contract."""

    SITE = "site"
    WRAPPER = "wrapper"
    SPLIT = "split"
    REVERT_ONLY = "revert-only"


@dataclass(frozen=True)
class Site:
    """An override and the reverts that end it. Offsets are in bytes of the function's text.

    `problem` says why no form of it can be proven; `keeps_alive` why a form without a reference of its own cannot.
    `calls` are the credential calls that belong to the site. `converted` is set where the tree has a guard, a scoped
    or a light form already; `names` are then the offsets of the words that it is made of.
    """

    function: Function
    call: int
    kind: SiteKind
    override: str
    source: str
    variable: str = ""
    via: str = ""
    argument: tuple[int, int] = (0, 0)
    statement: tuple[int, int] = (0, 0)
    reverts: tuple[Revert, ...] = ()
    problem: str | None = None
    keeps_alive: str | None = None
    converted: str | None = None
    names: tuple[int, ...] = ()

    @property
    def line(self) -> int:
        """The 1-based line of the override (for a revert-only function: of the revert) in the file."""
        return self.function.line(self.call)

    @property
    def calls(self) -> tuple[int, ...]:
        """The offsets of the credential calls that make up the site."""
        return (self.call, *(revert.call for revert in self.reverts), *self.names)


@dataclass(frozen=True)
class Analysis:
    """A function under an effects table: its sites and each variant's steps; `unreadable` says why there are none.

    `for_caller` is a walk over each variant that follows what is done to the caller's credentials; it is there when
    something is. `unsettled` says why it is not certain that the caller's credentials are left as they were.
    """

    function: Function
    effects: Effects
    sites: tuple[Site, ...]
    steps: tuple[Steps, ...]
    unreadable: str | None = None
    for_caller: tuple[Exploration, ...] = ()
    unsettled: str | None = None


def _is_local(variant: Variant, name: str) -> bool:
    if name in variant.parameters:
        return True
    for node in variant.nodes.of("declaration"):
        storage = [text_of(child) for child in node.named_children if child.type == "storage_class_specifier"]
        for child in node.named_children:
            declared = field(child, "declarator") if child.type == "init_declarator" else child
            if declared is None or declared.type not in ("identifier", "pointer_declarator"):
                continue
            if any(text_of(part) == name for part in identifiers(declared)):
                return not storage
    return False


class _VariantSites:
    """The sites of one variant."""

    def __init__(self, function: Function, variant: Variant, effects: Effects) -> None:
        self.function = function
        self.variant = variant
        self.effects = effects
        self.read = read_operations(variant, effects)
        self.steps = followed(variant, effects, self.read)
        self.found: Exploration = explore(self.steps)
        operations = self.steps.operations()
        self.overrides = [item for item in operations if isinstance(item, Override)]
        self.reverts = [item for item in operations if isinstance(item, Revert)]
        self.opaque = [item for item in operations if isinstance(item, Opaque)]
        self.enters = [item for item in operations if isinstance(item, Enter)]
        self.calls = [item for item in operations if isinstance(item, Call)]
        self.swaps = [item for item in operations if isinstance(item, Swap)]

    @cached_property
    def for_caller(self) -> Exploration:
        """A walk that follows what the function does to its caller's credentials."""
        steps = followed(self.variant, self.effects, self.read, members=True)
        return explore(steps, mode=Mode(DIRECT.identify, frozenset(self.variant.parameters)))

    @cached_property
    def changes_caller(self) -> bool:
        """Whether some path, as far as all of them are understood, leaves the caller with other credentials."""
        found = self.for_caller
        return not found.faults and found.complete and any(way.state.done for way in found.ways_out)

    def sites(self) -> list[Site]:
        found = [self._override(item) for item in self.overrides]
        found += [self._opaque(item) for item in self.opaque if item.acquires]
        found += [self._entered(item) for item in self.enters]
        found += [self._called(item) for item in self.calls if item.overrides]
        found += [self._called(item) for item in self.swaps]
        loose: list[Opaque | Revert | Call] = [item for item in self.opaque if not item.acquires]
        loose += self.reverts
        loose += [item for item in self.calls if not item.overrides]
        if not found:
            found += [self._revert_only(item) for item in loose]
        found.sort(key=lambda site: site.call)
        return self._with_loose(found, [item.call for item in loose])

    @staticmethod
    def _with_loose(found: list[Site], loose: list[int]) -> list[Site]:
        """Reverts that end no site that is known belong to a site that is refused, so that none is lost."""
        mine = {call for site in found for call in site.calls}
        rest = tuple(Revert(call, "", Discipline.COUNTED, (call, call)) for call in loose if call not in mine)
        index = next((i for i, site in enumerate(found) if site.problem is not None), -1)
        if rest and index >= 0:
            found[index] = replace(found[index], reverts=(*found[index].reverts, *rest))
        return found

    def _source(self, override: Override) -> Source:
        wrapper = self.effects.wrappers.get(override.via)
        return classify(self.variant, self.function.text(*override.argument), wrapper)

    def _override(self, item: Override) -> Site:
        ends = self.found.ends.get(item.call, set())
        reverts = tuple(revert for revert in self.reverts if revert.call in ends)
        source = self._source(item)
        expression = self.function.text(*item.argument)
        kind, problem = SiteKind.SITE, self._problem(item.call, reverts)
        unreached = self._unreached(item.variable)
        if problem is None and unreached is not None:
            problem = f"the revert at line {self.function.line(unreached)} is never reached"
        if problem is None and self.effects.saves and not _is_local(self.variant, item.variable):
            problem = f"{item.variable} is not a local variable of the function"
        if not reverts and self._outlives(item.call):
            kind = SiteKind.WRAPPER if self._returns_saved(item) else SiteKind.SPLIT
            problem = "the function leaves the credentials changed for its caller"
        light = self.effects.counts and item.discipline is Discipline.LIGHT
        return Site(
            self.function,
            item.call,
            kind,
            f"{item.via}({' '.join(expression.split())})",
            source.kind,
            item.variable,
            item.via,
            item.argument,
            item.statement,
            reverts,
            problem,
            self._keeps_alive(item, source, expression),
            "light" if light and problem is None else None,
        )

    def _keeps_alive(self, item: Override, source: Source, expression: str) -> str | None:
        if not self.effects.saves:
            return None  # what ends it names the object again, so it has to be there in any case
        return unproven(self.variant, self.steps, self.found, self.effects, item.call, source, expression, item.via)

    def _unreached(self, variable: str) -> int | None:
        """A revert to a variable that ends no override, so that it belongs to no site."""
        ended = {call for calls in self.found.ends.values() for call in calls}
        return next((item.call for item in self.reverts if item.variable == variable and item.call not in ended), None)

    @property
    def unsettled(self) -> str | None:
        """Why it is not certain that the function leaves its caller's credentials as they were, or None."""
        flow = self.steps.flow
        for offset, reason in (*flow.unsupported, *self.steps.unfollowed):
            return f"{reason} (line {self.function.line(offset)})"
        for other in self.opaque:
            return f"{other.reason} (line {self.function.line(other.call)})"
        for fault in self.found.faults:
            return f"{fault.reason} (line {self.function.line(fault.call)})"
        if not self.found.complete:
            return "it has more states than are followed"
        if any(self.found.exits - {()}):
            return "on some path it returns with an override still in force"
        return None

    @cached_property
    def _shadowed(self) -> set[str]:
        """The names that change credentials elsewhere, and are something else in the function."""
        return {name for name in local_names(self.variant) if self.effects.touches(name)}

    def _outlives(self, call: int) -> bool:
        """Whether what a call put in force can still be when the function ends."""
        if any(stack and stack[-1].site == call for stack in self.found.exits):
            return True
        return bool(self.found.faults) and self.changes_caller

    def _returns_saved(self, item: Override) -> bool:
        changed = [text for stack, text in self.found.returned if stack and stack[-1].site == item.call]
        return item.variable == RESULT or (bool(changed) and all(text == item.variable for text in changed))

    def _called(self, item: Call | Swap) -> Site:
        """A site whose override another function makes, or one that replaces the credentials in force."""
        ends = self.found.ends.get(item.call, set())
        reverts = tuple(revert for revert in self.reverts if revert.call in ends)
        pops = tuple(
            Revert(call.call, "", Discipline.COUNTED, (call.call, call.call))
            for call in self.calls
            if call.call in ends and call.call != item.call
        )
        kind, problem = SiteKind.SITE, self._problem(item.call, (*reverts, *pops))
        if not ends and self._outlives(item.call):
            kind = SiteKind.SPLIT
            problem = f"{item.name}() leaves credentials overridden for the caller of the function"
        elif isinstance(item, Swap) or item.swaps:
            problem = f"{item.name}() replaces the credentials in force, and drops the reference on them"
        elif problem is None:
            problem = f"it overrides through {item.name}(): no form stands for a pair of wrappers"
        expression = item.expression if isinstance(item, Call) else f"{item.name}({item.credential})"
        return Site(
            self.function,
            item.call,
            kind,
            expression,
            classify(self.variant, item.credential, None).kind if isinstance(item, Swap) else "object",
            via=item.name,
            reverts=(*reverts, *pops),
            problem=problem,
            keeps_alive=problem,
        )

    def _problem(self, call: int, reverts: tuple[Revert, ...]) -> str | None:
        flow = self.steps.flow
        if flow.unsupported:
            offset, reason = flow.unsupported[0]
            return f"{reason} (line {self.function.line(offset)})"
        if self.steps.unfollowed:
            offset, reason = self.steps.unfollowed[0]
            return f"{reason} (line {self.function.line(offset)})"
        if self._shadowed:
            return f"{min(self._shadowed)} is a name of the function's own"
        if self.opaque:
            other = self.opaque[0]
            return f"{other.reason} (line {self.function.line(other.call)})"
        if self.found.faults:
            fault = self.found.faults[0]
            return f"{fault.reason} (line {self.function.line(fault.call)})"
        if not self.found.complete:
            return "the function has more states than are followed"
        if any(any(token.site == call for token in stack) for stack in self.found.exits):
            return "on some path the function returns with the override still in force"
        if not reverts:
            return "no revert of this function ends it"
        for revert in reverts:
            ended = [site for site, calls in self.found.ends.items() if revert.call in calls]
            if len(ended) > 1:
                return f"the revert at line {self.function.line(revert.call)} ends more than one override"
        return None

    def _opaque(self, item: Opaque) -> Site:
        kind = SiteKind.SITE
        if item.name in self.effects.overrides:
            kind = SiteKind.WRAPPER if item.returned else SiteKind.SPLIT
        elif self.effects.passes_on and not self.reverts and all(other.acquires for other in self.opaque):
            kind = SiteKind.SPLIT  # it only passes on what the called function did
        inner = item.expression[item.expression.find("(") + 1 : -1]
        source = classify(self.variant, inner, None).kind if item.name in self.effects.overrides else "object"
        return Site(
            self.function,
            item.call,
            kind,
            item.expression,
            source,
            via=item.name,
            problem=item.reason,
            keeps_alive=item.reason,
        )

    def _entered(self, item: Enter) -> Site:
        node = self.steps.flow.nodes[item.opened]
        form = "guard" if node.macro in ("guard", "CLASS") else "scoped"
        expression = " ".join((item.expression or self.function.text(*item.argument)).split())
        source = classify(self.variant, expression, self.effects.wrappers.get(item.via)).kind
        override = f"{node.macro}({node.tag}, {f'{item.via}({expression})' if item.via else expression})"
        names = [item.call + hit.start() for hit in re.finditer(r"\w+", self.function.text(item.call, node.end))]
        return Site(self.function, item.call, SiteKind.SITE, override, source, converted=form, names=tuple(names))

    def _revert_only(self, item: Opaque | Revert | Call) -> Site:
        name = "revert" if isinstance(item, Revert) else item.name
        text = self.function.text(*item.statement).rstrip(";") if isinstance(item, Revert) else item.expression
        reason = "the function only reverts: the override is its caller's"
        return Site(
            self.function,
            item.call,
            SiteKind.REVERT_ONLY,
            text,
            "object",
            via=name,
            problem=reason,
            keeps_alive=reason,
        )


def _merged(found: list[list[Site]]) -> list[Site]:
    """One list of sites from the variants' lists: a problem in any variant is a problem of the site."""
    merged: dict[int, Site] = {}
    for sites in found:
        for site in sites:
            known = merged.get(site.call)
            if known is None:
                merged[site.call] = site
            else:
                problem = known.problem or site.problem
                calls = {revert.call: revert for revert in (*known.reverts, *site.reverts)}
                reverts = tuple(calls[call] for call in sorted(calls))
                alive = known.keeps_alive or site.keeps_alive
                merged[site.call] = replace(known, problem=problem, keeps_alive=alive, reverts=reverts)
    return [merged[call] for call in sorted(merged)]


def analyse(function: Function, effects: Effects) -> Analysis:
    """Find the sites of a function. A function that cannot be read gives an analysis without sites and says why."""
    if function.unreadable is not None:
        return Analysis(function, effects, (), (), function.unreadable.reason)
    for offset, reason in (hidden for variant in function.variants for hidden in variant.flow.hidden):
        return Analysis(function, effects, (), (), f"{reason} (line {function.line(offset)})")
    variants = [_VariantSites(function, variant, effects) for variant in function.variants]
    sites = _merged([variant.sites() for variant in variants])
    changing = any(site.kind is not SiteKind.SITE for site in sites)
    for_caller = tuple(variant.for_caller for variant in variants) if changing else ()
    unsettled = next((item.unsettled for item in variants if item.unsettled is not None), None)
    steps = tuple(item.steps for item in variants)
    return Analysis(function, effects, tuple(sites), steps, for_caller=for_caller, unsettled=unsettled)
