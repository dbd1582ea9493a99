"""In which line of a TOML text its keys and items stand: tomllib gives values only.

The grammar is that of TOML 1.0 (toml.io/en/v1.0.0) in tree-sitter. Slow to load: import it to report, not to read.
"""

from __future__ import annotations

import tomllib

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

Keys = tuple[str | int, ...]


def lines(text: str) -> dict[Keys, int]:
    """The line (from 1) of each table, key and array item, by the keys and indices that lead to it.

    The text is one that tomllib reads; of one that it does not read, what can be made out.
    """
    found: dict[Keys, int] = {}
    lengths: dict[Keys, int] = {}  # of the arrays of tables, so far
    for node in Parser(Language(tree_sitter_toml.language())).parse(text.encode()).root_node.named_children:
        if node.type == "pair":
            _pair(node, (), found)
        elif node.type in ("table", "table_array_element"):
            header, *content = node.named_children
            table = _table(node, _keys(header), found, lengths)
            for pair in content:
                if pair.type == "pair":
                    _pair(pair, table, found)
    return found


def line_of(known: dict[Keys, int], keys: Keys) -> int:
    """The line of a key, or of the innermost table around one that is not there; the first line if there is none."""
    while keys and keys not in known:
        keys = keys[:-1]
    return known.get(keys, 1)


def _line(node: Node) -> int:
    return node.start_point[0] + 1


def _keys(node: Node) -> list[str]:
    if node.type == "dotted_key":
        return [key for child in node.named_children for key in _keys(child)]
    raw = (node.text or b"").decode()
    return [next(iter(tomllib.loads(f"{raw} = 0")))] if node.type == "quoted_key" else [raw]


def _table(node: Node, header: list[str], found: dict[Keys, int], lengths: dict[Keys, int]) -> Keys:
    """The keys that lead to the table that a header opens: in an array of tables, to its last one."""
    path: Keys = ()
    for position, key in enumerate(header, 1):
        path = (*path, key)
        found.setdefault(path, _line(node))
        if position == len(header) and node.type == "table_array_element":
            lengths[path] = lengths.get(path, 0) + 1
        if path in lengths:
            path = (*path, lengths[path] - 1)
    found[path] = _line(node)
    return path


def _pair(node: Node, table: Keys, found: dict[Keys, int]) -> None:
    key, *value = node.named_children
    path = table
    for name in _keys(key):
        path = (*path, name)
        found.setdefault(path, _line(node))
    for item in value:
        _value(item, path, found)


def _value(node: Node, path: Keys, found: dict[Keys, int]) -> None:
    if node.type == "inline_table":
        for pair in node.named_children:
            if pair.type == "pair":
                _pair(pair, path, found)
    elif node.type == "array":
        for index, item in enumerate(child for child in node.named_children if child.type != "comment"):
            found[(*path, index)] = _line(item)
            _value(item, (*path, index), found)
