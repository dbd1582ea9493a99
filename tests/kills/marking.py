"""Marks the series as sent, as `credseries send` does at its end: run in a tree, to be killed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from credseries.kernel.git import Repository
from credseries.series import saved
from credseries.series.sending import SentSeries, mark_sent


def main() -> None:
    """The version of the first time is the one that was sent, however often this runs."""
    repo = Repository.discover(Path())
    kept = repo.git_dir / "sent-as"
    record = saved.load(repo, None)
    if not kept.exists():
        kept.write_text(record.tip)
    tip = kept.read_text()
    built = next(item for item in saved.records(repo, record.change_id) if item.tip == tip)
    ids = {number: f"20261123-rfc-v1-{number}-c0ffee123456@example.org" for number in range(len(built.patches) + 1)}
    mark_sent(repo, [SentSeries(built, ids)], datetime.now().astimezone())


if __name__ == "__main__":
    main()
