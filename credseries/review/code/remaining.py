"""Overrides by hand, judged: whether a form of them would be proven, in the words that a series uses. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from credseries.creds.audit.reading import Reading
from credseries.creds.interface import CLEANUP_HEADER, CRED_HEADER, CRED_SOURCE, read_interface
from credseries.creds.sites import Site, SiteKind
from credseries.review.code.model import FunctionChange, Override, Remaining
from credseries.rewrite.forms import Form, Names
from credseries.rewrite.plan import Judged, Planner
from credseries.series.scan import unavailable


class Judge:
    """Judges the sites of a tree; `accessors` are the functions that give what wrappers put in force, by wrapper."""

    def __init__(self, reading: Reading, texts: Mapping[str, bytes], accessors: Mapping[str, str]) -> None:
        interface = read_interface(
            texts.get(CRED_HEADER, b""), texts.get(CRED_SOURCE, b""), texts.get(CLEANUP_HEADER, b"") or None
        )
        forms = unavailable(interface)
        names = Names(accessors=accessors)
        if interface.counts_references is False and not interface.light:
            override, revert = Names.counting
            names = Names(override=override, revert=revert, accessors=accessors)
        self._analyses = {id(item.function): item for item in reading.program.analyses.values()}
        self._planner = Planner(names, unavailable=forms)

    def judge(self, site: Site) -> Judged:
        """The verdict on every form of a site."""
        return self._planner.judge(self._analyses[id(site.function)], site)


def is_by_hand(site: Site) -> bool:
    """Whether a site is an override and a revert by hand."""
    return site.kind is SiteKind.SITE and bool(site.variable) and site.converted is None


def remaining(reading: Reading, judge: Judge, converted: Iterable[str]) -> Iterator[Remaining]:
    """The overrides by hand in some files of a tree."""
    files = set(converted)
    for site in reading.program.sites:
        if is_by_hand(site) and site.function.path in files:
            found = judge.judge(site)
            form = found.choice.value if found.choice is not None else ""
            why = "" if form else found.reason
            yield Remaining(site.function.path, site.function.name, site.line, site.override, why, form)


def with_guards(functions: Sequence[FunctionChange], reading: Reading, judge: Judge) -> tuple[FunctionChange, ...]:
    """The functions of a patch with its scoped forms marked where a guard is proven as well; `reading` is the tree
    before the patch."""
    sites = {(site.function.path, site.line): site for site in reading.program.sites if is_by_hand(site)}
    found = []
    for function in functions:
        guards = {
            item.line
            for item, was in _replaced(function)
            if item.form == Form.SCOPED.value
            and (site := sites.get((function.file, was.line))) is not None
            and judge.judge(site).verdict(Form.GUARD).ok
        }
        after = tuple(replace(item, guard=item.line in guards) for item in function.after)
        found.append(replace(function, after=after))
    return tuple(found)


def _replaced(function: FunctionChange) -> Iterator[tuple[Override, Override]]:
    """The scopes that took the place of an override by hand, with that."""
    before = [item for item in function.before if item.form in ("by hand", "light")]
    for item in function.after:
        was = next((one for one in before if one.key == item.key), None)
        if item.is_scope and was is not None:
            before.remove(was)
            yield item, was


def accessors_in(functions: Iterable[FunctionChange]) -> dict[str, str]:
    """The functions that took the place of wrappers: of `wrapper(x)` by hand, `accessor(x)` in a guard."""
    found: dict[str, str] = {}
    for function in functions:
        for item, was in _replaced(function):
            wrapper, accessor = was.words.partition("("), item.words.partition("(")
            if wrapper[1] and accessor[1] and wrapper[2] == accessor[2]:
                found.setdefault(wrapper[0], accessor[0])
    return found
