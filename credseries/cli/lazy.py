"""A group of commands that knows their names and short helps, and loads a command when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True)
class Listed:
    """What is known of a command before it is loaded: the module that adds it, and its line in the list of commands."""

    module: str
    short_help: str


class LazyGroup(TyperGroup):
    """Commands, each a stand-in until it is to be run or completed: help and completion pay for none of them."""

    listed: ClassVar[Mapping[str, Listed]] = {}

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        for name, item in self.listed.items():
            self.add_command(TyperCommand(name, short_help=item.short_help), name)

    def list_commands(self, _ctx: Any) -> list[str]:
        """The names, in the order of their use."""
        return list(self.listed)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that comes first in the arguments, loaded."""
        if args and args[0] in self.listed:
            self.add_command(load(args[0], self.listed[args[0]]), args[0])
        return super().resolve_command(ctx, args)


def load(name: str, item: Listed) -> Any:
    """The command itself, or the group of commands."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    import_module(item.module).add_to(app)
    return typer.main.get_group(app).commands[name]
