"""HTML mail as plain text: quotes get their marks back, lists and preformatted text their shape. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

_DROPPED = frozenset({"script", "style", "head", "title", "template"})
# A new line starts before and after these; a paragraph has an empty line around it.
_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "center", "dd", "div", "dl", "dt", "fieldset", "figure", "footer", "form"),
        *("header", "hr", "main", "nav", "section", "tbody", "tr"),
    )
)
_PARAGRAPHS = frozenset(("blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul"))
_SPACES = re.compile(r"[ \t\r\n\f]+")
_TAG_NAME = re.compile(r"/?([A-Za-z][A-Za-z0-9]*(?:(?=[\s/>])|:))")
# Elements that mails have; what else looks like a tag is text that somebody forgot to escape (`<linux/fs.h>`).
_KNOWN = frozenset(
    (
        *("a", "abbr", "acronym", "area", "b", "base", "basefont", "bdi", "bdo", "big", "body", "br", "button"),
        *(
            "caption",
            "center",
            "cite",
            "code",
            "col",
            "colgroup",
            "data",
            "del",
            "details",
            "dfn",
            "dir",
            "em",
            "embed",
        ),
        *("figcaption", "font", "frame", "frameset", "html", "i", "iframe", "img", "input", "ins", "kbd", "label"),
        *("legend", "li", "link", "map", "mark", "meta", "noscript", "object", "optgroup", "option", "param", "q"),
        *("s", "samp", "select", "small", "span", "strike", "strong", "sub", "summary", "sup", "svg", "td", "textarea"),
        *("tfoot", "th", "thead", "time", "tt", "u", "var", "wbr", "o:", "v:", "w:", "m:", "st1:", "x:"),
        *_BLOCKS,
        *_PARAGRAPHS,
        *_DROPPED,
    )
)
_DEPTH = 40  # of quotes and lists, as shown; nobody nests deeper, and a broken mail would take all memory
LIMIT = 4_000_000  # characters of HTML


@dataclass(frozen=True)
class Plain:
    """The text of an HTML part, and what is to be said about how it was read."""

    text: str
    problems: tuple[str, ...] = ()


def html_text(markup: str) -> Plain:
    """The text of some HTML, quotes (`blockquote`) with `> ` before each line for each depth.

    Scripts, styles and images are dropped; of a link its target is kept when the text does not say it. What is no
    whole tag is text. Never raises.
    """
    problems = []
    if len(markup) > LIMIT:
        problems.append(f"its HTML is read up to {LIMIT} characters of {len(markup)}: the rest is left out")
        markup = markup[:LIMIT]
    reader = _Reader()
    reader.feed(_tags_only(_without_comments(markup)))
    reader.close()
    if reader.left_open:
        problems.append(f"its HTML has a <{reader.left_open}> without an end: what follows that is left out")
    return Plain(reader.text(), tuple(problems))


def _without_comments(markup: str) -> str:
    """Comments gone; one that does not end loses its mark only, as its text may be meant to be read."""
    kept: list[str] = []
    at = 0
    while (start := markup.find("<!--", at)) >= 0:
        end = markup.find("-->", start + 4)
        kept.append(markup[at:start])
        if end < 0:
            kept.append(markup[start:].replace("<!--", " "))
            return "".join(kept)
        at = end + 3
    return "".join((*kept, markup[at:]))


def _tags_only(markup: str) -> str:
    """The markup with every `<` that starts no whole tag written as text, and without declarations.

    The standard parser searches for the end of each of them again and again: minutes for a megabyte of broken HTML,
    and it raises for declarations that it does not know.
    """
    first, *pieces = markup.split("<")
    done = [first]
    for piece in pieces:
        end = piece.find(">")
        if end >= 0 and piece[0] in "!?":
            done.append(piece[end + 1 :])
        else:
            name = _TAG_NAME.match(piece) if end >= 0 else None
            done.append(("<" if name and name[1].lower() in _KNOWN else "&lt;") + piece)
    return "".join(done)


@dataclass
class _Lines:
    """Lines of text as they are made."""

    done: list[str] = field(default_factory=list)
    current: str = ""

    def end(self, prefix: str) -> None:
        if self.current.strip():
            self.done.append((prefix + self.current).rstrip())
        self.current = ""

    def blank(self, prefix: str) -> None:
        if self.done and self.done[-1].strip("> "):
            self.done.append(prefix.rstrip())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines = _Lines()
        self._depth = 0
        self._dropped: list[str] = []
        self._preformatted = 0
        self._lists: list[int] = []  # for each open list the number of its last item; -1: not numbered
        self._links: list[tuple[str, str]] = []  # the targets of open links, and what stood before each on its line

    def text(self) -> str:
        self._end_line()
        return "\n".join(self._lines.done).strip("\n") + "\n" if any(self._lines.done) else ""

    @property
    def left_open(self) -> str:
        """The element without an end that made all after it go, or empty."""
        return self._dropped[0] if self._dropped else ""

    @property
    def _prefix(self) -> str:
        return "> " * min(self._depth, _DEPTH)

    def _end_line(self) -> None:
        self._lines.end(self._prefix)

    def _paragraph(self) -> None:
        self._end_line()
        self._lines.blank(self._prefix)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED:
            self._dropped.append(tag)
        elif tag == "body":  # which ends a head that nobody closed
            self._dropped.clear()
        elif self._dropped:
            return
        elif tag == "br":
            self._break()
        elif tag == "li":
            self._item()
        elif tag in {"td", "th"}:
            self._lines.current += " " if self._lines.current.strip() else ""
        elif tag in _PARAGRAPHS:
            self._open(tag)
        elif tag in _BLOCKS:
            self._end_line()
        elif tag == "a":
            self._links.append((dict(attrs).get("href") or "", self._lines.current))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _DROPPED:  # `<script/>` opens nothing here, or all that follows would go
            self.handle_starttag(tag, attrs)

    def _break(self) -> None:
        if self._lines.current.strip():
            self._end_line()
        else:
            self._lines.current = ""
            self._lines.done.append(self._prefix.rstrip())

    def _item(self) -> None:
        self._end_line()
        mark = "* "
        if self._lists and self._lists[-1] >= 0:
            self._lists[-1] += 1
            mark = f"{self._lists[-1]}. "
        self._lines.current = "  " * min(max(len(self._lists) - 1, 0), _DEPTH) + mark

    def _open(self, tag: str) -> None:
        self._paragraph()
        if tag == "blockquote":
            self._depth += 1
        elif tag == "pre":
            self._preformatted += 1
        elif tag in {"ol", "ul"}:
            self._lists.append(0 if tag == "ol" else -1)

    def handle_endtag(self, tag: str) -> None:
        if self._dropped:
            if tag in self._dropped:
                del self._dropped[self._dropped.index(tag) :]
            return
        if tag in _PARAGRAPHS:
            self._close(tag)
        elif tag in _BLOCKS or tag == "li":
            self._end_line()
        elif tag == "a" and self._links:
            self._close_link(*self._links.pop())

    def _close(self, tag: str) -> None:
        self._end_line()
        if tag == "blockquote":
            self._depth = max(self._depth - 1, 0)
        elif tag == "pre":
            self._preformatted = max(self._preformatted - 1, 0)
        elif tag in {"ol", "ul"} and self._lists:
            self._lists.pop()
        self._lines.blank(self._prefix)

    def _close_link(self, target: str, before: str) -> None:
        said = self._lines.current.removeprefix(before).strip()
        if target.startswith(("http://", "https://")) and said and said.rstrip("/") not in target:
            self._lines.current += f" <{target}>"

    def handle_data(self, data: str) -> None:
        if self._dropped:
            return
        if self._preformatted:
            first, *rest = data.replace("\r\n", "\n").split("\n")
            self._lines.current += first
            for line in rest:
                self._break()
                self._lines.current = line
            return
        text = _SPACES.sub(" ", data).replace("\u00a0", " ")
        self._lines.current += text if self._lines.current else text.lstrip(" ")
