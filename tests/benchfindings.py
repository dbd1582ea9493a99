"""Findings as they could come from real records: every kind of row that tables and pictures have."""

from __future__ import annotations

from credseries.bench.findings import (
    Attribution,
    Comparison,
    Contribution,
    Figure,
    Findings,
    HitmFindings,
    Interval,
    PlaceHitm,
    Verdict,
)
from credseries.bench.model import Better, CacheLine, CacheLineRow, Machine, Metric, Provenance, Role

BASE, PATCHED, WITHOUT = Role("base"), Role("patched"), Role("without", "backing-file")
ROLES = (BASE, PATCHED, WITHOUT)
REMOTE, LOCAL = "HITM RmtHitm", "HITM LclHitm"


def provenance(kernel: str, commit: str) -> Provenance:
    return Provenance(
        kernel=kernel,
        commit=commit,
        machine=Machine("", "Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz", 2, 40, 80, 2, 188 * 2**30, ""),
        workload="64 processes call faccessat() on 100 files of an overlay with two lower layers, for 30 s",
        command="faccessat-storm -p 64 -t 30 /mnt/overlay",
        date="2024-01-26",
    )


def storm(tasks: int, base: float, patched: float, change: float, low: float, high: float) -> Comparison:
    return Comparison(
        Metric("faccessat() storm", "calls/s", Better.MORE, tasks),
        Figure(base, base * 0.011, base, 10),
        Figure(patched, patched * 0.014, patched, 10),
        change,
        Interval(low, high),
        0.00018,
        Verdict.NO_DIFFERENCE if low < 0 < high else Verdict.BETTER,
    )


COMPARISONS = (
    storm(1, 101234.0, 101900.0, 0.66, -0.4, 1.7),
    storm(2, 183000.0, 199000.0, 8.7, 6.9, 10.6),
    storm(8, 420000.0, 731000.0, 74.0, 70.0, 78.0),
    storm(64, 402000.0, 4710000.0, 1071.6, 1010.0, 1130.0),
    Comparison(
        Metric("open latency, 99th percentile", "ns", Better.LESS),
        Figure(123456.0, 8123.0, 121000.0, 10),
        Figure(141234.0, 7211.0, 140000.0, 10),
        14.4,
        Interval(8.2, 21.1),
        0.0021,
        Verdict.WORSE,
        notes=("Runs vary by 7 %: a quiet machine would say more.",),
    ),
    Comparison(
        Metric("cycles", "", Better.NEITHER),
        Figure(98765432101.0, 123456789.0, None, 10),
        Figure(91765432101.0, 223456789.0, None, 10),
        -7.09,
        Interval(-7.4, -6.8),
        0.0002,
        Verdict.DIFFERENT,
        paired=True,
    ),
    Comparison(
        Metric("credential lines, HITM", "loads", Better.LESS),
        Figure(1440.0, None, None, 1),
        Figure(72.0, None, None, 1),
        -95.0,
        None,
        None,
        Verdict.UNKNOWN,
        notes=("One run each: whether this is more than noise is not known.",),
    ),
)


def line(remote: int, local: int, *rows: tuple[str, float, float]) -> CacheLine:
    return CacheLine(
        number=0,
        remote=remote,
        local=local,
        totals=((REMOTE, remote), (LOCAL, local)),
        rows=tuple(CacheLineRow(((REMOTE, far), (LOCAL, near)), symbol) for symbol, far, near in rows),
    )


def place(symbol: str, source: str, *counts: tuple[int, int] | None) -> PlaceHitm:
    return PlaceHitm(symbol, source, tuple(zip(ROLES, counts, strict=True)))


HITM = HitmFindings(
    seeds=("override_creds", "revert_creds"),
    subject=((BASE, (line(412, 1028),)), (PATCHED, (line(28, 44),)), (WITHOUT, (line(79, 97),))),
    other=(
        (BASE, (line(50, 103, ("update_cfs_group", 100, 100)), line(50, 98, ("update_load_avg", 4, 3)))),
        (PATCHED, (line(54, 88, ("update_cfs_group", 100, 100)), line(48, 83))),
        (WITHOUT, (line(52, 103), line(59, 77))),
    ),
    places=(
        place("generic_permission", "include/linux/mnt_idmapping.h:81", (172, 472), (28, 44), (78, 95)),
        place("revert_creds", "include/linux/atomic64_64.h:39", (171, 434), (0, 0), (0, 1)),
        place("override_creds", "include/linux/atomic64_64.h:25", (62, 109), (0, 0), (0, 0)),
        place("inode_owner_or_capable", "include/linux/mnt_idmapping.h:81", (2, 6), (0, 0), (0, 0)),
        place("init_file", "", (3, 6), (0, 0), (1, 0)),
    ),
    notes=("One report of perf c2c each (base, patched, without:backing-file): the spread is not known.",),
)

ATTRIBUTIONS = (
    Attribution(
        Metric("credential lines, HITM", "loads", Better.LESS),
        Figure(1440.0, runs=1),
        Figure(72.0, runs=1),
        (("backing-file", Figure(176.0, runs=1)),),
        (Contribution("backing-file", -104.0, 7.602, None, -1264.0, 92.398, Verdict.UNKNOWN),),
        ("No spread between runs is known, so neither is whether backing-file contributes anything.",),
    ),
    Attribution(
        Metric("faccessat() storm", "calls/s", Better.MORE, 64),
        Figure(402000.0, 4400.0, None, 10),
        Figure(4710000.0, 66000.0, None, 10),
        (("backing-file", Figure(4440000.0, 61000.0, None, 10)), ("overlayfs", Figure(702000.0, 9100.0, None, 10))),
        (
            Contribution("backing-file", 270e3, 6.267, Interval(212e3, 328e3), 4038e3, 93.733, Verdict.BETTER),
            Contribution("overlayfs", 4008e3, 93.036, Interval(3960e3, 4050e3), 300e3, 6.964, Verdict.BETTER),
        ),
    ),
)

FINDINGS = Findings(
    label="faccessat-storm",
    provenance=(
        (BASE, provenance("6.8.0-rc1", "0123456789abcdef0123456789abcdef01234567")),
        (PATCHED, provenance("6.8.0-rc1-light", "89abcdef0123456789abcdef0123456789abcdef")),
        (WITHOUT, provenance("6.8.0-rc1-nobf", "fedcba9876543210fedcba9876543210fedcba98")),
    ),
    runs=((BASE, 10), (PATCHED, 10), (WITHOUT, 10)),
    comparisons=COMPARISONS,
    attributions=ATTRIBUTIONS,
    hitm=HITM,
    warnings=("Frequency scaling was on.",),
)

_MAIL = Provenance(workload="wordpress/php/nginx in a docker image, which does a lot of faccessat()")
# What a mail says that somebody wrote in a hurry.
FROM_A_MAIL = Findings(
    label="wordpress",
    provenance=((BASE, _MAIL), (PATCHED, _MAIL), (WITHOUT, _MAIL)),
    runs=((BASE, 1), (PATCHED, 1), (WITHOUT, None)),
    comparisons=COMPARISONS[-1:],
    attributions=ATTRIBUTIONS[:1],
    hitm=HITM,
    incomplete=("The machine is not named.", "Nobody says which kernel the base is."),
)
