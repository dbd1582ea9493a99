"""A helper's body put in the place of its call, so that moved code can be compared with what it was.

The result is text for the analysis, not for a compiler: parameters become what was passed, `return` becomes an
assignment and a jump past the end (so that the helper's scopes end where it would have returned), and each byte knows
which function, and which line of it, it came from.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from tree_sitter import Node

from credseries.csource.function import Function, Variant, enclosing_block
from credseries.csource.syntax import arguments, callee, field, text_of, unparenthesised, walk

_LOOPS = ("while_statement", "for_statement", "do_statement")
_CONDITIONAL = ("conditional_expression",)


class NotSimple(Exception):
    """A helper's body cannot be put in the place of its call; the message is the reason, for a person."""


@dataclass(frozen=True)
class _Piece:
    text: bytes
    function: Function
    origin: int
    moves: bool


class Inlined(Function):
    """A function's text made of pieces of several functions; lines and names are those of the pieces."""

    def __init__(self, host: Function, pieces: list[_Piece]) -> None:
        self._pieces = [piece for piece in pieces if piece.text]
        self._starts: list[int] = []
        size = 0
        for piece in self._pieces:
            self._starts.append(size)
            size += len(piece.text)
        super().__init__(host.path, host.name, b"".join(piece.text for piece in self._pieces), host.first_line)

    def _at(self, offset: int) -> tuple[Function, int]:
        index = max(bisect_right(self._starts, offset) - 1, 0)
        piece = self._pieces[index]
        return piece.function, piece.origin + (offset - self._starts[index] if piece.moves else 0)

    def line(self, offset: int) -> int:
        """The 1-based line in the file of what stands at an offset."""
        function, origin = self._at(offset)
        return function.line(origin)

    def owner(self, offset: int) -> str:
        """The name of the function that an offset comes from."""
        return self._at(offset)[0].name


def owner(function: Function, offset: int) -> str:
    """The name of the function that an offset of a text comes from."""
    return function.owner(offset) if isinstance(function, Inlined) else function.name


def _statement_of(call: Node) -> Node:
    """The statement that a call is evaluated in, once and always. Raises NotSimple."""
    child: Node = call
    node = call.parent
    while node is not None:
        if node.type in ("expression_statement", "declaration", "return_statement"):
            return _placed(node)
        if node.type == "if_statement":
            return _placed(node)
        if node.type in _LOOPS or node.type == "switch_statement":
            raise NotSimple("in the head of a loop or a switch")
        if node.type == "binary_expression" and text_of(field(node, "operator") or node) in ("&&", "||"):
            left = field(node, "left")
            if left is None or left.id != child.id:
                raise NotSimple("behind && or ||")
        if node.type in _CONDITIONAL:
            raise NotSimple("in a conditional expression")
        child = node
        node = node.parent
    raise NotSimple("where it is not understood")


def _placed(statement: Node) -> Node:
    parent = statement.parent
    if parent is not None and parent.type in ("if_statement", "else_clause", *_LOOPS, "labeled_statement"):
        return statement
    if enclosing_block(statement) is None:
        raise NotSimple("where it is not understood")
    return statement


def _variant(function: Function) -> Variant:
    if function.unreadable is not None or len(function.variants) != 1:
        raise NotSimple("which cannot be read as one piece of C")
    return function.variants[0]


def _substitutes(variant: Variant, passed: list[bytes]) -> Mapping[str, bytes]:
    names = list(variant.parameters)
    if len(names) != len(passed):
        raise NotSimple("with another number of arguments than it has parameters")
    given = dict(zip(names, passed, strict=True))
    for node in walk(variant.body):
        target = None
        if node.type in ("assignment_expression", "update_expression"):
            target = field(node, "left") or field(node, "argument")
        elif node.type == "pointer_expression" and text_of(node).startswith("&"):
            target = field(node, "argument")
        name = text_of(target) if target is not None else ""
        if name in given and not re.fullmatch(rb"\s*\w+\s*", given[name]):
            raise NotSimple(f"which changes its parameter {name}")
    return given


