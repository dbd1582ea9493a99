"""What runtest.py of will-it-scale prints: operations and idle time over the number of processes or threads.

The format is that of its runtest.py. `linear` is what operations with one task would grow to, and no measurement.
In a mail people append a change or words in parentheses to a row, leave rows out with `...`, paste several runs one
after another, and leave the command between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from credseries.bench.model import Better, Measurement, Metric, Reading
from credseries.bench.unreadable import unreadable
from credseries.words import many

_HEADER = "tasks,processes,processes_idle,threads,threads_idle,linear"
_ROW = f"a row of {_HEADER}, like 4,12702732,84.23,12680864,84.23,12702732"
_APPENDED = re.compile(r"\s*\(([^()]*)\)\s*$")
_COUNT = re.compile(r"\d{1,30}", re.ASCII)
_OPERATIONS = re.compile(r"-1|\d{1,30}", re.ASCII)
_IDLE = re.compile(r"\d{1,3}(?:\.\d{1,30})?", re.ASCII)
_COMMAND = re.compile(r"[#$]\s*(\S.*\bruntest\.py\b.*)")
_LEFT_OUT = ("...", "[...]")
_WARNING = "WARNING:"  # of runtest.py itself, on standard error
_MODES = ("processes", "threads")


def matches(text: str) -> bool:
    """Whether the header of will-it-scale stands in a text, or the first half of one."""
    return any(line.strip().startswith("tasks,processes,") for line in text.split("\n"))


def read(text: str, name: str) -> Reading:
    """The operations ("processes", "threads") and the idle time of each number of tasks, a value a run.

    Rows of the same number of tasks are of several runs. A mode that was not run (0 operations, 0 % idle) or that
    gave no result (-1) has no measurement, and a note. Raises UsageError, with the line, for a damaged row, for words
    between runs (they may say that another kernel comes), and for runs of several test cases.
    """
    found = _Found()
    header = False
    for number, line in enumerate(text.split("\n"), 1):
        bare = line.strip()
        if bare == _HEADER:
            header = True
        elif command := _COMMAND.fullmatch(bare):
            found.commands.setdefault(command[1], number)
            if len(found.commands) > 1:
                raise unreadable(name, number, "the runs of another command begin", "one test case and kernel a file")
        elif bare in _LEFT_OUT:
            found.notes.append(f"line {number}: somebody left rows out")
        elif bare and not bare.startswith(_WARNING):
            if not header:
                raise unreadable(name, number, f"no header of will-it-scale: {bare}", f"the line {_HEADER}")
            _row(found, bare, name, number)
    if not found.values:
        raise unreadable(name, 0, "no row with a task", _ROW)
    notes = [*found.notes, *_appended(found.appended), *_uneven(found.values)]
    return Reading(
        tuple(Measurement(metric, tuple(values)) for metric, values in found.values.items()),
        command=next(iter(found.commands), ""),
        notes=tuple(dict.fromkeys(notes)),
    )


@dataclass
class _Found:
    """What the lines so far have said."""

    values: dict[Metric, list[float]] = field(default_factory=dict)
    commands: dict[str, int] = field(default_factory=dict)  # with their line
    notes: list[str] = field(default_factory=list)
    appended: list[str] = field(default_factory=list)


def _row(found: _Found, line: str, name: str, number: int) -> None:
    cells = []
    for cell in line.split(","):
        bare = cell
        while words := _APPENDED.search(bare):
            found.appended.append(words[1].strip())
            bare = bare[: words.start()]
        cells.append(bare.strip())
    if len(cells) != 6:
        raise unreadable(name, number, f"{many(len(cells), 'column')}, not 6: {line}", _ROW)
    tasks = _number(_COUNT, cells[0], "tasks", name, number)
    _number(_COUNT, cells[5], "linear", name, number)
    for mode, operations, idle in zip(_MODES, cells[1:5:2], cells[2:5:2], strict=True):
        done = _number(_OPERATIONS, operations, mode, name, number)
        share = _number(_IDLE, idle, f"{mode}_idle", name, number)
        if share > 100:
            raise unreadable(name, number, f"{mode}_idle is {idle}", "a share of the time in percent")
        if not tasks:
            if done:
                raise unreadable(name, number, f"{operations} operations of no task", "0 in the row of 0 tasks")
            continue
        if done < 0 or not (done or share):
            why = "gave no result" if done < 0 else "were not run"
            found.notes.append(f"{mode} {why} with {many(int(tasks), 'task')}")
            continue
        found.values.setdefault(Metric(mode, "ops", Better.MORE, int(tasks)), []).append(done)
        found.values.setdefault(Metric(f"{mode} idle", "%", Better.NEITHER, int(tasks)), []).append(share)


def _number(pattern: re.Pattern[str], text: str, column: str, name: str, number: int) -> float:
    if not pattern.fullmatch(text):
        raise unreadable(name, number, f"{column} is {text!r}", f"a number there; {_ROW}")
    return float(text)


def _appended(words: list[str]) -> Iterator[str]:
    if words:
        yield f"left out what somebody wrote behind numbers, unchecked: {', '.join(f'({each})' for each in words)}"


def _uneven(values: dict[Metric, list[float]]) -> Iterator[str]:
    """Runs that have not the same numbers of tasks: one may have been cut off."""
    most = max(map(len, values.values()))
    for metric, found in values.items():
        if len(found) < most and metric.name in _MODES:
            tasks = many(metric.tasks or 0, "task")
            yield f"{metric.name} with {tasks} are in {len(found)} of {many(most, 'run')} only"
