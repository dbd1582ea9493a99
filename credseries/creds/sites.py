"""The sites of a function: each override, the reverts that end it, and what stands in the way of rewriting it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum

from credseries.creds.effects import Discipline, Effects
from credseries.creds.lifetime import unproven
from credseries.creds.operations import Enter, Opaque, Override, Revert, Steps, read_steps
from credseries.creds.source import Source, classify
from credseries.creds.state import Exploration, explore
from credseries.csource.function import Function, Variant
from credseries.csource.syntax import field, identifiers, text_of, walk


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
    """A function under an effects table: its sites and each variant's steps; `unreadable` says why there are none."""

    function: Function
    effects: Effects
    sites: tuple[Site, ...]
    steps: tuple[Steps, ...]
    unreadable: str | None = None


def _is_local(variant: Variant, name: str) -> bool:
    if name in variant.parameters:
        return True
    for node in walk(variant.body):
        if node.type != "declaration":
            continue
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
        self.steps = read_steps(variant, effects)
        self.found: Exploration = explore(self.steps)
        operations = self.steps.operations()
        self.overrides = [item for item in operations if isinstance(item, Override)]
        self.reverts = [item for item in operations if isinstance(item, Revert)]
        self.opaque = [item for item in operations if isinstance(item, Opaque)]
        self.enters = [item for item in operations if isinstance(item, Enter)]

    def sites(self) -> list[Site]:
        found = [self._override(item) for item in self.overrides]
        found += [self._opaque(item) for item in self.opaque if item.acquires]
        found += [self._entered(item) for item in self.enters]
        if not found:
            loose: list[Opaque | Revert] = [*self.opaque, *self.reverts]
            found += [self._revert_only(item) for item in loose]
        return sorted(found, key=lambda site: site.call)

    def _source(self, override: Override) -> Source:
        wrapper = self.effects.wrappers.get(override.via)
        return classify(self.variant, self.function.text(*override.argument), wrapper)

    def _override(self, item: Override) -> Site:
        ends = self.found.ends.get(item.call, set())
        reverts = tuple(revert for revert in self.reverts if revert.call in ends)
        source = self._source(item)
        expression = self.function.text(*item.argument)
        kind, problem = SiteKind.SITE, self._problem(item, reverts)
        if any(stack and stack[-1].site == item.call for stack in self.found.exits) and not reverts:
            kind = SiteKind.WRAPPER if self._returns_saved(item) else SiteKind.SPLIT
            problem = "the function leaves the credentials changed for its caller"
        light = item.discipline is Discipline.LIGHT
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
            unproven(self.variant, source, expression),
            "light" if light and problem is None else None,
        )

    def _returns_saved(self, item: Override) -> bool:
        changed = [text for stack, text in self.found.returned if stack and stack[-1].site == item.call]
        return bool(changed) and all(text == item.variable for text in changed)

    def _problem(self, item: Override, reverts: tuple[Revert, ...]) -> str | None:
        flow = self.steps.flow
        if flow.unsupported:
            offset, reason = flow.unsupported[0]
            return f"{reason} (line {self.function.line(offset)})"
        if self.steps.unfollowed:
            offset, reason = self.steps.unfollowed[0]
            return f"{reason} (line {self.function.line(offset)})"
        if self.opaque:
            other = self.opaque[0]
            return f"{other.reason} (line {self.function.line(other.call)})"
        if self.found.faults:
            fault = self.found.faults[0]
            return f"{fault.reason} (line {self.function.line(fault.call)})"
        if not self.found.complete:
            return "the function has more states than are followed"
        if any(any(token.site == item.call for token in stack) for stack in self.found.exits):
            return "on some path the function returns with the override still in force"
        if not reverts:
            return "no revert of this function ends it"
        for revert in reverts:
            ended = [site for site, calls in self.found.ends.items() if revert.call in calls]
            if len(ended) > 1:
                return f"the revert at line {self.function.line(revert.call)} ends more than one override"
        if not _is_local(self.variant, item.variable):
            return f"{item.variable} is not a local variable of the function"
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
            reverts=tuple(self._loose_reverts()),
            problem=item.reason,
            keeps_alive=item.reason,
        )

    def _loose_reverts(self) -> list[Revert]:
        """Reverts that cannot be followed belong to the function's first site, so that none is lost."""
        loose = [
            Revert(item.call, "", Discipline.COUNTED, (item.call, item.call))
            for item in self.opaque
            if not item.acquires
        ]
        ended = {call for calls in self.found.ends.values() for call in calls}
        return loose + [revert for revert in self.reverts if revert.call not in ended]

    def _entered(self, item: Enter) -> Site:
        node = self.steps.flow.nodes[item.opened]
        form = "guard" if node.macro in ("guard", "CLASS") else "scoped"
        expression = " ".join((item.expression or self.function.text(*item.argument)).split())
        source = classify(self.variant, expression, self.effects.wrappers.get(item.via)).kind
        override = f"{node.macro}({node.tag}, {f'{item.via}({expression})' if item.via else expression})"
        names = [item.call + hit.start() for hit in re.finditer(r"\w+", self.function.text(item.call, node.end))]
        return Site(self.function, item.call, SiteKind.SITE, override, source, converted=form, names=tuple(names))

    def _revert_only(self, item: Opaque | Revert) -> Site:
        name = item.name if isinstance(item, Opaque) else "revert"
        text = item.expression if isinstance(item, Opaque) else self.function.text(*item.statement).rstrip(";")
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
    return Analysis(function, effects, tuple(sites), tuple(variant.steps for variant in variants))
