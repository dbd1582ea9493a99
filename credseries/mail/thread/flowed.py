"""Text of format=flowed (RFC 3676) as the sender wrote it: lines that his mailer broke are joined again. Pure."""

from __future__ import annotations

import re

_MARKS = re.compile(r">(?: ?>)*")  # RFC 3676, 4.5 has no spaces between marks; mailers write them all the same
_SIGNATURE = "-- "


def unflow(text: str, *, delete_space: bool = False) -> str:
    """The text with its flowed lines joined, and space-stuffing gone; `delete_space` is the parameter DelSp.

    The depth of quotes is kept (`>> text` for two), and only lines of the same depth are joined. `-- ` is joined to
    nothing (RFC 3676, 4.3). Lines of white space alone are not joined either, though the RFC would: they are the empty
    lines of quoted patches.
    """
    done: list[str] = []
    depth, pieces = 0, list[str]()  # a line that goes on
    for line in text.split("\n"):
        here, content = _taken_apart(line)
        fixed = content == _SIGNATURE or not content.strip()
        if pieces and (here != depth or fixed):
            done.append(_line(depth, "".join(pieces)))
            pieces = []
        depth = here
        if content.endswith(" ") and not fixed:
            pieces.append(content[:-1] if delete_space else content)
        else:
            done.append(_line(depth, "".join((*pieces, content))))
            pieces = []
    if pieces:
        done.append(_line(depth, "".join(pieces)))
    return "\n".join(done)


def _taken_apart(line: str) -> tuple[int, str]:
    """The number of marks, and what stands after them without the space that stuffs it (RFC 3676, 4.4)."""
    marks = _MARKS.match(line)
    rest = line[marks.end() :] if marks else line
    return (marks.group().count(">") if marks else 0), rest.removeprefix(" ")


def _line(depth: int, content: str) -> str:
    text = content if content == _SIGNATURE else content.rstrip(" ")
    if not depth:
        return text
    return ">" * depth + (f" {text}" if text else "")
