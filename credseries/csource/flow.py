"""Control flow of one function: nodes that run in order, with the cleanups that leaving a scope runs.

Cleanup scopes are C that the kernel has made its own (`include/linux/cleanup.h`): `guard()`, `CLASS()` and `__free()`
end with the block they stand in, `scoped_*()` with their statement; on the way out by falling through, `break`,
`continue`, `goto` or `return`, cleanups run in reverse order of declaration, after a return expression is evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from tree_sitter import Node

from credseries.csource.mask import Masked, ScopeMacro
from credseries.csource.statements import DECLARED, Meaning, Part, Shape
from credseries.csource.syntax import arguments, callee, text_of, unparenthesised, walk
from credseries.csource.syntax import field as child_field


class Kind(Enum):
    """What a flow node does."""

    ENTRY = "entry"
    EXIT = "exit"
    STATEMENT = "statement"
    CONDITION = "condition"
    SWITCH = "switch"
    RETURN = "return"
    OPEN = "open"
    CLEANUP = "cleanup"
    PASS = "pass"


@dataclass
class FlowNode:
    """One step. `start` and `end` are byte offsets; `syntax` is what is evaluated, None where nothing is.

    `edges` lead to (label, node number): "" for the only way on, "true" and "false" after a condition, and
    ("case", offset), "default" or "no case" after a switch. For OPEN and CLEANUP, `opened` is the number of the OPEN
    node, `macro` the macro (`guard`, `CLASS`, `__free`, `scoped_guard`, ..) and `tag` the class it names. `arguments`
    are what the class is given, where a macro of the tree's own says so (None: they stand in `syntax`), and `written`
    is that macro's name; a condition that a macro hides, `for_each` too, has its name as well. `evaluates` is what the
    macro computes there by its definition.
    """

    number: int
    kind: Kind
    start: int
    end: int
    syntax: Node | None = None
    edges: list[tuple[object, int]] = field(default_factory=list)
    opened: int = -1
    macro: str = ""
    tag: str = ""
    arguments: tuple[str, ...] | None = None
    written: str = ""
    evaluates: str = ""


@dataclass(frozen=True)
class Bypass:
    """A `goto` or a `case` that enters a scope past the declaration that opens it; byte offsets."""

    jump: int
    opened: int
    into: int


@dataclass
class Flow:
    """The control flow of a function.

    `unsupported` holds (offset, reason) of what cannot be followed; `hidden` those of it that hide statements, because
    an unknown macro made the parser take them for something else.
    """

    nodes: list[FlowNode] = field(default_factory=list)
    bypasses: list[Bypass] = field(default_factory=list)
    unsupported: list[tuple[int, str]] = field(default_factory=list)
    hidden: list[tuple[int, str]] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    gotos: list[tuple[int, str]] = field(default_factory=list)

    @property
    def entry(self) -> FlowNode:
        """Where the function starts."""
        return self.nodes[0]


Frontier = list[tuple[int, object]]
_JUMPING_MACRO = re.compile(rb"\b((?:[A-Z0-9]+_)*(?:GOTO|RETURN|RET|BREAK|CONTINUE)(?:_[A-Z0-9]+)*)\s*\(")
_TYPE_OPERATORS = ("typeof", "__typeof__", "__typeof", "typeof_unqual", "_Atomic", "__auto_type")
# How the kernel names classes whose scope may be skipped, for those whose definition was not read.
_MAY_SKIP = re.compile(r"\w+_(?:try|intr|kill|interruptible|killable|trylock)")
_BLOCKS = ("compound_statement", "case_statement", "labeled_statement")


def declared_scope(statement: Node) -> tuple[str, str] | None:
    """The macro and the class of `guard(class)(..);` or `CLASS(class, var)(..);`, else None."""
    if statement.type != "expression_statement" or not statement.named_children:
        return None
    outer = statement.named_children[0]
    if outer.type != "call_expression":
        return None
    inner = child_field(outer, "function")
    if inner is None or inner.type != "call_expression":
        return None
    name = child_field(inner, "function")
    listed = child_field(inner, "arguments")
    if name is None or listed is None or text_of(name) not in DECLARED or not listed.named_children:
        return None
    return text_of(name), text_of(listed.named_children[0])


def _class_by_hand(declaration: Node, part: Part) -> Part | None:
    """The class of `class_x_t v __cleanup(class_x_destructor) = class_x_constructor(..);`: `CLASS()` written out."""
    named = re.fullmatch(r"class_(\w+)_destructor", part.tag) if part.macro == "__cleanup" else None
    values = [child_field(child, "value") for child in declaration.named_children if child.type == "init_declarator"]
    if named is None or len(values) != 1 or values[0] is None or values[0].type != "call_expression":
        return None
    if callee(values[0]) != f"class_{named.group(1)}_constructor":
        return None
    return Part("CLASS", named.group(1), tuple(text_of(argument) for argument in arguments(values[0])))


def _declares(part: Node) -> bool:
    """Whether an expression is what the parser takes `CLASS(class, var)(..)` for."""
    function = child_field(part, "function") if part.type == "call_expression" else None
    inner = child_field(function, "function") if function is not None and function.type == "call_expression" else None
    return inner is not None and text_of(inner) in DECLARED


@dataclass
class _Breakable:
    active: int
    breaks: Frontier
    continues: Frontier | None


@dataclass
class _Switch:
    node: int
    active: tuple[int, ...]
    has_default: bool = False


class _Builder:
    def __init__(self, masked: Masked) -> None:
        self.masked = masked
        self.flow = Flow()
        self.active: list[int] = []
        self.breakables: list[_Breakable] = []
        self.switches: list[_Switch] = []
        self.labels: dict[str, tuple[int, tuple[int, ...]]] = {}
        self.pending: list[tuple[int, str, tuple[int, ...], int]] = []
        self.exits: Frontier = []

    # -- nodes and edges

    def add(self, kind: Kind, start: int, end: int, syntax: Node | None = None) -> FlowNode:
        node = FlowNode(len(self.flow.nodes), kind, start, end, syntax)
        self.flow.nodes.append(node)
        return node

    def join(self, frontier: Frontier, target: int) -> None:
        for number, label in frontier:
            self.flow.nodes[number].edges.append((label, target))

    def step(self, frontier: Frontier, kind: Kind, syntax: Node) -> Frontier:
        node = self.add(kind, syntax.start_byte, syntax.end_byte, syntax)
        self.join(frontier, node.number)
        return [(node.number, "")]

    def clean(self, frontier: Frontier, scopes: Iterable[int], at: int) -> Frontier:
        """Run the cleanups of scopes, innermost first."""
        if not frontier:
            return frontier
        for opened in scopes:
            opener = self.flow.nodes[opened]
            node = self.add(Kind.CLEANUP, at, at)
            node.opened, node.macro, node.tag = opened, opener.macro, opener.tag
            self.join(frontier, node.number)
            frontier = [(node.number, "")]
        return frontier

    def leave_to(self, frontier: Frontier, depth: int, at: int) -> Frontier:
        return self.clean(frontier, list(reversed(self.active[depth:])), at)

    def unsupported(self, node: Node, reason: str) -> None:
        self.flow.unsupported.append((node.start_byte, reason))

    def hidden(self, node: Node, reason: str) -> None:
        self.unsupported(node, reason)
        self.flow.hidden.append((node.start_byte, reason))

    # -- statements

    def _suspect_macros(self, body: Node) -> None:
        """Macros that jump by their definition, or may by their name or by a label that they are given."""
        text = self.masked.text
        for offset, name in self.masked.jumps.items():
            if body.start_byte <= offset < body.end_byte:
                self.flow.unsupported.append((offset, f"{name}() is a macro that jumps"))
        for match in _JUMPING_MACRO.finditer(text, body.start_byte, body.end_byte):
            self.flow.unsupported.append((match.start(), f"{match.group(1).decode()}() may hide a jump"))
        for name in self.labels:
            passed = re.compile(rb"[(,]\s*" + name.encode() + rb"\s*[,)]")
            for given in passed.finditer(text, body.start_byte, body.end_byte):
                if self._is_argument(body, given.start(), given.end()):
                    self.flow.unsupported.append((given.start(), f"a call is given the label {name}"))

    @staticmethod
    def _is_argument(body: Node, start: int, end: int) -> bool:
        node = body.descendant_for_byte_range(start, end)
        return node is not None and node.type == "argument_list"

    def build(self, body: Node) -> Flow:
        entry = self.add(Kind.ENTRY, body.start_byte, body.start_byte)
        frontier = self.statement(body, [(entry.number, "")])
        end = self.add(Kind.EXIT, body.end_byte - 1, body.end_byte)
        self.join(frontier + self.exits, end.number)
        self._resolve_gotos()
        self._suspect_macros(body)
        self.flow.labels = {name: number for name, (number, _) in self.labels.items()}
        return self.flow

    def statement(self, node: Node, frontier: Frontier) -> Frontier:
        method = getattr(self, f"on_{node.type}", None)
        if method is not None:
            result: Frontier = method(node, frontier)
            return result
        if node.type in ("comment", ";", "{", "}", "type_definition", "struct_specifier", "enum_specifier"):
            return frontier
        what = "a block of an unknown macro" if node.type == "function_definition" else node.type.replace("_", " ")
        self.hidden(node, f"{what} is not followed")
        return frontier

    def on_compound_statement(self, node: Node, frontier: Frontier) -> Frontier:
        depth = len(self.active)
        for child in node.named_children:
            frontier = self.statement(child, frontier)
        frontier = self.leave_to(frontier, depth, node.end_byte - 1)
        del self.active[depth:]
        return frontier

    def _check_expression(self, node: Node) -> None:
        text = self.masked.text[node.start_byte : node.end_byte]
        if b"{" not in text and b"asm" not in text:
            return  # walking the tree is most of the time that a function takes
        for child in walk(node):
            if child.type == "compound_statement":
                self._check_block(child)
            elif child.type == "gnu_asm_expression" and "goto" in text_of(child).split("(")[0]:
                self.unsupported(child, "asm goto is not followed")

    def _check_block(self, block: Node) -> None:
        """The block of a statement expression: what it does has to be over when the expression is."""
        jumps = {"return_statement", "goto_statement", "break_statement", "continue_statement"}
        inside = list(walk(block))
        if any(part.type in jumps for part in inside):
            self.unsupported(block, "a statement expression jumps")
        tables = (self.masked.frees, self.masked.scopes, self.masked.declared)
        hidden = any(block.start_byte <= offset < block.end_byte for table in tables for offset in table)
        if hidden or any(declared_scope(part) is not None for part in inside):
            self.unsupported(block, "a statement expression has a scope of its own")

    def on_expression_statement(self, node: Node, frontier: Frontier) -> Frontier:
        if not node.named_children:
            return frontier
        scope = declared_scope(node)
        if scope is not None:
            self._check_place(node)
            return self.open(node, node, Part(*scope), frontier)
        meaning = self.masked.declared.get(node.start_byte)
        if meaning is not None:
            self._check_place(node)
            for part in meaning.parts:
                frontier = self.open(node, node, part, frontier, meaning.name)
            self._hides(self.flow.nodes[-1], meaning.name, meaning)
            return frontier
        self._check_expression(node)
        return self.step(frontier, Kind.STATEMENT, node)

    def _check_place(self, node: Node) -> None:
        if node.parent is None or node.parent.type not in _BLOCKS:
            self.unsupported(node, "a guard that is no statement of a block is not followed")

    def _check_declaration(self, node: Node) -> None:
        """A statement behind an unknown macro looks like a declaration: `MACRO(x) f();`, `MACRO f();`."""
        declared = child_field(node, "type")
        if declared is not None and declared.type == "macro_type_specifier":
            name = child_field(declared, "name")
            if name is None or text_of(name) not in _TYPE_OPERATORS:
                self.hidden(node, "a statement of an unknown macro is not followed")
        elif any(child.type == "function_declarator" for child in node.named_children):
            inner = next(child for child in node.named_children if child.type == "function_declarator")
            named = child_field(inner, "declarator")
            external = node.named_children[0].type == "storage_class_specifier"
            if not external and named is not None and named.type == "identifier":
                self.hidden(node, "a function's declaration, or a call behind an unknown macro, is not followed")

    def on_declaration(self, node: Node, frontier: Frontier) -> Frontier:
        self._check_declaration(node)
        self._check_expression(node)
        frontier = self.step(frontier, Kind.STATEMENT, node)
        return self._declared_in(node, frontier)

    def _declared_in(self, node: Node, frontier: Frontier) -> Frontier:
        """Open the scopes of the variables that a declaration, or the first part of a `for`, declares."""
        for offset, part in self.masked.frees.items():
            if not node.start_byte <= offset < node.end_byte:
                continue
            written_out = _class_by_hand(node, part)
            if written_out is not None:
                frontier = self.open(node, None, written_out, frontier, "")
            else:
                frontier = self.open(node, None, part, frontier)
        return frontier

    def open(
        self, node: Node, syntax: Node | None, part: Part, frontier: Frontier, written: str | None = None
    ) -> Frontier:
        """Open a scope; `written` is the macro of the tree's own that says which, if one does."""
        opened = self.add(Kind.OPEN, node.start_byte, node.end_byte, syntax)
        opened.opened = opened.number
        opened.macro, opened.tag = part.macro, part.tag
        if written is not None:
            opened.arguments, opened.written = part.arguments, written
        self.join(frontier, opened.number)
        self.active.append(opened.number)
        return [(opened.number, "")]

    def on_if_statement(self, node: Node, frontier: Frontier) -> Frontier:
        condition, then = child_field(node, "condition"), child_field(node, "consequence")
        otherwise = child_field(node, "alternative")
        if condition is None or then is None:
            return frontier
        self._check_expression(condition)
        [(number, _)] = self.step(frontier, Kind.CONDITION, condition)
        macro = self.masked.scopes.get(node.start_byte)
        if macro is not None:
            self._hides(self.flow.nodes[number], macro.name, macro.meaning)
        after = self.statement(then, [(number, "true")])
        if otherwise is None:
            return [*after, (number, "false")]
        branch: Frontier = [(number, "false")]
        for child in otherwise.named_children:
            branch = self.statement(child, branch)
        return after + branch

    def _loop_condition(self, condition: Node | None, frontier: Frontier, at: int) -> tuple[int, Frontier, Frontier]:
        """The number of the loop's head, the way in and the way past it."""
        constant = None if condition is None else text_of(unparenthesised(condition)).strip()
        if condition is None or constant in ("1", "true"):
            node = self.add(Kind.PASS, at, at)
            self.join(frontier, node.number)
            return node.number, [(node.number, "")], []
        if constant in ("0", "false"):
            node = self.add(Kind.PASS, at, at)
            self.join(frontier, node.number)
            return node.number, [], [(node.number, "")]
        self._check_expression(condition)
        [(number, _)] = self.step(frontier, Kind.CONDITION, condition)
        return number, [(number, "true")], [(number, "false")]

    def _body(self, body: Node, frontier: Frontier) -> tuple[Frontier, Frontier, Frontier]:
        """The end of a loop's body, its continues and its breaks."""
        inside = _Breakable(len(self.active), [], [])
        self.breakables.append(inside)
        frontier = self.statement(body, frontier)
        self.breakables.pop()
        return frontier, inside.continues or [], inside.breaks

    def on_while_statement(self, node: Node, frontier: Frontier) -> Frontier:
        body = child_field(node, "body")
        condition = child_field(node, "condition")
        if body is None:
            return frontier
        scope = self.masked.scopes.get(node.start_byte)
        if scope is not None:
            return self._macro(node, body, scope, condition, frontier)
        head, into, past = self._loop_condition(condition, frontier, node.start_byte)
        self.flow.nodes[head].written = self.masked.loops.get(node.start_byte, "")
        end, continues, breaks = self._body(body, into)
        self.join(end + continues, head)
        return past + breaks

    def _macro(self, node: Node, body: Node, macro: ScopeMacro, condition: Node | None, frontier: Frontier) -> Frontier:
        """A macro before a statement, by what its definition makes of it."""
        if macro.shape is Shape.ONCE:
            return self.scoped(node, body, macro, condition, frontier)
        if macro.shape is Shape.UNKNOWN or condition is None:
            self.unsupported(node, macro.meaning.reason if macro.meaning is not None else "")
            return self.scoped(node, body, macro, condition, frontier)
        depth = len(self.active)
        for part in macro.meaning.parts if macro.meaning is not None else ():
            frontier = self.open(node, None, part, frontier, macro.name)
        self._check_expression(condition)
        [(head, _)] = self.step(frontier, Kind.CONDITION, condition)
        self._hides(self.flow.nodes[head], macro.name, macro.meaning)
        if macro.shape is Shape.CLOSED_BRANCH:
            return [*self.statement(body, [(head, "true")]), (head, "false")]
        end, continues, breaks = self._body(body, [(head, "true")])
        self.join(end + continues, head)
        frontier = self.leave_to([(head, "false"), *breaks], depth, node.end_byte - 1)
        del self.active[depth:]
        return frontier

    @staticmethod
    def _hides(node: FlowNode, name: str, meaning: Meaning | None) -> None:
        """Note what a macro of the tree's own computes at a step."""
        if meaning is not None:
            node.written, node.evaluates = name, meaning.evaluates

    def scoped(self, node: Node, body: Node, macro: ScopeMacro, condition: Node | None, frontier: Frontier) -> Frontier:
        """A scoped macro is a `for` that runs once: `break` and `continue` in its statement end it.

        Where its class may refuse to be entered (a lock that is only tried), the statement may be skipped.
        """
        depth = len(self.active)
        written = None if macro.meaning is None else macro.name
        skipped: Frontier = []
        for part in self._parts(macro, condition):
            conditional = part.tag in self.masked.conditional or _MAY_SKIP.fullmatch(part.tag) is not None
            # the macro's arguments are evaluated once, but a step that goes two ways has to be seen
            syntax = condition if len(self.active) == depth or conditional else None
            frontier = self.open(node, syntax, part, frontier, written)
            number = self.flow.nodes[-1].number
            self.flow.nodes[number].end = condition.end_byte if condition is not None else node.start_byte
            self._hides(self.flow.nodes[number], macro.name, macro.meaning)
            if conditional:
                frontier = [(number, "true")]
                skipped += self._unwound(number, depth, node)
        end, continues, breaks = self._body(body, frontier)
        # break and continue have left the scopes inside the body already; the scope's own cleanup is common to all
        frontier = self.leave_to(end + continues + breaks, depth, node.end_byte - 1)
        del self.active[depth:]
        return frontier + skipped

    def _unwound(self, number: int, depth: int, node: Node) -> Frontier:
        """The way past a statement whose scope was not entered: the scopes around it end, and its own too."""
        return self.leave_to([(number, "false")], depth, node.end_byte - 1)

    @staticmethod
    def _parts(macro: ScopeMacro, condition: Node | None) -> tuple[Part, ...]:
        """The scopes of a scoped macro: by its definition, else by its first argument."""
        if macro.meaning is not None:
            return macro.meaning.parts
        if condition is None:
            return (Part(macro.name, ""),)
        inner = unparenthesised(condition)
        while inner.type == "comma_expression":
            left = child_field(inner, "left")
            if left is None:
                break
            inner = left
        return (Part(macro.name, text_of(inner)),)

    def on_for_statement(self, node: Node, frontier: Frontier) -> Frontier:
        depth = len(self.active)
        initializer, update = child_field(node, "initializer"), child_field(node, "update")
        body = child_field(node, "body")
        if initializer is not None:
            self._check_expression(initializer)
            frontier = self.step(frontier, Kind.STATEMENT, initializer)
            frontier = self._declared_in(initializer, frontier)
            if any(_declares(part) for part in walk(initializer)):
                self.unsupported(initializer, "a guard declared in a `for` is not followed")
        head, into, past = self._loop_condition(child_field(node, "condition"), frontier, node.start_byte)
        if body is None:
            return past
        end, continues, breaks = self._body(body, into)
        again = end + continues
        if update is not None and again:
            again = self.step(again, Kind.STATEMENT, update)
        self.join(again, head)
        # the variables of its first part live as long as the loop
        frontier = self.leave_to(past + breaks, depth, node.end_byte - 1)
        del self.active[depth:]
        return frontier

    def on_do_statement(self, node: Node, frontier: Frontier) -> Frontier:
        body = child_field(node, "body")
        if body is None:
            return frontier
        start = self.add(Kind.PASS, node.start_byte, node.start_byte)
        self.join(frontier, start.number)
        end, continues, breaks = self._body(body, [(start.number, "")])
        if not end and not continues:
            return breaks
        condition = child_field(node, "condition")
        _, again, past = self._loop_condition(condition, end + continues, node.end_byte - 1)
        self.join(again, start.number)
        return past + breaks

    def on_switch_statement(self, node: Node, frontier: Frontier) -> Frontier:
        condition, body = child_field(node, "condition"), child_field(node, "body")
        if condition is None or body is None:
            return frontier
        self._check_expression(condition)
        [(number, _)] = self.step(frontier, Kind.SWITCH, condition)
        inside = _Breakable(len(self.active), [], None)
        switch = _Switch(number, tuple(self.active))
        self.breakables.append(inside)
        self.switches.append(switch)
        end = self.statement(body, [])
        self.switches.pop()
        self.breakables.pop()
        past: Frontier = [] if switch.has_default else [(number, "no case")]
        return end + inside.breaks + past

    def on_case_statement(self, node: Node, frontier: Frontier) -> Frontier:
        if not self.switches:
            self.unsupported(node, "a case outside a switch")
            return frontier
        switch = self.switches[-1]
        value = child_field(node, "value")
        entry = self.add(Kind.PASS, node.start_byte, node.start_byte)
        self.join(frontier, entry.number)
        label: object = "default" if value is None else ("case", node.start_byte)
        switch.has_default = switch.has_default or value is None
        self.flow.nodes[switch.node].edges.append((label, entry.number))
        for opened in self.active[len(switch.active) :]:
            self.flow.bypasses.append(Bypass(node.start_byte, opened, node.start_byte))
        frontier = [(entry.number, "")]
        for child in node.named_children:
            if value is not None and child.id == value.id:
                continue
            frontier = self.statement(child, frontier)
        return frontier

    def on_labeled_statement(self, node: Node, frontier: Frontier) -> Frontier:
        label = child_field(node, "label")
        entry = self.add(Kind.PASS, node.start_byte, node.start_byte)
        self.join(frontier, entry.number)
        frontier = [(entry.number, "")]
        if label is not None:
            self.labels[text_of(label)] = (entry.number, tuple(self.active))
        for child in node.named_children:
            if label is None or child.id != label.id:
                frontier = self.statement(child, frontier)
        return frontier

    def on_attributed_statement(self, node: Node, frontier: Frontier) -> Frontier:
        for child in node.named_children:
            frontier = self.statement(child, frontier)
        return frontier

    def on_goto_statement(self, node: Node, frontier: Frontier) -> Frontier:
        label = child_field(node, "label")
        if label is None:
            self.unsupported(node, "a computed goto is not followed")
            return []
        jump = self.add(Kind.PASS, node.start_byte, node.end_byte)
        self.join(frontier, jump.number)
        self.pending.append((jump.number, text_of(label), tuple(self.active), node.start_byte))
        self.flow.gotos.append((node.start_byte, text_of(label)))
        return []

    def _jump_out(self, node: Node, frontier: Frontier, target: _Breakable) -> Frontier:
        jump = self.add(Kind.PASS, node.start_byte, node.end_byte)
        self.join(frontier, jump.number)
        return self.leave_to([(jump.number, "")], target.active, node.start_byte)

    def on_break_statement(self, node: Node, frontier: Frontier) -> Frontier:
        if not self.breakables:
            self.unsupported(node, "a break outside a loop")
        elif frontier:
            target = self.breakables[-1]
            target.breaks.extend(self._jump_out(node, frontier, target))
        return []

    def on_continue_statement(self, node: Node, frontier: Frontier) -> Frontier:
        target = next((item for item in reversed(self.breakables) if item.continues is not None), None)
        if target is None or target.continues is None:
            self.unsupported(node, "a continue outside a loop")
        elif frontier:
            target.continues.extend(self._jump_out(node, frontier, target))
        return []

    def on_return_statement(self, node: Node, frontier: Frontier) -> Frontier:
        value = node.named_children[0] if node.named_children else None
        if value is not None:
            self._check_expression(value)
        done = self.add(Kind.RETURN, node.start_byte, node.end_byte, value)
        self.join(frontier, done.number)
        self.exits.extend(self.leave_to([(done.number, "")], 0, node.start_byte))
        return []

    def _resolve_gotos(self) -> None:
        for number, name, active, offset in self.pending:
            if name not in self.labels:
                self.flow.unsupported.append((offset, f"label {name} is not in the function"))
                continue
            target, at_target = self.labels[name]
            common = 0
            while common < min(len(active), len(at_target)) and active[common] == at_target[common]:
                common += 1
            for opened in at_target[common:]:
                self.flow.bypasses.append(Bypass(offset, opened, self.flow.nodes[target].start))
            frontier = self.clean([(number, "")], list(reversed(active[common:])), offset)
            self.join(frontier, target)


def control_flow(body: Node, masked: Masked) -> Flow:
    """The control flow of a function's body (a compound statement of the tree parsed from `masked.text`)."""
    return _Builder(masked).build(body)
