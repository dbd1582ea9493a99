"""Accessors that a tree has already: reused when they mean what is wanted, never given a second meaning."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum

from tree_sitter import Node

from credseries.creds.program import SourceFile
from credseries.csource.function import Function, Variant
from credseries.csource.syntax import arguments, field, identifiers, text_of, unparenthesised, walk


class Presence(Enum):
    """What a name is to a tree."""

    MISSING = "missing"
    SAME = "same"
    OTHER = "other"


def _initial_values(variant: Variant) -> dict[str, str]:
    """The local variables that are set by their initialisers and nowhere else, with those."""
    values: dict[str, str] = {}
    assigned: set[str] = set()
    for node in walk(variant.body):
        if node.type == "init_declarator":
            target, value = field(node, "declarator"), field(node, "value")
            names = list(identifiers(target)) if target is not None else []
            if names and value is not None:
                values[text_of(names[0])] = text_of(value)
        elif node.type in ("assignment_expression", "update_expression", "pointer_expression"):
            assigned.update(text_of(name) for name in list(identifiers(node))[:1])
    return {name: value for name, value in values.items() if name not in assigned}


def _returned(variant: Variant) -> Node | None:
    returns = [node for node in walk(variant.body) if node.type == "return_statement"]
    if len(returns) != 1 or not returns[0].named_children:
        return None
    others = [node for node in variant.body.named_children if node.type not in ("declaration", "return_statement")]
    return None if others else unparenthesised(returns[0].named_children[0])


def _meaning(function: Function, expression: Node) -> str | None:
    """An expression of a function with local variables and the parameter replaced by what they stand for."""
    variant = function.variants[0]
    if len(variant.parameters) != 1:
        return None
    [(parameter, declared)] = variant.parameters.items()
    values = _initial_values(variant)
    text = text_of(expression)
    for _ in range(len(values) + 1):
        text = re.sub(r"\b\w+\b", lambda match: values.get(match.group(), match.group()), text)
    text = re.sub(rf"\b{re.escape(parameter)}\b", "@", "".join(text.split()))
    kind = "".join(re.sub(rf"\b{re.escape(parameter)}\b", "", declared).split())
    return f"{kind}:{text}"


def _wanted(wrapper: Function) -> str | None:
    value = _returned(wrapper.variants[0]) if wrapper.variants else None
    passed = arguments(value) if value is not None and value.type == "call_expression" else []
    return _meaning(wrapper, unparenthesised(passed[0])) if len(passed) == 1 else None


def presence(files: Mapping[str, SourceFile], wrapper: Function, name: str) -> Presence:
    """Whether a tree has an accessor of this name, and whether it returns what the wrapper would put in force.

    `files` are the sources where the name may be; a name that is there without a definition that says so is OTHER.
    """
    word = re.compile(rb"\b" + re.escape(name.encode()) + rb"\b")
    mentioned = False
    for file in files.values():
        if word.search(file.lexed.code) is None and not _defines(file, word):
            continue
        mentioned = True
        for extent in file.extents:
            if extent.name != name:
                continue
            function = file.function(extent)
            value = _returned(function.variants[0]) if len(function.variants) == 1 else None
            if value is not None and _meaning(function, value) == _wanted(wrapper):
                return Presence.SAME
            return Presence.OTHER
    return Presence.OTHER if mentioned else Presence.MISSING


def _defines(file: SourceFile, word: re.Pattern[bytes]) -> bool:
    """Whether a preprocessor line of a file has the word."""
    return any(word.search(file.source, span.start, span.end) for span in file.lexed.directives(0, len(file.source)))
