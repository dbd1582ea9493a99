"""Programs that make the contention which the series removes: C sources that anybody can build and carry elsewhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from credseries.errors import UsageError

_HERE = Path(__file__).resolve().parent
_INCLUDE = re.compile(r'^#include "([a-z_]+\.h)"\n', re.MULTILINE)


@dataclass(frozen=True)
class Workload:
    """A program: its name, what it does in a sentence, and the options (without dashes) that it takes."""

    name: str
    sentence: str
    options: tuple[str, ...]

    @property
    def source(self) -> str:
        """The C source in one piece, with what it shares with others in it: this file alone can be compiled."""
        text = (_HERE / f"{self.name}.c").read_text(encoding="utf-8")
        return _INCLUDE.sub(lambda found: (_HERE / found[1]).read_text(encoding="utf-8"), text)

    def arguments(self, given: Sequence[tuple[str, str | None]]) -> tuple[str, ...]:
        """The program's arguments for options by name with their values, None for an option without one.

        Raises UsageError for an option that it does not take; values are checked by the program.
        """
        for option, _ in given:
            if option not in self.options:
                hint = f"it takes {', '.join(f'--{name}' for name in self.options)}"
                raise UsageError(f"the workload {self.name} takes no --{option}", hint=hint)
        return tuple(f"--{option}" if value is None else f"--{option}={value}" for option, value in given)


_COMMON = ("tasks", "seconds", "runs")
WORKLOADS = (
    Workload(
        "counter",
        "a model in user space: threads that take and drop references to shared credentials, or only swap a pointer",
        ("form", *_COMMON, "work"),
    ),
    Workload(
        "overlay",
        "faccessat(), open(), read() or stat() of files on an overlay mount, by many processes or threads at once",
        ("op", *_COMMON, "mode", "files", "same-files", "directory"),
    ),
)


def find(name: str) -> Workload:
    """The workload of this name; raises UsageError when there is none."""
    for workload in WORKLOADS:
        if workload.name == name:
            return workload
    raise UsageError(
        f"there is no workload {name!r}",
        hint=f"there are {' and '.join(workload.name for workload in WORKLOADS)}: credseries bench workload",
    )
