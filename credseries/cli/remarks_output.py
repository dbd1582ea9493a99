"""How remarks are shown, for people and for programs."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from credseries import render
from credseries.mail.comments.decisions import short_key
from credseries.series.remarks import Remark, State

_INDENT = " " * 6
_NARROWEST = 40  # columns
_TEXT_LINES = 2  # of a remark
_COLOURS = {
    State.OPEN: "yellow",
    State.ANSWERED: "cyan",
    State.ADDRESSED: "green",
    State.DECLINED: "dim",
    State.NONE: "dim",
}


def remark_json(item: Remark, own: bool) -> dict[str, Any]:
    """A remark in the contract of `comments` and `thread` (docs in README); `own` says that it is the author's."""
    place = item.place
    return {
        "id": item.id,
        "key": short_key(item),
        "message_id": item.message_id,
        "name": item.name,
        "address": item.address,
        "own": own,
        "date": item.date or None,
        "version": place.version if place is not None else None,
        "patch": place.patch if place is not None else None,
        "file": (place.file or None) if place is not None else None,
        "function": (place.function or None) if place is not None else None,
        "line": (place.line or None) if place is not None else None,
        "removed": place.removed if place is not None else False,
        "kind": item.kind.value,
        "state": item.state.value,
        "why": item.why or None,
        "quote": list(item.quote),
        "text": item.text,
        "answers": list(item.answers),
    }


def show_remarks(
    remarks: Sequence[Remark], *, with_place: bool, answers: Mapping[str, Sequence[Remark]] | None = None
) -> None:
    """Remarks with what they are about and how what they say begins; with their patch, or with who said them.

    `answers` are those to show below remarks, by the remarks' ids.
    """
    rows = [
        [
            short_key(item),
            item.kind.value,
            item.state.value if item.state is not State.NONE else "-",
            *([] if with_place else [item.name or item.address]),
            place_of(item, with_patch=with_place),
        ]
        for item in remarks
    ]
    for line, item in zip(render.columns(rows), remarks, strict=True):
        render.say(_coloured(fit(line), item))
        if item.quote:
            render.say(render.paint(fit(f"{_INDENT}> {_last_of(item.quote)}"), "dim"))
        for text in _text_lines(item.text):
            render.say(text)
        for answer in (answers or {}).get(item.id, ()):
            words = " ".join(answer.text.split())
            render.say(render.paint(fit(f"{_INDENT}{answer.name or answer.address}: {words}"), "cyan"))
        if item.why:
            render.say(render.paint(fit(f"{_INDENT}({item.why})"), "dim"))


def _coloured(line: str, item: Remark) -> str:
    state = item.state.value
    before, found, after = line.partition(f"  {state} ")
    return f"{before}  {render.paint(state, _COLOURS[item.state])} {after}" if found else line


def place_of(item: Remark, *, with_patch: bool) -> str:
    """Where a remark belongs, in a few words."""
    place = item.place
    if place is None:
        return "-"
    patch = [f"v{place.version} {f'patch {place.patch}' if place.patch else 'cover letter'}"] if with_patch else []
    line = f":{place.line}{' (removed)' if place.removed else ''}" if place.line else ""
    file = [f"{place.file}{line}"] if place.file else []
    function = [f"{place.function}()"] if place.function else []
    return " ".join([*patch, *file, *function]) or "-"


def _last_of(quote: Sequence[str]) -> str:
    """The line that a remark stands below, and a sign that there were others."""
    lines = [" ".join(line.split()) for line in quote if line.strip()]
    return ("... " if len(lines) > 1 else "") + lines[-1] if lines else ""


def _text_lines(text: str) -> list[str]:
    """The first lines of a remark, wrapped."""
    wrapped = textwrap.wrap(render.printable(" ".join(text.split())), _width() - len(_INDENT))
    more = len(wrapped) > _TEXT_LINES
    kept = wrapped[:_TEXT_LINES]
    if more:
        kept[-1] = _cut(f"{kept[-1]} ...", _width() - len(_INDENT))
    return [_INDENT + line for line in kept]


def _width() -> int:
    return max(shutil.get_terminal_size().columns, _NARROWEST)


def fit(text: str) -> str:
    """A line that is not wider than the terminal."""
    return _cut(render.printable(text), _width())


def _cut(text: str, width: int) -> str:
    if len(text) <= width:
        return text
    return text.removesuffix(" ...")[: width - 4].rstrip() + " ..."


def show_rows(title: str, rows: Sequence[Sequence[str]]) -> None:
    """A title with rows below it; nothing when there are none."""
    if not rows:
        return
    render.say()
    render.say(render.paint(f"{title}:", "bold"))
    for line in render.columns(rows):
        render.say(fit(line))


def show_notes(title: str, notes: Sequence[str]) -> None:
    """A title with sentences below it, each wrapped; nothing when there are none."""
    if not notes:
        return
    render.say()
    render.say(render.paint(f"{title}:", "bold"))
    for note in notes:
        for line in textwrap.wrap(
            render.printable(note), _width(), initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False
        ):
            render.say(line)


def on_patch(version: int, patch: int) -> str:
    """A patch of a version, or its cover letter, in words."""
    return f"v{version} patch {patch}" if patch else f"v{version} cover letter"
