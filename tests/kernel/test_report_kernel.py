"""The report of the series that each function of a real tree gets a patch of its own in, in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import browser as trying
from tests.browser import NARROW, visit
from tests.clicase import credseries
from tests.kernel.conftest import KernelSeries

pytestmark = pytest.mark.kernel
MOST = 3_000_000  # bytes


def test_forty_patches_are_a_page_that_one_can_mail_and_read(
    every_series: dict[str, KernelSeries], tmp_path: Path
) -> None:
    series = every_series["per-function"]
    path = tmp_path / "report.html"
    ran = credseries("report", "--branch", series.record.branch, "-o", path, cwd=series.path)
    assert ran.status == 0, ran
    assert path.stat().st_size < MOST
    with trying.chromium() as browser:
        with visit(browser, path.as_uri()) as seen:
            page = seen.page
            assert page.locator("article.patch").count() == len(series.record.patches) >= 40
            assert trying.broken_links(page) == []
            page.keyboard.press("e")
            assert page.locator("article.patch details[open]").count() >= 40
            assert seen.complaints == []
            assert seen.requests == []
        with visit(browser, path.as_uri(), size=NARROW, scheme="dark") as seen:
            seen.page.keyboard.press("e")
            assert trying.too_wide(seen.page) == []
