"""The outbox in the repository's store: the messages once, and what became of each by Message-Id.

A fate is one small transaction, which is on the disk when `record` returns (SQLite, synchronous=FULL): what a program
did before it was killed is told by the journal of the last message that it touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from credseries.errors import StoreDamaged
from credseries.mail.message import Address, Message
from credseries.mail.outbox.model import Dispatch, Entry, Fate, Outbox, OutgoingSeries, Overridden, State
from credseries.store import Store

_OUTBOX, _MESSAGE, _FATE = "outbox", "outbox-message", "outbox-fate"
_REFUSED = "refused-address"
_GIVEN_UP = " given up "


class StoredOutbox:
    """The outboxes of a repository. Methods raise what Store raises, and StoreDamaged for what cannot be read."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, outbox: Outbox) -> None:
        """Keep an outbox with its messages, in the place of the one with its key, all in one step."""
        with self._store.transaction():
            self._forget(outbox.key)
            self._store.put(_OUTBOX, outbox.key, _header(outbox))
            for entry in outbox.entries:
                self._store.put(_MESSAGE, entry.message_id, entry.message.data.decode("latin-1"))
                if entry.dispatch != Dispatch():
                    self._store.put(_FATE, entry.message_id, _dispatch_json(entry.dispatch))

    def load(self, key: str) -> Outbox | None:
        """The outbox of a version; None when nothing was ever put there."""
        data = self._store.get(_OUTBOX, key)
        if data is None:
            return None
        try:
            return self._outbox(key, data)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StoreDamaged(
                f"the outbox {key} cannot be read", hint="`credseries send --abandon` gives it up; nothing is sent then"
            ) from error

    def open(self) -> list[Outbox]:
        """The outboxes in which something is still to be done, the youngest first.

        Of one that cannot be read nobody knows what is out: it raises StoreDamaged.
        """
        found = []
        for key in self._store.keys(_OUTBOX):
            data = self._store.get(_OUTBOX, key)
            if isinstance(data, dict) and data.get("state") in (State.SENT, State.ABANDONED):
                continue
            outbox = self.load(key)
            if outbox is not None:
                found.append(outbox)
        return sorted(found, key=lambda outbox: outbox.created, reverse=True)

    def unreadable(self) -> list[str]:
        """The keys of outboxes that cannot be read."""
        return [key for key in self._store.keys(_OUTBOX) if not self._is_readable(key)]

    def _is_readable(self, key: str) -> bool:
        try:
            self.load(key)
        except StoreDamaged:
            return False
        return True

    def given_up(self, key: str) -> list[Outbox]:
        """The outboxes of a version that were given up when some of it was out."""
        found = (self.load(name) for name in self._store.keys(_OUTBOX) if name.startswith(f"{key}{_GIVEN_UP}"))
        return [outbox for outbox in found if outbox is not None]

    def record(self, entry: Entry) -> None:
        """Write down what became of a message, and whom the server refused for good. Durable when it returns."""
        with self._store.transaction():
            self._store.put(_FATE, entry.message_id, _dispatch_json(entry.dispatch))
            when = entry.dispatch.when.isoformat() if entry.dispatch.when is not None else ""
            for address, why in entry.dispatch.refused.items():
                if why.startswith("5"):  # for good (RFC 5321, 4.2.1)
                    self._store.put(_REFUSED, address.lower(), {"why": why, "when": when})

    def override(self, outbox: Outbox) -> None:
        """Write down what is overridden, and where messages go now."""
        self._store.put(_OUTBOX, outbox.key, _header(outbox))

    def close(self, outbox: Outbox, state: State) -> None:
        """Nothing is to be done any more. Of one that was given up before anything was out, nothing stays.

        One that was given up later stays under another key: the version can have a new one.
        """
        with self._store.transaction():
            if state == State.ABANDONED:
                self._store.delete(_OUTBOX, outbox.key)
                if not outbox.begun:
                    self._forget_messages(outbox.entries)
                    return
                key = f"{outbox.key}{_GIVEN_UP}{outbox.created.isoformat()}"
                self._store.put(_OUTBOX, key, {**_header(outbox), "state": state})
            else:
                self._store.put(_OUTBOX, outbox.key, {**_header(outbox), "state": state})

    def drop(self, key: str) -> None:
        """Forget the outbox with this key, also one that cannot be read."""
        with self._store.transaction():
            self._forget(key)
            self._store.delete(_OUTBOX, key)

    def _forget(self, key: str) -> None:
        """Remove the messages of an outbox that is to be replaced, as far as it can be read."""
        data = self._store.get(_OUTBOX, key)
        rows = data.get("entries", ()) if isinstance(data, dict) else ()
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict) and isinstance(row.get("message_id"), str):
                self._store.delete(_MESSAGE, row["message_id"])
                self._store.delete(_FATE, row["message_id"])

    def _forget_messages(self, entries: tuple[Entry, ...]) -> None:
        for entry in entries:
            self._store.delete(_MESSAGE, entry.message_id)
            self._store.delete(_FATE, entry.message_id)

    def _outbox(self, key: str, data: Mapping[str, Any]) -> Outbox:
        return Outbox(
            key=key,
            series=tuple(OutgoingSeries(**item) for item in data["series"]),
            entries=tuple(self._entry(item) for item in data["entries"]),
            sender=data["sender"],
            created=datetime.fromisoformat(data["created"]),
            token=data["token"],
            signed=data["signed"],
            again=data["again"],
            route=data["route"],
            overridden=tuple(
                Overridden(item["name"], item["detail"], datetime.fromisoformat(item["when"]))
                for item in data["overridden"]
            ),
            state=State(data["state"]),
        )

    def _entry(self, data: Mapping[str, Any]) -> Entry:
        identifier = data["message_id"]
        message = Message(
            index=data["index"],
            commit=data["commit"],
            subject=data["subject"],
            title=data["title"],
            message_id=identifier,
            to=_people(data["to"]),
            cc=_people(data["cc"]),
            data=self._store.get(_MESSAGE, identifier).encode("latin-1"),
        )
        fate = self._store.get(_FATE, identifier)
        dispatch = _dispatch(fate) if fate is not None else Dispatch()
        return Entry(data["number"], data["series"], message, tuple(data["recipients"]), dispatch)


