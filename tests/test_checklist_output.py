"""A checklist in all formats: what is in it is told, and can do nothing, whatever it says."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from credseries.errors import UsageError
from credseries.review.checklist.model import Answer, Checklist, Line, Part, Place
from credseries.review.checklist.output.as_json import as_json
from credseries.review.checklist.output.filled import markdown, page, plain
from credseries.review.checklist.output.seen import seen
from credseries.review.checklist.output.text import text_lines

EVIL = (
    "a\x1b[2J\x07b\u202ec\u2066d\r\n## e <script>alert(1)</script> *f* [g](javascript:h) `i` {{ 7*7 }} & \U000e0041 "
    "\udc80"
)
PLACE = Place("fs/x.c", 11, 13, "f")
LINES = (
    Line("proof", "is it proven", Answer.PASS, "it is", ("a reason",), (PLACE,)),
    Line("moved-calls", "nothing moves", Answer.FAIL, "fs/x.c:11 f(): g() moved", ("fs/x.c:9", "fs/x.c:11"), (PLACE,)),
    Line("goto", "fs/x.c:11-13 f(): may it stay?", Answer.HUMAN, "it is there", (), (PLACE,), ("git show abc",)),
    Line("braces", "braces", Answer.NOT_APPLICABLE, "there are none"),
    Line("includes", "includes", Answer.NOT_APPLICABLE, "there are none"),
)
PARTS = (Part(0, "A title", "d" * 40, LINES[:1]), Part(1, "fs: Change x", "c" * 40, LINES))
FOUND = Checklist("A title", "a-branch", "b" * 40, PARTS)


def evil() -> Checklist:
    """A checklist in which all that comes from outside is hostile."""
    line = Line("moved-calls", EVIL, Answer.HUMAN, EVIL, (EVIL,), (Place(EVIL, 1, 2, EVIL),), (EVIL,))
    lines = tuple(replace(line, answer=answer) for answer in Answer)
    return Checklist(EVIL, EVIL, "b" * 40, (Part(0, EVIL, "", lines), Part(1, EVIL, "c" * 40, lines)))


def as_text(found: Checklist, width: int = 100) -> str:
    return "\n".join(text_lines(seen(found), width, lambda text, _: text))


# -- text


def test_the_text_says_each_answer() -> None:
    assert (
        as_text(FOUND)
        == """\
Checklist of a-branch: A title

The series
  pass   proof               it is
                             a reason

1/1 fs: Change x  cccccccccccc
  pass   proof               it is
                             a reason
  fail   moved-calls         fs/x.c:11 f(): g() moved
                             path fs/x.c:9 -> fs/x.c:11
  human  goto                fs/x.c:11-13 f(): may it stay?
                             it is there
                             see git show abc
  n/a    braces, includes: there are none

