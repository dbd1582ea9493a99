"""What was read of a series' discussion, kept in the repository's store: mails once, decisions by remark.

The mails stay as they came, and remarks are made of them anew each time: what became of a remark depends on versions
that come later. A mail is kept under its Message-Id (one without is named by its content), the series' change-id has
the list of its mails in the order in which they were first read, and the decisions. The first copy of a mail stays:
the ids of its remarks depend on its text.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from credseries.errors import StoreDamaged
from credseries.mail.comments.decisions import Decision, decision_from_json
from credseries.mail.thread.model import Letter
from credseries.store import Store
from credseries.words import content_key

_LETTERS, _REMARKS = "letters", "remarks"
_SCHEMA = 1


@dataclass(frozen=True)
class Added:
    """How many mails were new, and how many were there already."""

    new: int
    known: int


@dataclass(frozen=True)
class _Discussion:
    """What the store has of a series: the names of its mails in order, and the decisions by remark id."""

    letters: tuple[str, ...] = ()
    decisions: Mapping[str, Decision] | None = None


def keep_letters(store: Store, change_id: str, letters: Iterable[Letter]) -> Added:
    """Keep mails as part of a series' discussion, all of them or after an error none; those that are there stay.

    Raises StoreDamaged when what is there cannot be read: it is not written over.
    """
    with store.transaction():
        found = _discussion(store, change_id)
        there, new, known = set(found.letters), dict[str, None](), 0
        for letter in letters:
            name = letter_name(letter)
            if name in there or name in new:
                known += 1
                continue
            new[name] = None
            if store.get(_LETTERS, name) is None:  # another series may have it
                store.put(_LETTERS, name, {"schema": _SCHEMA, "raw": _packed(letter.raw)})
        if new:
            _put(store, change_id, replace(found, letters=(*found.letters, *new)))
    return Added(len(new), known)


def kept_letters(store: Store, change_id: str) -> tuple[bytes, ...]:
    """The mails of a series' discussion as they came, in the order in which they were first read.

    Raises StoreDamaged when one of them cannot be read, or is gone.
    """
    return tuple(_letter(store, name) for name in _discussion(store, change_id).letters)


def kept_names(store: Store, change_id: str) -> tuple[str, ...]:
    """What the mails of a series' discussion are kept under (see `letter_name`), in that order. Raises StoreDamaged."""
    return _discussion(store, change_id).letters


def kept_decisions(store: Store, change_id: str) -> dict[str, Decision]:
    """The decisions about a series' remarks, by remark id. Raises StoreDamaged."""
    return dict(_discussion(store, change_id).decisions or {})


def keep_decisions(store: Store, change_id: str, decisions: Mapping[str, Decision]) -> None:
    """Keep decisions, each in the place of an earlier one about the same remark. Raises StoreDamaged."""
    with store.transaction():
        found = _discussion(store, change_id)
        _put(store, change_id, replace(found, decisions={**(found.decisions or {}), **decisions}))


def letter_name(letter: Letter) -> str:
    """What a mail is kept under: its Message-Id, or the key of its content when it has none."""
    return letter.message_id or f"sha256:{content_key(letter.raw)}"


def _put(store: Store, change_id: str, discussion: _Discussion) -> None:
    decisions = {name: decision.to_json() for name, decision in (discussion.decisions or {}).items()}
    value = {"schema": _SCHEMA, "letters": list(discussion.letters), "decisions": decisions}
    store.put(_REMARKS, change_id, value)


def _discussion(store: Store, change_id: str) -> _Discussion:
    data = store.get(_REMARKS, change_id)
    if data is None:
        return _Discussion()
    what = f"the discussion of {change_id}"
    _check_schema(data, what)
    try:
        names = data["letters"]
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise TypeError("the mails are no list of names")
        decisions = {name: decision_from_json(item) for name, item in data["decisions"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(what, repr(error)) from error
    return _Discussion(tuple(names), decisions)


def _letter(store: Store, name: str) -> bytes:
    data = store.get(_LETTERS, name)
    what = f"the mail {name}"
    if data is None:
        raise _damaged(what, "it is gone")
    _check_schema(data, what)
    try:
        return zlib.decompress(base64.b64decode(data["raw"], validate=True))
    except (KeyError, TypeError, ValueError, binascii.Error, zlib.error) as error:
        raise _damaged(what, repr(error)) from error


def _packed(raw: bytes) -> str:
    return base64.b64encode(zlib.compress(raw)).decode()


def _check_schema(data: Any, what: str) -> None:
    """Raises StoreDamaged for what this version did not write: it must not be taken for nothing, nor written over."""
    schema = data.get("schema") if isinstance(data, dict) else None
    if not isinstance(schema, int) or isinstance(schema, bool):
        raise _damaged(what, "it says no format")
    if schema != _SCHEMA:
        raise StoreDamaged(
            f"{what} was kept in another format ({schema}, this credseries knows {_SCHEMA})",
            hint="use the credseries that wrote it: nothing of it was changed",
        )


def _damaged(what: str, reason: str) -> StoreDamaged:
    return StoreDamaged(
        f"{what} cannot be read in the store: {reason}",
        hint="nothing of it was changed; with a copy of .git/credseries/state.sqlite put back, it can be read again",
    )
