"""The browser that the report is tried in sees what is wrong with a page, and nothing wrong with one that is right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import browser as trying

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

GOOD = """<!doctype html><html lang="en"><title>A page</title><meta name="viewport" content="width=device-width">
<style>:focus-visible { outline: 2px solid #00f } @media print { button { display: none } }</style>
<main><h1 id="top">A page</h1><p><a href="#top">to its start</a> <button>Press</button></p></main>"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with trying.chromium() as browser:
        yield browser


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    with trying.visit(chromium, "about:blank", size=trying.NARROW) as seen:
        yield seen.page


def test_nothing_is_wrong_with_a_good_page(page: Page) -> None:
    page.set_content(GOOD)
    assert trying.violations(page) == []
    assert trying.broken_links(page) == []
    assert trying.too_wide(page) == []
    assert trying.hidden_text(page) == []
    assert trying.headings(page) == [(1, "A page")]
    assert trying.shown(page, "button") == ["Press"]
    page.emulate_media(media="print")
    assert trying.shown(page, "button") == []


def test_tab_leads_to_all_that_can_be_used_and_ends(page: Page) -> None:
    page.set_content(GOOD.replace("</p>", '</p><div style="margin-top: 9000px"></div><button id="far">Far</button>'))
    assert trying.stops(page) == [
        trying.Stop("a to its start", marked=True, inside=True),
        trying.Stop("button Press", marked=True, inside=True),
        trying.Stop("button far", marked=True, inside=True),
    ]
    page.set_content(GOOD.replace("outline: 2px solid #00f", "outline: none"))
    assert [stop.marked for stop in trying.stops(page)] == [False, False]


def test_what_a_page_does_is_seen(chromium: Browser, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(
        """<!doctype html><img src="https://example.org/a.png"><link rel="stylesheet" href="b.css">
        <script>console.error('told'); alert('shown'); throw new Error('thrown');</script>"""
    )
    with trying.visit(chromium, path.as_uri()) as seen:
        told = " ".join(seen.complaints)
        assert "told" in told
        assert "dialog: shown" in told
        assert "exception: thrown" in told
        assert sorted(seen.requests) == [f"{path.parent.as_uri()}/b.css", "https://example.org/a.png"]
    with trying.visit(chromium, path.as_uri(), scripts=False) as seen:
        assert not [line for line in seen.complaints if "dialog" in line or "thrown" in line]


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ('<p style="color: #aaa">pale</p>', "color-contrast"),
        ("<svg role=img width=9 height=9></svg>", "svg-img-alt"),
        ("<h4>deep</h4>", "heading-order"),
        ("<input>", "label"),
    ],
)
def test_what_keeps_people_out_is_found(page: Page, body: str, rule: str) -> None:
    page.set_content(GOOD.replace("</main>", f"{body}</main>"))
    found = trying.violations(page)
    assert any(line.startswith(f"{rule}: ") for line in found), found


def test_links_that_lead_nowhere_are_found(page: Page) -> None:
    page.set_content(
        GOOD.replace(
            "</main>", '<a href="#gone">x</a><a href="javascript:x()">y</a><i id="top" aria-controls="no"></i>'
        )
    )
    assert trying.broken_links(page) == [
        "link to #gone",
        "link to javascript:x()",
        "aria-controls of no",
        "two elements top",
    ]


def test_what_makes_a_page_scroll_sideways_is_found(page: Page) -> None:
    table = '<div id="wide" style="width: 2000px">x</div>'
    page.set_content(GOOD.replace("</main>", f"{table}</main>"))
    said, element = trying.too_wide(page)
    assert said == "the page is 2008 wide, of 360"
    assert 'id="wide"' in element
    page.set_content(GOOD.replace("</main>", f'<div style="overflow: auto">{table}</div></main>'))
    assert trying.too_wide(page) == []
    [cut] = trying.cut_off(page)
    assert "overflow: auto" in cut


def test_text_that_cannot_be_seen_is_found(page: Page) -> None:
    more = "<details><summary>more</summary>folded</details><p hidden>gone</p><p style='visibility: hidden'>blind</p>"
    page.set_content(GOOD.replace("</main>", f"{more}</main>"))
    assert trying.hidden_text(page) == ["folded", "gone", "blind"]
