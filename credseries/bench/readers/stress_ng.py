"""What stress-ng wrote with --metrics --yaml FILE: the operations of its stressors, and their rates.

A document of the file is one run; its `metrics` list has an entry a stressor. stress-ng divides the operations by the
time that passed ("real time"), and by the processor time that it used ("usr+sys time").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from credseries.bench.document import Steps, Value
from credseries.bench.model import Better, Measurement, Metric, Reading, join
from credseries.bench.unreadable import unreadable
from credseries.words import many

if TYPE_CHECKING:
    from yaml.nodes import Node

_EXPECTED = "what `stress-ng --metrics --yaml FILE` writes"
_SIGNS = re.compile(r"^\s*(?:stress-ng-version:|- stressor:)", re.MULTILINE)
_MESSAGE = re.compile(r"^[ \t]*stress-ng: .*$", re.MULTILINE)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
_BOGO_OPS = "bogo-ops"
# Key, what is added to the stressor's name, unit, direction; time and operations follow from the given --timeout.
_KEYS = (
    ("bogo-ops-per-second-real-time", "(real time)", "bogo-ops/s", Better.MORE),
    ("bogo-ops-per-second-usr-sys-time", "(usr+sys time)", "bogo-ops/s", Better.MORE),
    (_BOGO_OPS, "operations", "bogo-ops", Better.NEITHER),
    ("wall-clock-time", "wall clock", "s", Better.NEITHER),
)


def matches(text: str) -> bool:
    """Whether a text looks like YAML of stress-ng, damaged or not."""
    return _SIGNS.search(text) is not None


def read(text: str, name: str) -> Reading:
    """The rates, operations and time of each stressor; several documents are several runs, in their order.

    `tasks` is the number of instances where a document gives it. What stress-ng measures for one stressor alone (in
    keys of its own) is named in a note and left out, because nothing says which way is better. Raises UsageError, with
    the line, when the file is damaged, has no metrics, has a stressor twice in a run, or has no operation.
    """
    documents = _documents(text, name)
    if not documents:
        raise unreadable(name, 0, "no YAML document in it", _EXPECTED)
    notes: list[str] = []
    found: list[Measurement] = []
    for document in documents:
        found += _run(document, notes)
    metrics = dict.fromkeys(item.metric for item in found)
    joined = (join([item for item in found if item.metric == metric]) for metric in metrics)
    return Reading(tuple(joined), notes=tuple(dict.fromkeys(notes)))


def _run(document: Value, notes: list[str]) -> list[Measurement]:
    metrics = document.get("metrics")
    if metrics is None:
        raise document.wrong("has no metrics", f"{_EXPECTED}; without --metrics it has no numbers")
    measurements: list[Measurement] = []
    for stressor in metrics.items():
        name = stressor.need("stressor", _EXPECTED)
        if stressor.need(_BOGO_OPS, _EXPECTED).number() == 0:
            notes.append(f"{name.text()} did no operation, so nothing was measured")
            continue
        new = list(_stressor(stressor, name.text(), notes))
        if {item.metric for item in new} & {item.metric for item in measurements}:
            raise name.wrong(f"is {name.text()}, which is there already", "each stressor once in a run")
        measurements += new
    if not measurements:
        raise metrics.wrong("has no stressor that did an operation", "at least one")
    return measurements


def _stressor(stressor: Value, name: str, notes: list[str]) -> Iterator[Measurement]:
    tasks = _instances(stressor)
    for key, what, unit, better in _KEYS:
        value = stressor.need(key, _EXPECTED).number()
        if value == 0 and better is Better.MORE:  # stress-ng writes 0 for a rate when it divides by no time
            notes.append(f"no {name} {what}: stress-ng measured no time for it")
            continue
        yield Measurement(Metric(f"{name} {what}", unit, better, tasks), (value,))
    content = stressor.content
    own = [key for key in content if "-per-" in key and not _general(key)] if isinstance(content, dict) else []
    if own:
        notes.append(f"{many(len(own), 'metric')} of {name} alone, left out: {', '.join(own)}")


def _general(key: str) -> bool:
    return key.startswith(("bogo-ops-", "cpu-usage-"))


def _instances(stressor: Value) -> int | None:
    given = stressor.get("instances")
    if given is None:
        return None
    number = given.number()
    if number < 1 or number != int(number):
        raise given.wrong(f"is {number:g}", "a number of instances")
    return int(number)


# -- YAML


def _documents(text: str, name: str) -> list[Value]:
    """The documents of a YAML stream; numbers are floats, everything else text.

    The nodes are read rather than values that a loader makes of them: they have lines, and YAML takes the stressor
    that is called null for no value.
    """
    import yaml

    # With --yaml /dev/stdout the messages of stress-ng stand in between; without them lines keep their numbers.
    stream = _MESSAGE.sub("", text)
    try:
        for event in yaml.parse(stream, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                # stress-ng writes none, and a small file of them can stand for a huge one, or for one without an end
                line = event.start_mark.line + 1 if event.start_mark is not None else 0
                raise unreadable(name, line, "a YAML alias", _EXPECTED)
        nodes = list(yaml.compose_all(stream, Loader=yaml.SafeLoader))
        return [_value(node, name) for node in nodes if node is not None]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, f" at column {mark.column + 1}") if mark is not None else (0, "")
        raise unreadable(name, place[0], f"damaged YAML{place[1]}: {error.problem}", _EXPECTED) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise unreadable(name, 0, f"YAML that cannot be read: {str(error).splitlines()[0]}", _EXPECTED) from error


def _value(node: Node, name: str) -> Value:
    lines: dict[Steps, int] = {}

    def content(node: Node, steps: Steps, line: int) -> object:
        from yaml import MappingNode, ScalarNode, SequenceNode

        lines[steps] = line
        if isinstance(node, MappingNode):
            pairs: Sequence[tuple[Node, Node]] = node.value
            return {
                str(key.value): content(value, (*steps, str(key.value)), key.start_mark.line + 1)
                for key, value in pairs
            }
        if isinstance(node, SequenceNode):
            return [
                content(value, (*steps, index), value.start_mark.line + 1) for index, value in enumerate(node.value)
            ]
        plain = isinstance(node, ScalarNode) and node.style is None and _NUMBER.fullmatch(node.value)
        return float(node.value) if plain else str(node.value)

    return Value(content(node, (), node.start_mark.line + 1), name, lambda steps: lines.get(steps, 0))
