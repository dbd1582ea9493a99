"""Patches that are not what was proven: what an audit does not see of them, so that it cannot stand for the proof.

An audit compares functions, over all paths, with the engine of the proof. What stands between functions (macros,
declarations, types) can change what functions mean without changing their text, and is not compared. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from credseries.creds.program import SourceFile

_INCLUDE = re.compile(rb"^[ \t]*#[ \t]*include\b.*$", re.MULTILINE)
_COMMENT = re.compile(rb"/\*.*?\*/|//[^\n]*", re.DOTALL)


def changed_between_functions(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> list[str]:
    """The C files, given by path, that have changed outside of functions.

    Comments, white space and `#include` lines do not count: they give no function of the file another meaning that the
    audit does not read from the function itself.
    """
    paths = sorted(path for path in {*before, *after} if path.endswith((".c", ".h", ".S")))
    return [path for path in paths if _between(path, before.get(path, b"")) != _between(path, after.get(path, b""))]


def _between(path: str, text: bytes) -> list[bytes]:
    """The words of a file that are in no function."""
    file, pieces, done = SourceFile(path, text), [], 0
    for extent in file.extents:
        pieces.append(text[done : extent.start])
        done = extent.end
    pieces.append(text[done:])
    return _INCLUDE.sub(b"", _COMMENT.sub(b" ", b"\n".join(pieces))).split()
