"""`credseries demo`: the whole pipeline on the miniature tree, with an account of each step."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from credseries import render

Keep = Annotated[
    Path | None,
    typer.Option(
        "--keep",
        metavar="DIR",
        help="Where to leave everything; must not exist yet.",
        show_default="a new temporary directory",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo", short_help="Show scan to send on a small kernel tree that comes along.")(demo)


def _step(number: int, text: str) -> None:
    render.say(render.paint(f"\n[{number}/6] {text}", "bold"))


def demo(keep: Keep = None) -> None:
    """Run scan, convert, split, cover, checklist and send on a small kernel tree that comes with credseries.

    The tree is copied into a git repository of its own; nothing else on the machine is touched, nothing is sent.
    Everything that it makes is left on disk for you to look at.

    \b
    Examples:
      credseries demo
      credseries demo --keep /tmp/demo && git -C /tmp/demo/linux log -p creds-rfc
    """
    from credseries.cli.checklist import branch_checklist
    from credseries.cli.checklist.output import as_markdown
    from credseries.cli.options import take_survey
    from credseries.cli.scan import identity
    from credseries.cli.send import build_messages
    from credseries.cli.split import make_series, show_series
    from credseries.mail.cover import stored_cover
    from credseries.mail.files import write_messages
    from credseries.review.checklist.model import Answer
    from credseries.series import saved
    from credseries.series.demo import make_place, make_repository
    from credseries.series.preview import preview

    place = make_place(keep)
    _step(1, f"a small kernel tree in a git repository: {place / 'linux'}")
    repo = make_repository(place / "linux")
    survey = take_survey(repo, "HEAD", "rfc")
    render.say(f"Linux {survey.version}, {len(survey.judged)} sites")

    _step(2, "scan: every override, and what is proven for it")
    for item in survey.judged:
        choice = item.choice.value if item.choice is not None else "refused"
        colour = render.FORM_COLOURS[choice]
        name = f"{item.site.function.path}:{item.site.line}"
        render.say(f"  {name:<28} {item.site.function.name:<28} {render.paint(choice, colour)}")
    render.say(identity(survey.accounting.to_json()))

    _step(3, "convert: one function, as a diff")
    example = next(item for item in survey.judged if item.choice is not None and item.verdict(item.choice).ok)
    shown = preview(survey, [example.site.function.name], lambda _: False).diff
    render.say(render.printable(shown).rstrip("\n"))

    _step(4, "split: the series on a branch, in the order that maintainers asked for")
    record = make_series(repo, "rfc", "HEAD", None)
    show_series(record)

    _step(5, "cover letter and checklists")
    cover = stored_cover(saved.current(repo, record.branch))
    (place / "cover.txt").write_text(cover.text + "\n", encoding="utf-8")
    checklist = branch_checklist(repo, record.branch)
    (place / "checklist.md").write_text(as_markdown(checklist), encoding="utf-8")
    answers = [line.answer for part in checklist.parts for line in part.lines]
    render.say(
        f"{len(answers)} questions: {answers.count(Answer.PASS)} pass, {answers.count(Answer.FAIL)} fail, "
        f"{answers.count(Answer.HUMAN)} for a human, {answers.count(Answer.NOT_APPLICABLE)} do not apply"
    )

    _step(6, "messages, to the right lists (written, not sent)")
    messages = build_messages(repo, record, ["fsdevel"])
    paths = write_messages(messages, place / "eml")
    for message in messages:
        lists = [person.address for person in (*message.to, *message.cc) if "@vger" in person.address]
        render.say(f"  {message.subject}\n      {', '.join(lists)}")

    render.say(
        f"\nEverything is in {place}:\n"
        f"  linux/        the repository; the series is branch {record.branch}\n"
        f"  cover.txt     the cover letter\n"
        f"  checklist.md  the checklists\n"
        f"  eml/          {len(paths)} messages"
    )
