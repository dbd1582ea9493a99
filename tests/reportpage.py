"""A report's HTML taken apart: its text, its elements, and whatever in it could act."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from credseries.review.report.page import FIRST, SCRIPTS, STYLE
from credseries.review.templates import source

VOID = {"meta", "link", "input", "br", "hr", "img", "col"}
OPTIONAL = {"td", "th", "tr", "tbody", "thead", "li", "p", "dt", "dd"}  # whose end need not be written
TAGS = {
    *("html", "head", "body", "meta", "title", "link", "script", "style", "header", "main", "footer", "nav", "section"),
    *("article", "a", "p", "div", "span", "button", "input", "label", "h1", "h2", "h3", "h4", "h5", "ul", "ol", "li"),
    *("dl", "dt", "dd", "table", "caption", "thead", "tbody", "tr", "th", "td", "pre", "code", "kbd", "strong", "em"),
    *("b", "i", "u", "abbr", "time", "blockquote", "figure", "figcaption", "details", "summary"),
    *("svg", "defs", "symbol", "use", "path", "circle", "rect", "line", "text", "g", "marker"),
}
BLOCKS = {
    *(
        "p",
        "div",
        "li",
        "tr",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "dt",
        "dd",
        "pre",
        "summary",
        "section",
        "article",
        "figure",
    ),
    *("caption", "table", "button", "label", "details", "blockquote"),
}
HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
UNSEEN = {"script", "style", "title"}


@dataclass
class Taken(HTMLParser):
    """A page taken apart; `acting` are the things in it that may not be there."""

    acting: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    own: dict[str, list[str]] = field(default_factory=lambda: {"script": [], "style": []})
    words: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.elements.append((tag, found))
        if tag not in TAGS:
            self.acting.append(f"<{tag}>")
        for name, value in found.items():
            if name.startswith("on") or name in ("style", "src", "srcdoc", "formaction", "action", "background"):
                self.acting.append(f"{name}={value}")
            if name in ("href", "xlink:href"):
                self.links.append(value)
                if not re.match(r"#|https://|data:,$", value):
                    self.acting.append(f"{name}={value}")
        if "id" in found:
            self.ids.append(found["id"])
        if tag in BLOCKS:
            self.words.append("\n")
        if tag in ("td", "th", "text"):
            self.words.append(" ")
        if tag not in VOID:
            self.open.append(tag)
        if tag in self.own:
            self.own[tag].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open[-1] != tag and self.open[-1] in OPTIONAL:
            self.open.pop()
        if not self.open or self.open.pop() != tag:
            self.acting.append(f"</{tag}> ends nothing")
        if tag in BLOCKS:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        inside = self.open[-1] if self.open else ""
        if inside in self.own:
            self.own[inside][-1] += data
        elif inside not in UNSEEN:
            self.words.append(data)

    @property
    def text(self) -> str:
        """What there is to read, a line a block; runs of white space are one space, but for code."""
        lines = (" ".join(line.split()) for line in "".join(self.words).split("\n"))
        return "\n".join(line for line in lines if line)


def take(page: str) -> Taken:
    """Take a page apart."""
    taken = Taken()
    taken.feed(page)
    taken.close()
    taken.acting += [f"<{tag}> has no end" for tag in taken.open if tag not in OPTIONAL]
    return taken


def inert(page: str) -> Taken:
    """A page taken apart in which nothing acts but its own scripts, and nothing hides."""
    taken = take(page)
    assert taken.acting == []
    assert taken.own["style"] == [source(STYLE)]
    assert taken.own["script"] == [source(name) for name in (FIRST, *SCRIPTS)]
    assert HIDDEN.findall(page) == []
    assert len(taken.ids) == len(set(taken.ids)), sorted({name for name in taken.ids if taken.ids.count(name) > 1})
    lost = [link for link in taken.links if link.startswith("#") and link[1:] not in taken.ids]
    assert lost == []
    return taken
