"""One function of a source file, ready for analysis: its text, its variants, their syntax and control flow."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from tree_sitter import Node

from credseries.csource.flow import Flow, control_flow
from credseries.csource.lexical import Lexed, Lines, lex
from credseries.csource.macros import Macros
from credseries.csource.mask import Masked, mask, nesting
from credseries.csource.plain import misread, strange
from credseries.csource.statements import NO_MACROS, StatementMacros
from credseries.csource.syntax import Nodes, damage, deeper_than, field, identifiers, parse, text_of, walk
from credseries.csource.uses import Use, uses_in
from credseries.csource.variants import MAX_VARIANTS, ForeignDirective, TooManyVariants, UnbalancedConditions, variants

_MOST_BRACKETS = 100  # clang reads 256; the kernel has less than 20
_DEEPEST = 200  # levels of syntax
_WORD = re.compile(rb"[A-Za-z_]\w*")
_STATIC = re.compile(rb"\bstatic\b")


@dataclass(frozen=True)
class Unreadable:
    """Why a function cannot be analysed; `offset` is in the function's text."""

    offset: int
    reason: str


@dataclass(frozen=True)
class Variant:
    """One way through the `#if`s of a function; offsets index the function's text.

    `code` is the text before it was masked, `macros` are those that it may use.
    """

    masked: Masked
    definition: Node
    body: Node
    code: bytes = b""
    macros: Macros = NO_MACROS.macros

    @cached_property
    def nodes(self) -> Nodes:
        """The syntax nodes of the body."""
        return Nodes(self.body)

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """The uses of known macros in the body, in text order."""
        return uses_in(self.code, self.body.start_byte, self.body.end_byte, self.macros)

    def uses_within(self, node: Node) -> list[Use]:
        """The uses of known macros at or below a node."""
        return [use for use in self.uses if node.start_byte <= use.start < node.end_byte]

    @cached_property
    def flow(self) -> Flow:
        """The control flow of the body."""
        return control_flow(self.body, self.masked)

    @cached_property
    def parameters(self) -> dict[str, str]:
        """Parameter names and their declarations' text, in order."""
        declarator = field(self.definition, "declarator")
        while declarator is not None and declarator.type != "function_declarator":
            declarator = field(declarator, "declarator")
        listed = field(declarator, "parameters") if declarator is not None else None
        found: dict[str, str] = {}
        for child in listed.named_children if listed is not None else []:
            inner = field(child, "declarator")
            names = list(identifiers(inner)) if inner is not None else []
            if names:
                found[text_of(names[0])] = " ".join(text_of(child).split())
        return found


class Function:
    """A function definition's text and what it parses to.

    `first_line` is the 1-based line of the text's first byte in its file. Offsets everywhere are in bytes from the
    start of the text.
    """

    def __init__(
        self,
        path: str,
        name: str,
        source: bytes,
        first_line: int,
        macros: StatementMacros = NO_MACROS,
        unfit: str | None = None,
    ) -> None:
        """`macros` are those that the file sees, as far as they were read; `unfit` why the file cannot be analysed."""
        self.unfit = unfit
        self.macros = macros
        self.path = path
        self.name = name
        self.source = source
        self.first_line = first_line
        self._lines = Lines(source)

    @property
    def lines(self) -> Lines:
        """Line numbers within the text (1 is its first line)."""
        return self._lines

    def line(self, offset: int) -> int:
        """The 1-based line in the file of an offset in this text."""
        return self._lines.number(offset) + self.first_line - 1

    def text(self, start: int, end: int) -> str:
        """Source text, for messages."""
        return self.source[start:end].decode("utf-8", "replace")

    def rewritten(self, source: bytes) -> Function:
        """The same function with another text."""
        return Function(self.path, self.name, source, self.first_line, self.macros, self.unfit)

    @cached_property
    def _lexed(self) -> Lexed:
        return lex(self.source)

    @property
    def is_local(self) -> bool:
        """Whether only its own file can call it: it is static, and not in a header."""
        if self.path.endswith(".h"):
            return False
        return _STATIC.search(self.code, 0, self.code.find(b"{")) is not None

    @property
    def code(self) -> bytes:
        """The text with comments, literals and directives blanked."""
        return self._lexed.code

    @cached_property
    def _read(self) -> tuple[list[Variant], Unreadable | None]:
        lexed = self._lexed
        unfit = self._unfit()
        if unfit is not None:
            return [], unfit
        directives = lexed.directives(0, len(self.source))
        try:
            texts = variants(self.source, lexed.code, directives) if directives else [lexed.code]
        except TooManyVariants:
            return [], Unreadable(directives[0].start, f"#if gives it more than {MAX_VARIANTS} variants")
        except UnbalancedConditions:
            return [], Unreadable(directives[0].start, "#if and #endif do not pair up inside it")
        except ForeignDirective as foreign:
            return [], Unreadable(directives[0].start, f"#{foreign} in it is not followed")
        found: list[Variant] = []
        for text in texts:
            masked = mask(text, self.macros)
            root = parse(masked.text)
            if deeper_than(root, _DEEPEST):
                return [], Unreadable(0, "it is nested too deep to be read")
            definition = next((child for child in root.named_children if child.type == "function_definition"), None)
            broken = damage(root)
            if broken is not None:
                what = "is missing something" if broken.is_missing else "does not parse"
                line = self.line(broken.start_byte)
                return [], Unreadable(broken.start_byte, f"line {line} {what} as C (an unknown macro?)")
            body = field(definition, "body") if definition is not None else None
            if definition is None or body is None:
                return [], Unreadable(0, "it does not parse as a function definition")
            found.append(Variant(masked, definition, body, text, self.macros.macros))
        return found, None

    def _unfit(self) -> Unreadable | None:
        """Why the text is not even parsed."""
        if self.unfit is not None:
            return Unreadable(0, self.unfit)
        odd = misread(self.source, self._lexed) or strange(self.code)
        if odd is not None:
            return Unreadable(odd.offset, f"line {self.line(odd.offset)} has {odd.what}")
        for match in _WORD.finditer(self.code) if self.macros.disfiguring else ():
            if match.group() in self.macros.disfiguring:
                what = f"{match.group().decode()} is a macro that changes how the function is built"
                return Unreadable(match.start(), f"{what} (line {self.line(match.start())})")
        if nesting(self.code) > _MOST_BRACKETS:
            return Unreadable(0, f"brackets are nested more than {_MOST_BRACKETS} deep in it")
        return None

    @property
    def variants(self) -> list[Variant]:
        """Every variant; empty when the function cannot be read (`unreadable` says why)."""
        return self._read[0]

    @property
    def unreadable(self) -> Unreadable | None:
        """Why the function cannot be analysed, or None."""
        return self._read[1]


def enclosing_block(node: Node) -> Node | None:
    """The compound statement or case that directly holds a statement, looking through labels; None otherwise."""
    parent = node.parent
    while parent is not None and parent.type in ("labeled_statement", "attributed_statement"):
        parent = parent.parent
    return parent if parent is not None and parent.type in ("compound_statement", "case_statement") else None


def node_at(root: Node, start: int, kinds: tuple[str, ...]) -> Node | None:
    """The outermost node of one of the kinds that starts at a byte offset."""
    return next((node for node in walk(root) if node.start_byte == start and node.type in kinds), None)
