"""Reading the console of a tested kernel: lines of the tests, and messages of the kernel that are complaints."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from credseries.verify.boot.model import BootRun, Failure

_CASE, _WANTED, _SETUP = "CASE", "WANTED", "SETUP"
_END = "END 0"
_LAST_CASE = "end"
_STAMP = re.compile(r"^(?:<\d>)?(?:\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ?)?")
# What a kernel says when something is wrong with it, at the start of a report.
_COMPLAINT = re.compile(
    r"\bWARNING: |\bBUG[: ]|\bkernel BUG at |\bOops\b|Kernel panic"
    r"|\bINFO: (?:rcu|task|lockdep|trying|possible|.*detected)"
    r"|list_(?:add|del) corruption|\bODEBUG: |\brefcount_t: |Poison overwritten|Redzone|Object already free"
    r"|VFS: Busy inodes|CRED: |kmemleak: (?:[1-9]\d* new suspected|Cannot|.*error)|general protection"
    r"|^KMEMLEAK unreferenced|Kernel mode fault|Segfault with no mm|scheduling while atomic|bad: scheduling"
    r"|sleeping function called"
)
_KEPT = 12  # lines of a complaint
_MOST = 20  # complaints
_DUMP = "kmsg_dump:"  # what follows repeats all messages (arch/um/kernel/kmsg_dump.c)


def read_console(console: str, *, seconds: float, timed_out: bool) -> BootRun:
    """What the console of a boot says; `seconds` it took, and whether it had to be ended."""
    lines = [line.rstrip("\r") for line in console.split("\n")]
    outcomes: dict[str, str] = {}
    failures: list[Failure] = []
    setup: list[str] = []
    for word, name, rest in _reports(lines):
        if word == _CASE:
            outcomes[name] = rest
        elif word == _WANTED:
            failures.append(Failure(name, outcomes.get(name, "nothing"), rest))
        else:
            setup.append(f"{name} {rest}".strip())
    ended = _END in lines and outcomes.pop(_LAST_CASE, "") == "reached"
    return BootRun(
        outcomes=outcomes,
        failures=tuple(failures),
        messages=tuple(_complaints(lines)),
        setup=tuple(setup),
        finished=ended and not timed_out,
        timed_out=timed_out,
        seconds=seconds,
        console=console,
    )


def _reports(lines: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == _SETUP:
            yield word, rest, ""
        elif word in (_CASE, _WANTED) and rest:
            name, _, outcome = rest.partition(" ")
            yield word, name, outcome


def _complaints(lines: Sequence[str]) -> list[str]:
    """The complaints in order, each once: its first lines, without time stamps."""
    texts = [_STAMP.sub("", line) for line in lines]
    found: list[str] = []
    heads: set[str] = set()
    index = 0
    while index < len(texts) and len(found) < _MOST:
        if _is_report(lines[index]) or not _COMPLAINT.search(texts[index]) or texts[index] in heads:
            index += 1
            continue
        heads.add(texts[index])
        block = _block(lines, texts, index)
        found.append("\n".join(block))
        # What is part of a report is no report of its own, but a panic that ends it is worth its line.
        index += max(1, len(block))
    return found


def _block(lines: Sequence[str], texts: Sequence[str], start: int) -> list[str]:
    block = [texts[start]]
    for line, text in zip(lines[start + 1 : start + _KEPT], texts[start + 1 : start + _KEPT], strict=True):
        if _is_report(line) or not text.strip() or text == _DUMP or _COMPLAINT.search(text):
            break
        block.append(text)
    return block


def _is_report(line: str) -> bool:
    return line.partition(" ")[0] in (_CASE, _WANTED, _SETUP, "START", "END")