2 pass, 1 fail, 1 for a human, 2 do not apply"""
    )


@pytest.mark.parametrize("width", [20, 60, 80, 200])
def test_lines_are_as_wide_as_the_terminal(width: int) -> None:
    long = replace(LINES[2], question="a word " * 40, evidence="another " * 30)
    found = replace(FOUND, parts=(replace(PARTS[1], lines=(long,)),))
    assert max(map(len, as_text(found, width).split("\n")[3:])) <= max(width, 59)


def test_colours_are_around_words_and_change_no_column() -> None:
    def paint(text: str, style: str) -> str:
        return f"<{style}>{text}</>" if style else text

    painted = "\n".join(text_lines(FOUND, 100, paint))
    assert "<alarm>fail   </>" in painted
    assert "<yellow>human  </>" in painted
    assert re.sub(r"</?\w*>", "", painted) == as_text(FOUND)


def test_what_is_much_is_cut_in_a_terminal_alone() -> None:
    much = replace(LINES[0], path=tuple(f"reason {number}" for number in range(20)))
    found = replace(FOUND, parts=(replace(PARTS[1], lines=(much,)),))
    assert "and 12 more" in as_text(found)
    assert "reason 19" in markdown(seen(found))
    assert "reason 19" in page(seen(found))


# -- hostile text


def controls(text: str) -> set[str]:
    return {char for char in text if not char.isprintable() and char != "\n"}


def test_the_terminal_gets_no_controls() -> None:
    text = as_text(evil())
    assert controls(text) == set()
    assert "\\x1b[2J\\x07b\\u202ec\\u2066d" in text.replace("\n", "")
    assert len([line for line in text.split("\n") if line.startswith("## ")]) == 0


def test_markdown_gets_no_markup() -> None:
    text = markdown(seen(evil()))
    assert controls(text) == set()
    assert [line for line in text.split("\n") if line.startswith("## ")] == [
        line for line in text.split("\n") if line.startswith(("## The series", "## 1/1 "))
    ]
    for mark in ("<script", "[g](", "*f*", "`i`"):
        assert not re.search(r"(?<!\\)" + re.escape(mark), text), mark
    assert "{{ 7\\*7 }}" in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a_b _c_", "a_b \\_c\\_"),
        ("# x", "\\# x"),
        ("> x -> y", "\\> x -> y"),
        ("- x --- +1", "\\- x \\--- +1"),
        ("1. x 2) y 3.5", "1\\. x 2\\) y 3.5"),
        ("a\\b <c> &amp;", "a\\\\b \\<c> \\&amp;"),
    ],
)
def test_what_is_markup_anywhere_is_escaped(text: str, shown: str) -> None:
    assert plain(text) == shown


class _Tags(HTMLParser):
    """The elements and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_gets_no_markup() -> None:
    good, bad = _Tags(), _Tags()
    good.feed(page(seen(FOUND)))
    text = page(seen(evil()))
    bad.feed(text)
    assert bad.tags <= good.tags
    assert bad.attributes <= good.attributes
    assert controls(text) == set()
    assert "<script>alert(1)</script>" in bad.text
    assert "{{ 7*7 }}" in bad.text


def test_the_page_needs_nothing_from_anywhere() -> None:
    text = page(seen(FOUND))
    assert "default-src 'none'" in text
    assert not re.search(r"(?:src|href)=|url\(|@import|<script", text)


def test_json_has_it_as_it_is() -> None:
    found = json.loads(json.dumps(as_json(evil())))
    assert found["parts"][1]["lines"][0]["question"] == EVIL


def test_the_json_contract() -> None:
    assert json.loads(json.dumps(as_json(FOUND))) == {
        "schema": 2,
        "title": "A title",
        "subject": "a-branch",
        "base": "b" * 40,
        "parts": [
            {
                "index": part.index,
                "title": part.title,
                "commit": part.commit,
                "lines": [
                    {
                        "check": line.check,
                        "question": line.question,
                        "answer": line.answer.value,
                        "evidence": line.evidence,
                        "path": list(line.path),
                        "places": [
                            {"file": "fs/x.c", "line": 11, "last": 13, "function": "f", "before": False}
                            for _ in line.places
                        ],
                        "look": list(line.look),
                    }
                    for line in part.lines
                ],
            }
            for part in PARTS
        ],
    }


# -- templates of the user


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own directory of templates."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    place = tmp_path / "credseries" / "templates"
    place.mkdir(parents=True)
    return place


def test_the_users_template_comes_first(templates: Path) -> None:
    (templates / "checklist.md.j2").write_text("{{ checklist.title }}: {{ summary }}\n")
    assert markdown(FOUND) == "A title: 2 pass, 1 fail, 1 for a human, 2 do not apply"
    assert "<h1>A title</h1>" in page(FOUND)


def test_text_is_escaped_in_the_users_page_too(templates: Path) -> None:
    (templates / "checklist.html.j2").write_text("<p>{{ checklist.title }}</p>")
    assert page(evil()).startswith("<p>a\\x1b[2J")
    assert "&lt;script&gt;" in page(evil())


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("one\n{% for x in %}\n", 2, "Expected an expression"),
        ("one\n\n{{ checklist.gone }}\n", 3, "gone"),
        ("{{ checklist.parts.append(1) }}", 1, "append"),
        ("{{ ''.__class__.__mro__ }}", 1, "unsafe"),
        ("{{ checklist.title|nothing }}", 1, "nothing"),
    ],
    ids=["syntax", "name", "change", "sandbox", "filter"],
)
def test_a_broken_template_is_an_error_with_file_and_line(templates: Path, text: str, line: int, word: str) -> None:
    place = templates / "checklist.md.j2"
    place.write_text(text)
    with pytest.raises(UsageError) as raised:
        markdown(FOUND)
    assert raised.value.message.startswith(f"{place}:{line}: ")
    assert word in raised.value.message
