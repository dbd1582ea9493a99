"""`credseries recipients`: who gets which message of a series, or whom files and patches go to."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from credseries import render
from credseries.cli.options import HERE, Branch, Json, SeriesBase, Tree, open_repository
from credseries.cli.recipient_options import Cc, PolicyName, To

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credseries.kernel.git import Repository
    from credseries.mail.recipients import Change, RecipientPlan
    from credseries.mail.recipients.gathered import Gathered
    from credseries.series.model import SeriesRecord

Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE|PATCH...",
        help="Files or directories of the tree, or patches (files, mboxes, - for the input).",
        show_default="the series",
    ),
]
ByPatch = Annotated[bool, typer.Option("--by-patch", help="Message by message instead of person by person.")]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("recipients", short_help="Show who gets which patch, and why.")(recipients)


def recipients(
    files: Files = None,
    cc: Cc = None,
    to: To = None,
    policy: PolicyName = None,
    by_patch: ByPatch = False,
    tree: Tree = HERE,
    branch: Branch = None,
    base: SeriesBase = None,
    json: Json = False,
) -> None:
    """Show who gets which message of a series, and why; nothing is written or sent.

    A patch goes to those whom MAINTAINERS of the base names for it, as scripts/get_maintainer.pl does (files, keywords
    in its text, who signed what it fixes), to the lists that its recipe names, to the people in its trailers, and to
    who wrote the commit that it fixes. Everybody whom --to, --cc, b4's settings or the cover letter's trailers name,
    and who reviewed an earlier version, gets all of it. What is known against an address is said: lists that are
    moderated or closed, orphaned sections, addresses that HEAD's MAINTAINERS no longer has or that refused mail.

    \b
    --policy owners   each patch to its own people, the cover letter to all of them
    --policy topic    every patch of a topic to all people of that topic
    --policy all      everything to everybody, as b4 does it

    WHO is a list (fsdevel, linux-fsdevel), a title of MAINTAINERS or words of one, an alias of git send-email
    (sendemail.aliasesFile), or an address. Addresses that b4.email-exclude matches are left out; so is your own, unless
    b4.send-me-too is set.

    \b
    Examples:
      credseries recipients --cc fsdevel
      credseries recipients --cc fsdevel --policy topic --by-patch
      credseries recipients fs/overlayfs/inode.c       whom a file belongs to
      credseries recipients 000*.patch                 whom patches go to
      credseries recipients --json | jq -r '.recipients[] | select(.list | not).address'
    """
    from credseries.cli import recipients_output as output
    from credseries.mail.comments.reviewers import earlier_reviewers
    from credseries.mail.recipients import gathered
    from credseries.series import saved

    repo = open_repository(tree)
    if files:
        found = gathered.gather(repo, repo.resolve(base or "HEAD"), _changes(repo, base or "HEAD", files))
        title, record = "", None
        named = _plan(found, cc or (), to or (), policy, own_address=repo.config("user.email") or "")
    else:
        record = saved.current(repo, branch).record
        title = record.title
        reviewers = earlier_reviewers(repo, record.branch)
        found = gathered.gather_series(repo, record, reviewers, base=repo.resolve(base) if base else record.base)
        named = _plan(found, cc or (), to or (), policy, own_address=repo.identity("author").email)
    if json:
        render.as_json(output.as_json(named, found, record))
    elif by_patch:
        output.show_by_patch(named, found.changes, title)
    else:
        output.show_by_person(named, found.changes, record.branch if record is not None else "")
    if not json:
        output.show_notes(named)


def plan_recipients(
    repo: Repository,
    series: SeriesRecord,
    cc: Sequence[str],
    to: Sequence[str],
    policy: str | None = None,
) -> RecipientPlan:
    """Who gets which message of a series on its branch. `policy` None is what git's configuration says.

    Raises UnknownRecipient, UsageError for a policy that is none, MissingIdentity, StoreDamaged.
    """
    from credseries.mail.comments.reviewers import earlier_reviewers
    from credseries.mail.recipients.gathered import gather_series

    own_address = repo.identity("author").email
    found = gather_series(repo, series, earlier_reviewers(repo, series.branch))
    return _plan(found, cc, to, policy, own_address=own_address)


def _plan(
    found: Gathered, cc: Sequence[str], to: Sequence[str], policy: str | None, *, own_address: str
) -> RecipientPlan:
    from credseries.mail.recipients import plan_changes
    from credseries.mail.recipients.settings import parse_policy

    return plan_changes(
        found.changes,
        found.maintainers,
        cc=cc,
        to=to,
        own_address=own_address,
        policy=parse_policy(policy, "--policy") if policy is not None else found.known.settings.policy,
        known=found.known,
    )


def _changes(repo: Repository, base: str, arguments: Sequence[str]) -> list[Change]:
    """Files of the tree as one change, and patches as one each. Raises UnknownPath, UsageError."""
    from credseries.kernel.patch_mail import read_patches
    from credseries.mail.recipients.gathered import change_of_files, changes_of_patches

    paths: list[str] = []
    mails: list[tuple[str, bytes]] = []
    for argument in arguments:
        path = _in_tree(repo, base, argument)
        if path is not None:
            paths.append(path)
        else:
            mails.append((argument, _read(argument)))
    changes = [change_of_files(paths)] if paths else []
    # `git format-patch` makes an empty file of a commit without a change, such as the one with b4's cover letter
    mails = [mail for mail in mails if mail[1]] or mails
    if mails:
        changes += changes_of_patches(read_patches(mails).patches, first=len(changes) + 1)
    return changes


def _in_tree(repo: Repository, base: str, argument: str) -> str | None:
    """The path in the tree that is meant, seen from its top or from here; a directory's ends in a slash."""
    candidates = [argument]
    if repo.work_tree is not None and Path.cwd().is_relative_to(repo.work_tree):
        candidates.append(str(Path.cwd().relative_to(repo.work_tree) / argument))
    for candidate in candidates:
        bare = candidate.rstrip("/")
        kind = repo.exists(base, bare) if bare and not bare.startswith(("/", "..")) else None
        if kind is not None:
            return bare if kind == "file" else f"{bare}/"
    return None


def _read(argument: str) -> bytes:
    from credseries.errors import UnknownPath

    if argument == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(argument).read_bytes()
    except OSError as error:
        raise UnknownPath(
            f"{argument} is neither in the tree nor a patch that can be read ({error.strerror})",
            hint="name a file of the tree from its top, or a patch as `git format-patch` writes it",
        ) from error
