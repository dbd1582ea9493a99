"""Reads the overrides of one function, on one side of a patch, from the analysis of its tree. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from credseries.creds.audit.reading import Reading
from credseries.creds.effects import CREDENTIALS, Discipline
from credseries.creds.flow.model import CredentialFlow, Scope
from credseries.creds.flow.read import credential_flow
from credseries.creds.operations import Enter
from credseries.creds.operations import Override as ByHand
from credseries.creds.sites import Analysis, Site, SiteKind
from credseries.csource.function import Function, Variant
from credseries.csource.syntax import field, text_of
from credseries.review.code.model import Jump, Override, Ran

_DIRECT = frozenset(CREDENTIALS.overrides)
_CLEANUP = re.compile(rb"\b(?:guard|scoped_guard|CLASS|scoped_class|scoped_cond_guard)\s*\(|\b__(?:free|cleanup)\s*\(")


@dataclass(frozen=True)
class Version:
    """A function of a tree, with what its tree says of it (None: nothing that has to do with credentials)."""

    function: Function
    reading: Reading
    analysis: Analysis | None

    @cached_property
    def flow(self) -> CredentialFlow | None:
        """What its lines run under."""
        return credential_flow(self.analysis) if self.analysis is not None else None

    @property
    def unknown(self) -> str:
        """Why its overrides are not known; empty when they are."""
        if self.function.unreadable is not None:
            return self.function.unreadable.reason
        return (self.analysis.unreadable or "") if self.analysis is not None else ""

    @property
    def first(self) -> int:
        """Its first line."""
        return self.function.first_line

    @property
    def last(self) -> int:
        """Its last line."""
        return self.function.first_line + self.function.source.rstrip(b"\n").count(b"\n")

    @property
    def mixes(self) -> bool:
        """Whether it has gotos beside a cleanup by scope, of whatever."""
        return bool(jumps(self.function)) and _CLEANUP.search(self.function.code) is not None

    def overrides(self) -> Iterator[Override]:
        """Its overrides, in text order."""
        analysis, flow = self.analysis, self.flow
        if analysis is None or flow is None:
            return
        scopes = {scope.site: scope for scope in flow.scopes}
        for site in analysis.sites:
            scope = scopes.get(site.call)
            if scope is not None and site.kind is not SiteKind.REVERT_ONLY:
                yield self._override(site, scope, flow)

    def _override(self, site: Site, scope: Scope, flow: CredentialFlow) -> Override:
        operation, variant = self._operation(site)
        counts = self.reading.program.base.counts
        counted = counts and getattr(operation, "discipline", Discipline.COUNTED) is Discipline.COUNTED
        form = site.converted or ("pair" if operation is None else "light" if counts and not counted else "by hand")
        ran = (Ran(call.line, call.name) for call in flow.calls if any(site.call in stack for stack in call.sites))
        return Override(
            site.line,
            scope.last,
            " ".join(site.override.split()),
            scope.credential.words,
            self._key(operation, variant, scope),
            form,
            site.source,
            counted,
            site.keeps_alive or "",
            site.variable,
            operation is None or variant is None or _has_braces(operation, variant, self.analysis),
            tuple(ran),
        )

    def _operation(self, site: Site) -> tuple[ByHand | Enter | None, Variant | None]:
        assert self.analysis is not None
        for variant, steps in zip(self.function.variants, self.analysis.steps, strict=True):
            for operation in steps.operations():
                if isinstance(operation, ByHand | Enter) and operation.call == site.call:
                    return operation, variant
        return None, None

    def _key(self, operation: ByHand | Enter | None, variant: Variant | None, scope: Scope) -> str:
        if operation is None or variant is None:
            return scope.credential.key
        given = operation.credential if isinstance(operation, ByHand) else operation.expression
        code = given or self.function.code[slice(*operation.argument)].decode("utf-8", "replace")
        spelled = f"{operation.via}({code})" if operation.via and operation.via not in _DIRECT else code
        return self.reading.canon(self.function, variant).of(spelled)


def _has_braces(operation: ByHand | Enter, variant: Variant, analysis: Analysis | None) -> bool:
    """Whether what a scoped form is about stands in braces; what is no scoped form needs none."""
    if not isinstance(operation, Enter) or analysis is None:
        return True
    steps = next(item for one, item in zip(analysis.function.variants, analysis.steps, strict=True) if one is variant)
    node = steps.flow.nodes[operation.opened]
    loop = node.syntax.parent if node.syntax is not None else None
    while loop is not None and loop.type == "parenthesized_expression":
        loop = loop.parent
    body = field(loop, "body") if loop is not None and loop.type == "while_statement" else None
    return body is None or body.type == "compound_statement"


def jumps(function: Function) -> tuple[Jump, ...]:
    """The gotos of a function, each once, in text order."""
    found: dict[int, Jump] = {}
    for variant in function.variants:
        labels = {
            text_of(field(node, "label") or node): node.start_byte for node in variant.nodes.of("labeled_statement")
        }
        for offset, name in variant.flow.gotos:
            line = function.line(offset)
            found.setdefault(line, Jump(line, name, function.line(labels[name]) if name in labels else 0))
    return tuple(found[line] for line in sorted(found))


class Versions:
    """The functions of a tree with their analyses."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        analyses: Iterable[Analysis] = reading.program.analyses.values()
        self._known = {(a.function.path, a.function.name, a.function.first_line): a for a in analyses}

    def of(self, function: Function) -> Version:
        """A function of the tree."""
        known = self._known.get((function.path, function.name, function.first_line))
        return Version(function, self._reading, known)
