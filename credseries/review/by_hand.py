"""Patches that are not what was proven: what an audit does not see of them, so that it cannot stand for the proof.

An audit compares functions, over all paths, with the engine of the proof, and looks at credentials. What stands between
functions (macros, declarations, types) can change what functions mean without changing their text, and is not compared;
and of a call that is gone, or a condition that is another one, an audit says nothing, as a proof would. Pure.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from credseries.creds.program import SourceFile
from credseries.csource.function import Function, Variant
from credseries.csource.syntax import field
from credseries.words import many

_INCLUDE = re.compile(rb"^[ \t]*#[ \t]*include\b.*$", re.MULTILINE)
_COMMENT = re.compile(rb"/\*.*?\*/|//[^\n]*", re.DOTALL)
_SPACE = re.compile(r"(?<=\w)(\s+)(?=\w)|\s*([^\w\s])\s*")
_C_FILES = (".c", ".h", ".S")
# What a conversion is there to change, in any form; the audit looks at these. A macro's scope is read as a loop, whose
# condition is what the macro is given.
_CREDENTIALS = re.compile(r"(?:override|revert)_creds|\bguard\(cred|^\(\w*cred\w*,")
_CONDITIONS = ("if_statement", "while_statement", "do_statement", "switch_statement", "for_statement")
_IN_A_HEAD = ("initializer", "condition", "update")  # of these; a `for` has all three

Statements = Counter[str]


def changed_between_functions(
    before: Mapping[str, bytes], after: Mapping[str, bytes], proven: Mapping[str, bytes]
) -> list[str]:
    """The C files, given by path, that a patch changes outside of functions, otherwise than it was proven with.

    Comments, white space and `#include` lines do not count: they give no function of the file another meaning that the
    audit does not read from the function itself.
    """
    found = []
    for path in sorted(path for path in {*before, *after} if path.endswith(_C_FILES)):
        now = _between(path, after.get(path, b""))
        if now != _between(path, before.get(path, b"")) and now != _between(path, proven.get(path, b"")):
            found.append(path)
    return found


def _between(path: str, text: bytes) -> list[bytes]:
    """The words of a file that are in no function."""
    file, pieces, done = SourceFile(path, text), [], 0
    for extent in file.extents:
        pieces.append(text[done : extent.start])
        done = extent.end
    pieces.append(text[done:])
    return _INCLUDE.sub(b"", _COMMENT.sub(b" ", b"\n".join(pieces))).split()


def changed_statements(
    before: Mapping[str, bytes], after: Mapping[str, bytes], proven: Mapping[str, bytes]
) -> list[str]:
    """What functions of a patch do more or less often than before and than it was proven with, a sentence each.

    Statements that put credentials in force or take them back do not count: they are what a conversion changes. How
    often something is returned does not count either, as a guard may take the place of a jump to the end.
    """
    found: list[str] = []
    for path in sorted(path for path in after if path.endswith(_C_FILES)):
        if after[path] == proven.get(path):
            continue
        was, now = _statements(path, before.get(path, b"")), _statements(path, after[path])
        meant = _statements(path, proven[path]) if path in proven else was
        for name in dict.fromkeys((*meant, *now)):
            if now[name] not in (was[name], meant[name]):
                found += _difference(f"{name}() of {path}", meant[name], now[name])
    return found


def _difference(where: str, meant: Statements, now: Statements) -> Iterator[str]:
    for text in (meant - now) + (now - meant):
        if not now[text]:
            yield f"{where} has no `{text}` any more"
        elif not meant[text]:
            yield f"{where} has `{text}`, which was not proven"
        else:
            yield f"{where} has `{text}` {many(now[text], 'time')}, and {meant[text]} times as it was proven"


def _statements(path: str, text: bytes) -> defaultdict[str, Statements]:
    """What each function of a file does, by the function's name."""
    found: defaultdict[str, Statements] = defaultdict(Counter)
    file = SourceFile(path, text)
    for extent in file.extents:
        function = file.function(extent)
        for variant in function.variants:
            found[extent.name].update(_of_variant(function, variant))
    return found


def _of_variant(function: Function, variant: Variant) -> Statements:
    texts = Counter(_text(function, *place) for place in _places(variant))
    returned = {_text(function, node.start_byte, node.end_byte) for node in variant.nodes.of("return_statement")}
    return Counter({text: number for text, number in (texts + Counter(returned)).items() if _counts(text)})


def _counts(text: str) -> bool:
    return bool(text) and _CREDENTIALS.search(text) is None


def _places(variant: Variant) -> Iterator[tuple[int, int]]:
    """Where the statements, the conditions and the values of new variables stand."""
    for node in variant.nodes.of("expression_statement", "init_declarator"):
        yield node.start_byte, node.end_byte
    for node in variant.nodes.of(*_CONDITIONS):
        for name in _IN_A_HEAD:
            part = field(node, name)
            if part is not None and part.type != "declaration":
                yield part.start_byte, part.end_byte


def _text(function: Function, start: int, end: int) -> str:
    """Source text in one spelling, without comments, the semicolon, and white space that parts no words."""
    text = _COMMENT.sub(b" ", function.source[start:end]).decode("utf-8", "replace")
    return _SPACE.sub(lambda match: " " if match[1] else match[2], text.strip()).rstrip("; ")
