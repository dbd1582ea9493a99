"""`credseries scan`: every site, its verdict, and the account of every textual hit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from credseries import render
from credseries.cli.options import HERE, Base, Json, RecipeName, Tree, open_repository, take_survey

if TYPE_CHECKING:
    from credseries.rewrite.plan import Judged
    from credseries.series.scan import Accounting, Survey

Paths = Annotated[
    list[str] | None,
    typer.Argument(metavar="[PATHS]...", help="Files or directories of the tree.", show_default="all"),
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("scan")(scan)


def scan(
    paths: Paths = None,
    tree: Tree = HERE,
    base: Base = "HEAD",
    recipe: RecipeName = "rfc",
    json: Json = False,
) -> None:
    """List every credential override of a commit with the form that is proven for it, or why it is refused.

    \b
    guard    guard(cred)(..) where the override is; the revert goes
    scoped   scoped_guard(cred, ..) { .. } around the overridden statements
    light    override_creds_light() and revert_creds_light() in place
    refused  nothing is proven; the reason says what stands in the way

    The last line accounts for every textual hit of override_creds and revert_creds.
    """
    survey = take_survey(open_repository(tree), base, recipe, paths or [])
    if json:
        render.as_json(survey.to_json())
    else:
        _show(survey)


def _show(survey: Survey) -> None:
    counting = {True: "takes", False: "takes no", None: "may take a"}[survey.interface.counts_references]
    render.say(f"Linux {survey.version}, commit {survey.commit[:12]}; override_creds() {counting} reference")
    path = ""
    width = max((len(item.site.function.name) for item in survey.judged), default=0)
    for item in survey.judged:
        if item.site.function.path != path:
            path = item.site.function.path
            render.say("\n" + render.paint(path, "bold"))
        _show_site(item, width)
    for analysis in survey.unreadable:
        render.say(f"\n{analysis.function.path}: {analysis.function.name}() refused: {analysis.unreadable}")
    render.say("\n" + identity(survey.accounting))


def _show_site(item: Judged, width: int) -> None:
    site = item.site
    choice = site.converted or (item.choice.value if item.choice is not None else "refused")
    kind = "" if site.kind.value == "site" else f" [{site.kind.value}]"
    verdict = render.paint(f"{choice:<8}", render.FORM_COLOURS.get(choice, "dim"))
    done = " (already)" if site.converted else ""
    text = f"{site.line:>6}  {site.function.name:<{width}}  {verdict}{done} {site.override} ({site.source}){kind}"
    render.say(render.printable(text) if not render.paint("", "red") else text)
    if item.reason and not site.converted:
        render.say(" " * 10 + render.paint(render.printable(item.reason), "dim"))


def identity(account: Accounting) -> str:
    """The accounting identity as a line."""
    kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(account.kinds.items()))
    detail = f" ({kinds})" if kinds else ""
    return (
        f"{account.total} textual hits = {account.converted} converted + {account.refused} refused + "
        f"{account.already_converted} already converted + {account.wrapper_bodies} wrapper bodies + "
        f"{account.not_code} not code{detail}"
    )
