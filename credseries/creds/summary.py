"""Summaries: what calling a tree's own functions does to the caller's credentials, read from their bodies."""

from __future__ import annotations

import re
from dataclasses import dataclass

from credseries.creds.effects import Effects, Wrapper
from credseries.creds.sites import Analysis, Site, SiteKind
from credseries.creds.source import wrapper_source
from credseries.csource.function import Function
from credseries.csource.syntax import arguments, callee, text_of, unparenthesised, walk


@dataclass(frozen=True)
class Summary:
    """A function that changes the credentials in force for its caller.

    `wrapper` is set when it does nothing but put one credential in force and return the old one; otherwise `reason`
    says why its callers cannot be analysed. `local` names the file that alone can call it, if there is one.
    """

    name: str
    path: str
    local: bool
    acquires: bool
    wrapper: Wrapper | None
    reason: str


def _is_static(function: Function) -> bool:
    head = function.code[: function.code.find(b"{")]
    return re.search(rb"\bstatic\b", head) is not None


def _wrapper(function: Function, site: Site) -> Wrapper | None:
    """The wrapper that a function is, when its body is declarations and `return override_creds(expression);`."""
    if len(function.variants) != 1:
        return None
    variant = function.variants[0]
    if not variant.body.named_children:
        return None
    *declarations, last = variant.body.named_children
    if last.type != "return_statement" or any(node.type != "declaration" for node in declarations):
        return None
    value = unparenthesised(last.named_children[0]) if last.named_children else None
    if value is None or value.type != "call_expression" or value.start_byte != site.call:
        return None
    passed = arguments(value)
    if callee(value) != "override_creds" or len(passed) != 1 or len(variant.parameters) != 1:
        return None
    if any(node.type == "call_expression" for node in walk(passed[0])):
        return None
    expression = " ".join(text_of(passed[0]).split())
    [(_, declared)] = variant.parameters.items()
    return Wrapper(function.name, function.path, expression, declared, wrapper_source(variant, expression))


def _unread(function: Function, effects: Effects, why: str) -> Summary | None:
    """The summary of a function that cannot be read: when it only begins, or only ends, overrides by its text."""
    called = {match.decode() for match in re.findall(rb"(\w+)\s*\(", function.code)}
    begins, ends = bool(called & set(effects.overrides)), bool(called & set(effects.reverts))
    if begins == ends:
        return None
    local = _is_static(function) and not function.path.endswith(".h")
    return Summary(function.name, function.path, local, begins, None, f"{function.name}() cannot be read: {why}")


def summarise(analysis: Analysis) -> Summary | None:
    """The summary of a function, or None when it leaves its caller's credentials alone (as far as is known)."""
    function = analysis.function
    if analysis.unreadable is not None:
        return _unread(function, analysis.effects, analysis.unreadable)
    changing = [site for site in analysis.sites if site.kind is not SiteKind.SITE]
    if not changing:
        return None
    site = changing[0]
    path = function.path
    local = _is_static(function) and not path.endswith(".h")
    acquires = any(item.kind is not SiteKind.REVERT_ONLY for item in changing)
    wrapper = _wrapper(function, site) if site.kind is SiteKind.WRAPPER and len(changing) == 1 else None
    how = {
        SiteKind.WRAPPER: "overrides credentials for its caller, but not on every path or not only that",
        SiteKind.SPLIT: "leaves credentials overridden for its caller",
        SiteKind.REVERT_ONLY: "ends an override of its caller",
    }[site.kind]
    return Summary(function.name, path, local, acquires, wrapper, f"{function.name}() {how}")


def effects_for(path: str, base: Effects, summaries: list[Summary]) -> Effects:
    """The effects table for the functions of a file: static functions of other files do not count."""
    visible = [item for item in summaries if not item.local or item.path == path]
    wrappers = {item.name: item.wrapper for item in visible if item.wrapper is not None}
    opaque = {item.name: item.reason for item in visible if item.wrapper is None}
    acquires = frozenset(item.name for item in visible if item.wrapper is None and item.acquires)
    return base.with_summaries(wrappers, opaque, acquires)
