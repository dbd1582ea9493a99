"""Mails of a mailbox are taken into the discussions of the series that they are about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from credseries.kernel.git import Repository
from credseries.mail.comments.belonging import belonging
from credseries.mail.comments.gathered import author_here
from credseries.mail.comments.reading import read_discussion
from credseries.mail.comments.stored import Added, keep_letters, kept_names, letter_name
from credseries.mail.comments.versions import KnownVersion, known_versions
from credseries.mail.thread.decode import read_letter
from credseries.mail.thread.model import Letter
from credseries.mail.thread.sources import read_source
from credseries.series import saved
from credseries.series.current import Current


def read_letters(paths: Sequence[Path]) -> list[Letter]:
    """The mails at some places, second copies at one place left out. Raises UsageError for a place that holds none, and
    EnvironmentProblem."""
    letters: list[Letter] = []
    for path in paths:
        found: dict[str, Letter] = {}
        for raw in read_source(path):
            letter = read_letter(raw.data)
            found.setdefault(letter.message_id, letter)
        letters += found.values()
    return letters


@dataclass(frozen=True)
class Taken:
    """What was kept of mails that were read, and the subjects of those that are about no series that was meant."""

    added: Added
    others: tuple[str, ...]


def take(repo: Repository, series: Sequence[Current], paths: Sequence[Path]) -> Taken:
    """Read mails and keep those about some series, each with its own. `added` counts a mail once for each of them.

    Raises UsageError, StoreDamaged.
    """
    letters = read_letters(paths)
    by_series = share_out(repo, letters, [(current, known_versions(repo, current)) for current in series])
    added = [keep(repo, current.record.change_id, mine) for current, mine in zip(series, by_series, strict=True)]
    total = Added(sum(item.new for item in added), sum(item.known for item in added))
    return Taken(total, left_over(letters, [letter for mine in by_series for letter in mine]))


def left_over(letters: Sequence[Letter], taken: Sequence[Letter]) -> tuple[str, ...]:
    """The subjects of mails that were taken into no discussion."""
    names = {letter_name(letter) for letter in taken}
    return tuple(letter.subject for letter in letters if letter_name(letter) not in names)


def share_out(
    repo: Repository, letters: Sequence[Letter], series: Sequence[tuple[Current, Sequence[KnownVersion]]]
) -> list[list[Letter]]:
    """Which mails are about which series, given with its versions: those in a thread with one of its messages, or with
    a mail that is kept, and of those that are in no such thread the ones whose subject names a patch."""
    threads = [belonging(letters, _known_ids(repo, current, versions)) for current, versions in series]
    in_threads = {letter_name(letter) for mine in threads for letter in mine}
    rest = [letter for letter in letters if letter_name(letter) not in in_threads]
    return [[*mine, *_by_subject(repo, rest, versions)] for mine, (_, versions) in zip(threads, series, strict=True)]


def _known_ids(repo: Repository, current: Current, versions: Sequence[KnownVersion]) -> set[str]:
    with saved.opened(repo) as store:
        before = kept_names(store, current.record.change_id)
    return {*before, *(message_id for version in versions for message_id in version.message_ids.values())}


def _by_subject(repo: Repository, letters: Sequence[Letter], versions: Sequence[KnownVersion]) -> list[Letter]:
    if not letters:
        return []
    read = read_discussion(repo, [letter.raw for letter in letters], versions, author_here(repo))
    return belonging(letters, {heard.message_id for heard in read.heard})


def keep(repo: Repository, change_id: str, letters: Sequence[Letter]) -> Added:
    """Keep mails as part of a series' discussion. Raises StoreDamaged."""
    with saved.opened(repo) as store:
        return keep_letters(store, change_id, letters)
