"""A record as JSON: objects with the field names of `model` as keys, and back with nothing taken on trust.

A key whose value is unknown or empty is left out. Roles and what is better are their words; totals and shares, which
are pairs of a name and a number, are lists of two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from typing import Any, TypeVar

from credseries.bench.document import Value
from credseries.bench.labels import fault
from credseries.bench.model import (
    Better,
    C2cReport,
    CacheLine,
    CacheLineRow,
    Machine,
    Measurement,
    Metric,
    Provenance,
    Record,
    Role,
    Source,
    Summary,
)
from credseries.errors import UsageError

_T = TypeVar("_T")
_DIGEST = 64  # hexadecimal digits of SHA-256


def record_to_json(record: Record) -> dict[str, Any]:
    """A record in the types of JSON; equal records give equal texts."""
    plain: dict[str, Any] = _plain(record)
    return plain


def _plain(value: object) -> Any:
    if isinstance(value, Role):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if not is_dataclass(value):
        return value
    return {
        field.name: _plain(found) for field in fields(value) if (found := getattr(value, field.name)) != _default(field)
    }


def _default(field: Field[Any]) -> object:
    """What a field is when nobody says; nothing equals that of a field that must be given."""
    return field.default if field.default_factory is MISSING else field.default_factory()


# -- back, every value checked


def record_from_json(value: Value) -> Record:
    """The record of a value in a document.

    Raises UsageError, with line and path, for keys that there are not, keys that are missing, and values of a wrong
    type or sense.
    """
    only(value, ("role", "label"), ("measurements", "c2c", "provenance", "sources", "warnings", "interleaved"))
    return Record(
        _role(value),
        _label(value),
        _list(value, "measurements", _measurement),
        _list(value, "c2c", _report),
        _optional(value, "provenance", _provenance) or Provenance(),
        _list(value, "sources", _source),
        _list(value, "warnings", Value.text),
        _text(value, "interleaved"),
    )


def _role(value: Value) -> Role:
    found = value.need("role", "a role")
    try:
        return Role.parse(found.text())
    except UsageError as error:
        raise found.wrong(f"is {found.text()!r}", "base, patched or without:TOPIC") from error


def _label(value: Value) -> str:
    found = value.need("label", "a label")
    if wrong := fault(found.text()):
        raise found.wrong(wrong, "the name of a benchmark: a word or two")
    return found.text()


def _measurement(value: Value) -> Measurement:
    only(value, ("metric",), ("values", "summary"))
    metric = _metric(value.need("metric", "a metric"))
    values, summary = value.get("values"), value.get("summary")
    if (values is None) == (summary is None):
        raise value.wrong("has both values and a summary, or neither", "one of them")
    if summary is not None:
        return Measurement(metric, summary=_summary(summary))
    numbers = _list(value, "values", Value.number)
    if not numbers:
        raise value.wrong("has no values", "a value of each run")
    return Measurement(metric, numbers)


def _metric(value: Value) -> Metric:
    only(value, ("name", "unit", "better"), ("tasks",))
    better = value.need("better", "a direction")
    words = [item.value for item in Better]
    if better.text() not in words:
        raise better.wrong(f"is {better.text()!r}", f"one of {', '.join(words)}")
    name, unit = value.need("name", "a name"), value.need("unit", "a unit")
    return Metric(name.text(), unit.text(), Better(better.text()), _optional(value, "tasks", _count))


def _summary(value: Value) -> Summary:
    only(value, ("mean",), ("deviation", "runs"))
    mean = value.need("mean", "a number").number()
    return Summary(mean, _optional(value, "deviation", _deviation), _optional(value, "runs", _runs))


def _deviation(value: Value) -> float:
    number = value.number()
    if number < 0:
        raise value.wrong("is below 0", "a standard deviation")
    return number


def _runs(value: Value) -> int:
    count = _count(value)
    if count == 0:
        raise value.wrong("is 0", "the number of runs behind the mean")
    return count


def _report(value: Value) -> C2cReport:
    only(value, ("columns", "lines"), ("statistics", "peer", "name"))
    value.need("columns", "a list")
    value.need("lines", "a list")
    return C2cReport(
        _list(value, "columns", Value.text),
        _list(value, "lines", _line),
        _list(value, "statistics", _statistic),
        _optional(value, "peer", _truth) or False,
        _text(value, "name"),
    )


def _statistic(value: Value) -> tuple[str, str, float]:
    parts = value.items()
    if len(parts) != 3:
        raise value.wrong(f"has {len(parts)} parts", "title, key and number")
    return parts[0].text(), parts[1].text(), parts[2].number()


def _line(value: Value) -> CacheLine:
    only(value, ("number", "remote", "local", "totals", "rows"), ("address",))
    number, remote, local = (_count(value.need(key, "a count")) for key in ("number", "remote", "local"))
    value.need("totals", "a list")
    value.need("rows", "a list")
    totals = _list(value, "totals", lambda item: _pair(item, _count))
    return CacheLine(number, remote, local, totals, _list(value, "rows", _row), _text(value, "address"))


def _row(value: Value) -> CacheLineRow:
    texts = ("shared_object", "source", "level", "node", "offset")
    only(value, ("shares", "symbol"), texts)
    value.need("shares", "a list")
    shares = _list(value, "shares", lambda item: _pair(item, Value.number))
    return CacheLineRow(shares, value.need("symbol", "a symbol").text(), *(_text(value, key) for key in texts))


def _pair(value: Value, second: Callable[[Value], _T]) -> tuple[str, _T]:
    parts = value.items()
    if len(parts) != 2:
        raise value.wrong(f"has {len(parts)} parts", "a name and a number")
    return parts[0].text(), second(parts[1])


def _provenance(value: Value) -> Provenance:
    texts = ("kernel", "commit", "workload", "command", "date", "pinned")
    only(value, (), (*texts, "machine"))
    machine = _optional(value, "machine", _machine) or Machine()
    return Provenance(machine=machine, **{key: _text(value, key) for key in texts})


def _machine(value: Value) -> Machine:
    only(value, (), ("name", "cpu", "sockets", "cores", "threads", "nodes", "memory", "virtual"))
    return Machine(
        _text(value, "name"),
        _text(value, "cpu"),
        sockets=_optional(value, "sockets", _count),
        cores=_optional(value, "cores", _count),
        threads=_optional(value, "threads", _count),
        nodes=_optional(value, "nodes", _count),
        memory=_optional(value, "memory", _count),
        virtual=_optional(value, "virtual", Value.text),
    )


def _source(value: Value) -> Source:
    only(value, ("name", "format", "digest"))
    digest = value.need("digest", "a digest")
    if len(digest.text()) != _DIGEST or not set(digest.text()) <= set("0123456789abcdef"):
        raise digest.wrong("is no SHA-256", f"{_DIGEST} hexadecimal digits")
    return Source(value.need("name", "a name").text(), value.need("format", "a format").text(), digest.text())


# -- values


def only(value: Value, needed: tuple[str, ...], others: tuple[str, ...] = ()) -> None:
    """Raises UsageError unless a value is an object with the keys that it needs, and none but these and the others."""
    known = (*needed, *others)
    if not isinstance(value.content, dict):
        raise value.wrong("is no object", f"an object with {' and '.join(needed or known)}")
    for key in value.content:
        if key not in known:
            raise value.need(key, "").wrong("is no key that is known here", f"one of {', '.join(known)}")
    for key in needed:
        value.need(key, f"an object with {' and '.join(needed)}")


def _text(value: Value, key: str) -> str:
    return _optional(value, key, Value.text) or ""


def _list(value: Value, key: str, item: Callable[[Value], _T]) -> tuple[_T, ...]:
    found = value.get(key)
    return tuple(item(part) for part in found.items()) if found is not None else ()


def _optional(value: Value, key: str, item: Callable[[Value], _T]) -> _T | None:
    found = value.get(key)
    return item(found) if found is not None else None


def _count(value: Value) -> int:
    number = value.content
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise value.wrong("is no count", "a whole number from 0")
    return number


def _truth(value: Value) -> bool:
    if not isinstance(value.content, bool):
        raise value.wrong("is neither true nor false", "true or false")
    return value.content
