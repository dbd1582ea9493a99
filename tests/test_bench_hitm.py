"""Which cache lines are the series', and what each place in the code has of their HITM, across kernels."""

from __future__ import annotations

from dataclasses import replace

import pytest

from credseries.bench.findings import HitmFindings
from credseries.bench.hitm import DEFAULT_SEEDS, hitm, measurements
from credseries.bench.model import Better, C2cReport, CacheLine, CacheLineRow, Metric, Record, Role
from credseries.errors import UsageError
from tests.c2ccase import reports

BASE, PATCHED, WITHOUT = Role("base"), Role("patched"), Role("without", "backing-file")
COLUMNS = ("HITM RmtHitm", "HITM LclHitm")


def record(role: Role, *found: C2cReport) -> Record:
    return Record(role, "faccessat", c2c=found)


def mail() -> list[Record]:
    before, after, without = reports("mail.txt")
    return [record(WITHOUT, without), record(PATCHED, after), record(BASE, before)]


def line(number: int, remote: int, local: int, *rows: tuple[float, float, str, str]) -> CacheLine:
    return CacheLine(
        number,
        remote,
        local,
        tuple(zip(COLUMNS, (remote, local), strict=True)),
        tuple(
            CacheLineRow(tuple(zip(COLUMNS, (far, near), strict=True)), symbol, source=source)
            for far, near, symbol, source in rows
        ),
    )


def report(*lines: CacheLine) -> C2cReport:
    return C2cReport(COLUMNS, lines, name="run.txt")


def counts(findings: HitmFindings) -> dict[tuple[str, str], tuple[tuple[int, int] | None, ...]]:
    return {(place.symbol, place.source): tuple(count for _, count in place.counts) for place in findings.places}


def subject(findings: HitmFindings, role: Role) -> list[tuple[int, int, int]]:
    return [(item.number, item.remote, item.local) for item in dict(findings.subject)[role]]


# -- the mail


def test_the_credential_line_is_found_under_each_kernel_of_the_mail() -> None:
    findings = hitm(mail())
    assert [role for role, _ in findings.subject] == [BASE, PATCHED, WITHOUT]
    assert subject(findings, BASE) == [(0, 412, 1028)]
    assert subject(findings, PATCHED) == [(2, 28, 44)]
    assert subject(findings, WITHOUT) == [(0, 79, 97)]
    assert [findings.total(role) for role in (BASE, PATCHED, WITHOUT)] == [(412, 1028), (28, 44), (79, 97)]


def test_the_lines_of_the_scheduler_in_the_mail_are_other_lines() -> None:
    others = {role: [(item.remote, item.local) for item in lines] for role, lines in hitm(mail()).other}
    assert others == {
        BASE: [(50, 103), (50, 98)],
        PATCHED: [(54, 88), (48, 83)],
        WITHOUT: [(52, 103), (59, 77)],
    }


def test_places_of_the_mail_have_the_share_of_the_total_rounded_worst_first() -> None:
    assert list(counts(hitm(mail())).items()) == [
        (("generic_permission", "mnt_idmapping.h:81"), ((172, 472), (28, 44), (78, 95))),
        (("revert_creds", "atomic64_64.h:39"), ((171, 434), (0, 0), (0, 1))),
        (("override_creds", "atomic64_64.h:25"), ((62, 109), (0, 0), (0, 0))),
        (("init_file", "atomic64_64.h:25"), ((3, 6), (0, 0), (1, 0))),
        (("inode_owner_or_capable", "mnt_idmapping.h:81"), ((2, 6), (0, 0), (0, 0))),
        (("revert_creds", "cred.h:266"), ((1, 1), (0, 0), (0, 0))),
        (("generic_permission", "namei.c:354"), ((1, 0), (0, 0), (0, 1))),
    ]


def test_one_report_each_gives_no_spread_and_that_is_said() -> None:
    assert hitm(mail()).notes == (
        "One report of perf c2c each (base, patched, without:backing-file): the spread between runs is not known.",
    )


