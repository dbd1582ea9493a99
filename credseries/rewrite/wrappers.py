"""A wrapper with a function for its reverts beside it, so that both can be made light for all callers at once."""

from __future__ import annotations

import re
from collections.abc import Mapping

from credseries.creds.effects import Discipline
from credseries.creds.program import SourceFile
from credseries.creds.summary import reverting
from credseries.csource.function import Function
from credseries.csource.lexical import lex
from credseries.csource.outline import functions
from credseries.errors import SourceError
from credseries.rewrite.accessors import Presence

_STORAGE = re.compile(rb"\A((?:(?:static|inline|__always_inline|__maybe_unused|extern)\s+)*)")
_SAVED = b"old_cred"


def _extent_end(source: bytes, name: str, path: str) -> int:
    ends = [extent.end for extent in functions(lex(source).code) if extent.name == name]
    if not ends:
        raise SourceError(f"{path}: {name}() is not defined in it", hint="name the wrapper as it is defined")
    return ends[-1]


def revert_definition(wrapper: Function, name: str, revert: str) -> bytes:
    """The definition of a function that reverts what a wrapper replaced, as visible as the wrapper is."""
    match = _STORAGE.match(wrapper.source)
    storage = " ".join(match.group(1).decode().split()) if match is not None else ""
    head = f"{storage} void" if storage else "void"
    return f"{head} {name}(const struct cred *{_SAVED.decode()})\n{{\n\t{revert}({_SAVED.decode()});\n}}\n".encode()


def insert_revert(source: bytes, wrapper: Function, name: str, revert: str) -> bytes:
    """A file with that definition after the wrapper's, exported as the wrapper is. Raises SourceError."""
    end = _extent_end(source, wrapper.name, wrapper.path)
    word = re.escape(wrapper.name.encode())
    export = re.compile(rb"\n*(EXPORT_SYMBOL\w*)\(" + word + rb"((?:,[^)]*)?)\);").match(source, end)
    code = revert_definition(wrapper, name, revert)
    if export is not None:
        end = export.end()
        code += export.group(1) + b"(" + name.encode() + export.group(2) + b");\n"
    rest = source[end:].lstrip(b"\n")
    return source[:end] + b"\n\n" + code + (b"\n" + rest if rest else b"")


def declare_revert(source: bytes, wrapper: str, name: str) -> bytes | None:
    """A header with the function declared after the wrapper; None when it does not declare the wrapper."""
    pattern = rb"^([^\n#;{}]*)\b" + re.escape(wrapper.encode()) + rb"\s*\([^;{]*\)[^;{]*;[^\n]*\n"
    match = re.search(pattern, lex(source).code, re.MULTILINE)
    if match is None:
        return None
    extern = b"extern " if match.group(1).split()[:1] == [b"extern"] else b""
    declaration = extern + b"void " + name.encode() + b"(const struct cred *" + _SAVED + b");\n"
    return source[: match.end()] + declaration + source[match.end() :]


def make_light(source: bytes, wrapper: Function, override: str, overrides: Mapping[str, Discipline]) -> bytes:
    """A file whose wrapper overrides by another function than one of `overrides`. Raises SourceError."""
    for extent in functions(lex(source).code):
        if extent.name != wrapper.name:
            continue
        code = lex(source).code
        for match in re.finditer(rb"\b(\w+)\s*\(", code[extent.body : extent.end]):
            if match.group(1).decode() in overrides:
                start = extent.body + match.start(1)
                return source[:start] + override.encode() + source[start + len(match.group(1)) :]
    raise SourceError(f"{wrapper.path}: {wrapper.name}() overrides in a way that cannot be rewritten")


def revert_presence(files: Mapping[str, SourceFile], name: str, reverts: Mapping[str, Discipline]) -> Presence:
    """Whether a tree has a function of this name, and whether it does nothing but revert to its only parameter."""
    word = re.compile(rb"\b" + re.escape(name.encode()) + rb"\b")
    mentioned = False
    for file in files.values():
        if word.search(file.source) is None:
            continue
        mentioned = mentioned or word.search(file.lexed.code) is not None
        for extent in file.extents:
            if extent.name == name:
                same = reverting(file.function(extent), reverts) is not None
                return Presence.SAME if same else Presence.OTHER
    return Presence.OTHER if mentioned else Presence.MISSING
