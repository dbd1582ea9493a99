"""What functions do more or less often than before, and what has changed between functions. Pure.

A comparison of credentials says nothing of a call that is gone, or of a condition that is another one; and what stands
between functions (macros, declarations, types) can change what functions mean without changing their text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from credseries.creds.program import SourceFile
from credseries.csource.function import Function, Variant
from credseries.csource.outline import Extent
from credseries.csource.syntax import field
from credseries.review.code.model import Between, Statement
from credseries.words import many

_INCLUDE = re.compile(rb"^[ \t]*#[ \t]*include\b.*$", re.MULTILINE)
_COMMENT = re.compile(rb"/\*.*?\*/|//[^\n]*", re.DOTALL)
_SPACE = re.compile(r"(?<=\w)(\s+)(?=\w)|\s*([^\w\s])\s*")
# What a conversion is there to change, in any form; the audit looks at these. A macro's scope is read as a loop, whose
# condition is what the macro is given.
_CREDENTIALS = re.compile(r"(?:override|revert)_creds|\bguard\(cred|^\(\w*cred\w*,")
_CONDITIONS = ("if_statement", "while_statement", "do_statement", "switch_statement", "for_statement")
_IN_A_HEAD = ("initializer", "condition", "update")  # of these; a `for` has all three

Files = Mapping[str, SourceFile]
Key = tuple[str, int]  # a function's name, and which one of that name in its file


def changed_statements(before: Files, after: Files) -> Iterator[Statement]:
    """What functions that are on both sides do more or less often than before.

    Statements that put credentials in force or take them back do not count: they are what a conversion changes. How
    often something is returned does not count either, as a guard may take the place of a jump to the end.
    """
    for path, file in sorted(after.items()):
        old = before.get(path)
        if old is None or old.source == file.source:
            continue
        olds = functions_of(old)
        for key, function in functions_of(file).items():
            was = olds.get(key)
            if was is not None and was.source != function.source:
                yield from _compared(function, statements(was), statements(function))


def _compared(function: Function, was: Counter[str], now: Counter[str]) -> Iterator[Statement]:
    for text in dict.fromkeys((*was, *now)):
        if was[text] != now[text]:
            line = _line_of(function, text) if now[text] else 0
            yield Statement(function.path, function.name, line or function.first_line, text, was[text], now[text])


def functions_of(file: SourceFile) -> dict[Key, Function]:
    """The functions of a file."""
    seen: Counter[str] = Counter()
    found = {}
    for extent in file.extents:
        found[extent.name, seen[extent.name]] = file.function(extent)
        seen[extent.name] += 1
    return found


def statements(function: Function) -> Counter[str]:
    """What a function does and how often, in one spelling."""
    found: Counter[str] = Counter()
    for variant in function.variants:
        found.update(_of_variant(function, variant))
    return found


def _of_variant(function: Function, variant: Variant) -> Counter[str]:
    texts = Counter(_text(function, *place) for place in _places(variant))
    returned = {_text(function, node.start_byte, node.end_byte) for node in variant.nodes.of("return_statement")}
    return Counter({text: number for text, number in (texts + Counter(returned)).items() if _counts(text)})


def _line_of(function: Function, text: str) -> int:
    for variant in function.variants:
        for start, end in _places(variant):
            if _text(function, start, end) == text:
                return function.line(start)
        for node in variant.nodes.of("return_statement"):
            if _text(function, node.start_byte, node.end_byte) == text:
                return function.line(node.start_byte)
    return 0


def _counts(text: str) -> bool:
    return text not in ("", "return") and _CREDENTIALS.search(text) is None


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


def unmeant(before: Files, after: Files, meant: Files) -> Iterator[str]:
    """What functions do more or less often than before and than was meant, a sentence each."""
    for path, file in sorted(after.items()):
        planned = meant.get(path)
        if planned is not None and planned.source == file.source:
            continue
        olds = _by_name(before[path]) if path in before else {}
        goals, news = _by_name(planned) if planned is not None else olds, _by_name(file)
        for name in dict.fromkeys((*goals, *news)):
            was, goal, now = (side.get(name, Counter()) for side in (olds, goals, news))
            if now not in (was, goal):
                yield from _difference(f"{name}() of {path}", goal, now)


def _by_name(file: SourceFile) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for (name, _), function in functions_of(file).items():
        found.setdefault(name, Counter()).update(statements(function))
    return found


def _difference(where: str, goal: Counter[str], now: Counter[str]) -> Iterator[str]:
    for text in (goal - now) + (now - goal):
        if not now[text]:
            yield f"{where} has no `{text}` any more"
        elif not goal[text]:
            yield f"{where} has `{text}`, which was not proven"
        else:
            yield f"{where} has `{text}` {many(now[text], 'time')}, and {goal[text]} times as it was proven"


# -- between functions


def changed_between(before: Files, after: Files) -> Iterator[Between]:
    """Files in which something else than comments, white space and includes changes outside of functions."""
    for path in sorted({*before, *after}):
        old, new = before.get(path), after.get(path)
        was, now = (between(file) if file is not None else [] for file in (old, new))
        if was != now:
            yield Between(path, _first_line(old, new) if new is not None else 0)


def between(file: SourceFile) -> list[bytes]:
    """The words of a file that are in no function; `#include` lines give no function another meaning that is not read
    from the function itself."""
    return _INCLUDE.sub(b"", _COMMENT.sub(b" ", b"\n".join(_outside(file, file.source)))).split()


def _outside(file: SourceFile, text: bytes) -> Iterator[bytes]:
    done = 0
    for extent in (*file.extents, Extent("", len(text), len(text), len(text))):
        yield text[done : extent.start]
        done = extent.end


def _first_line(old: SourceFile | None, new: SourceFile) -> int:
    """The first line outside of functions that the file before did not have there."""
    known = set(b"\n".join(_outside(old, old.source)).split(b"\n")) if old is not None else set()
    inside = {
        number
        for extent in new.extents
        for number in range(new.lines.number(extent.start), new.lines.number(extent.end - 1) + 1)
    }
    for number, line in enumerate(new.source.split(b"\n"), 1):
        if number not in inside and line.strip() and line not in known and not _INCLUDE.match(line):
            return number
    return 0