def test_totals_of_the_mail_are_measurements_that_can_be_attributed() -> None:
    findings = hitm(mail())
    found = {item.role: {m.metric: m.values for m in measurements(item, findings)} for item in mail()}
    metrics = [Metric(f"credential lines, {kind}HITM", "loads", Better.LESS) for kind in ("remote ", "local ", "")]
    assert found == {
        BASE: dict(zip(metrics, [(412.0,), (1028.0,), (1440.0,)], strict=True)),
        PATCHED: dict(zip(metrics, [(28.0,), (44.0,), (72.0,)], strict=True)),
        WITHOUT: dict(zip(metrics, [(79.0,), (97.0,), (176.0,)], strict=True)),
    }


# -- what makes a line the series'


def test_the_seeds_are_what_overrides_and_reverts_credentials() -> None:
    assert DEFAULT_SEEDS == ("override_creds", "override_creds_light", "revert_creds", "revert_creds_light")


@pytest.mark.parametrize(("share", "is_subject"), [(10.0, True), (9.0, False), (0.0, False)])
def test_a_tenth_of_a_line_in_the_seeds_makes_it_the_series(share: float, is_subject: bool) -> None:
    base = report(line(0, 100, 100, (share, share, "revert_creds", "a:1"), (50.0, 50.0, "other", "b:1")))
    assert bool(subject(hitm([record(BASE, base)]), BASE)) is is_subject


def test_parts_and_clones_of_a_seed_count_as_it() -> None:
    base = report(line(0, 10, 10, (50.0, 50.0, "revert_creds.part.0", "a:1")))
    assert subject(hitm([record(BASE, base)]), BASE) == [(0, 10, 10)]


def test_a_line_without_hitm_is_nobodys() -> None:
    base = report(line(0, 0, 0, (0.0, 0.0, "revert_creds", "a:1")))
    assert subject(hitm([record(BASE, base)]), BASE) == []


@pytest.mark.parametrize(("share", "is_subject"), [(50.0, True), (49.0, False)])
def test_half_of_a_line_in_the_places_of_the_base_makes_it_the_series(share: float, is_subject: bool) -> None:
    base = report(line(0, 50, 50, (60.0, 60.0, "revert_creds", "a:1"), (40.0, 40.0, "reader", "b:1")))
    patched = report(line(3, 100, 100, (share, share, "reader", "b:1"), (100 - share, 100 - share, "else", "c:1")))
    findings = hitm([record(BASE, base), record(PATCHED, patched)])
    assert bool(subject(findings, PATCHED)) is is_subject


def test_a_place_that_hardly_showed_in_the_base_makes_no_line_the_series() -> None:
    base = report(line(0, 1000, 0, (99.5, 0.0, "revert_creds", "a:1"), (0.5, 0.0, "neighbour", "n:1")))
    patched = report(line(0, 90, 0, (100.0, 0.0, "neighbour", "n:1")))
    assert subject(hitm([record(BASE, base), record(PATCHED, patched)]), PATCHED) == []


def test_in_the_base_the_places_of_the_series_make_no_other_line_one() -> None:
    base = report(
        line(0, 50, 50, (60.0, 60.0, "revert_creds", "a:1"), (40.0, 40.0, "reader", "b:1")),
        line(1, 20, 20, (100.0, 100.0, "reader", "b:1")),
    )
    assert subject(hitm([record(BASE, base)]), BASE) == [(0, 50, 50)]


def test_without_a_base_the_seeds_alone_tell_and_that_is_said() -> None:
    findings = hitm([item for item in mail() if item.role != BASE])
    assert subject(findings, WITHOUT) == []
    assert "There is no report of perf c2c of the base" in findings.notes[0]


def test_other_symbols_make_another_subject() -> None:
    findings = hitm(mail(), ["update_cfs_group"])
    assert findings.seeds == ("update_cfs_group",)
    assert subject(findings, BASE) == [(1, 50, 103), (2, 50, 98)]


# -- several reports


def runs() -> tuple[C2cReport, C2cReport]:
    rows = (75.0, 75.0, "revert_creds", "a:1"), (25.0, 25.0, "reader", "b:1")
    foreign = (100.0, 100.0, "scheduler", "s:1")
    return (
        report(line(0, 100, 200, *rows), line(1, 10, 10, foreign)),
        report(line(0, 30, 40, foreign), line(1, 60, 101, *rows)),
    )


