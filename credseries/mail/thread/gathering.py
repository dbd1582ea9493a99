"""The mails that somebody names: those of places on this machine, and threads by Message-Id."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

from credseries.errors import UsageError
from credseries.mail.thread.decode import read_letter
from credseries.mail.thread.discussion import Discussion, Thread
from credseries.mail.thread.model import Letter
from credseries.mail.thread.sources import read_source

Fetch = Callable[[str], Sequence[bytes]]


@dataclass(frozen=True)
class Named:
    """What was named: places of mails (`-` is standard input), and mails by their bare Message-Ids."""

    places: tuple[Path, ...]
    ids: tuple[str, ...]


def parse_names(names: Sequence[str]) -> Named:
    """Names as somebody writes them: of files and directories that are there, Message-Ids, or addresses of mails in an
    archive. Raises UsageError for what can be none of these."""
    places: list[Path] = []
    ids: list[str] = []
    for name in names:
        if name == "-" or Path(name).exists():
            places.append(Path(name))
        elif "@" in name:
            ids.append(_bare(name))
        else:
            raise UsageError(
                f"{name} is not there, and is no Message-Id",
                hint="give an mbox, a maildir, a public-inbox archive, or a Message-Id (which has an @)",
            )
    return Named(tuple(places), tuple(ids))


def _bare(name: str) -> str:
    """A Message-Id without brackets, or the part of an address that is one."""
    text = name.strip().removeprefix("id:").strip("<>")
    if "://" not in text:
        return text
    return next((part for item in text.split("/") if "@" in (part := unquote(item))), text)


def gather_letters(named: Named, fetch: Fetch, stdin: BinaryIO) -> list[Letter]:
    """The mails that were named; what no place has by its Message-Id is fetched, with the thread around it.

    Raises UsageError for a place without mails, EnvironmentProblem, and what `fetch` raises.
    """
    mails = [raw.data for place in named.places for raw in read_source(place, named.ids, stdin)]
    letters = [read_letter(mail) for mail in mails]
    for message_id in named.ids:
        if not any(letter.message_id == message_id for letter in letters):
            letters += [read_letter(mail) for mail in fetch(message_id)]
    return letters


def only_about(thread: Thread, ids: Sequence[str]) -> Thread:
    """The discussions in which some mails are; all of them when none is named, or none of them is in any."""
    wanted = [item for item in thread.discussions if any(_holds(item, name) for name in ids)]
    return Thread(tuple(wanted), (), thread.problems) if wanted else thread


def _holds(discussion: Discussion, message_id: str) -> bool:
    return message_id in discussion.series.by_id or any(
        answer.letter.message_id == message_id for answer in discussion.answers
    )
