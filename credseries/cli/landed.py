"""`credseries landed`: which patches are in whose tree."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from credseries import render
from credseries.cli.options import HERE, Branch, Json, Tree, open_repository
from credseries.words import many

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credseries.series.landed import Landing, PatchLanding, TreeLanding
    from credseries.series.model import SeriesRecord

SCHEMA = 1
Trees = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="REPO[#BRANCH]...",
        help="A remote, a directory, a URL, or . for this repository (then any revision).",
        show_default="all remotes, as they were fetched last",
    ),
]
_WORDS = {
    "landed": ("landed", "green"),
    "changed": ("landed, changed", "cyan"),
    "reverted": ("landed and was reverted", "red"),
    "other": ("there, in other words", "green"),
    "partly": ("there in part", "yellow"),
    "missing": ("not there", "dim"),
}


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("landed", short_help="Show which patches are in whose tree.")(landed)


def landed(trees: Trees = None, branch: Branch = None, tree: Tree = HERE, json: Json = False) -> None:
    """Show for every patch of a series whether somebody's tree has it, and how.

    \b
    landed                  a commit changes what the patch (of this or a sent version) changes
    landed, changed         found by a link to its mail, its change-id or its subject, and not the same
    landed and was reverted
    there, in other words   no commit is the patch, but all that it converts or adds is there
    there in part           some of it is
    not there

    A remote is looked at as it was fetched last (`git fetch REMOTE` gets what is new). Other repositories are fetched
    into this one's objects, below refs/credseries/trees/; no branch of yours changes. Only commits that the series'
    base does not have are looked at. The exit status is 0 whatever is found.

    \b
    Examples:
      credseries landed                                   in all remotes
      credseries landed vfs#vfs-6.14.misc next
      credseries landed .#v6.14-rc1 ~/src/overlayfs#ovl-next
      credseries landed --json next | jq '.trees[].patches[] | select(.state == "missing").subject'
    """
    from credseries.cli.status import look_at
    from credseries.errors import UsageError
    from credseries.kernel.other_trees import default_trees, find_tree
    from credseries.series import saved
    from credseries.series.landed import find_landed, wanted_patches

    repo = open_repository(tree)
    current = saved.current(repo, branch)
    names = trees or default_trees(repo)
    if not names:
        hint = "name a directory, a URL, or what is here: credseries landed .#v6.14-rc1"
        raise UsageError("there is no remote here to look at", hint=hint)
    places = [find_tree(repo, name, render.working) for name in names]
    look = look_at(repo)
    with render.working("looking for the patches"):
        wanted = wanted_patches(repo, current)
        found = [find_landed(repo, current, wanted, place, look) for place in places]
    if json:
        render.as_json(as_json(current.record, found))
        return
    for number, item in enumerate(found):
        if number:
            render.say()
        show(current.record, item)


def as_json(record: SeriesRecord, found: Sequence[TreeLanding]) -> dict[str, Any]:
    """The landed contract, schema 1 (docs in README)."""
    return {
        "schema": SCHEMA,
        "branch": record.branch,
        "change_id": record.change_id,
        "version": record.revision,
        "trees": [
            {
                "name": item.tree.name,
                "commit": item.tree.commit,
                "fetched": item.tree.fetched,
                "searched": item.searched,
                "merges": list(item.merges),
                "patches": [_patch_json(patch) for patch in item.patches],
            }
            for item in found
        ],
    }


def _patch_json(patch: PatchLanding) -> dict[str, Any]:
    landing = patch.landing
    return {
        "patch": patch.wanted.number or None,
        "only_in_version": patch.wanted.version or None,
        "subject": patch.wanted.subject,
        "state": patch.state,
        "landing": {**asdict(landing), "how": landing.how.name.lower()} if landing is not None else None,
        "content": asdict(patch.content) if patch.content is not None else None,
    }


def show(record: SeriesRecord, found: TreeLanding) -> None:
    """What a tree has, a line a patch."""
    tree = found.tree
    when = "" if tree.fetched else ", as it was fetched last"
    looked = many(found.searched, "commit")
    render.say(render.paint(render.printable(f"{tree.name} ({tree.commit[:12]}{when})"), "bold"))
    render.say(f"  {looked} that {record.base_version} ({record.base[:12]}) has not change files of the series")
    rows = [
        [_number(patch, record), _WORDS[patch.state][0], *_where(patch), patch.wanted.subject]
        for patch in found.patches
    ]
    for line, patch in zip(render.columns(rows), found.patches, strict=True):
        text, style = _WORDS[patch.state]
        before, _, after = render.printable(line).partition(f"  {text}")
        render.say(f"{before}  {render.paint(text, style)}{after}")
        if patch.landing is not None:
            for note in _notes(patch, patch.landing):
                render.say(render.printable(f"        {note}"))
    for merge in found.merges:
        render.say(f"  the merge {merge[:12]} names the series")
    mine = [patch for patch in found.patches if patch.wanted.number]
    there = sum(1 for patch in mine if patch.state in ("landed", "changed", "other"))
    render.say(f"  {there} of {many(len(mine), 'patch', 'patches')}")


def _number(patch: PatchLanding, record: SeriesRecord) -> str:
    wanted = patch.wanted
    return f"{wanted.number}/{len(record.patches)}" if wanted.number else f"v{wanted.version} only"


def _where(patch: PatchLanding) -> tuple[str, str]:
    """The commit, and who committed it when; or how much is there."""
    if patch.landing is not None:
        landing = patch.landing
        since = f", in {landing.tag}" if landing.tag else ""
        return landing.commit[:12], f"{landing.committer}, {landing.date}{since}"
    if patch.state == "partly" and patch.content is not None:
        return "", f"{patch.content.there} of {patch.content.of}"
    return "", ""


def _notes(patch: PatchLanding, landing: Landing) -> list[str]:
    """What is worth a line of its own about a patch that landed."""
    notes = []
    if landing.version is None:
        notes.append(f"recognised by {landing.how.value}; +{landing.added} -{landing.removed} lines of change differ")
    elif landing.version and patch.wanted.number:
        notes.append(f"as it was in v{landing.version}")
    if landing.subject != patch.wanted.subject:
        notes.append(f"there it is: {landing.subject}")
    if landing.reverted:
        notes.append(f"reverted by {landing.reverted[:12]}")
    return notes
