"""Templates of pages: the user's own first, in a sandbox, and nothing in a text can act or hide."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from credseries.errors import UsageError
from credseries.review.templates import fill, source
from credseries.review.visible import parts, visible

HOSTILE = "<script>alert(1)</script>&\x1b[31m\u202etxt\udcff\u2066"


@pytest.fixture
def mine(sealed_environment: None) -> Path:
    """The user's own templates."""
    place = Path(os.environ["XDG_CONFIG_HOME"]) / "credseries" / "templates"
    place.mkdir(parents=True)
    return place


def test_what_cannot_be_seen_is_made_visible_and_the_rest_stays() -> None:
    assert visible("plain\ttext\n") == "plain\ttext\n"
    assert visible("Zoë Łukaszewicz 漢字 😀 \u00a0") == "Zoë Łukaszewicz 漢字 😀 \u00a0"
    assert visible("a\x1b[2Jb\r\x07\x9b") == "a\\x1b[2Jb\\x0d\\x07\\x9b"
    assert visible("if (a\u202e) {\u2066\u200b\ufeff\U000e0041") == "if (a\\u202e) {\\u2066\\u200b\\ufeff\\U000e0041"
    assert visible("\udcff\u2028") == "\\xff\\u2028"


def test_escapes_are_told_from_text_that_looks_like_them() -> None:
    assert list(parts("\\x1b\x1bz")) == [(False, "\\x1b"), (True, "\\x1b"), (False, "z")]
    assert list(parts("")) == []


def test_html_is_escaped_whatever_the_template_does(mine: Path) -> None:
    (mine / "t.html.j2").write_text('<p title="{{ text }}">{{ text }}{{ nobody }}</p>')
    page = fill("t.html.j2", {"text": HOSTILE, "nobody": None})
    safe = "&lt;script&gt;alert(1)&lt;/script&gt;&amp;\\x1b[31m\\u202etxt\\xff\\u2066"
    assert page == f'<p title="{safe}">{safe}</p>'


def test_other_text_is_not_escaped(mine: Path) -> None:
    (mine / "t.md.j2").write_text("{{ text }}")
    assert fill("t.md.j2", {"text": "a < b"}) == "a < b"


def test_the_users_own_comes_first_and_includes_what_is_shipped(mine: Path) -> None:
    (mine / "report").mkdir()
    (mine / "report" / "live.js").write_text("mine")
    assert source("report/live.js") == "mine"
    (mine / "t.md.j2").write_text("{% include 'report/live.js' %}")
    assert fill("t.md.j2", {}) == "mine"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a\n{{ b", 2, "unexpected end of template"),
        ("a\n\n{{ nothing }}", 3, "'nothing' is undefined"),
        ("{{ act.__globals__ }}", 1, "unsafe"),
        ("\n{% set _ = items.append(1) %}", 2, "unsafe"),
        ("\n{{ 1 / 0 }}", 2, "division by zero"),
    ],
)
def test_what_is_wrong_with_a_template_is_said_with_its_line(mine: Path, text: str, line: int, words: str) -> None:
    path = mine / "t.html.j2"
    path.write_text(text)
    with pytest.raises(UsageError) as error:
        fill("t.html.j2", {"items": [], "act": visible})
    assert error.value.message.startswith(f"{path}:{line}: ")
    assert words in error.value.message


def test_a_template_that_is_nowhere_is_named() -> None:
    with pytest.raises(UsageError, match=r"there is no template no\.html\.j2"):
        fill("no.html.j2", {})
    with pytest.raises(UsageError, match=r"there is no no\.css"):
        source("no.css")
