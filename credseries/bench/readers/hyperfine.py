"""What hyperfine wrote with --export-json: the time of every run of its commands, in seconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from credseries.bench.document import Value, line_at, parse_json
from credseries.bench.model import Better, Measurement, Metric, Reading, Summary
from credseries.bench.unreadable import unreadable
from credseries.words import many

_EXPECTED = "what `hyperfine --export-json FILE` writes"


def matches(text: str) -> bool:
    """Whether a text looks like JSON of hyperfine, damaged or not."""
    return text.lstrip().startswith("{") and '"results"' in text and ('"command"' in text or '"times"' in text)


def read(text: str, name: str) -> Reading:
    """The times of each command; `Reading.command` is the command when there is only one.

    The metric is `time` then, and `time of COMMAND` otherwise. Without `times` mean and standard deviation are a
    summary, whose number of runs is that of the exit codes, or unknown. Runs that failed (hyperfine takes them with
    --ignore-failure only) are said in a note. Raises UsageError, with the line, when the file is damaged, and when
    two results have the same command, because nothing tells them apart.
    """
    report, end = parse_json(text, name, _EXPECTED)
    if rest := text[end:].strip():
        line = line_at(text, text.index(rest, end))
        raise unreadable(name, line, "text after the end of the JSON object", _EXPECTED)
    found = report.need("results", _EXPECTED)
    results = found.items()
    if not results:
        raise found.wrong("is empty", "the result of at least one command")
    commands = [result.need("command", _EXPECTED) for result in results]
    counted = Counter(command.text() for command in commands)
    for command in commands:
        if counted[command.text()] > 1:
            raise command.wrong("is the same as another result's", "names that differ: hyperfine --command-name NAME")
    only = commands[0].text() if len(results) == 1 else ""
    measurements = tuple(
        _measurement(result, "time" if only else f"time of {command.text()}")
        for result, command in zip(results, commands, strict=True)
    )
    return Reading(measurements, command=only, notes=tuple(_failures(results)))


def _measurement(result: Value, name: str) -> Measurement:
    metric = Metric(name, "s", Better.LESS)
    times = result.get("times")
    if times is None or times.content is None:
        return Measurement(metric, summary=_summary(result))
    values = tuple(time.number() for time in times.items())
    if not values:
        raise times.wrong("is empty", "the time of at least one run, in seconds")
    return Measurement(metric, values)


def _summary(result: Value) -> Summary:
    mean = result.need("mean", _EXPECTED).number()
    codes = result.get("exit_codes")
    runs = len(codes.items()) or None if codes is not None else None
    deviation = result.need("stddev", _EXPECTED)
    if deviation.content is None:  # hyperfine knows no deviation of a single run
        if runs is not None and runs > 1:
            raise deviation.wrong(f"is null, but there were {runs} runs", "a number")
        return Summary(mean, None, 1)
    return Summary(mean, deviation.number(), runs)


def _failures(results: tuple[Value, ...]) -> Iterator[str]:
    for result in results:
        codes = result.get("exit_codes")
        if codes is None:
            continue
        every = codes.items()
        failed = sum(code.content != 0 for code in every)  # null: ended by a signal
        if failed:
            command = result.need("command", _EXPECTED).text()
            yield f"{failed} of {many(len(every), 'run')} of {command} failed, and count all the same"
