"""A ledger of credential references: gets minus puts by hand at each exit, on every path.

What overrides and reverts take and drop is followed by the trail; this is about `get_cred()`, `put_cred()` and their
like. A path on which a variable was tested to hold nothing owes nothing for it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tree_sitter import Node

from credseries.creds.align import Version
from credseries.creds.scopes import free_variable
from credseries.csource.flow import FlowNode, Kind
from credseries.csource.syntax import arguments, callee, text_of, unparenthesised, walk
from credseries.csource.syntax import field as child_field

# include/linux/cred.h: what takes a reference on its argument, returns a new one, and gives one up.
TAKES = frozenset({"get_cred", "get_new_cred", "get_cred_rcu"})
MAKES = frozenset({"prepare_creds", "prepare_kernel_cred", "prepare_exec_creds", "get_current_cred", "get_task_cred"})
DROPS = frozenset({"put_cred", "abort_creds", "commit_creds"})
NAMES = TAKES | MAKES | DROPS
_GIVES_AWAY = frozenset({"no_free_ptr", "return_ptr", "retain_and_null_ptr"})
_TRANSPARENT = frozenset({"unlikely", "likely", "WARN_ON", "WARN_ON_ONCE"})
_IS_NULL = frozenset({"IS_ERR", "IS_ERR_OR_NULL"})
_NOTHING = 99  # in the ledger: the variable was tested and holds nothing
_MOST = 3  # a loop that takes one each time round need not be counted for ever
_MOST_STATES = 4000
_PUTS_REVERTED = re.compile(rb"\bput_cred\s*\(\s*\w*revert_creds\w*\s*\(")

Ledger = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Entry:
    """A change of the ledger at a flow node: the canonical expression, its spelling, by how much, and where."""

    key: str
    spelled: str
    change: int
    offset: int


@dataclass(frozen=True)
class Exit:
    """A way out: the lines of a shortest path to it, and the byte offset of the last statement on it."""

    path: tuple[int, ...]
    offset: int


@dataclass
class Balances:
    """For each expression, every balance that it has at an exit, with a shortest path to it and where that ends.

    `spelled` names an expression as the source does, `drops` holds the offsets where it is given up; `complete` is
    False when there are too many paths.
    """

    found: dict[str, dict[int, Exit]] = field(default_factory=dict)
    spelled: dict[str, str] = field(default_factory=dict)
    drops: dict[str, list[int]] = field(default_factory=dict)
    complete: bool = True


def _target(call: Node) -> Node | None:
    """The variable or member that a call's value is assigned to."""
    node = call.parent
    while node is not None and node.type in ("parenthesized_expression", "cast_expression"):
        node = node.parent
    if node is not None and node.type == "init_declarator":
        target = child_field(node, "declarator")
        while target is not None and target.type == "pointer_declarator":
            target = child_field(target, "declarator")
        return target
    return child_field(node, "left") if node is not None and node.type == "assignment_expression" else None


def _entries(version: Version, node: FlowNode, canonical: Callable[[str], str]) -> list[Entry]:
    if node.kind is Kind.CLEANUP:
        opener = version.steps.flow.nodes[node.opened]
        if opener.macro == "__free" and opener.tag in DROPS:
            variable = free_variable(version, opener)
            return [Entry(canonical(variable), variable, -1, opener.start)]
        return []
    if node.syntax is None or node.kind is Kind.OPEN:
        return []
    found = []
    for call in walk(node.syntax):
        if call.type != "call_expression":
            continue
        name, passed = callee(call), arguments(call)
        holder: Node | None = None
        change = 0
        if name in TAKES and passed:
            target = _target(call)
            holder, change = target or unparenthesised(passed[0]), 1
        elif name in MAKES:
            holder, change = _target(call), 1
        elif name in DROPS and passed:
            holder, change = unparenthesised(passed[0]), -1
        elif name in _GIVES_AWAY and passed:
            holder, change = unparenthesised(passed[0]), 1
        if holder is None or holder.type == "call_expression":
            continue
        spelled = " ".join(text_of(holder).split())
        found.append(Entry(canonical(spelled), spelled, change, call.start_byte))
    return found


