"""`credseries comments`: what was said of a series, and what is left to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from credseries.cli.options import HERE, Branch, Json, Tree, open_repository

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credseries.mail.comments.decisions import Decision
    from credseries.mail.comments.gathered import Gathered
    from credseries.series.remarks import Kind


class By(StrEnum):
    """How remarks are put together."""

    PATCH = "patch"
    PERSON = "person"


Open = Annotated[bool, typer.Option("--open", help="Only what is open; exits with 1 when there is any.")]
ByWhat = Annotated[By, typer.Option("--by", help="Put remarks together by this.")]
Who = Annotated[
    str | None, typer.Option("--person", metavar="NAME", help="Only remarks of this person: a part of name or address.")
]
Patch = Annotated[
    int | None, typer.Option("--patch", metavar="N", min=0, help="Only remarks on patch N (0: the cover letter).")
]
Mailboxes = Annotated[
    list[Path] | None,
    typer.Option("--read", metavar="MBOX", help="Read replies first, of an mbox or a maildir, and keep them."),
]
Ids = Annotated[list[str] | None, typer.Option("--resolve", metavar="ID", help="It is done, although no mail says so.")]
Because = Annotated[
    str, typer.Option("--because", metavar="TEXT", help="What was done, or why not: the next changelog says it.")
]
Declined = Annotated[
    list[str] | None,
    typer.Option("--decline", metavar="ID", help="It will not be done; --link says where that is said."),
]
Link = Annotated[str, typer.Option("--link", metavar="URL|MESSAGE-ID", help="Where it was declined.")]
Reopened = Annotated[
    list[str] | None, typer.Option("--reopen", metavar="ID", help="It is open, whatever mails and versions tell.")
]
Called = Annotated[
    list[str] | None,
    typer.Option("--kind", metavar="ID=KIND", help="It is another kind: request, question, nit, praise, trailer, .."),
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("comments", short_help="Show what reviewers said of a series, and what is left to do.")(comments)


def comments(
    read: Mailboxes = None,
    only_open: Open = False,
    by: ByWhat = By.PATCH,
    person: Who = None,
    patch: Patch = None,
    resolve: Ids = None,
    because: Because = "",
    decline: Declined = None,
    link: Link = "",
    reopen: Reopened = None,
    kind: Called = None,
    branch: Branch = None,
    tree: Tree = HERE,
    json: Json = False,
) -> None:
    """Show every remark on a series with its patch, place and state, and what is left to do.

    Mails that --read (or `credseries reroll --replies`) has read once are kept with the series; read again, they count
    once. A remark is open until you answer it by mail, a later version changes the patch where it points, or you say
    so: --resolve, --decline and --reopen take its id (the few digits in front of it, or MESSAGE-ID#N). What you say of
    a remark stays with its words. `credseries reroll` names in its changelog who asked for what has changed.

    The to-do list: trailers that the branch has not yet, questions of yours without an answer, who was asked (To) and
    said nothing, who spoke of an earlier version and not of this one, and which patches have no review.

    Exits with 1 when --open shows a remark or a report of a bot, as `credseries checklist` does when a line fails, so
    that `credseries comments --open && credseries send` sends nothing while somebody waits. Without --open it is 0.

    \b
    Examples:
      credseries comments --read thread.mbox
      credseries comments --open --by person
      credseries comments --resolve 1f0c2a77 --because "moved backing-file first"
      credseries comments --decline 1f0c2a77 --link https://lore.kernel.org/all/MESSAGE-ID/
      credseries comments --json | jq -r '.remarks[] | select(.state == "open").text'
    """
    from credseries.cli.comments_output import show_as_json, show_for_people
    from credseries.mail.comments.gathered import gather
    from credseries.mail.comments.stored import keep_decisions
    from credseries.mail.comments.taking import take
    from credseries.mail.comments.view import View, chosen
    from credseries.series import saved
    from credseries.series.group import members

    repo = open_repository(tree)
    current = saved.current(repo, branch)
    asked = _Asked(resolve or [], decline or [], reopen or [], kind or [], because.strip(), link.strip())
    asked.check()
    taken = take(repo, members(repo, current), read) if read else None
    gathered = gather(repo, current)
    decisions = asked.decisions(gathered)
    if decisions:
        with saved.opened(repo) as store:
            keep_decisions(store, current.record.change_id, decisions)
        gathered = gather(repo, current)
    remarks = chosen(gathered, View(only_open, person or "", patch))
    if json:
        show_as_json(current.record, gathered, remarks, taken)
    else:
        with_todo = not person and patch is None
        show_for_people(current.record, gathered, remarks, taken, by_person=by is By.PERSON, with_todo=with_todo)
    if only_open and remarks:
        raise typer.Exit(1)


@dataclass(frozen=True)
class _Asked:
    """What the author says of remarks, as it was given."""

    resolve: Sequence[str]
    decline: Sequence[str]
    reopen: Sequence[str]
    kind: Sequence[str]
    because: str
    link: str

    def check(self) -> None:
        """Raises UsageError when options do not fit together."""
        from credseries.errors import UsageError

        if self.because and not (self.resolve or self.decline or self.reopen):
            raise UsageError("--because says nothing of any remark", hint="name one: --resolve ID --because TEXT")
        if self.decline and not self.link:
            raise UsageError(
                "--decline needs a link: whoever asked will want to know where that was said",
                hint="--link URL, or the Message-Id of your answer",
            )
        if self.link and not self.decline:
            raise UsageError("--link says where a remark was declined, and none is", hint="name one: --decline ID")

    def decisions(self, gathered: Gathered) -> dict[str, Decision]:
        """The decisions by remark id; each goes on from the one that there was. Raises UsageError."""
        from dataclasses import replace

        from credseries.errors import UsageError
        from credseries.mail.comments.decisions import Decision, named, words_key
        from credseries.series.remarks import State

        found: dict[str, Decision] = {}

        def of(name: str) -> tuple[str, Decision]:
            remark = named(name, gathered.remarks)
            there = found.get(remark.id) or gathered.decisions.get(remark.id)
            return remark.id, there or Decision(words_key(remark))

        states = {State.ADDRESSED: self.resolve, State.DECLINED: self.decline, State.OPEN: self.reopen}
        said: set[str] = set()
        for state, names in states.items():
            for name in names:
                identity, decision = of(name)
                if identity in said:
                    raise UsageError(f"{name!r} is named twice", hint="a remark has one state")
                said.add(identity)
                link = _where(self.link) if state is State.DECLINED else ""
                found[identity] = replace(decision, state=state, because=self.because, link=link)
        for given in self.kind:
            name, _, word = given.rpartition("=")
            identity, decision = of(name)
            found[identity] = replace(decision, kind=_kind(word))
        return found


def _where(link: str) -> str:
    """A link as it is, or a Message-Id without brackets; raises UsageError for what is neither."""
    from credseries.series.sent import bare_id

    return link if "://" in link else bare_id(link)


def _kind(word: str) -> Kind:
    from credseries.errors import UsageError
    from credseries.series.remarks import Kind
    from credseries.words import near

    kinds = [kind.value for kind in Kind]
    if word in kinds:
        return Kind(word)
    raise UsageError(
        f"{word!r} is no kind of remark{near(word, kinds)}", hint=f"give ID=KIND; kinds are {', '.join(kinds)}"
    )
