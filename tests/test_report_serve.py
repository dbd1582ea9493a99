"""`credseries report --serve`: the report in a browser while verify runs beside it."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from credseries.kernel.git import Repository
from credseries.series.cache import Cache
from tests import browser as trying
from tests.clicase import COMMAND, credseries, environment
from tests.gitrepo import git

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LIVE = "html[data-live=live]"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with trying.chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def warm(split_miniature: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A series whose code has been read, as it is kept from a first report on."""
    tree = Path(shutil.copytree(split_miniature, tmp_path_factory.mktemp("warm") / "linux", symlinks=True))
    ran = credseries("report", "-o", "-", cwd=tree)
    assert ran.status == 0, ran
    return tree


@pytest.fixture
def tree(warm: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(warm, tmp_path / "linux", symlinks=True))


@contextmanager
def serving(tree: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`credseries report --serve` in a process of its own, and the address that it prints."""
    command = [*COMMAND, "report", "--serve", *options]
    with subprocess.Popen(
        command, cwd=tree, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            if process.poll() is None:
                process.kill()


def words(page: Page, name: str) -> str:
    """What a tile at the top of the page says."""
    tile = page.locator(".tile").filter(has=page.locator(".name", has_text=re.compile(f"^{name}$", re.IGNORECASE)))
    return tile.locator(".words").inner_text()


def version(address: str) -> int:
    with urllib.request.urlopen(address) as answer:
        found = re.search(rb'<meta name="live" content="(\d+)">', answer.read())
    assert found is not None
    return int(found[1])


def test_the_states_change_by_themselves_while_verify_runs(chromium: Browser, tree: Path) -> None:
    with serving(tree) as (process, address), trying.visit(chromium, address) as seen:
        page = seen.page
        page.wait_for_selector(LIVE)
        assert words(page, "build") == "style checked, nothing compiled"
        page.locator("#details-3 > summary").click()
        page.locator("#find").fill("cred")
        page.locator("#details-3").evaluate("one => one.scrollIntoView()")
        page.locator("#details-3 > summary").focus()
        place = page.locator("#details-3").bounding_box()
        assert place is not None
        ran = credseries("verify", "--level", "style", cwd=tree)
        assert ran.status == 0, ran
        page.wait_for_function(
            "[...document.querySelectorAll('.patch .chip')].every(one => !/build\\s+not checked/.test(one.textContent))"
        )
        assert page.locator("#patch-3 .chip", has_text="build").inner_text().split() == ["build", "style", "only"]
        assert words(page, "proof") == "all 6 patches proven"
        assert words(page, "build") == "style checked, nothing compiled"
        assert page.locator("#details-3").evaluate("one => one.open")
        assert page.locator("#find").input_value() == "cred"
        assert page.evaluate("document.activeElement.parentElement.id") == "details-3"
        now = page.locator("#details-3").bounding_box()
        assert now is not None
        assert abs(now["y"] - place["y"]) < 2
        assert trying.violations(page) == []
        process.send_signal(signal.SIGINT)
        page.wait_for_selector("html[data-live=ended]")
        assert process.wait() == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
        assert seen.complaints == []


def test_a_branch_that_changes_is_another_report(chromium: Browser, tree: Path) -> None:
    with serving(tree) as (_, address), trying.visit(chromium, address) as seen:
        page = seen.page
        page.wait_for_selector(LIVE)
        git(tree, "checkout", "--quiet", "creds-rfc")
        git(tree, "commit", "--quiet", "--amend", "--message", "ovl: Another <b>subject</b>\n\nBy hand.")
        page.wait_for_selector("#patch-6 h3:has-text('<b>subject</b>')")
        git(tree, "checkout", "--quiet", "master")
        git(tree, "branch", "--quiet", "-D", "creds-rfc")
        page.wait_for_selector("html[data-live=stale]")
        assert "creds-rfc is not a branch that `credseries split` made" in page.locator("#live-state").inner_text()
        assert "<b>" in page.locator("#patch-6 h3").inner_text()


def test_nothing_is_made_when_nothing_changes_and_browsers_come_and_go(chromium: Browser, tree: Path) -> None:
    with serving(tree) as (process, address):
        for _ in range(3):
            with trying.visit(chromium, address) as seen:
                seen.page.wait_for_selector(LIVE)
                time.sleep(1.2)  # it has looked for changes at least twice
                assert seen.complaints == []
        assert version(address) == 1
        assert process.poll() is None


def test_who_writes_is_not_kept_waiting(chromium: Browser, tree: Path) -> None:
    cache = Cache(Repository.discover(tree))
    with serving(tree) as (_, address), trying.visit(chromium, address) as seen:
        seen.page.wait_for_selector(LIVE)
        for number in range(60):
            cache.put("kind", f"{number:03}", number)
            time.sleep(0.02)
    assert [cache.get("kind", f"{number:03}") for number in range(60)] == list(range(60))
    cache.close()


def test_ctrl_c_ends_it_and_so_does_nothing_else(tree: Path) -> None:
    with serving(tree) as (process, address):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{20,}/", address)
        assert version(address) == 1
        with socket.create_connection(("127.0.0.1", int(address.split(":")[2].split("/")[0]))) as rude:
            rude.sendall(b"\x00\xff\r\n\r\n")
        assert version(address) == 1
        process.send_signal(signal.SIGINT)
        assert process.wait() == 0
        assert process.stderr is not None
        assert process.stderr.read().endswith("serving has ended\n")


def test_a_port_that_is_taken_is_named(tree: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = credseries("report", "--serve", "--port", str(port), cwd=tree)
    assert ran.status == 4
    assert ran.err.startswith(f"error: port {port} cannot be listened on: Address already in use\n")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--port", "80"], "--port is for what is served"),
        (["--serve", "-o", "x.html"], "--serve writes no file"),
        (["--serve", "--port", "70000"], "--port"),
    ],
)
def test_what_does_not_go_together_is_refused(tree: Path, options: list[str], words: str) -> None:
    ran = credseries("report", *options, cwd=tree)
    assert ran.status == 2
    assert words in ran.err
