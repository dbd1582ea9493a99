"""`credseries cover`: the cover letter, rendered from facts and kept where b4 keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from credseries import render
from credseries.cli.bench.options import Symbols, complete_label
from credseries.cli.options import HERE, Branch, Tree, open_repository

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credseries.kernel.git import Repository
    from credseries.mail.cover import Cover
    from credseries.series.current import Current
    from credseries.series.model import Measured

Numbers = Annotated[
    Path | None,
    typer.Option("--numbers", metavar="FILE", help="Benchmark text to put in; the cover is rendered anew."),
]
Umbrella = Annotated[
    bool, typer.Option("--umbrella", help="The letter over all series of a conversion that was split by tree.")
]
Bench = Annotated[
    list[str] | None,
    typer.Option(
        "--bench",
        metavar="LABEL",
        help="Put in what the benchmark records of this label say (credseries bench list); the cover is rendered anew.",
        autocompletion=complete_label,
    ),
]
AllowIncomplete = Annotated[
    bool,
    typer.Option(
        "--allow-incomplete", help="Take numbers whose runs, workload, machine or kernel nobody named; it will be said."
    ),
]
Note = Annotated[str | None, typer.Option("--note", help="A paragraph of your own; the cover is rendered anew.")]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("cover", short_help="Print the cover letter, or render it anew.")(cover)


def cover(
    tree: Tree = HERE,
    branch: Branch = None,
    bench: Bench = None,
    symbol: Symbols = None,
    allow_incomplete: AllowIncomplete = False,
    numbers: Numbers = None,
    note: Note = None,
    umbrella: Umbrella = False,
) -> None:
    """Print the cover letter of a series; with --bench, --numbers or --note, render it anew and store it first.

    Numbers and note are kept with the series, and come again when it is refreshed. --bench takes records of
    `credseries bench`: tables with intervals, always with workload, machine, kernels and number of runs. Where one of
    these is missing it is refused: reviewers would ask. `--bench ''` takes them out again.

    The letter says what is converted and what is refused, the merge plan, what the proof assumes, and the numbers.
    It is kept in b4's place, the first commit of the branch: `b4 prep --edit-cover` edits the same text.

    With --umbrella it is the letter over all series of a conversion that was split by tree. That one has no branch: it
    is rendered each time, from the series as they are, with the numbers and the note that were last given for it.

    \b
    Examples:
      credseries cover
      credseries cover --bench faccessat --bench wordpress
      credseries cover --numbers bench.txt --note "Based on the RFC of last week."
      credseries cover --umbrella --branch creds-rfc-vfs
    """
    from credseries.mail.cover import stored_cover
    from credseries.series import saved
    from credseries.series.group import threads

    repo = open_repository(tree)
    _check_options(bench, symbol, allow_incomplete)
    measured = _measured(repo, bench, symbol or (), allow_incomplete) if bench is not None else None
    given = _Given(_read(numbers), measured, note)
    if umbrella:
        letter = umbrella_letter(repo, threads(repo, branch), given)
    elif given == _NOTHING:
        letter = stored_cover(saved.current(repo, branch))
    else:
        letter = _render_anew(repo, saved.current(repo, branch), given)
    render.say(render.printable(letter.text))


@dataclass(frozen=True)
class _Given:
    """What an author gives for a letter; None for what is to stay as it is."""

    numbers: str | None = None
    measured: Measured | None = None
    note: str | None = None

    def changed(self) -> dict[str, Any]:
        """What is to change, by the name that it has where it is kept."""
        return {name: value for name, value in vars(self).items() if value is not None}


_NOTHING = _Given()


def _check_options(bench: Sequence[str] | None, symbol: Sequence[str] | None, allow_incomplete: bool) -> None:
    from credseries.errors import UsageError

    if bench is None and (symbol or allow_incomplete):
        option = "--symbol" if symbol else "--allow-incomplete"
        raise UsageError(
            f"{option} says how to take benchmark records, and none are named", hint="name them: --bench LABEL"
        )


def _measured(repo: Repository, labels: Sequence[str], symbols: Sequence[str], allow_incomplete: bool) -> Measured:
    """What the records of these labels say; raises UsageError when they leave a reader's first questions open."""
    from credseries.bench.letter import block
    from credseries.bench.records import opened
    from credseries.errors import UsageError
    from credseries.series.model import Measured

    named = tuple(dict.fromkeys(filter(None, labels)))
    with opened(repo) as records:
        made = block({label: records.by_label(label) for label in named}, symbols)
    if made.incomplete and not allow_incomplete:
        raise UsageError(
            "these numbers leave open what reviewers ask first:\n" + "\n".join(f"  {item}" for item in made.incomplete),
            hint="`credseries bench edit` fills it in; with --allow-incomplete the letter and the checklist say so",
        )
    return Measured(made.text, named, made.incomplete)


def umbrella_letter(repo: Repository, found: Sequence[Current], given: _Given = _NOTHING) -> Cover:
    """The letter over the threads of a conversion; what is given is kept for the next time."""
    from dataclasses import replace

    from credseries.mail.umbrella import render_umbrella
    from credseries.series.group import keep_words, missing, words

    thread = found[0].pristine.thread
    assert thread is not None
    known = words(repo, thread.umbrella)
    now = replace(known, **given.changed())
    letter = render_umbrella([item.record for item in found], now)
    if now != known:
        keep_words(repo, thread.umbrella, now)
    for tree in missing(found):
        render.complain(f"note: the series of tree {tree} is gone, and the letter is about the others")
    return letter


def _read(numbers: Path | None) -> str | None:
    from credseries.errors import UsageError

    try:
        return numbers.read_text(encoding="utf-8") if numbers is not None else None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{numbers}: {error}", hint="give a text file in UTF-8") from error


def _render_anew(repo: Repository, current: Current, given: _Given) -> Cover:
    """The letter for the series as it is, put where b4 keeps it; b4's tracking data stays."""
    from dataclasses import replace
    from datetime import datetime

    from credseries.mail.cover import parse_cover, render_cover
    from credseries.series.changelog import join_letter, split_letter
    from credseries.series.prep import CoverMessage, new_tracking, read_cover, strip_comments
    from credseries.series.publish import rewrite_series
    from credseries.series.refresh import pristine_letter
    from credseries.series.reviews import with_reviews

    messages = [info.message for info in repo.commits(current.record.start, current.record.tip)]
    record = with_reviews(replace(current.record, **given.changed()), messages)
    current = replace(current, record=record)
    stored = read_cover(current.cover_message) if current.cover else None
    tracking = stored.tracking if stored is not None else new_tracking(record)
    letter, log = render_cover(record).text, split_letter(pristine_letter(repo, current))[1]
    text = join_letter(letter, split_letter(stored.letter)[1] if stored is not None else log)
    # of the changelog, what the author wrote must stay known as that
    message, made = (CoverMessage(each, tracking).text for each in (text, join_letter(letter, log)))
    when = datetime.now().astimezone()
    rewrite_series(repo, current, message, {}, when=when, reflog="credseries cover", made=made)
    return parse_cover(strip_comments(text))
