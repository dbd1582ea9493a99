"""`credseries show`: a function with what every line of it runs under."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated

import typer

from credseries import render
from credseries.cli.convert import FormChoice, Wanted
from credseries.cli.options import (
    HERE,
    AllowMove,
    Json,
    RecipeName,
    Tree,
    complete_function,
    open_repository,
    take_survey,
)

if TYPE_CHECKING:
    from credseries.kernel.git import Repository
    from credseries.rewrite.picture import Picture

Name = Annotated[
    str, typer.Argument(metavar="FUNCTION", help="Its name.", show_default=False, autocompletion=complete_function)
]
InFile = Annotated[
    str | None,
    typer.Option(
        "--file",
        metavar="PATH",
        help="The file that it is in; needed when several have one of that name, or none has to do with credentials.",
        show_default=False,
    ),
]
Before = Annotated[bool, typer.Option("--before", help="Only the function as it is.")]
After = Annotated[bool, typer.Option("--after", help="Only the function as it would be.")]
Both = Annotated[bool, typer.Option("--both", help="Both, which is what you get without any of these.")]
Revision = Annotated[str, typer.Option("--rev", "--base", metavar="REV", help="The commit to read it from.")]
Width = Annotated[
    int | None,
    typer.Option("--width", metavar="N", min=20, max=1000, help="Columns of text.", show_default="the terminal's"),
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("show", short_help="Draw which credentials every line of a function runs under.")(show)


def show(
    function: Name,
    file: InFile = None,
    before: Before = False,
    after: After = False,
    both: Both = False,
    form: Wanted = FormChoice.AUTO,
    tree: Tree = HERE,
    rev: Revision = "HEAD",
    recipe: RecipeName = "rfc",
    allow_move: AllowMove = None,
    width: Width = None,
    json: Json = False,
) -> None:
    """Draw a function with the credentials that every line of it runs under, as it is and as it would be.

    Each line has its number and a letter (on a terminal a colour too) for what is in force when it runs, one for each
    way that there is to it; the legend says what the letters stand for. A bracket goes from each override to its ends.
    Before and after stand beside each other where the terminal is wide enough.

    Where a form is refused, the reason is given and, where the proof found a path that shows it, its lines are marked
    with > and its end with !. Exits with 1 when a site is refused or it is not known everywhere what is in force, and
    with 3 when the function cannot be read.

    \b
    Examples:
      credseries show ovl_fsync                           before and after
      credseries show --form guard ovl_llseek             why not a guard?
      credseries show --before ovl_override_creds         a wrapper
      credseries show --file fs/overlayfs/dir.c ovl_whiteout
      credseries show --json ovl_fsync | jq '.functions[].legend'
    """
    from credseries.rewrite.picture_json import pictures_json

    wanted = [name for name, asked in (("before", before or both), ("after", after or both)) if asked]
    sides = wanted or ["before", "after"]
    pictures = _pictures(open_repository(tree), function, file, tree, form, rev, recipe, allow_move or [], sides)
    if json:
        render.as_json(pictures_json(pictures))
    else:
        _draw(pictures, sides, width)
    if any(picture.before.unreadable for picture in pictures):
        raise typer.Exit(3)
    if any(not picture.before.is_known or ("after" in sides and picture.is_refused) for picture in pictures):
        raise typer.Exit(1)


def _pictures(
    repo: Repository,
    function: str,
    file: str | None,
    tree: Path,
    form: FormChoice,
    rev: str,
    recipe: str,
    moves: list[str],
    sides: list[str],
) -> list[Picture]:
    from credseries.rewrite.forms import FORMS, Form
    from credseries.rewrite.picture import draw
    from credseries.series.named import functions_named

    forms = None if form is FormChoice.AUTO else [Form(form.value)]
    survey = take_survey(repo, rev, recipe, forms=forms, moves=moves)
    path = _in_tree(repo, survey.commit, file, tree) if file is not None else None
    found = functions_named(
        survey, function.removesuffix("()"), path, lambda name: repo.read_files(survey.commit, [name]).get(name)
    )
    drawn = []
    for _, analysis in found:
        judged = survey.planner.judge_all(analysis)
        drawn.append(draw(survey.planner, analysis, judged, frozenset(forms or FORMS), rewrite="after" in sides))
    return drawn


def _in_tree(repo: Repository, commit: str, file: str, tree: Path) -> str:
    """A path from the top of the tree; one as seen from the directory that the command is run in will do as well."""
    from credseries.errors import UnknownPath

    path = PurePosixPath(file)
    if not path.is_absolute() and ".." not in path.parts and repo.exists(commit, str(path)) is not None:
        return str(path)
    top = repo.work_tree
    here = (tree / file).resolve()
    if top is not None and here.is_relative_to(top.resolve()):
        return str(PurePosixPath(here.relative_to(top.resolve())))
    hint = "paths are relative to the top of the tree"
    raise UnknownPath(f"{file} is no file of commit {commit[:12]}", hint=hint)


def _draw(pictures: list[Picture], sides: list[str], width: int | None) -> None:
    from credseries.cli.show_drawing import LINES, PLAIN, drawing

    encoding = sys.stdout.encoding
    strokes = LINES if encoding.lower().startswith("utf") else PLAIN
    columns = width or shutil.get_terminal_size().columns
    for number, picture in enumerate(pictures):
        text = "\n".join(drawing(picture, sides, columns, render.paint, strokes))
        render.say(("\n" if number else "") + text.encode(encoding, "replace").decode(encoding))
