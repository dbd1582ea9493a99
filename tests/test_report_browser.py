"""The report in a real browser: what people see, press and hear of it, and what it must never do."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import browser as trying
from tests.browser import NARROW, WIDE, visit
from tests.clicase import credseries
from tests.hostileseries import PLACES, attack, hostile_series

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with trying.chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def plain(split_miniature: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report of a series that was just split: nothing was checked, said or measured yet."""
    return report_of(split_miniature, tmp_path_factory.mktemp("plain") / "report.html")


@pytest.fixture(scope="module")
def full(pristine_miniature: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report of a series of which everything is known, and all of it is hostile."""
    scratch = tmp_path_factory.mktemp("full")
    tree = hostile_series(pristine_miniature, scratch)
    ran = credseries("verify", "--level", "style", cwd=tree)
    assert ran.status in (0, 1), ran
    return report_of(tree, scratch / "report.html")


@pytest.fixture(params=["plain", "full"])
def address(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


def report_of(tree: Path, path: Path) -> str:
    ran = credseries("report", "-o", path, "--branch", "creds-rfc", cwd=tree)
    assert ran.status == 0, ran
    return path.as_uri()


def patches(page: Page) -> list[str]:
    """The numbers of the patches that are shown."""
    shown = "document.querySelectorAll('article.patch')].filter(one => one.checkVisibility()).map(one => one.id)"
    return [text.removeprefix("patch-") for text in page.evaluate(f"[...{shown}")]


def unfold(page: Page, but: str = "no-such-element") -> None:
    page.evaluate("but => document.querySelectorAll('details').forEach(one => { one.open = !one.closest(but); })", but)


# -- what it does


def test_it_does_what_it_does_alone_and_without_a_complaint(chromium: Browser, address: str) -> None:
    with visit(chromium, address) as seen:
        page = seen.page
        for key in ("e", "t", "t", "t", "j", "o", "k", "?"):
            page.keyboard.press(key)
        for button in page.locator("button").all():
            button.click()
        page.locator("#find").fill("ovl")
        page.goto(address + "#patch-2")
        assert seen.complaints == []
        assert seen.requests == []


def test_every_link_leads_somewhere(chromium: Browser, address: str) -> None:
    with visit(chromium, address) as seen:
        assert trying.broken_links(seen.page) == []


def test_the_headings_are_an_outline(chromium: Browser, address: str) -> None:
    with visit(chromium, address) as seen:
        unfold(seen.page)
        found = trying.headings(seen.page)
    assert [level for level, _ in found].count(1) == 1
    assert found[0][0] == 1
    for (before, _), (level, text) in pairwise(found):
        assert level <= before + 1, text
        assert text


# -- finding one's way


def test_the_first_key_leads_past_the_contents(chromium: Browser, plain: str) -> None:
    with visit(chromium, plain) as seen:
        seen.page.keyboard.press("Tab")
        assert seen.page.evaluate("document.activeElement.className") == "skip"
        assert seen.page.locator("a.skip").bounding_box()["y"] >= 0  # type: ignore[index]
        seen.page.keyboard.press("Enter")
        assert seen.page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_tab_key_leads_everywhere_and_one_sees_where_one_is(
    chromium: Browser, full: str, size: tuple[int, int]
) -> None:
    with visit(chromium, full, size=size) as seen:
        found = trying.stops(seen.page)
        assert len(found) > 20
        assert [stop.name for stop in found if not (stop.marked and stop.inside)] == []


def test_patches_are_filtered_by_state(chromium: Browser, full: str) -> None:
    with visit(chromium, full) as seen:
        page = seen.page
        everything = patches(page)
        buttons = page.locator("[data-filter]").all()
        assert len(buttons) > 2
        for button in buttons:
            button.click()
            word, count = button.get_attribute("data-filter"), button.locator(".count").inner_text()
            assert button.get_attribute("aria-pressed") == "true"
            assert page.locator("[data-filter][aria-pressed=true]").count() == 1
            shown = patches(page)
            assert len(shown) == int(count)
            states = [page.locator(f"#patch-{number}").get_attribute("data-states") or "" for number in shown]
            assert all(word == "all" or word in state.split() for state in states)
            assert page.locator("#shown").inner_text().startswith(f"{count} of {len(everything)}")
        buttons[0].click()
        page.locator("#find").fill("BACKING-file")
        assert patches(page) == ["3"]
        page.locator("#find").fill("")
        assert patches(page) == everything


def test_the_theme_follows_the_system_until_somebody_says_otherwise(chromium: Browser, plain: str) -> None:
    def light(page: Page) -> bool:
        red = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]")
        return int(red) > 128

    for scheme in ("light", "dark"):
        with visit(chromium, plain, scheme=scheme) as seen:  # type: ignore[arg-type]
            page = seen.page
            assert light(page) == (scheme == "light")
            found = {}
            for _ in range(3):
                page.locator("#theme").click()
                found[page.locator("#theme-name").inner_text()] = light(page)
            assert found == {"light": True, "dark": False, "system": scheme == "light"}
            page.keyboard.press("t")
            assert page.locator("#theme-name").inner_text() == "light"
            for _ in range(20):  # what is kept gets from one process of the browser to another in its own time
                page.reload()
                if page.locator("#theme-name").inner_text() == "light":
                    break
            assert (page.locator("#theme-name").inner_text(), light(page)) == ("light", True)


def test_every_key_that_the_page_names_does_what_it_says(chromium: Browser, plain: str) -> None:
    with visit(chromium, plain) as seen:
        page = seen.page
        named = page.locator("#keys kbd").all_inner_texts()
        assert named == ["j", "k", "o", "e", "/", "t", "?"]
        opened = "document.querySelectorAll('article.patch details[open]').length"

        def at() -> str:
            return str(page.evaluate("document.activeElement.closest('article')?.id"))

        page.keyboard.press("j")
        assert at() == "patch-1"
        page.keyboard.press("j")
        assert at() == "patch-2"
        page.keyboard.press("k")
        assert at() == "patch-1"
        assert not page.locator("#details-1").evaluate("one => one.open")
        page.keyboard.press("o")
        assert page.locator("#details-1").evaluate("one => one.open")
        page.keyboard.press("o")
        assert not page.locator("#details-1").evaluate("one => one.open")
        page.keyboard.press("e")
        assert page.evaluate(opened) >= 6
        page.keyboard.press("e")
        assert page.evaluate(opened) == 0
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.id") == "find"
        page.keyboard.type("jkoet?/")
        assert page.locator("#find").input_value() == "jkoet?/"
        page.keyboard.press("Escape")
        page.locator("#find").fill("")
        page.locator("#find").blur()
        theme = page.locator("#theme-name").inner_text()
        page.keyboard.press("Control+t")
        assert page.locator("#theme-name").inner_text() == theme
        page.keyboard.press("t")
        assert page.locator("#theme-name").inner_text() != theme
        page.keyboard.press("?")
        assert page.locator("#keys").bounding_box()["y"] < WIDE[1]  # type: ignore[index]
        page.locator("#keys-on").uncheck()
        page.locator("#keys-on").blur()
        page.keyboard.press("e")
        assert page.evaluate(opened) == 0


# -- for everybody, everywhere


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing_that_keeps_people_out(
    chromium: Browser, full: str, size: tuple[int, int], scheme: str
) -> None:
    with visit(chromium, full, size=size, scheme=scheme) as seen:  # type: ignore[arg-type]
        unfold(seen.page, but="#patch-5, #patch-6, .refusal ~ .refusal")  # they hold nothing that others do not, ..
        assert trying.violations(seen.page) == []  # .. and axe looks at every element


def test_a_phone_scrolls_in_one_direction(chromium: Browser, address: str) -> None:
    with visit(chromium, address, size=NARROW) as seen:
        assert trying.too_wide(seen.page) == []
        unfold(seen.page)
        assert trying.too_wide(seen.page) == []


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_everything_is_printed_but_what_can_be_pressed(chromium: Browser, full: str, scripts: bool) -> None:
    with visit(chromium, full, size=PAPER, scripts=scripts) as seen:
        seen.page.emulate_media(media="print")
        assert trying.shown(seen.page, "button, input, select, nav, .skip, #keys, [role=status]:not(.vh, :empty)") == []
        assert trying.hidden_text(seen.page, NEVER) == []
        assert trying.too_wide(seen.page) == []
        assert trying.cut_off(seen.page) == []


def test_paper_is_white_whatever_the_screen_is(chromium: Browser, plain: str) -> None:
    with visit(chromium, plain, size=PAPER, scheme="dark") as seen:
        for _ in range(3):
            seen.page.emulate_media(media="print", color_scheme="dark")
            for place in ("body", "h2", ".patch .chip", ".d td", ".f td", ".verdict", ".meta dd"):
                red = seen.page.locator(place).last.evaluate("one => getComputedStyle(one).color.match(/\\d+/)[0]")
                assert int(red) < 140, f"{place} in {seen.page.locator('#theme-name').text_content()}"
            seen.page.emulate_media(media="screen")
            seen.page.locator("#theme").click()


PAPER = (718, 1047)  # CSS pixels of A4 within margins of a centimetre
DRAWN = "script, style, template, title, desc, symbol, [aria-hidden='true'], .order"  # drawn once for each width
NEVER = f"{DRAWN}, nav, .skip, #keys, .bar, .controls, .vh, .missing code"


def test_without_scripts_everything_can_be_read_and_nothing_does_not_work(chromium: Browser, full: str) -> None:
    with visit(chromium, full, scripts=False) as seen:
        page = seen.page
        assert trying.shown(page, "button, input, select") == []
        page.locator("#details-1 > summary").click()
        assert page.locator("#details-1").evaluate("one => one.open")
        unfold(page)
        assert trying.hidden_text(page, f"{NEVER}, noscript") == []
        assert len(patches(page)) == 7


# -- hostile


def test_nothing_of_what_others_wrote_is_more_than_text(chromium: Browser, full: str) -> None:
    with visit(chromium, full) as seen:
        page = seen.page
        unfold(page)
        for element in page.locator("[autofocus], [onfocus]").all():
            element.focus()
        assert seen.complaints == []
        assert seen.requests == []
        assert (
            page.evaluate("document.querySelectorAll('img, iframe, object, embed, form, base, [onload]').length") == 0
        )
        text = page.evaluate("document.body.innerText")
        for place in ("code", "subject", "message", "remark"):
            assert attack(place) in " ".join(text.split()).replace('\\"', '"'), place
        for place in PLACES:
            assert f"alert('{place}')" in text, place
        source = page.content()
        hidden = [char for char in source if not char.isprintable() and char not in "\n\t"]
        assert hidden == []
        assert not set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068") & set(source)
        assert "\\u202e" in text
        assert "\\x1b" in text
