"""A real browser for tests of pages: Debian's chromium without a window, and questions to ask of a page in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

pytest.importorskip("playwright", reason="playwright is not installed: pip install -e '.[dev]'")
axe = pytest.importorskip("axe_playwright_python", reason="axe is not installed: pip install -e '.[dev]'")

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright  # noqa: E402

WIDE, NARROW = (1280, 900), (360, 740)  # CSS pixels: a desk, and a phone that is not a large one
_PATIENCE = 60_000.0  # milliseconds that a page may take on a busy machine; what passes does not wait


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser; the test is skipped where there is none."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("there is no chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        # root has no user namespace to give away, everybody else keeps the sandbox
        browser = playwright.chromium.launch(executable_path=path, chromium_sandbox=os.geteuid() != 0)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visit:
    """A page that is open, and what it did that a report must not do."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)  # on the console, exceptions, dialogs
    requests: list[str] = field(default_factory=list)  # but for the page itself


@contextmanager
def visit(
    browser: Browser,
    address: str,
    *,
    size: tuple[int, int] = WIDE,
    scheme: Literal["dark", "light"] = "light",
    scripts: bool = True,
) -> Iterator[Visit]:
    """A page in a window of its own, with nothing remembered of others."""
    width, height = size
    context: BrowserContext = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        java_script_enabled=scripts,
        reduced_motion="reduce",
    )
    context.set_default_timeout(_PATIENCE)
    try:
        seen = Visit(context.new_page(), address)
        _watch(seen)
        seen.page.goto(address)
        yield seen
    finally:
        context.close()


def _watch(seen: Visit) -> None:
    def told(kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            seen.complaints.append(f"{kind}: {text}")

    def dialog(shown: Any) -> None:
        seen.complaints.append(f"dialog: {shown.message}")
        shown.dismiss()

    def asked(url: str) -> None:
        if url.partition("#")[0] != seen.address.partition("#")[0]:
            seen.requests.append(url)

    seen.page.on("console", lambda message: told(message.type, message.text))
    seen.page.on("pageerror", lambda error: seen.complaints.append(f"exception: {error.message}"))
    seen.page.on("dialog", dialog)
    seen.page.on("request", lambda request: asked(request.url))


def violations(page: Page) -> list[str]:
    """What axe-core finds, a line an element: the rule, the element, what is wrong."""
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})")
    return [
        f"{rule['id']}: {node['target'][-1]}: {' '.join(node['failureSummary'].split())}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def broken_links(page: Page) -> list[str]:
    """Links within the page that lead nowhere, references to elements that are not there, and ids given twice."""
    return list(page.evaluate(_BROKEN_LINKS))


_BROKEN_LINKS = """() => {
    const found = [];
    for (const link of document.querySelectorAll('a[href], area[href], use')) {
        const href = link.getAttribute('href') || '';
        if (href.startsWith('#') && href !== '#' && !document.getElementById(decodeURIComponent(href.slice(1))))
            found.push(`link to ${href}`);
        if (!/^(#.|https:|mailto:)/.test(href))
            found.push(`link to ${href || 'nothing'}`);
    }
    for (const name of ['aria-labelledby', 'aria-describedby', 'aria-controls', 'for', 'headers'])
        for (const element of document.querySelectorAll(`[${name}]`))
            for (const id of element.getAttribute(name).split(/\\s+/))
                if (!document.getElementById(id))
                    found.push(`${name} of ${id}`);
    const ids = [...document.querySelectorAll('[id]')].map(element => element.id);
    found.push(...ids.filter((id, index) => ids.indexOf(id) !== index).map(id => `two elements ${id}`));
    return found;
}"""


def headings(page: Page) -> list[tuple[int, str]]:
    """The headings that can be seen, in order: level and text."""
    return [
        (level, text)
        for level, text in page.evaluate("""() => [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')]
            .filter(element => element.checkVisibility())
            .map(element => [Number(element.tagName[1]), element.textContent.trim().replace(/\\s+/g, ' ')])""")
    ]


def too_wide(page: Page) -> list[str]:
    """What makes a page scroll sideways; of what scrolls by itself only the box counts."""
    return list(page.evaluate(_TOO_WIDE))


_TOO_WIDE = """() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width)
        return [];
    const scrolls = element => element !== document.documentElement && element !== document.body
        && getComputedStyle(element).overflowX !== 'visible';
    const found = [`the page is ${document.documentElement.scrollWidth} wide, of ${width}`];
    for (const element of document.body.querySelectorAll('*')) {
        let inside = element.parentElement;
        while (inside && !scrolls(inside))
            inside = inside.parentElement;
        if (!inside && element.getBoundingClientRect().right > width + 1)
            found.push(element.outerHTML.slice(0, 120));
    }
    return found;
}"""


@dataclass(frozen=True)
class Stop:
    """An element that the Tab key leads to: what it is, whether one sees that it has the focus, and whether it is in
    the window."""

    name: str
    marked: bool
    inside: bool


def stops(page: Page, most: int = 500) -> list[Stop]:
    """The elements that the Tab key leads to from the page's start, in order, until it leaves the page."""
    page.evaluate("() => { document.activeElement?.blur(); window.scrollTo(0, 0); }")
    found: list[Stop] = []
    for _ in range(most):
        page.keyboard.press("Tab")
        stop = page.evaluate(_STOP)
        if stop is None:
            return found
        found.append(Stop(**stop))
    raise AssertionError(f"the Tab key does not leave the page after {most} elements: {found[-3:]}")


_STOP = """() => {
    const element = document.activeElement;
    if (!element || element === document.body || element.dataset.tabbed)
        return null;
    element.dataset.tabbed = 'yes';
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    return {
        name: `${element.tagName.toLowerCase()} ${element.id || element.getAttribute('aria-label')
            || element.textContent.trim().replace(/\\s+/g, ' ').slice(0, 60)}`.trim(),
        marked: (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none',
        inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    };
}"""


def shown(page: Page, selector: str) -> list[str]:
    """The texts of the elements that match and can be seen."""
    return list(
        page.evaluate(
            """selector => [...document.querySelectorAll(selector)]
                .filter(element => element.checkVisibility({contentVisibilityAuto: false, visibilityProperty: true})
                    && element.getClientRects().length > 0)
                .map(element => (element.textContent || element.ariaLabel || element.tagName).trim())""",
            selector,
        )
    )


def hidden_text(page: Page, allowed: str = "script, style, template, title, desc, [aria-hidden='true']") -> list[str]:
    """Texts of the page that cannot be seen, but for those of elements that are never."""
    return list(page.evaluate(_HIDDEN_TEXT, allowed))


_HIDDEN_TEXT = """allowed => {
    const found = [];
    const seen = element => element.checkVisibility({visibilityProperty: true})
        && !(element.tagName === 'DETAILS'
            && getComputedStyle(element, '::details-content').contentVisibility === 'hidden');
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const element = walk.currentNode.parentElement;
        const text = walk.currentNode.data.trim();
        if (text && !element.closest(allowed) && !seen(element))
            found.push(text.slice(0, 80));
    }
    return found;
}"""


def cut_off(page: Page) -> list[str]:
    """Boxes with more text in them than they have room for: on paper nobody can scroll them."""
    return list(
        page.evaluate("""() => [...document.body.querySelectorAll('*')]
            .filter(element => element.checkVisibility() && element.textContent.trim()
                && getComputedStyle(element).overflowX !== 'visible' && !element.closest('.vh')
                && element.scrollWidth > element.clientWidth + 1)
            .map(element => element.outerHTML.slice(0, 200))""")
    )
