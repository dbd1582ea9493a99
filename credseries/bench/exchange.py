"""Records in a file of their own, one JSON document, that can be attached to a mail, committed, and read elsewhere.

    {"schema": 1, "kind": "credseries benchmark records", "records": [RECORD, ..]}

A record is what `record_json` makes of it. The text is ASCII; objects and lists that fit stand on one line, so that a
difference between two files shows what differs.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from credseries.bench.document import Steps, Value, parse_json
from credseries.bench.model import Record
from credseries.bench.record_json import only, record_from_json, record_to_json
from credseries.bench.unreadable import unreadable

SCHEMA = 1
KIND = "credseries benchmark records"
_EXPECTED = "what `credseries bench export` writes"
_WIDTH = 100


def write(records: Iterable[Record]) -> str:
    """A document with each of the records once, sorted by label and role; it ends with a line break.

    Raises UsageError for a record that `read` would not take: a label that is none, a number that is not finite.
    """
    texts = sorted({(record.label, record.role, record_text(record)) for record in records})
    document = {"schema": SCHEMA, "kind": KIND, "records": [json.loads(text) for _, _, text in texts]}
    return "\n".join(_laid_out(document, "")) + "\n"


def read(text: str, name: str) -> tuple[Record, ...]:
    """The records of a document, in its order.

    Raises UsageError, `NAME:LINE: PATH ...`, for all that `write` does not write: damaged JSON, keys that there are not
    or that stand twice, values of a wrong type, numbers that are not finite, a record that stands twice.
    """
    document = _document(text, name)
    kind = document.need("kind", _EXPECTED)
    if kind.content != KIND:
        raise kind.wrong(f"is not {json.dumps(KIND)}", _EXPECTED)
    schema = document.need("schema", _EXPECTED)
    if type(schema.content) is not int or schema.content != SCHEMA:  # 1.0 and true are equal to 1
        raise schema.wrong(f"is not {SCHEMA}", f"schema {SCHEMA}: a newer credseries may have written this")
    only(document, ("schema", "kind", "records"))
    items = document.need("records", _EXPECTED).items()
    records = tuple(record_from_json(item) for item in items)
    first: dict[Record, Value] = {}
    for item, record in zip(items, records, strict=True):
        if record in first:
            raise item.wrong(f"is the same as {first[record].path}", "each record once")
        first[record] = item
    return records


# -- a record by itself


def record_text(record: Record) -> str:
    """A record as JSON in one line of ASCII: the same for equal records. Raises UsageError, as `write` does."""
    text = json.dumps(record_to_json(record))
    # What was read is what is kept: then a number that was given as 5 and one given as 5.0 are the same.
    return json.dumps(record_to_json(read_record(text, f"the record of {record.label!r}")))


def read_record(text: str, name: str) -> Record:
    """The record that `record_text` wrote; raises UsageError, as `read` does."""
    return record_from_json(_document(text, name))


def _document(text: str, name: str) -> Value:
    """The only JSON value of a text; no object in it has a key twice."""
    value, end = parse_json(text, name, _EXPECTED)
    if rest := text[end:].strip():
        line = text.count("\n", 0, text.index(rest, end)) + 1
        raise unreadable(name, line, "something stands after the end of the JSON document", _EXPECTED)
    for steps in _twice(json.loads(text, object_pairs_hook=_Pairs)):
        raise replace(value, steps=steps).wrong("stands twice", "each key once")
    return value


class _Pairs(list[tuple[str, Any]]):
    """An object as its pairs, in which a key may stand twice."""


def _twice(document: object) -> Iterator[Steps]:
    """The ways to the keys that stand twice in an object."""
    waiting: list[tuple[Steps, object]] = [((), document)]
    while waiting:
        steps, content = waiting.pop()
        if isinstance(content, _Pairs):
            counted = Counter(key for key, _ in content)
            yield from ((*steps, key) for key, number in counted.items() if number > 1)
            waiting += (((*steps, key), item) for key, item in content)
        elif isinstance(content, list):
            waiting += (((*steps, index), item) for index, item in enumerate(content))


# -- how it stands in the file


def _laid_out(value: Any, before: str, indent: str = "") -> Iterator[str]:
    """The lines of a JSON value, which begins with `before`; commas between values are its parent's."""
    line = indent + before + json.dumps(value, allow_nan=False)
    members = _members(value)
    if not members or len(line) <= _WIDTH:
        yield line
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    yield indent + before + opening
    for number, (key, item) in enumerate(members, 1):
        *lines, last = _laid_out(item, key, indent + " ")
        yield from lines
        yield last + ("," if number < len(members) else "")
    yield indent + closing


def _members(value: Any) -> list[tuple[str, Any]]:
    """What an object or list is made of, with the text that stands before each; nothing for other values."""
    if isinstance(value, dict):
        return [(json.dumps(key) + ": ", item) for key, item in value.items()]
    return [("", item) for item in value] if isinstance(value, list) else []
