"""`credseries status`: where the series stand."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

import typer

from credseries import render
from credseries.cli.options import HERE, Json, Tree, open_repository
from credseries.words import many

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from credseries.kernel.git import Repository
    from credseries.mail.outbox.model import Outbox
    from credseries.series.merged import Merged
    from credseries.series.model import SeriesRecord
    from credseries.series.status import Look, SeriesStatus, TopicStatus, Unreadable

SCHEMA = 1
Which = Annotated[
    str | None, typer.Option("--branch", metavar="NAME", help="Only the series on this branch.", show_default="all")
]
Onto = Annotated[
    str | None,
    typer.Option(
        "--onto",
        metavar="REV",
        help="Where to look for what is merged already.",
        show_default="HEAD, if that is past a series' base",
    ),
]
_COLOURS = {"merged": "green", "partly-merged": "cyan", "changed": "yellow", "sent": "", "draft": "dim"}


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status", short_help="Show where the series stand: changed, sent, merged.")(status)


def status(tree: Tree = HERE, branch: Which = None, onto: Onto = None, json: Json = False) -> None:
    """Show for every series what was changed by hand, what was sent, what is merged, and what waits for what.

    \b
    draft          not sent yet
    sent vN        as it was in version N
    changed        since version N was sent
    partly merged  so many of its patches (or of the sites that they convert) are in REV
    merged         all of it is in REV

    Merged is what the tree of REV has: a site counts when it is converted there, whoever did that in which commit, and
    a helper when it is defined. What was sent is known from b4's tags (sent/..) and from what b4 notes in the cover
    letter; what is not all sent is in the outbox. Nothing is changed. Without a series the exit status is 0; a series
    that cannot be read is named, and gives the exit status.

    \b
    Examples:
      credseries status
      credseries status --onto v6.14-rc1                 what is in there?
      credseries status --json | jq '.series[].topics[] | select(.state == "merged").name'
    """
    from credseries.cli.send.waiting import waiting
    from credseries.series import saved
    from credseries.series.status import Unreadable, read_status

    repo = open_repository(tree)
    if branch is not None:
        saved.current(repo, branch)  # what is asked for by name must be there
    branches = [branch] if branch is not None else saved.branches(repo)
    found = read_status(repo, branches, onto, look_at(repo))
    boxes = waiting(repo)
    if json:
        here = repo.current_branch()
        render.as_json({"schema": SCHEMA, "series": [as_json(item, here, boxes) for item in found]})
    else:
        show(repo, found, boxes, everything=branch is None)
    for item in found:
        if isinstance(item, Unreadable):
            raise typer.Exit(item.error.exit_status)


def look_at(repo: Repository) -> Look:
    """How a commit is looked at: scanned once for all series."""

    @cache
    def survey_of(commit: str) -> Any:
        from credseries.cli.options import take_survey

        return take_survey(repo, commit, "rfc")  # which recipe does not matter: nothing is judged

    def look(record: SeriesRecord, commit: str) -> Mapping[str, Merged]:
        from credseries.series.assemble import finder
        from credseries.series.merged import merged_patches

        return merged_patches(record, survey_of(commit), finder(repo, commit))

    return look


# -- for programs


def as_json(item: SeriesStatus | Unreadable, here: str | None, boxes: Sequence[Outbox] = ()) -> dict[str, Any]:
    """A series in the contract, schema 1 (docs in README); `boxes` are the messages that are not all sent."""
    from credseries.cli.send.waiting import waiting_json
    from credseries.series.status import Unreadable

    if isinstance(item, Unreadable):
        return {"branch": item.branch, "problem": item.error.message, "hint": item.error.hint}
    record, thread, target = item.record, item.record.thread, item.target
    return {
        "branch": record.branch,
        "problem": None,
        "checked_out": here == record.branch,
        "title": record.title,
        "change_id": record.change_id,
        "version": record.revision,
        "sent": [
            {
                "version": sent.version,
                "tag": sent.tag or None,
                "date": sent.date or None,
                "message_ids": list(sent.message_ids),
            }
            for sent in item.versions
        ],
        "base": {"commit": record.base, "version": record.base_version},
        "onto": {"name": target.name, "commit": target.commit, "has_base": target.has_base} if target else None,
        "edits": {
            "same": item.current.same,
            "edited": [patch.subject for patch in item.current.edited],
            "added": [patch.subject for patch in item.current.added],
            "dropped": [patch.subject for patch in item.current.dropped],
        },
        "gone": list(item.gone),
        "topics": [_topic_json(topic) for topic in item.topics],
        "thread": {"tree": thread.tree, "umbrella": thread.umbrella, "trees": list(thread.trees)} if thread else None,
        "waits": [{"tree": wait.tree, "whole": wait.whole, "patches": list(wait.subjects)} for wait in item.waits],
        "outbox": waiting_json(boxes, record.branch),
    }


def _topic_json(topic: TopicStatus) -> dict[str, Any]:
    return {
        "name": topic.name,
        "title": topic.title,
        "tree": topic.tree,
        "patches": list(topic.patches),
        "state": topic.state.value,
        "version": topic.version or None,
        "compared": topic.compared,
        "merged": {"patches": topic.merged, "sites": topic.sites, "of_sites": topic.of_sites},
        "waits": list(topic.waits),
    }


# -- for people


def show(
    repo: Repository,
    found: Sequence[SeriesStatus | Unreadable],
    boxes: Sequence[Outbox] = (),
    *,
    everything: bool = True,
) -> None:
    """The series, a few lines each; with `everything` also what is on its way from branches that are gone."""
    from credseries.cli.send.waiting import show_left_over, show_waiting
    from credseries.series.status import Unreadable

    if not found:
        render.say("no series yet; `credseries split` makes one")
    here, umbrella = repo.current_branch(), ""
    for number, item in enumerate(found):
        if number:
            render.say()
        if isinstance(item, Unreadable):
            _show_unreadable(item)
            show_waiting(boxes, item.branch)
            continue
        thread = item.record.thread
        if thread is not None and thread.umbrella != umbrella:
            trees = ", then ".join(thread.trees)
            render.say(render.paint(render.printable(f"one conversion, a tree each: {trees}"), "dim"))
        umbrella = thread.umbrella if thread is not None else ""
        _show_series(item, here)
        show_waiting(boxes, item.record.branch)
    if everything:
        show_left_over(boxes, {item.branch if isinstance(item, Unreadable) else item.record.branch for item in found})


def _show_unreadable(item: Unreadable) -> None:
    render.say(render.paint(render.printable(item.branch), "bold"))
    render.say(f"  {render.paint('error:', 'red')} {render.printable(item.error.message)}")
    if item.error.hint:
        render.say(f"  {render.paint('hint:', 'cyan')} {render.printable(item.error.hint)}")


def _show_series(item: SeriesStatus, here: str | None) -> None:
    record = item.record
    mark = "* " if record.branch == here else ""
    branch = render.paint(render.printable(f"{mark}{record.branch}"), "bold")
    render.say(f"{branch}  {render.printable(record.title)}")
    render.say(render.printable(f"  {_version(item)}; {_hand(item)}"))
    render.say(render.printable(f"  {_base(item)}"))
    rows = [
        [topic.name, many(len(topic.patches), "patch", "patches"), topic.tree, state(topic), _after(topic)]
        for topic in item.topics
    ]
    for line, topic in zip(render.columns(rows), item.topics, strict=True):
        text = state(topic)
        coloured = render.paint(text, _COLOURS[topic.state.value])
        before, _, after = render.printable(line).rpartition(f"  {text}")
        render.say(f"{before}  {coloured}{after}")
    for wait in item.waits:
        what = "all" if wait.whole else many(len(wait.subjects), "patch", "patches")
        render.say(render.printable(f"  waits for {what} of the {wait.tree} series"))


def _version(item: SeriesStatus) -> str:
    """The version in the making, and those that were sent."""
    sent = ", ".join(f"v{each.version}{f' on {each.date}' if each.date else ''}" for each in item.versions)
    return f"v{item.record.revision}, " + (f"sent {sent}" if sent else "nothing sent")


def _base(item: SeriesStatus) -> str:
    record, target = item.record, item.target
    base = f"on Linux {record.base_version} ({record.base[:12]})"
    if target is None:
        return base
    short = target.commit[:12]
    where = short if target.commit.startswith(target.name) else f"{target.name} ({short})"
    return f"{base}, which {where} {'has' if target.has_base else 'has not'}"


def _hand(item: SeriesStatus) -> str:
    """What was done by hand."""
    current = item.current
    parts = [("edited", current.edited), ("added", current.added), ("dropped", current.dropped)]
    done = [f"{many(len(patches), 'patch', 'patches')} {what}" for what, patches in parts if patches]
    if not done and not current.same:
        done = ["patches in another order"]
    if current.cover is None:
        done.append("no cover letter any more")
    if item.gone:
        done.append(f"{many(len(item.gone), 'patch', 'patches')} of v{item.versions[-1].version} gone")
    return f"by hand: {', '.join(done)}" if done else "as credseries made it"


def state(topic: TopicStatus) -> str:
    """How far a topic is, in words."""
    from credseries.series.status import State

    match topic.state:
        case State.SENT:
            return f"sent v{topic.version}" if topic.compared else f"sent v{topic.version} (its tag is gone)"
        case State.CHANGED:
            return f"changed since v{topic.version}"
        case State.PARTLY if topic.merged:
            return f"partly merged ({topic.merged} of {len(topic.patches)} patches)"
        case State.PARTLY:
            return f"partly merged ({topic.sites} of {topic.of_sites} sites)"
    return str(topic.state.value)


def _after(topic: TopicStatus) -> str:
    return f"waits for {' and '.join(topic.waits)}" if topic.waits else ""