def test_of_several_reports_the_means_are_given_and_that_is_said() -> None:
    findings = hitm([record(BASE, *runs())])
    assert findings.total(BASE) == (80, 151)  # of 80 and 150.5
    assert counts(findings) == {("revert_creds", "a:1"): ((60, 113),), ("reader", "b:1"): ((20, 38),)}
    assert [(item.remote, item.local) for item in dict(findings.other)[BASE]] == [(20, 25)]
    assert findings.notes == ("base: means of 2 reports of perf c2c, rounded to whole loads.",)


def test_reports_of_several_records_of_a_role_are_runs_of_it() -> None:
    first, second = runs()
    apart = hitm([record(BASE, first), record(BASE, second)])
    assert apart == hitm([record(BASE, first, second)])


def test_each_report_is_a_value_of_its_own() -> None:
    both = record(BASE, *runs())
    remote, local, total = measurements(both, hitm([both]))
    assert (remote.values, local.values, total.values) == ((100.0, 60.0), (200.0, 101.0), (300.0, 161.0))


def test_a_line_that_one_of_the_reports_does_not_have_counts_as_none_there() -> None:
    first, second = runs()
    without = replace(second, lines=second.lines[:1])
    both = record(BASE, first, without)
    findings = hitm([both])
    assert findings.total(BASE) == (50, 100)
    assert measurements(both, findings)[0].values == (100.0, 0.0)


def test_instructions_of_one_line_of_code_are_one_place() -> None:
    base = report(line(0, 100, 10, (40.0, 0.0, "revert_creds", "a:1"), (60.0, 100.0, "revert_creds", "a:1")))
    assert counts(hitm([record(BASE, base)])) == {("revert_creds", "a:1"): ((100, 10),)}


# -- what is not known


def test_a_kernel_without_a_record_is_not_known_and_one_without_the_line_is_0() -> None:
    base = report(line(0, 100, 10, (100.0, 100.0, "revert_creds", "a:1")))
    patched = report(line(0, 5, 5, (100.0, 100.0, "scheduler", "s:1")))
    findings = hitm([record(BASE, base), record(PATCHED, patched), record(WITHOUT)])
    assert counts(findings) == {("revert_creds", "a:1"): ((100, 10), (0, 0), None)}
    assert findings.total(PATCHED) == (0, 0)
    assert findings.total(WITHOUT) is None
    assert (
        "patched: no cache line of credentials is in the report, which leaves out lines with little HITM."
        in findings.notes
    )


def test_rows_that_were_left_out_are_noted_with_what_they_have() -> None:
    base = report(line(0, 100, 100, (50.0, 70.0, "revert_creds", "a:1")))
    assert (
        "base: 40 % of the HITM on these cache lines is in rows that were left out." in hitm([record(BASE, base)]).notes
    )


def test_statistics_alone_count_as_no_report_of_cache_lines() -> None:
    (bare,) = reports("stats.txt")
    base = reports("mail.txt")[0]
    findings = hitm([record(BASE, base, bare)])
    assert findings.total(BASE) == (412, 1028)
    assert "1 report of perf c2c without a table of cache lines: not counted here." in findings.notes
    assert measurements(record(BASE, bare), findings) == ()


def test_hitm_and_peer_accesses_are_not_compared() -> None:
    (arm,) = reports("perf-6.1-arm.txt")
    with pytest.raises(UsageError, match=r"counts accesses that peers answered, and .* counts HITM"):
        hitm([record(BASE, reports("mail.txt")[0]), record(PATCHED, arm)])


def test_peer_accesses_are_called_what_they_are() -> None:
    (arm,) = reports("perf-6.1-arm.txt")
    found = measurements(record(BASE, arm), hitm([record(BASE, arm)]))
    assert [(item.metric.name, item.values) for item in found] == [
        ("credential lines, remote peer accesses", (215.0,)),
        ("credential lines, local peer accesses", (640.0,)),
        ("credential lines, peer accesses", (855.0,)),
    ]


def test_records_without_reports_give_nothing() -> None:
    findings = hitm([record(BASE)])
    assert (findings.subject, findings.places, findings.notes) == ((), (), ())
