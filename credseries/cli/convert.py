"""`credseries convert`: a conversion as a diff; nothing is written."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from credseries import render
from credseries.cli.options import HERE, AllowMove, Base, RecipeName, Tree, open_repository, take_survey

if TYPE_CHECKING:
    from credseries.rewrite.plan import Judged


class FormChoice(StrEnum):
    """The forms that can be asked for."""

    AUTO = "auto"
    GUARD = "guard"
    SCOPED = "scoped"
    LIGHT = "light"


Targets = Annotated[
    list[str] | None,
    typer.Argument(metavar="PATH|FUNCTION", help="What to convert.", show_default="everything"),
]
Wanted = Annotated[FormChoice, typer.Option("--form", help="The form to prove; auto takes the first that does.")]
OnlyDiff = Annotated[bool, typer.Option("--diff", help="Print the diff alone, for `git apply`; refusals go to stderr.")]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("convert", short_help="Show a conversion as a diff; nothing is written.")(convert)


def convert(
    targets: Targets = None,
    form: Wanted = FormChoice.AUTO,
    diff: OnlyDiff = False,
    tree: Tree = HERE,
    base: Base = "HEAD",
    recipe: RecipeName = "rfc",
    allow_move: AllowMove = None,
) -> None:
    """Show the proven conversion of files, directories or single functions as a diff against the commit.

    For a site that is refused, the reason is given and, where the proof found one, the counterexample: the path
    (lines), the call, and the credentials before and after. Exits with 1 when nothing asked for could be converted.

    \b
    Examples:
      credseries convert ovl_fsync                       one function
      credseries convert --form guard ovl_llseek         why not a guard?
      credseries convert --allow-move fdput ovl_fadvise  let that call run in it
      credseries convert --diff fs/overlayfs | git apply
    """
    from credseries.rewrite.forms import Form
    from credseries.series.preview import preview

    forms = None if form is FormChoice.AUTO else [Form(form.value)]
    repo = open_repository(tree)
    survey = take_survey(repo, base, recipe, forms=forms, moves=allow_move or [])
    shown = preview(survey, targets or [], lambda path: repo.exists(survey.commit, path) is not None)
    for item in shown.refused:
        (render.complain if diff else render.say)(_refusal(item, forms[0] if forms else None))
    _show_diff(shown.diff)
    if not shown.diff:
        raise typer.Exit(1)


def _show_diff(diff: str) -> None:
    if not sys.stdout.isatty():
        render.data(diff)
        return
    for line in diff.split("\n")[:-1]:
        colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
        render.say(render.paint(render.printable(line), colour) if colour else render.printable(line))


def _refusal(item: Judged, form: object) -> str:
    site = item.site
    shown = [verdict for verdict in item.verdicts if form is None or verdict.form is form]
    lines = [f"# {site.function.path}:{site.line}: {site.function.name}() refused"]
    if site.problem is not None:
        lines[0] += f": {site.problem}"
    for verdict in shown:
        if site.problem is None:
            lines.append(f"#   {verdict.form.value}: {verdict.reason}")
        if verdict.counterexample is not None:
            lines.append(f"#     {verdict.counterexample}")
    return render.printable("\n".join(lines))
