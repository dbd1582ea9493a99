"""What the macros that a function uses hide from its syntax: read from their definitions, as far as those were read.

A macro of the file's own can use any variable, assign it, call and jump; the syntax tree has its name only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from credseries.csource.macros import Macros, expansions, words_of
from credseries.csource.mask import closing
from credseries.csource.syntax import Nodes, identifiers, parse, text_of
from credseries.csource.syntax import field as child_field

_WORD = re.compile(rb"[A-Za-z_]\w*")
_OPENING = re.compile(rb"\s*(\()")
_WRITES = ("assignment_expression", "update_expression", "pointer_expression")
_HEAD = b"void f(void)\n{\n"


@dataclass(frozen=True)
class Use:
    """One use of a macro: byte offsets of its name and of its end (behind its arguments), and what it stands for.

    `expanded` holds a text for each definition that there may be; empty when it is too long to be followed. `written`
    are the names in its arguments.
    """

    start: int
    end: int
    name: str
    expanded: tuple[str, ...]
    written: frozenset[str] = frozenset()

    @cached_property
    def words(self) -> frozenset[str]:
        """The names that it stands for."""
        return frozenset(word for text in self.expanded for word in words_of(text))

    @cached_property
    def nodes(self) -> tuple[Nodes, ...]:
        """The syntax of what it stands for, read as statements."""
        return tuple(Nodes(parse(_HEAD + text.encode() + b";\n}")) for text in self.expanded)

    @cached_property
    def calls(self) -> bool:
        """Whether it calls something, or may, or asks for the current task."""
        found = any(nodes.of("call_expression", "ERROR") for nodes in self.nodes)
        return found or not self.expanded or "current" in self.words

    @cached_property
    def changed(self) -> frozenset[str]:
        """The variables that it assigns, counts up or down, or takes the address of."""
        found: set[str] = set()
        for nodes in self.nodes:
            if nodes.of("ERROR"):
                found |= self.words
            for node in nodes.of(*_WRITES):
                if node.type == "pointer_expression" and not text_of(node).startswith("&"):
                    continue
                target = child_field(node, "left") or child_field(node, "argument")
                found.update(text_of(name) for name in ([] if target is None else identifiers(target)))
        return frozenset(found)


def uses_in(code: bytes, start: int, end: int, macros: Macros) -> tuple[Use, ...]:
    """The uses of macros in a range of code (comments, literals and directives blank), in text order.

    What stands in the arguments of a macro is not told again, but where it is a macro itself.
    """
    known = macros.named
    if not known:
        return ()
    found = []
    for match in _WORD.finditer(code, start, end):
        name = match.group().decode()
        if name not in known or name in macros.kept:
            continue
        stop = match.end()
        if known[name].parameters is not None:
            opening = _OPENING.match(code, stop, end)
            close = closing(code, opening.start(1)) if opening is not None else -1
            if close < 0:
                continue
            stop = close + 1
        written = code[match.start() : stop].decode("utf-8", "replace")
        texts = expansions(macros, name, written)
        found.append(Use(match.start(), stop, name, texts, frozenset(words_of(written[len(name) :]))))
    return tuple(found)
