"""Helper code that a conversion needs: the light pair, the guard, and accessors for what wrappers put in force."""

from __future__ import annotations

import re

from credseries.creds.effects import Wrapper
from credseries.csource.function import Function
from credseries.csource.lexical import lex
from credseries.csource.outline import functions
from credseries.csource.syntax import arguments, field, identifiers, text_of, unparenthesised, walk
from credseries.errors import SourceError

_CONST_DROP = re.compile(rb"(_lock_ptr\(class_##_name##_t \*_T\)\s*\\?\s*\{\s*return )(\*_T;)")


def fix_guard_const(cleanup_header: bytes, path: str) -> bytes:
    """`include/linux/cleanup.h` whose guards can be of a const type. Raises SourceError when it is not as expected."""
    changed, count = _CONST_DROP.subn(rb"\1(void *)\2", cleanup_header)
    if not count:
        raise SourceError(f"{path}: DEFINE_GUARD() is not written as expected", hint="add the fix by hand first")
    return changed


def _declaration_end(source: bytes, name: str, path: str) -> int:
    """Just past the line that ends the declaration, or the definition, of a function in a header."""
    code = lex(source).code
    ends = [extent.end for extent in functions(code) if extent.name == name]
    if not ends:
        match = re.search(rb"^[^\n#]*\b" + re.escape(name.encode()) + rb"\s*\([^;{]*\)[^;{]*;", code, re.MULTILINE)
        ends = [match.end()] if match else []
    if not ends:
        hint = "name another function in the recipe's `after`"
        raise SourceError(f"{path}: {name}() is neither declared nor defined in it", hint=hint)
    newline = source.find(b"\n", ends[-1])
    return len(source) if newline < 0 else newline + 1


def insert_after(source: bytes, name: str, code: bytes, path: str) -> bytes:
    """A header with code after the declaration of a function, in a paragraph of its own. Raises SourceError."""
    at = _declaration_end(source, name, path)
    before, after = source[:at], source[at:]
    tail = b"" if after.startswith(b"\n") or not after else b"\n"
    return before + b"\n" + code.rstrip(b"\n") + b"\n" + tail + after


def add_include(source: bytes, header: str) -> bytes:
    """A file that includes a header: in its place among `#include <linux/..>` lines, unless it is there already."""
    line = f"#include <{header}>".encode()
    if re.search(rb"^\s*#\s*include\s*<" + re.escape(header.encode()) + rb">", source, re.MULTILINE):
        return source
    includes = list(re.finditer(rb"^#include <[^>\n]+>\n", source, re.MULTILINE))
    if not includes:
        raise SourceError(f"no place for #include <{header}>", hint="add it by hand first")
    ordered = [match for match in includes if match.group() < line + b"\n"]
    at = ordered[-1].end() if ordered and len(ordered) < len(includes) else includes[-1].end()
    return source[:at] + line + b"\n" + source[at:]


def accessor(function: Function, wrapper: Wrapper, name: str) -> bytes:
    """The definition of an accessor: a wrapper's body that returns the credential instead of putting it in force.

    Raises SourceError when the wrapper is more than declarations and `return override_creds(expression);`.
    """
    variant = function.variants[0]
    calls = [node for node in walk(variant.body) if node.type == "return_statement"]
    value = unparenthesised(calls[0].named_children[0]) if len(calls) == 1 and calls[0].named_children else None
    declarator = field(variant.definition, "declarator")
    while declarator is not None and declarator.type != "function_declarator":
        declarator = field(declarator, "declarator")
    named = next(iter(identifiers(declarator)), None) if declarator is not None else None
    if value is None or named is None or text_of(named) != wrapper.name:
        raise SourceError(f"{wrapper.path}: {wrapper.name}() cannot be turned into an accessor")
    [argument] = arguments(value)
    source = function.source
    parts = (
        source[: named.start_byte],
        name.encode(),
        source[named.end_byte : value.start_byte],
        source[argument.start_byte : argument.end_byte],
        source[value.end_byte :],
    )
    return b"".join(parts)


def insert_accessor(source: bytes, function: Function, start: int, wrapper: Wrapper, name: str) -> bytes:
    """A file with the accessor's definition before the wrapper's, which begins at byte `start`."""
    comment = source.rfind(b"*/", 0, start)
    at = start
    if comment >= 0 and not source[comment + 2 : start].strip() and source[comment + 2 : start].count(b"\n") == 1:
        at = source.rfind(b"/*", 0, comment)
    return source[:at] + accessor(function, wrapper, name) + b"\n\n" + source[at:]


def declare_accessor(source: bytes, wrapper: str, name: str) -> bytes | None:
    """A header with the accessor declared before the wrapper; None when it does not declare the wrapper."""
    code = lex(source).code
    pattern = rb"^[^\n#;{}]*\b(" + re.escape(wrapper.encode()) + rb")\s*\([^;{]*\)\s*;"
    match = re.search(pattern, code, re.MULTILINE)
    if match is None:
        return None
    text = source[match.start() : match.end()]
    offset = match.start(1) - match.start()
    declaration = text[:offset] + name.encode() + text[offset + len(wrapper) :]
    return source[: match.start()] + declaration + b"\n" + source[match.start() :]
