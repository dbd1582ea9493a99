"""A report that is served, and made anew when something changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from credseries.cli.checklist.source import branch_source
from credseries.cli.report.gathered import gather_report
from credseries.cli.serving import serve
from credseries.review.live.page import Page
from credseries.review.live.page import page as cut
from credseries.review.live.stamp import Stamp
from credseries.review.report.page import page

if TYPE_CHECKING:
    from credseries.cli.checklist.source import Source
    from credseries.kernel.git import Repository
    from credseries.review.checklist.model import Audience


def serve_report(
    repo: Repository, source: Source, audience: Audience | None, port: int, opened: Callable[[str], object]
) -> None:
    """Serve the report of a series until Ctrl-C; `opened` is told the address. Raises EnvironmentProblem when the port
    is taken, and what `gather_report` raises."""
    branch = source.name if source.current is not None else None

    def make() -> Page:
        # a branch may have been split or rerolled since; what came from mails or a range stays as it was
        now = branch_source(repo, branch) if branch is not None else source
        return cut(page(gather_report(repo, now, datetime.now().astimezone(), audience)))

    serve(Stamp(repo, branch), make, port, opened)