def refused_addresses(store: Store) -> dict[str, str]:
    """The addresses that servers have refused, in lower case, each with why."""
    found = {address: store.get(_REFUSED, address) for address in store.keys(_REFUSED)}
    return {address: str(value.get("why", "")) for address, value in found.items() if isinstance(value, dict)}


def _header(outbox: Outbox) -> dict[str, Any]:
    """An outbox for JSON, without what is kept by Message-Id."""
    return {
        "series": [asdict(item) for item in outbox.series],
        "entries": [_entry_json(entry) for entry in outbox.entries],
        "sender": outbox.sender,
        "created": outbox.created.isoformat(),
        "token": outbox.token,
        "signed": outbox.signed,
        "again": outbox.again,
        "route": outbox.route,
        "overridden": [{**asdict(item), "when": item.when.isoformat()} for item in outbox.overridden],
        "state": outbox.state,
    }


def _entry_json(entry: Entry) -> dict[str, Any]:
    message = entry.message
    return {
        "number": entry.number,
        "series": entry.series,
        "recipients": entry.recipients,
        "index": message.index,
        "commit": message.commit,
        "subject": message.subject,
        "title": message.title,
        "message_id": message.message_id,
        "to": [asdict(person) for person in message.to],
        "cc": [asdict(person) for person in message.cc],
    }


def _people(items: list[dict[str, Any]]) -> tuple[Address, ...]:
    return tuple(Address(item["name"], item["address"], tuple(item["reasons"])) for item in items)


def _dispatch_json(dispatch: Dispatch) -> dict[str, Any]:
    when = dispatch.when.isoformat() if dispatch.when is not None else None
    return {
        "fate": dispatch.fate,
        "when": when,
        "answer": dispatch.answer,
        "refused": dict(dispatch.refused),
    }


def _dispatch(data: Mapping[str, Any]) -> Dispatch:
    when = datetime.fromisoformat(data["when"]) if data["when"] else None
    return Dispatch(Fate(data["fate"]), when, data["answer"], dict(data["refused"]))
