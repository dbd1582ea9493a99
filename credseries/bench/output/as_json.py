"""Findings as JSON, a documented contract: what a name means does not change while `schema` is 1.

    schema        1
    label         text
    provenance    [{role, kernel, commit, machine, workload, command, date, pinned, runs}]
                  machine: {name, cpu, sockets, cores, threads, nodes, memory_bytes, virtual}
    comparisons   [{metric, base, patched, change_percent, interval_percent, p_value, paired, verdict, notes}]
    attributions  [{metric, base, patched, without: [{topic, figure}], contributions, notes}]
                  contributions: [{topic, amount, interval, share_percent, rest, rest_share_percent, verdict}]
    hitm          {counts, seeds, kernels, places, notes}, or null
                  counts: "HITM" or "peer accesses"; kernels: [{role, subject, other}], each of these two
                  {remote, local, lines: [{number, address, remote, local}]}; places: [{symbol, source, kernels:
                  [{role, remote, local}]}]
    warnings, incomplete    [text]

`metric` is {name, unit, better, tasks}, a figure {mean, deviation, median, runs} in the metric's unit, an interval
{low, high, level}. Roles are `base`, `patched` or `without:TOPIC`. null is what is not known, and an end of an interval
that is infinite; an empty text is what nobody said.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from credseries.bench.findings import (
    Attribution,
    Comparison,
    Contribution,
    Figure,
    Findings,
    HitmFindings,
    Interval,
    PlaceHitm,
)
from credseries.bench.model import CacheLine, Machine, Metric, Provenance, Role
from credseries.bench.output.rows import hitm_what

SCHEMA = 1


def findings_json(findings: Findings) -> dict[str, Any]:
    """The findings as the contract above has them, with nothing that `json.dumps(allow_nan=False)` refuses.

    Numbers are as they were computed, not rounded.
    """
    known, runs = dict(findings.provenance), dict(findings.runs)
    roles = dict.fromkeys([*known, *runs])
    return {
        "schema": SCHEMA,
        "label": findings.label,
        "provenance": [_provenance(role, known.get(role, Provenance()), runs.get(role)) for role in roles],
        "comparisons": [_comparison(item) for item in findings.comparisons],
        "attributions": [_attribution(item) for item in findings.attributions],
        "hitm": None if findings.hitm is None else _hitm(findings.hitm),
        "warnings": list(findings.warnings),
        "incomplete": list(findings.incomplete),
    }


def _provenance(role: Role, item: Provenance, runs: int | None) -> dict[str, Any]:
    return {
        "role": str(role),
        "kernel": item.kernel,
        "commit": item.commit,
        "machine": _machine(item.machine),
        "workload": item.workload,
        "command": item.command,
        "date": item.date,
        "pinned": item.pinned,
        "runs": runs,
    }


def _machine(item: Machine) -> dict[str, Any]:
    return {
        "name": item.name,
        "cpu": item.cpu,
        "sockets": item.sockets,
        "cores": item.cores,
        "threads": item.threads,
        "nodes": item.nodes,
        "memory_bytes": item.memory,
        "virtual": item.virtual,
    }


def _number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _metric(item: Metric) -> dict[str, Any]:
    return {"name": item.name, "unit": item.unit, "better": str(item.better), "tasks": item.tasks}


def _figure(item: Figure) -> dict[str, Any]:
    return {
        "mean": _number(item.mean),
        "deviation": _number(item.deviation),
        "median": _number(item.median),
        "runs": item.runs,
    }


def _interval(item: Interval | None) -> dict[str, Any] | None:
    return None if item is None else {"low": _number(item.low), "high": _number(item.high), "level": item.level}


def _comparison(item: Comparison) -> dict[str, Any]:
    return {
        "metric": _metric(item.metric),
        "base": _figure(item.base),
        "patched": _figure(item.patched),
        "change_percent": _number(item.change),
        "interval_percent": _interval(item.interval),
        "p_value": _number(item.p_value),
        "paired": item.paired,
        "verdict": str(item.verdict),
        "notes": list(item.notes),
    }


def _attribution(item: Attribution) -> dict[str, Any]:
    return {
        "metric": _metric(item.metric),
        "base": _figure(item.base),
        "patched": _figure(item.patched),
        "without": [{"topic": topic, "figure": _figure(figure)} for topic, figure in item.without],
        "contributions": [_contribution(part) for part in item.contributions],
        "notes": list(item.notes),
    }


def _contribution(item: Contribution) -> dict[str, Any]:
    return {
        "topic": item.topic,
        "amount": _number(item.amount),
        "interval": _interval(item.interval),
        "share_percent": _number(item.share),
        "rest": _number(item.rest),
        "rest_share_percent": _number(item.rest_share),
        "verdict": str(item.verdict),
    }


def _hitm(found: HitmFindings) -> dict[str, Any]:
    others = dict(found.other)
    return {
        "counts": hitm_what(found),
        "seeds": list(found.seeds),
        "kernels": [
            {"role": str(role), "subject": _lines(lines), "other": _lines(others.get(role, ()))}
            for role, lines in found.subject
        ],
        "places": [_place(place) for place in found.places],
        "notes": list(found.notes),
    }


def _lines(lines: Sequence[CacheLine]) -> dict[str, Any]:
    return {
        "remote": sum(line.remote for line in lines),
        "local": sum(line.local for line in lines),
        "lines": [
            {"number": line.number, "address": line.address, "remote": line.remote, "local": line.local}
            for line in lines
        ],
    }


def _place(place: PlaceHitm) -> dict[str, Any]:
    return {
        "symbol": place.symbol,
        "source": place.source,
        "kernels": [
            {"role": str(role), "remote": counts[0] if counts else None, "local": counts[1] if counts else None}
            for role, counts in place.counts
        ],
    }
