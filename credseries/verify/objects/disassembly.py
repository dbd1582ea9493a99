"""A few lines of machine code that show how a function changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher

# Runs objdump with these options on a file with these bytes, and gives its output.
Objdump = Callable[[Sequence[str], bytes], str]

_LINE = re.compile(r"^\s+[0-9a-f]+:\s+(?P<text>.*)$")


def disassemble(data: bytes, function: str, objdump: Objdump) -> list[str]:
    """The instructions of a function of an object, one a line, without addresses; relocations follow theirs.

    Empty when the object has no such function. Raises what `objdump` raises.
    """
    text = objdump(("-d", "-r", "--no-show-raw-insn", f"--disassemble={function}"), data)
    found = (_LINE.match(line) for line in text.splitlines())
    return [" ".join(line["text"].split()) for line in found if line]


def excerpt(before: Sequence[str], after: Sequence[str], context: int = 2, limit: int = 16) -> list[str]:
    """The first place where two disassemblies differ: lines with `-`, `+` or a space before them, at most `limit`."""
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for group in matcher.get_grouped_opcodes(context):
        lines: list[str] = []
        for kind, start, end, first, last in group:
            if kind == "equal":
                lines += [f" {line}" for line in before[start:end]]
            else:
                lines += [f"-{line}" for line in before[start:end]] + [f"+{line}" for line in after[first:last]]
        return lines[:limit] + (["..."] if len(lines) > limit else [])
    return []
