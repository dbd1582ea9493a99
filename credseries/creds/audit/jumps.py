"""`break` and `continue` that a scoped form's hidden loop catches, though they meant a loop or a switch around it."""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from credseries.creds.audit.compared import Compared, Finding, Kind, Side
from credseries.csource.syntax import walk

_LOOPS = ("while_statement", "for_statement", "do_statement")
_JUMPS = {"break_statement": "break", "continue_statement": "continue"}


@dataclass(frozen=True)
class _Jump:
    word: str
    offset: int
    target: Node
    scoped: bool


def _target(jump: Node) -> Node | None:
    """What a `break` or a `continue` leaves or goes on with."""
    kinds = _LOOPS if jump.type == "continue_statement" else (*_LOOPS, "switch_statement")
    node = jump.parent
    while node is not None and node.type not in kinds:
        node = node.parent
    return node


def _jumps(side: Side) -> list[_Jump]:
    scoped = side.version.variant.masked.scopes
    found = []
    for node in walk(side.version.variant.body):
        target = _target(node) if node.type in _JUMPS else None
        if target is not None:
            found.append(_Jump(_JUMPS[node.type], node.start_byte, target, target.start_byte in scoped))
    return found


def caught_jumps(case: Compared) -> list[Finding]:
    """Jumps out of (or on with) a loop or a switch before the change that only end a scope after it."""
    before = {jump.offset: jump for jump in _jumps(case.before)}
    after = _jumps(case.after)
    partner = {jump.offset: case.alignment.tokens.get(jump.offset, -1) for jump in after}
    free = [jump for offset, jump in before.items() if offset not in partner.values()]
    found = []
    for jump in after:
        old = before.get(partner[jump.offset])
        if old is None:
            old = next((item for item in free if item.word == jump.word), None)
            if old is not None:
                free.remove(old)
        if old is None or old.scoped or not jump.scoped:
            continue
        line = case.after.version.line(jump.target.start_byte)
        was = case.before.version.line(old.target.start_byte)
        does, did = ("leaves", "left") if jump.word == "break" else ("goes on with", "went on with")
        what = "the switch" if old.target.type == "switch_statement" else "the loop"
        message = (
            f"this {jump.word} is caught by the loop that hides in the scoped form of line {line}: what comes after "
            f"that runs now, where it {did} {what} (line {was} before the change)"
        )
        visit = next(
            (
                case.after.trail.reached[node.number]
                for node in case.after.version.steps.flow.nodes
                if node.start == jump.offset and node.number in case.after.trail.reached
            ),
            None,
        )
        found.append(
            case.finding(
                Kind.MOVED_CALL,
                jump.offset,
                message,
                call=jump.word,
                before=f"it {does} {what}",
                after="it ends the scope only",
                visit=visit,
            )
        )
    return found
