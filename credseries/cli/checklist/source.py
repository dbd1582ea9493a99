"""Which series a checklist is asked for: the one on a branch that `credseries split` made, or anybody's."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credseries.kernel.git import Repository
    from credseries.kernel.series_source import Series
    from credseries.mail.thread.model import Letter
    from credseries.series.current import Current


@dataclass(frozen=True)
class Source:
    """A series: `name` is what was asked for, `command` what names it to another command of credseries.

    `current` is there when it was made here. `is_mail` says that it was read from mails or patches; `letters` are
    those of them that are mails, with the replies among them.
    """

    series: Series
    name: str
    command: str
    current: Current | None = None
    is_mail: bool = False
    letters: tuple[Letter, ...] = field(default=(), repr=False)


def find_source(repo: Repository, what: Sequence[str], branch: str | None, base: str | None) -> Source:
    """The series that a command line names. Raises UsageError, NotASeries, UnknownRevision."""
    from credseries.errors import NotASeries, UsageError
    from credseries.series import saved

    if what and branch is not None:
        raise UsageError("--branch and a range or patches are given", hint="give one of them")
    if base is not None and not what:
        raise UsageError("--base says where patches or a branch start, and none are given", hint="name a RANGE or MBOX")
    named = branch if not what else what[0] if len(what) == 1 and what[0] in saved.branches(repo) else None
    if not what or (named is not None and base is None):
        try:
            return branch_source(repo, named)
        except NotASeries as error:
            if what or branch is not None:
                raise
            hint = f"{error.hint}, or name what to look at: RANGE, BRANCH, MBOX, PATCH"
            raise NotASeries(error.message, hint=hint) from error
    return _anybodys(repo, what, base)


def branch_source(repo: Repository, branch: str | None) -> Source:
    """The series on a branch that `credseries split` made. Raises NotASeries."""
    from credseries.cli.verify import series_of
    from credseries.series import saved

    current = saved.current(repo, branch)
    record = current.record
    return Source(series_of(repo, record), record.branch, f" --branch {shlex.quote(record.branch)}", current)


def _anybodys(repo: Repository, what: Sequence[str], base: str | None) -> Source:
    from credseries.kernel.series_source import STDIN, read_series

    data = sys.stdin.buffer.read() if STDIN in what else b""
    series = read_series(repo, what, base, lambda: data)
    words = [*what, *(["--base", base] if base is not None else [])]
    command = "".join(f" {shlex.quote(word)}" for word in words)
    is_mail = not any(step.commit for step in series.steps)
    letters = _letters(what, data) if is_mail else ()
    return Source(series, " ".join(what), command, is_mail=is_mail, letters=letters)


def _letters(what: Sequence[str], data: bytes) -> tuple[Letter, ...]:
    """The mails in what was named; plain diffs are none."""
    import io

    from credseries.errors import CredseriesError
    from credseries.mail.thread.decode import read_letter
    from credseries.mail.thread.sources import read_source

    found: list[Letter] = []
    for place in what:
        try:
            found += [read_letter(raw.data) for raw in read_source(Path(place), (), io.BytesIO(data))]
        except CredseriesError:
            continue  # patches that are no mails: what they change is known all the same
    return tuple(found)
