"""A page that is served changes by itself in the browser, and what its reader was doing stays as it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from credseries import resources
from credseries.review.live.board import Board
from credseries.review.live.page import Page, page
from credseries.review.live.server import Server
from tests import browser as trying
from tests.liveserver import running

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with trying.chromium() as browser:
        yield browser


@pytest.fixture
def server() -> Iterator[Server]:
    with running(Board(report(state="not checked", items=["one", "two"]))) as server:
        yield server


@pytest.fixture
def tab(chromium: Browser, server: Server) -> Iterator[Tab]:
    with trying.visit(chromium, server.address) as seen:
        seen.page.wait_for_function("document.documentElement.dataset.live === 'live'")
        yield seen.page
        assert seen.complaints == []


def report(state: str, items: list[str], *, more: str = "") -> Page:
    """A page like the report: a part at its top, and a long one with something to unfold and to press."""
    script = resources.shipped_roots("templates")[-1] / "report" / "live.js"
    listed = "".join(
        f'<li id="item-{item}" class="{state}">{item} <button>press {item}</button></li>' for item in items
    )
    return page(
        f"""<!doctype html><html lang="en"><head><title>Report</title><link rel="icon" href="data:,"></head><body>
        <p id="live-state" role="status"></p>
        <!--part glance--><p id="glance">{"x<br>" * len(items)}{state}</p><!--/part glance-->
        <div style="height: 2000px"></div>
        <!--part patch--><section id="patch" data-state="{state}"><h2>{state}</h2>
          <details><summary>unfold</summary><p>inside: {state}</p></details>
          <input aria-label="filter"><ul>{listed}</ul>{more}</section><!--/part patch-->
        <div style="height: 2000px"></div><script>{script.read_text()}</script></body></html>"""
    )


def changed(tab: Tab, state: str) -> None:
    """Waits until the page shows a state."""
    tab.wait_for_function("state => document.querySelector('h2').textContent === state", arg=state)


def test_what_has_changed_is_taken_over(tab: Tab, server: Server) -> None:
    server.board.show(report("passed", ["two", "three", "one"], more="<p>a note</p>"))
    changed(tab, "passed")
    assert tab.locator("#glance").inner_text().endswith("passed")
    assert tab.locator("#patch").get_attribute("data-state") == "passed"
    assert tab.locator("li").all_inner_texts() == ["two press two", "three press three", "one press one"]
    assert tab.locator("#item-two").get_attribute("class") == "passed"
    assert tab.locator("#patch > p").all_inner_texts() == ["a note"]
    server.board.show(report("failed", ["four"]))
    changed(tab, "failed")
    assert tab.locator("li").all_inner_texts() == ["four press four"]
    assert tab.locator("#patch > p").count() == 0
    assert tab.locator("#live-state").inner_text().startswith("updated ")


def test_what_the_reader_was_doing_stays(tab: Tab, server: Server) -> None:
    tab.locator("summary").click()
    tab.locator("input").fill("typed")
    tab.evaluate("document.getElementById('item-one').hidden = true")
    button = tab.locator("#item-two button")
    button.focus()
    top = button.bounding_box()["y"]  # type: ignore[index]
    assert tab.evaluate("scrollY") > 1000
    for number in range(3):  # the part above it grows each time
        state = f"state {number}"
        server.board.show(report(state, ["zero", *(f"x{more}" for more in range(number)), "one", "two"]))
        changed(tab, state)
        assert tab.locator("details").evaluate("element => element.open")
        assert tab.locator("details p").inner_text() == f"inside: {state}"
        assert tab.locator("input").input_value() == "typed"
        assert tab.locator("#item-one").is_hidden()
        assert tab.evaluate("document.activeElement.textContent") == "press two"
    # nothing but the lines that came in above it within its own list
    line = tab.locator("#item-two").bounding_box()["height"]  # type: ignore[index]
    assert abs(button.bounding_box()["y"] - top) < 4 * line  # type: ignore[index]


def test_a_page_of_other_parts_is_loaded_again(tab: Tab, server: Server) -> None:
    other = report("passed", ["one"])
    server.board.show(page(other.text.replace("glance", "summary")))
    tab.wait_for_selector("#summary")
    tab.wait_for_function("document.documentElement.dataset.live === 'live'")
    server.board.show(page(report("failed", ["one"]).text.replace("glance", "summary")))
    changed(tab, "failed")


def test_text_that_looks_like_markup_stays_text(tab: Tab, server: Server) -> None:
    server.board.show(report("&lt;img src=x onerror=alert(1)&gt;&lt;!--part glance--&gt;", ["one"]))
    changed(tab, "<img src=x onerror=alert(1)><!--part glance-->")
    assert tab.locator("img").count() == 0


def test_more_tabs_than_a_browser_has_connections_follow_in_turn(chromium: Browser, server: Server) -> None:
    context = chromium.new_context()
    tabs = []
    for _ in range(9):
        tab = context.new_page()
        tab.goto(server.address)
        tab.wait_for_function("document.documentElement.dataset.live === 'live'")
        hide(tab, hidden=True)
        tabs.append(tab)
    server.board.show(report("passed", ["one", "two"]))
    for tab in reversed(tabs):
        assert tab.locator("h2").inner_text() == "not checked"
        hide(tab, hidden=False)
        changed(tab, "passed")
        hide(tab, hidden=True)
    context.close()


def hide(tab: Tab, *, hidden: bool) -> None:
    """What a browser does when another tab comes to the front: without a window it does not."""
    tab.evaluate(
        """hidden => {
            Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
            document.dispatchEvent(new Event('visibilitychange'));
        }""",
        hidden,
    )


def test_the_end_is_told_and_the_page_stays(tab: Tab, server: Server) -> None:
    server.board.close(60)
    tab.wait_for_function("document.documentElement.dataset.live === 'ended'")
    assert "serving has ended" in tab.locator("#live-state").inner_text()
    assert tab.locator("h2").inner_text() == "not checked"


def test_trouble_is_told(tab: Tab, server: Server) -> None:
    server.board.tell("the branch is gone")
    tab.wait_for_function("document.documentElement.dataset.live === 'stale'")
    assert tab.locator("#live-state").inner_text() == "not up to date: the branch is gone"
    server.board.show(report("not checked", ["one", "two"]))
    tab.wait_for_function("document.documentElement.dataset.live === 'live'")


def test_a_file_asks_for_nothing(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("file") / "report.html"
    path.write_text(report("passed", ["one"]).text)
    with trying.visit(chromium, path.as_uri()) as seen:
        assert seen.page.evaluate("document.documentElement.dataset.live") is None
        assert seen.requests == []
        assert seen.complaints == []
