"""`credseries bench`: from what benchmarks printed to numbers that a reviewer believes."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

# The commands in the order of their use, and the modules they are in. (One named like a builtin would hide it here.)
_MODULES = {
    "doctor": "doctor",
    "workload": "workload",
    "run": "run",
    "add": "add",
    "edit": "edit",
    "list": "list_",
    "show": "show",
    "chart": "chart",
    "export": "export",
    "import": "import_",
    "remove": "remove",
}


class _Commands(TyperGroup):
    """The commands, each loaded when it is asked for: no other command of credseries pays for them."""

    def list_commands(self, _ctx: Any) -> list[str]:
        return list(_MODULES)

    def get_command(self, _ctx: Any, cmd_name: str) -> Any:
        # All of them when there is no such command: then the group looks among them for what may be meant.
        for name in [cmd_name] if cmd_name in _MODULES else _MODULES:
            if name not in self.commands:
                self.add_command(_load(name), name)
        return self.commands.get(cmd_name)


def _load(name: str) -> Any:
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    import_module(f"{__name__}.{_MODULES[name]}").add_to(app)
    return typer.main.get_command(app)


_bench = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Measure what a series brings, and say it with numbers that a reviewer believes.

    \b
    The whole way, with the kernels that `credseries ablate` makes branches for:
      credseries bench doctor               what this machine can measure
      credseries bench workload             programs that make the contention
      credseries bench run --help           run a benchmark, under two kernels in turns
      credseries bench add --role base --label web --here base-*.json
      credseries bench add --role patched --label web --here patched-*.json
      credseries bench add --role without:overlayfs --label web --here without-*.json
      credseries bench show web             what changed, by how much, how sure that is
      credseries cover --bench web          the letter, with the numbers in it

    A record is what was measured of one kernel: metrics with their values, reports of perf c2c, and the machine, the
    workload, the kernel and the number of runs, without which numbers say nothing. Records with the same label are
    compared. They are kept in the git directory; `export` and `import` take them from one machine to another.
    """,
)


def add_to(app: typer.Typer) -> None:
    """Add the command and the commands below it."""
    app.add_typer(_bench, name="bench", short_help="Measure what the series brings.")
