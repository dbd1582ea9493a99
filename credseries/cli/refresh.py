"""`credseries refresh`: a series made anew on another base, with what was done to it by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from credseries import render
from credseries.cli.options import HERE, Branch, Json, Tree, complete_recipe, open_repository, take_survey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from credseries.kernel.git import Repository
    from credseries.series.current import Current
    from credseries.series.refresh import Refreshed, Remade
    from credseries.series.scan import Survey

Onto = Annotated[
    list[str] | None,
    typer.Option(
        "--onto",
        metavar="[TREE=]REV",
        help="The new base; of threads, also one for a single tree.",
        show_default="the base that it has",
    ),
]
OtherRecipe = Annotated[
    str | None,
    typer.Option(
        "--recipe",
        metavar="NAME",
        help="Another recipe to make it by.",
        show_default="the one that it was made by",
        autocompletion=complete_recipe,
    ),
]
Squash = Annotated[bool, typer.Option("--squash", help="Put what was changed by hand into the patches themselves.")]
SetAside = Annotated[
    bool, typer.Option("--set-aside", help="Go on without what does not fit, and keep it as commits of its own.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="Say what would become of the series; change nothing.")]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("refresh", short_help="Make a series anew on another base, hand edits kept.")(refresh)


def refresh(
    onto: Onto = None,
    branch: Branch = None,
    recipe: OtherRecipe = None,
    squash: Squash = False,
    set_aside: SetAside = False,
    dry_run: DryRun = False,
    tree: Tree = HERE,
    json: Json = False,
) -> None:
    """Make a series anew on another base: convert and prove again rather than rebase.

    Reported are sites that appeared, vanished or got another verdict, and conversions that somebody else has merged
    meanwhile. What you did to the branch by hand is kept: a patch that you changed is made anew with your change as a
    `fixup!` commit behind it (or in it, with --squash), your own commits, messages, trailers and your changes to the
    cover letter stay, patches that you dropped stay dropped. When something does not fit, nothing is changed and each
    conflict is named; --set-aside goes on without it and keeps it as a commit that `git cherry-pick` can try again.

    The branch changes in one step, and what it was stays at refs/credseries/previous/BRANCH. Threads of one conversion
    are refreshed together. Exits with 1 when there is a conflict.

    \b
    Examples:
      credseries refresh --onto v6.13-rc1
      credseries refresh --onto v6.13-rc1 --dry-run       what would change?
      credseries refresh --recipe per-file                parted in another way
      credseries refresh --onto vfs=vfs/vfs.all --onto overlayfs=ovl/next
    """
    from datetime import datetime

    from credseries.mail.cover import render_cover
    from credseries.series import saved
    from credseries.series.group import members
    from credseries.series.refresh import check_conflicts, put

    repo = open_repository(tree)
    when = datetime.now().astimezone()
    series = members(repo, saved.current(repo, branch))
    remade = remake_series(repo, series, onto or [], recipe, when, squash=squash)
    if not set_aside and not dry_run:
        check_conflicts(remade)
    if dry_run:
        done: list[Refreshed] = []
    else:
        done = put(repo, remade, lambda record: render_cover(record).text, when, "credseries refresh")
    if json:
        render.as_json({"schema": 1, "series": [series_json(item, done) for item in remade]})
    else:
        for item in remade:
            show(item, next((other for other in done if other.remade is item), None))
        if dry_run:
            render.say("\nnothing was changed")
    if any(item.carried.conflicts for item in remade):
        raise typer.Exit(1)


def remake_series(
    repo: Repository,
    series: Sequence[Current],
    onto: Sequence[str],
    recipe: str | None,
    when: Any,
    *,
    squash: bool,
    revisions: Mapping[str, int] | None = None,
) -> list[Remade]:
    """A series (with all threads of its conversion) made anew; nothing is put on a branch.

    `revisions` has the new versions, by branch, of those that get another one.
    """
    from credseries.cli.split import bases_of
    from credseries.series.recipe import load_recipe
    from credseries.series.refresh import remake

    pristine = series[0].pristine
    loaded = load_recipe(recipe or pristine.recipe, repo.work_tree)
    trees = [item.pristine.thread.tree for item in series if item.pristine.thread is not None]
    default, of_tree = bases_of(onto, trees, "")
    base_of = {item.pristine.thread.tree if item.pristine.thread else "": item.pristine.base for item in series}
    taken: dict[str, Survey] = {}

    def survey_of(tree: str) -> Survey:
        base = repo.resolve(of_tree.get(tree) or default or base_of[tree])
        if base not in taken:
            taken[base] = take_survey(repo, base, loaded.origin, moves=pristine.selection.moves)
        return taken[base]

    with render.working("proving and making the series anew"):
        return remake(repo, series, survey_of, loaded, when, squash=squash, revisions=revisions)


def series_json(item: Remade, done: Sequence[Refreshed]) -> dict[str, Any]:
    """What became of a series, for programs."""
    refreshed = next((other for other in done if other.remade is item), None)
    return {
        "branch": item.old.record.branch,
        "old_base": item.old.pristine.base,
        "new_base": item.made.record.base,
        "changes": item.changes.to_json(),
        "kept": [
            {"what": deed.what.value, "subject": deed.subject, "commit": deed.commit} for deed in item.carried.kept
        ],
        "conflicts": [
            {
                "what": conflict.deed.what.value,
                "subject": conflict.deed.subject,
                "commit": conflict.deed.commit,
                "reason": conflict.reason,
            }
            for conflict in item.carried.conflicts
        ],
        "set_aside": [ref for ref, _ in refreshed.kept] if refreshed is not None else [],
        "remarks": list(refreshed.remarks if refreshed is not None else item.carried.remarks),
        "record": refreshed.record.to_json() if refreshed is not None else None,
    }


def show(item: Remade, refreshed: Refreshed | None) -> None:
    """What became of a series, for a person."""
    old, new = item.old.pristine, item.made.record
    moved = f"{old.base_version} ({old.base[:12]}) -> {new.base_version} ({new.base[:12]})"
    where = f"Linux {moved}" if old.base != new.base else f"Linux {new.base_version} ({new.base[:12]}), as before"
    counts = f"{len(old.patches)} -> {len(new.patches)} patches"
    render.say(render.paint(f"{old.branch}: {where}; {counts}", "bold"))
    show_rows("sites", [[f"{c.site.file}: {c.site.function}()", c.what] for c in item.changes.sites])
    show_rows("patches that are not needed any more", [[patch.subject] for patch in item.changes.gone])
    show_rows("new patches", [[patch.subject] for patch in item.changes.new])
    show_rows("done by hand, and kept", [[deed.what.value, deed.subject] for deed in item.carried.kept])
    show_rows(
        "done by hand, and does not fit",
        [[c.deed.commit[:12], c.deed.subject, c.reason] for c in item.carried.conflicts],
    )
    if refreshed is not None:
        show_rows("kept as commits of their own", [[ref] for ref, _ in refreshed.kept])
    for remark in refreshed.remarks if refreshed is not None else item.carried.remarks:
        render.say(render.printable(f"  note: {remark}"))
    if not (item.changes.sites or item.changes.gone or item.changes.new or item.carried.kept or item.carried.conflicts):
        render.say("  nothing has changed in its sites and patches")


def show_rows(title: str, rows: Sequence[Sequence[str]]) -> None:
    """Rows below a title; nothing when there are none."""
    if not rows:
        return
    render.say(f"  {title}:")
    for line in render.columns(rows, "    "):
        render.say(render.printable(line))
