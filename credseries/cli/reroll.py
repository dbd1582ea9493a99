"""`credseries reroll`: the next version of a series, with changelog, trailers and range-diff."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from credseries import render
from credseries.cli.options import HERE, Branch, Json, Tree, open_repository
from credseries.cli.refresh import DryRun, Onto, OtherRecipe, SetAside, remake_series, series_json, show, show_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from credseries.kernel.git import Repository
    from credseries.mail.comments.rerolling import Conversation
    from credseries.series.current import Current
    from credseries.series.model import SeriesRecord
    from credseries.series.refresh import Refreshed, Remade
    from credseries.series.reroll import Reply, Rerolled
    from credseries.series.sent import Sent
    from credseries.series.trailers import Trailer

IsSent = Annotated[bool, typer.Option("--sent", help="The version on the branch was sent (not by `b4 send`).")]
SentAs = Annotated[
    str | None,
    typer.Option("--sent-as", metavar="MESSAGE-ID", help="The same, and the Message-Id that its cover letter had."),
]
Mailboxes = Annotated[
    list[Path] | None,
    typer.Option(
        "--replies",
        metavar="MBOX",
        help="Read more replies first, of an mbox or a maildir, and keep them.",
        show_default="those that were read before",
    ),
]
Because = Annotated[
    list[str] | None,
    typer.Option("--because", metavar="N=TEXT", help="Why patch N (of those that were sent; 0: the series) changed."),
]
NoSquash = Annotated[bool, typer.Option("--no-squash", help="Keep what was changed by hand in `fixup!` commits.")]
KeepTrailers = Annotated[bool, typer.Option("--keep-trailers", help="Keep reviews of patches that have changed too.")]
Resend = Annotated[bool, typer.Option("--resend", help="Make a new version although nothing has changed.")]
NoRangeDiff = Annotated[bool, typer.Option("--no-range-diff", help="Do not print the range-diff.")]
RangeDiffInCover = Annotated[bool, typer.Option("--range-diff-in-cover", help="Put it into the cover letter too.")]


@dataclass(frozen=True)
class _Found:
    """What is known before anything is made: the series, and by branch the versions that were sent and what was said of
    them. `others` are subjects of mails that are about none of them."""

    series: Sequence[Current]
    sent: Mapping[str, Sent]
    talks: Mapping[str, Conversation]
    others: Sequence[str] = ()


@dataclass(frozen=True)
class _Made:
    """What was made of it: every series, the new versions with their changelogs by branch, and what was put where."""

    found: _Found
    remade: Sequence[Remade]
    rerolled: Sequence[Rerolled]
    logs: Mapping[str, str]
    done: Sequence[Refreshed]
    with_range_diff: bool

    def version(self, branch: str) -> Rerolled | None:
        """The new version on a branch; None of a thread that was not sent."""
        return next((item for item in self.rerolled if item.branch == branch), None)

    def refreshed(self, branch: str) -> Refreshed | None:
        """What was put on a branch."""
        return next((item for item in self.done if item.record.branch == branch), None)


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("reroll", short_help="Make the next version of a series that was sent.")(reroll)


def reroll(
    onto: Onto = None,
    branch: Branch = None,
    recipe: OtherRecipe = None,
    sent: IsSent = False,
    sent_as: SentAs = None,
    replies: Mailboxes = None,
    because: Because = None,
    no_squash: NoSquash = False,
    keep_trailers: KeepTrailers = False,
    resend: Resend = False,
    no_range_diff: NoRangeDiff = False,
    range_diff_in_cover: RangeDiffInCover = False,
    set_aside: SetAside = False,
    dry_run: DryRun = False,
    tree: Tree = HERE,
    json: Json = False,
) -> None:
    """Make the next version of a series that was sent: made anew as `refresh` does it, compared with what was sent.

    The version number goes up, and the cover letter gets a changelog below its line `---`, where b4 has it: what
    became of each patch, and who asked for it in a reply. Replies that `credseries comments --read` has read, or
    --replies before, count as well, and what you said of a remark (`credseries comments --resolve`) is told too. Say
    more of a patch with --because, or write it into the changelog yourself (`b4 prep --edit-cover`): when this is run
    again before the version is sent, the number stays, and so do your lines. Trailers of the replies are added;
    Reviewed-by, Acked-by and Tested-by of a patch that has changed are dropped, and the changelog says so.

    A version was sent when `b4 send` has made its tag. When you sent it in another way (`credseries send --output-dir`
    and `git send-email`), say --sent: then the tag is made here, in the same step that changes the branch. Threads of
    one conversion are rerolled together. Exits with 1 when there is a conflict.

    \b
    Examples:
      credseries reroll --replies thread.mbox             after `b4 send`
      credseries reroll --sent --replies thread.mbox      after `git send-email`
      credseries reroll --recipe per-function --because "5=asked for by Amir Goldstein"
      credseries reroll --onto v6.13-rc1 --dry-run
    """
    from datetime import datetime

    from credseries.mail.comments.taking import keep
    from credseries.mail.cover import check_notes
    from credseries.series.refresh import check_conflicts
    from credseries.series.reroll import check_news, put_rerolled

    repo, when = open_repository(tree), datetime.now().astimezone()
    found = _find(repo, branch, sent, sent_as, replies or [], when)
    following = {name: item.next for name, item in found.sent.items()}
    remade = remake_series(repo, found.series, onto or [], recipe, when, squash=not no_squash, revisions=following)
    if not set_aside and not dry_run:
        check_conflicts(remade)
    rerolled = _compare(repo, branch, remade, found, because or [], when, keep_trailers)
    if not resend:
        check_news(rerolled)
    logs = {item.branch: _log(repo, item, with_range_diff=range_diff_in_cover) for item in rerolled}
    for log in logs.values():
        check_notes(log)
    done = [] if dry_run else put_rerolled(repo, remade, rerolled, _letters(logs), when)
    for talk in found.talks.values() if not dry_run else ():
        keep(repo, talk.current.record.change_id, talk.letters)
    made = _Made(found, remade, rerolled, logs, done, not no_range_diff)
    if json:
        _show_as_json(repo, made)
    else:
        _show_all(repo, made)
        if dry_run:
            render.say("\nnothing was changed")
    if any(item.carried.conflicts for item in remade):
        raise typer.Exit(1)


# -- what there is


def _find(
    repo: Repository,
    branch: str | None,
    sent: bool,
    sent_as: str | None,
    mailboxes: Sequence[Path],
    when: datetime,
) -> _Found:
    """The series with its threads, which versions were sent, and what was replied. Raises UsageError."""
    from credseries.errors import UsageError
    from credseries.mail.comments.rerolling import conversations
    from credseries.mail.comments.taking import left_over, read_letters
    from credseries.series import saved
    from credseries.series.group import members
    from credseries.series.sent import Claim, bare_id, find_sent, was_built

    named = saved.current(repo, branch)
    series = members(repo, named)
    built = [current.record.branch for current in series if was_built(repo, current.record)]
    versions: dict[str, Sent] = {}
    for current in series:
        mine = current.record.branch == named.record.branch
        meant = mine or not built or current.record.branch in built
        claim = Claim(sent and meant, bare_id(sent_as) if sent_as and mine else "")
        version = find_sent(repo, current, claim, when)
        if version is not None:
            versions[current.record.branch] = version
    if not versions:
        name, revision = named.record.branch, named.record.revision
        raise UsageError(
            f"v{revision} of {name} has not been sent as far as is known: there is no tag of it",
            hint="`b4 send` makes one; when you sent it in another way, say so: credseries reroll --sent",
        )
    letters = read_letters(mailboxes)
    pairs = [(current, versions[name]) for current in series if (name := current.record.branch) in versions]
    talks = {talk.current.record.branch: talk for talk in conversations(repo, pairs, letters)}
    others = left_over(letters, [letter for talk in talks.values() for letter in talk.letters])
    return _Found(series, versions, talks, others)


def _compare(
    repo: Repository,
    branch: str | None,
    remade: Sequence[Remade],
    found: _Found,
    because: Sequence[str],
    when: datetime,
    keep_reviews: bool,
) -> list[Rerolled]:
    """The new versions of those threads that were sent."""
    from credseries.mail.comments.rerolling import as_of, credited
    from credseries.series import saved
    from credseries.series.reroll import reroll as make_version

    named = saved.current(repo, branch).record.branch if because else ""
    rerolled = []
    for item in remade:
        name = item.made.record.branch
        if name in found.sent:
            sent = found.sent[name]
            reasons = _reasons(because, sent) if name == named else {}
            talk = found.talks[name]
            made = make_version(repo, item, sent, talk.replies, reasons, when, keep_reviews=keep_reviews)
            rerolled.append(credited(made, as_of(repo, talk, made)))
    return rerolled


def _reasons(because: Sequence[str], sent: Sent) -> dict[int, str]:
    from credseries.errors import UsageError
    from credseries.series.reroll import number_of

    found: dict[int, str] = {}
    for item in because:
        name, equals, text = item.partition("=")
        if not equals or not text.strip():
            raise UsageError(f"--because {item!r} gives no reason", hint='it looks like --because "5=TEXT"')
        found[number_of(name, sent)] = " ".join(text.split())
    return found


# -- the letter


def _log(repo: Repository, item: Rerolled, *, with_range_diff: bool) -> str:
    """The changelog of a new version."""
    from functools import partial

    from credseries.mail.changelog import changelog_items, range_diff_text
    from credseries.series.changelog import write_log
    from credseries.series.prep import message_link
    from credseries.series.reroll import range_diff

    items = changelog_items(item, partial(message_link, repo))
    text = range_diff_text(range_diff(repo, item)) if with_range_diff else ""
    return write_log(item.sent.next, items, text, item.sent.version)


def _letters(logs: Mapping[str, str]) -> Any:
    """Gives the cover letters, with the changelogs of those branches that have one."""
    from credseries.mail.cover import render_cover
    from credseries.series.changelog import join_letter

    def letter(record: SeriesRecord) -> str:
        return join_letter(render_cover(record).text, logs.get(record.branch, ""))

    return letter


# -- output


def _show_as_json(repo: Repository, made: _Made) -> None:
    """What became of the series, for programs."""
    from credseries.series.reroll import range_diff

    series = []
    for item in made.remade:
        name = item.made.record.branch
        data: dict[str, Any] = {"branch": name, "version": item.made.record.revision, "sent": None}
        version, refreshed = made.version(name), made.refreshed(name)
        if version is not None:
            data |= version_json(version, made.logs[name])
            data["range_diff"] = range_diff(repo, version) if made.with_range_diff else None
        series.append({**series_json(refreshed.remade if refreshed is not None else item, made.done), **data})
    render.as_json({"schema": 1, "series": series})


def version_json(item: Rerolled, log: str) -> dict[str, Any]:
    """A new version, for programs."""
    from dataclasses import asdict

    sent = item.sent
    return {
        "sent": {
            "version": sent.version,
            "tag": sent.tag,
            "tag_made": bool(sent.refs),
            "start": sent.start,
            "tip": sent.tip,
            "message_id": sent.message_id or None,
            "note": sent.note or None,
        },
        "patches": [became.to_json() for became in item.became],
        "trailers": [asdict(fact) for fact in item.trailers],
        "replies": [
            {
                **asdict(reply),
                "trailers": [str(trailer) for trailer in reply.trailers],
                "mismatched": [str(trailer) for trailer in reply.mismatched],
                "spoken": [str(trailer) for trailer in reply.spoken],
            }
            for reply in item.replies
        ],
        "changelog": log,
    }


def _show_all(repo: Repository, made: _Made) -> None:
    """What became of the series, for a person."""
    from credseries.series.reroll import range_diff

    for number, item in enumerate(made.remade):
        if number:
            render.say()
        name = item.made.record.branch
        version, refreshed = made.version(name), made.refreshed(name)
        if version is None:
            show(item, refreshed)
            render.say(f"  note: v{item.made.record.revision} has not been sent as far as is known, and stays that")
            continue
        _show_version(version, refreshed)
        render.say(f"  changelog{'' if refreshed is None else ', as it is in the cover letter'}:")
        log = _stored_log(repo, name) if refreshed is not None else made.logs[name]
        for line in log.split("\n\nRange-diff against")[0].split("\n"):
            render.say(render.printable(f"    {line}".rstrip()))
        if made.with_range_diff:
            render.say(f"\n{version.sent.tag.removeprefix('sent/')} and v{version.sent.next} (git range-diff):")
            coloured = render.colours(sys.stdout)
            text = range_diff(repo, version, coloured=coloured)
            render.say(text if coloured else render.printable(text))
    show_rows("mails about something else", [[title] for title in made.found.others])


def _stored_log(repo: Repository, branch: str) -> str:
    from credseries.series import saved
    from credseries.series.changelog import split_letter
    from credseries.series.prep import read_cover

    return split_letter(read_cover(saved.current(repo, branch).cover_message).letter)[1]


def _show_version(item: Rerolled, refreshed: Refreshed | None) -> None:
    """A new version, for a person."""
    from credseries.mail.changelog import describe, trailer_groups
    from credseries.words import numbered

    sent, record = item.sent, item.remade.made.record
    base = f"Linux {record.base_version} ({record.base[:12]}){'' if item.rebased else ', as before'}"
    counts = f"{len(sent.patches)} -> {len(item.patches)} patches"
    render.say(render.paint(f"{item.branch}: v{sent.version} -> v{sent.next}; {base}; {counts}", "bold"))
    made = ", tagged now" if sent.refs else ""
    known = f" as {sent.message_id}" if sent.message_id else ""
    render.say(render.printable(f"  v{sent.version} was sent{known}: tag {sent.tag}{made}"))
    rows = [
        [
            numbered(became.old).partition(" ")[2] if became.old else "-",
            numbered(became.new).partition(" ")[2] if became.new else "-",
            became.subject,
            describe(became) + (", by hand" if became.reason == "by hand" else ""),
        ]
        for became in item.became
    ]
    show_rows(f"patches of v{sent.version}, and what they are in v{sent.next}", rows)
    show_rows(
        "trailers",
        [
            [what, numbered(numbers), trailer + (f": {reason}" if reason else "")]
            for what, trailer, reason, numbers in trailer_groups(item.trailers)
        ],
    )
    show_rows("replies", [_reply_row(reply) for reply in item.replies])
    mismatched = [(reply, trailer) for reply in item.replies for trailer in reply.mismatched]
    spoken = [(reply, trailer) for reply in item.replies for trailer in reply.spoken]
    show_rows("trailers that do not name their sender, and were not applied", _trailer_rows(mismatched))
    show_rows("trailers that are only spoken of, and were not applied", _trailer_rows(spoken))
    carried = item.remade.carried
    show_rows("done by hand, and kept", [[deed.what.value, deed.subject] for deed in carried.kept])
    conflicts = [[c.deed.commit[:12], c.deed.subject, c.reason] for c in carried.conflicts]
    show_rows("done by hand, and does not fit", conflicts)
    if refreshed is not None:
        show_rows("kept as commits of their own", [[ref] for ref, _ in refreshed.kept])
    for note in (
        *(refreshed.remarks if refreshed is not None else carried.remarks),
        *([sent.note] if sent.note else []),
    ):
        render.say(render.printable(f"  note: {note}"))


def _reply_row(reply: Reply) -> list[str]:
    where = f"patch {reply.patch}" if reply.patch else "cover letter"
    said = [*(["a comment"] if reply.comments else []), *(trailer.name for trailer in reply.trailers)]
    return [where, f"{reply.name} <{reply.address}>", ", ".join(said) or "nothing of its own", reply.message_id]


def _trailer_rows(trailers: Iterable[tuple[Reply, Trailer]]) -> list[list[str]]:
    return [[str(trailer), f"in a reply of {reply.name} <{reply.address}>"] for reply, trailer in trailers]