def null_test(condition: Node) -> tuple[str, str] | None:
    """For a test whether a variable holds anything: its name, and the edge on which it does not."""
    inner, empty = unparenthesised(condition), "false"
    while True:
        if inner.type == "call_expression" and callee(inner) in _TRANSPARENT and len(arguments(inner)) == 1:
            inner = unparenthesised(arguments(inner)[0])
        elif inner.type == "unary_expression" and text_of(inner).startswith("!"):
            operand = child_field(inner, "argument")
            if operand is None:
                return None
            inner, empty = unparenthesised(operand), "true" if empty == "false" else "false"
        else:
            break
    if inner.type == "call_expression" and callee(inner) in _IS_NULL and len(arguments(inner)) == 1:
        inner, empty = unparenthesised(arguments(inner)[0]), "true" if empty == "false" else "false"
    elif inner.type == "binary_expression":
        left, right = child_field(inner, "left"), child_field(inner, "right")
        operator = text_of(child_field(inner, "operator") or inner)
        if left is None or right is None or operator not in ("==", "!=") or text_of(right) != "NULL":
            return None
        inner = left
        if operator == "==":
            empty = "true" if empty == "false" else "false"
    return (text_of(inner), empty) if inner.type == "identifier" else None


def _owed(book: Mapping[str, int], key: str) -> int:
    owed = book.get(key, 0)
    return 0 if owed == _NOTHING else owed


class _Books:
    def __init__(self, version: Version, canonical: Callable[[str], str]) -> None:
        self.version = version
        self.nodes = version.steps.flow.nodes
        self.canonical = canonical
        self.entries = [_entries(version, node, canonical) for node in self.nodes]
        self.tests = [
            null_test(node.syntax) if node.kind is Kind.CONDITION and node.syntax is not None else None
            for node in self.nodes
        ]
        # put_cred(revert_creds(old)) drops what was in force, and that is not followed here
        puts_reverted = _PUTS_REVERTED.search(version.variant.masked.text) is not None
        self.result = Balances(complete=not puts_reverted)
        for entry in (entry for entries in self.entries for entry in entries):
            self.result.found.setdefault(entry.key, {})
            self.result.spelled.setdefault(entry.key, entry.spelled)
            if entry.change < 0:
                self.result.drops.setdefault(entry.key, []).append(entry.offset)

    def _post(self, ledger: Mapping[str, int], number: int) -> dict[str, int]:
        book = dict(ledger)
        for entry in self.entries[number]:
            owed = book.get(entry.key, 0)
            if owed == _NOTHING and entry.change < 0:
                continue  # put_cred(NULL)
            owed = 0 if owed == _NOTHING else owed
            book[entry.key] = max(-_MOST, min(_MOST, owed + entry.change))
        return book

    def _path(self, visits: list[tuple[int, int]], visit: int) -> tuple[int, ...]:
        lines: list[int] = []
        while visit >= 0:
            number, visit = visits[visit]
            node = self.nodes[number]
            if node.kind not in (Kind.ENTRY, Kind.EXIT):
                line = self.version.line(node.start)
                if not lines or lines[-1] != line:
                    lines.append(line)
        return tuple(reversed(lines))

    def run(self) -> Balances:
        if not self.result.found:
            return self.result
        visits = [(0, -1)]
        start: Ledger = ()
        seen = {(0, start)}
        queue = deque([(0, start)])
        while queue:
            visit, ledger = queue.popleft()
            number = visits[visit][0]
            node = self.nodes[number]
            book = self._post(dict(ledger), number)
            if node.kind is Kind.EXIT:
                for key, values in self.result.found.items():
                    last = self.nodes[visits[visits[visit][1]][0]]
                    values.setdefault(_owed(book, key), Exit(self._path(visits, visit), last.start))
            for label, target in node.edges:
                after = dict(book)
                test = self.tests[number]
                if test is not None and label == test[1] and self.canonical(test[0]) in self.result.found:
                    after[self.canonical(test[0])] = _NOTHING
                state: Ledger = tuple(sorted((key, value) for key, value in after.items() if value))
                if (target, state) not in seen:
                    seen.add((target, state))
                    visits.append((target, visit))
                    queue.append((len(visits) - 1, state))
            if len(seen) > _MOST_STATES:
                self.result.complete = False
                break
        return self.result


def balances(version: Version, canonical: Callable[[str], str]) -> Balances:
    """The balance of every credential reference that a function takes or drops by hand, at its exits."""
    return _Books(version, canonical).run()
