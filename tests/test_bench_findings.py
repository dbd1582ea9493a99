"""From records to findings: roles are put together, compared and attributed, and what is missing is said."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace

import pytest

from credseries.bench.findings import Findings, Verdict
from credseries.bench.findings_of import findings
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
    Summary,
)

TIME = Metric("time", "s", Better.LESS)
RATE = Metric("opens", "1/s", Better.MORE, tasks=8)
XEON = Machine(cpu="Xeon 6230", sockets=2, cores=40, threads=80, nodes=2, memory=192 << 30, virtual="")
KNOWN = Provenance(kernel="6.12.0", machine=XEON, workload="open() in a loop on overlayfs.")
COMMITS = {"base": "a" * 40, "patched": "b" * 40, "without:a": "c" * 40, "without:b": "d" * 40}
SLOW = (10.0, 10.2, 9.9, 10.1, 10.3)
FAST = (8.0, 8.1, 7.9, 8.2, 8.05)


def of(metric: Metric, *values: float) -> Measurement:
    return Measurement(metric, values)


def record(role: str, *measurements: Measurement, known: Provenance | None = None, session: str = "") -> Record:
    parsed = Role.parse(role)
    return Record(
        parsed,
        "open",
        measurements,
        provenance=known if known is not None else replace(KNOWN, commit=COMMITS.get(role, "e" * 40)),
        interleaved=session,
    )


def report(lines: Sequence[tuple[int, int, str]]) -> C2cReport:
    """perf c2c with cache lines of remote HITM, local HITM, and the one symbol that all of it is of."""
    columns = ("HITM RmtHitm", "HITM LclHitm")
    return C2cReport(
        columns,
        tuple(
            CacheLine(
                number,
                remote,
                local,
                (),
                (CacheLineRow(tuple((column, 100.0) for column in columns), symbol, source="cred.h:1"),),
            )
            for number, (remote, local, symbol) in enumerate(lines)
        ),
    )


# -- what is put together


def test_records_of_a_role_are_taken_together_in_the_order_of_roles() -> None:
    found = findings(
        [
            record("without:b", of(TIME, 9.0, 9.1)),
            record("patched", of(TIME, *FAST[:2])),
            record("patched", of(TIME, *FAST[2:])),
            record("without:a", of(TIME, 9.0, 9.1)),
            record("base", of(TIME, *SLOW)),
        ]
    )
    roles = [Role("base"), Role("patched"), Role("without", "a"), Role("without", "b")]
    assert found.label == "open"
    assert found.runs == tuple(zip(roles, (5, 5, 2, 2), strict=True))
    assert [role for role, _ in found.provenance] == roles
    assert dict(found.provenance)[roles[0]] == replace(KNOWN, commit="a" * 40)
    (comparison,) = found.comparisons
    assert (comparison.verdict, comparison.patched.runs) == (Verdict.BETTER, 5)
    (attribution,) = found.attributions
    assert [topic for topic, _ in attribution.without] == ["a", "b"]
    assert (found.hitm, found.incomplete, found.warnings) == (None, (), ())


def test_all_common_metrics_are_compared_and_the_others_are_named() -> None:
    extra = Metric("faults", "", Better.LESS)
    found = findings(
        [
            record("base", of(TIME, *SLOW), of(RATE, 5.0), of(extra, 3.0)),
            record("patched", of(RATE, 6.0), of(TIME, *FAST)),
        ]
    )
    assert [item.metric for item in found.comparisons] == [TIME, RATE]
    assert found.attributions == ()
    assert found.warnings == ("Measured of base, but not of patched: faults.",)


def test_numbers_with_another_unit_are_another_metric() -> None:
    found = findings([record("base", of(TIME, 1.0)), record("patched", of(replace(TIME, unit="ms"), 900.0))])
    assert found.comparisons == ()
    assert found.warnings == (
        "Measured of base, but not of patched: time.",
        "Measured of patched, but not of base: time.",
    )


def test_comparisons_are_judged_together() -> None:
    metrics = [replace(TIME, name=f"m{index}") for index in range(12)]
    found = findings(
        [
            record("base", *(of(metric, *SLOW) for metric in metrics)),
            record("patched", *(of(metric, *FAST) for metric in metrics)),
        ]
    )
    assert {item.verdict for item in found.comparisons} == {Verdict.UNKNOWN}
    assert "among 12 comparisons" in found.comparisons[0].notes[-1]


def test_records_of_several_labels_or_none_are_refused() -> None:
    with pytest.raises(ValueError, match="not of 2"):
        findings([record("base", of(TIME, 1.0)), replace(record("patched", of(TIME, 1.0)), label="other")])
    with pytest.raises(ValueError, match="not of 0"):
        findings([])


def test_nothing_is_loaded_to_compare_single_runs() -> None:
    program = (
        "import sys\n"
        "from credseries.bench.findings_of import findings\n"
        "from credseries.bench.model import *\n"
        "metric = Metric('HITM', 'loads', Better.LESS)\n"
        "roles = {'base': 1440.0, 'patched': 72.0, 'without:backing-file': 176.0}\n"
        "found = findings([Record(Role.parse(r), 'x', (Measurement(metric, (v,)),)) for r, v in roles.items()])\n"
        "print(round(found.attributions[0].contributions[0].share, 1))\n"
        "print('scipy' in sys.modules, 'numpy' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["7.6", "False", "False"]


# -- runs in turns


def paired(found: Findings) -> list[bool]:
    return [item.paired for item in found.comparisons]


def test_runs_that_were_taken_in_turns_are_compared_in_pairs_by_their_sessions() -> None:
    base = {"s1": (10.0, 20.0, 30.0), "s2": (40.0, 50.0, 60.0, 70.0)}
    patched = {name: tuple(0.9 * value for value in values) for name, values in base.items()}
    found = findings(
        [
            record("base", of(TIME, *base["s1"]), session="s1"),
            record("base", of(TIME, *base["s2"]), session="s2"),
            record("patched", of(TIME, *patched["s2"]), session="s2"),
            record("patched", of(TIME, *patched["s1"]), session="s1"),
        ]
    )
    (comparison,) = found.comparisons
    assert (comparison.paired, comparison.verdict) == (True, Verdict.BETTER)
    assert comparison.interval is not None
    assert comparison.interval.low == pytest.approx(-10)
    assert comparison.interval.high == pytest.approx(-10)


def test_runs_of_other_sessions_or_none_are_independent() -> None:
    for ours, theirs in (("s1", "s2"), ("", ""), ("s1", "")):
        found = findings(
            [record("base", of(TIME, *SLOW), session=ours), record("patched", of(TIME, *FAST), session=theirs)]
        )
        assert paired(found) == [False]
        assert found.warnings == ()
    twice = [record(role, of(TIME, *FAST), session="s1") for role in ("base", "base", "patched", "patched")]
    assert paired(findings(twice)) == [False]


def test_a_session_that_broke_off_is_not_compared_in_pairs_and_a_warning_says_so() -> None:
    found = findings(
        [record("base", of(TIME, *SLOW), session="s1"), record("patched", of(TIME, *FAST[:4]), session="s1")]
    )
    assert paired(found) == [False]
    assert found.warnings == (
        "time: runs of base and patched were taken in turns, but are not equally many; they are not compared in pairs.",
    )


# -- perf c2c


def c2c_records() -> list[Record]:
    lines = {
        "base": [(412, 1028, "override_creds"), (54, 88, "update_cfs_group")],
        "patched": [(54, 88, "update_cfs_group"), (28, 44, "override_creds")],
        "without:backing-file": [(79, 97, "override_creds")],
    }
    return [replace(record(role), c2c=(report(of_role),)) for role, of_role in lines.items()]


def test_hitm_of_the_series_lines_is_compared_and_attributed_but_one_report_is_no_proof() -> None:
    found = findings(c2c_records(), seeds=["override_creds"])
    assert found.hitm is not None
    assert found.hitm.total(Role("base")) == (412, 1028)
    means = {item.metric.name: (item.base.mean, item.patched.mean) for item in found.comparisons}
    assert (1440, 72) in means.values()
    assert {item.verdict for item in found.comparisons} == {Verdict.UNKNOWN}
    assert all("no per-run spread is known" in " ".join(item.notes) for item in found.comparisons)
    (total,) = [item for item in found.attributions if item.base.mean == 1440]
    assert total.contributions[0].share == pytest.approx(7.6, abs=0.05)
    assert [runs for _, runs in found.runs] == [1, 1, 1]
    assert found.incomplete == ()


def test_the_default_seeds_are_the_functions_that_override_credentials() -> None:
    found = findings(c2c_records())
    assert found.hitm is not None
    assert "override_creds" in found.hitm.seeds
    assert found.hitm.total(Role("patched")) == (28, 44)
    assert findings(c2c_records(), seeds=["update_cfs_group"]).hitm != found.hitm


# -- what a reader will ask


def both(base: Provenance, patched: Provenance) -> tuple[str, ...]:
    return findings(
        [record("base", of(TIME, *SLOW), known=base), record("patched", of(TIME, *FAST), known=patched)]
    ).incomplete


def test_every_missing_answer_is_a_sentence() -> None:
    assert both(Provenance(), replace(KNOWN, commit="b" * 40)) == (
        "base: nobody said what the workload was.",
        "base: nobody said which machine it ran on.",
        "base: nobody said which kernel it ran, by commit or release.",
    )
    assert both(KNOWN, replace(KNOWN, kernel="", commit="b" * 40)) == ()


def test_an_answer_that_some_records_lack_is_counted() -> None:
    found = findings(
        [
            record("base", of(TIME, *SLOW)),
            record("base", of(TIME, *SLOW), known=replace(KNOWN, commit="a" * 40, workload=" ")),
            record("patched", of(TIME, *FAST)),
        ]
    )
    assert found.incomplete == ("base: nobody said what the workload was for 1 of 2 records.",)
    assert found.provenance[0][1].workload == KNOWN.workload


def test_an_unknown_number_of_runs_is_named_with_its_metrics() -> None:
    nameless = Measurement(RATE, summary=Summary(5.0))
    found = findings([record("base", of(TIME, *SLOW), nameless), record("patched", of(TIME, *FAST), of(RATE, 6.0))])
    assert found.incomplete == ("base: nobody said how many runs are behind opens (8 tasks).",)
    assert found.runs[0] == (Role("base"), None)


def test_a_missing_role_is_told() -> None:
    assert findings([record("base", of(TIME, *SLOW))]).incomplete == (
        "There is no record of patched, so that nothing can be compared.",
    )


def test_a_comparison_across_machines_is_no_comparison() -> None:
    other = replace(KNOWN, commit="b" * 40, machine=Machine(cpu="EPYC 7763", cores=128, nodes=8, memory=512 << 30))
    (sentence,) = both(replace(KNOWN, commit="a" * 40), other)
    assert sentence == (
        "The machines differ (base: Xeon 6230, 2 sockets, 40 cores, 80 threads, 2 nodes, 192 GiB; patched: EPYC 7763, "
        "128 cores, 8 nodes, 512 GiB): a comparison across machines is no comparison."
    )


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (replace(XEON, memory=(192 << 30) - (40 << 20)), True),  # what a kernel keeps for itself
        (replace(XEON, memory=96 << 30), False),
        (replace(XEON, nodes=None, virtual=None), True),  # not known is no contradiction
        (replace(XEON, virtual="kvm"), False),
        (replace(XEON, threads=40), False),
    ],
)
def test_machines_are_one_when_nothing_known_tells_them_apart(change: Machine, same: bool) -> None:
    assert (both(replace(KNOWN, commit="a" * 40), replace(KNOWN, commit="b" * 40, machine=change)) == ()) == same


def test_workloads_that_differ_are_told_whatever_blanks_and_full_stops_do() -> None:
    base = replace(KNOWN, commit="a" * 40)
    assert both(base, replace(KNOWN, commit="b" * 40, workload="open()  in a loop on overlayfs")) == ()
    assert both(base, replace(KNOWN, commit="b" * 40, workload="stat() in a loop.")) == (
        "The workloads differ (base: open() in a loop on overlayfs.; patched: stat() in a loop.): "
        "a comparison across workloads is no comparison.",
    )


@pytest.mark.parametrize(("theirs", "same"), [("a" * 40, True), ("a" * 12, True), ("b" * 40, False), ("", False)])
def test_a_commit_compared_with_itself_is_told(theirs: str, same: bool) -> None:
    sentences = both(replace(KNOWN, commit="a" * 40), replace(KNOWN, commit=theirs))
    assert sentences == (
        (f"base and patched are of the same commit ({'a' * 40}): no change of the kernel was measured.",)
        if same
        else ()
    )


def test_records_of_one_role_that_disagree_are_told_and_all_answers_kept() -> None:
    found = findings(
        [
            record("base", of(TIME, *SLOW)),
            record("base", of(TIME, *SLOW), known=replace(KNOWN, commit="d" * 40, kernel="6.13.0", date="2024-11-21")),
            record("patched", of(TIME, *FAST)),
        ]
    )
    assert found.incomplete == (f"base: its records are of different kernels ({'a' * 40}, {'d' * 40}).",)
    known = found.provenance[0][1]
    assert (known.kernel, known.date, known.machine) == ("6.12.0; 6.13.0", "2024-11-21", XEON)


# -- warnings


def test_warnings_of_records_are_told_with_their_role() -> None:
    warned = replace(record("base", of(RATE, *SLOW)), warnings=("the clock ran backwards",))
    assert findings([warned, record("patched", of(RATE, *FAST))]).warnings == ("base: the clock ran backwards",)


def test_noise_is_told_once_by_the_comparison_or_else_by_a_warning() -> None:
    noisy = (10.0, 14.0, 8.0, 12.0, 9.0)
    found = findings([record(role, of(RATE, *noisy)) for role in ("base", "patched", "without:a")])
    said = "single runs vary by 22.7 % of their mean (standard deviation over 5 runs; 5 % is a lot)."
    assert [note for item in found.comparisons for note in item.notes] == [f"base: {said}", f"patched: {said}"]
    assert found.warnings == (f"opens (8 tasks), without:a: {said}",)
    alone = findings([record("base", of(RATE, *noisy))])
    assert alone.warnings == (f"opens (8 tasks), base: {said}",)


def test_findings_depend_on_nothing_but_the_records() -> None:
    records = [
        record("base", of(TIME, *SLOW)),
        record("without:a", of(TIME, 9.0, 9.1, 9.2, 9.3)),
        record("patched", of(TIME, *FAST)),
    ]
    assert findings(records) == findings(records)
    assert findings(records) == findings(records[::-1])