def _body(helper: Function, given: Mapping[str, bytes], result: bytes, end: bytes, taken: set[str]) -> list[_Piece]:
    """The helper's body with parameters replaced and returns turned into jumps to `end`."""
    variant = _variant(helper)
    changes: list[tuple[int, int, bytes]] = []
    labels = {text_of(label) for node in walk(variant.body) if (label := field(node, "label")) is not None}
    for node in walk(variant.body):
        if node.type == "return_statement":
            value = node.named_children[0] if node.named_children else None
            if value is not None and not result:
                changes.append((node.start_byte, value.start_byte, b"{ ("))
                changes.append((value.end_byte, node.end_byte, b"); goto " + end + b"; }"))
            elif value is None:
                changes.append((node.start_byte, node.end_byte, b"goto " + end + b";"))
            else:
                changes.append((node.start_byte, value.start_byte, b"{ " + result + b" = "))
                changes.append((value.end_byte, node.end_byte, b"; goto " + end + b"; }"))
        elif node.type == "identifier" and text_of(node) in given:
            text = given[text_of(node)].strip()
            plain = re.fullmatch(rb"\w+", text) is not None
            changes.append((node.start_byte, node.end_byte, text if plain else b"(" + text + b")"))
        elif node.type == "statement_identifier" and text_of(node) in labels & taken:
            changes.append((node.start_byte, node.end_byte, text_of(node).encode() + b"_" + end))
    changes.sort()
    pieces: list[_Piece] = []
    done = variant.body.start_byte
    for start, stop, text in changes:
        pieces.append(_Piece(helper.source[done:start], helper, done, moves=True))
        pieces.append(_Piece(text, helper, start, moves=False))
        done = stop
    pieces.append(_Piece(helper.source[done : variant.body.end_byte], helper, done, moves=True))
    return pieces


def _name_of(target: Node | None) -> bytes:
    while target is not None and target.type == "pointer_declarator":
        target = field(target, "declarator")
    return (target.text or b"") if target is not None and target.type == "identifier" else b""


def _result(statement: Node, call: Node) -> bytes:
    """The variable that the call's value goes to at once, if there is one."""
    node = call.parent
    while node is not None and node.type == "parenthesized_expression":
        node = node.parent
    if node is not None and node.type == "assignment_expression" and node.parent is not None:
        return _name_of(field(node, "left")) if node.parent.id == statement.id else b""
    if node is not None and node.type == "init_declarator" and statement.named_child_count == 2:
        return _name_of(field(node, "declarator"))
    return b""


def inline(host: Function, helpers: Mapping[str, Function]) -> Function:
    """A function with the first call of one of the helpers replaced by the helper's body; itself when there is none.

    Raises NotSimple when that cannot be done.
    """
    variant = _variant(host)
    calls = (node for node in walk(variant.body) if node.type == "call_expression" and callee(node) in helpers)
    call = next(calls, None)
    if call is None:
        return host
    helper = helpers[callee(call)]
    try:
        statement = _statement_of(call)
    except NotSimple as problem:
        raise NotSimple(f"it calls {helper.name}() {problem}") from problem
    number = host.source.count(b"__inlined_") + 1
    end = f"__inlined_{helper.name}_{number}".encode()
    assigned = _result(statement, call)
    declared = statement.type == "declaration"
    result = assigned if assigned and not declared else b"__ret_" + end
    whole = unparenthesised(statement.named_children[0]) if statement.named_children else None
    bare = statement.type == "expression_statement" and whole is not None and whole.id == call.id
    if bare:
        result = b""
    passed = [host.source[item.start_byte : item.end_byte] for item in arguments(call)]
    taken = {text_of(node) for node in walk(variant.body) if node.type == "statement_identifier"}
    try:
        given = _substitutes(_variant(helper), passed)
        body = _body(helper, given, result, end, taken)
    except NotSimple as problem:
        raise NotSimple(f"it calls {helper.name}(), {problem}") from problem
    braces = statement.parent is not None and enclosing_block(statement) is None
    start, stop = statement.start_byte, statement.end_byte
    at = call.start_byte
    label = b" " + end + b": ;"

    def made(text: bytes) -> _Piece:
        return _Piece(text, host, at, moves=False)

    def kept(first: int, last: int) -> _Piece:
        return _Piece(host.source[first:last], host, first, moves=True)

    pieces = [kept(0, start), made(b"{ " if braces else b""), *body]
    if bare or (assigned and not declared):
        pieces += [made(label)]
    else:
        pieces += [made(label + b" "), kept(start, call.start_byte), made(result), kept(call.end_byte, stop)]
    pieces += [made(b" }" if braces else b""), kept(stop, len(host.source))]
    return Inlined(host, _flattened(pieces))


def _flattened(pieces: list[_Piece]) -> list[_Piece]:
    """Pieces of an inlined text as pieces of the functions that it was made of."""
    found: list[_Piece] = []
    for piece in pieces:
        if not isinstance(piece.function, Inlined):
            found.append(piece)
            continue
        if not piece.moves:
            function, origin = piece.function._at(piece.origin)
            found.append(_Piece(piece.text, function, origin, moves=False))
            continue
        offset = piece.origin
        stop = piece.origin + len(piece.text)
        while offset < stop:
            index = max(bisect_right(piece.function._starts, offset) - 1, 0)
            inner = piece.function._pieces[index]
            last = min(stop, piece.function._starts[index] + len(inner.text))
            shift = offset - piece.function._starts[index]
            text = piece.function.source[offset:last]
            found.append(_Piece(text, inner.function, inner.origin + (shift if inner.moves else 0), inner.moves))
            offset = last
    return found


def calls_in(function: Function) -> set[str]:
    """The names that a function calls."""
    return {match.decode() for match in re.findall(rb"\b(\w+)\s*\(", function.code)}
