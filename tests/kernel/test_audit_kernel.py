"""The audit on Linux 6.12: nothing in what is proven, everything in what is planted, and how long it takes."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from credseries.creds.audit.checks import audit_function
from credseries.creds.audit.reading import Reading
from credseries.rewrite.forms import write_naive_guard
from credseries.rewrite.plan import exposure
from credseries.series.scan import Survey
from tests.clicase import credseries
from tests.kernel.conftest import KernelSeries

pytestmark = pytest.mark.kernel


def test_the_series_that_split_makes_has_nothing_worse_than_notes(series: KernelSeries) -> None:
    ran = credseries("audit", series.record.branch, "--json", cwd=series.path)
    data = json.loads(ran.out)
    assert ran.status == 0
    assert {finding["severity"] for finding in data["findings"]} <= {"note"}
    assert data["not_analysed"] == []
    assert len(data["analysed"]) >= 35


def test_guards_in_place_move_what_the_scan_says(survey: Survey) -> None:
    reading = Reading(survey.program)
    sites = moved = alone = 0
    for _, analysis in sorted(survey.program.analyses.items()):
        for site in analysis.sites:
            if site.problem is not None or site.statement == (0, 0) or site.converted:
                continue
            exposed = exposure(analysis, site, survey.names)
            after = site.function.rewritten(write_naive_guard(site, survey.names).text)
            audited = audit_function(analysis.function, after, reading, reading)
            if "no statement of a block" in audited.reason:
                alone += 1  # `if (x) guard(cred)(..);` is no C
                continue
            sites += 1
            found = Counter(
                finding.call
                for finding in audited.findings
                if finding.kind.value in ("moved-call", "wrong-caller-credentials")
            )
            wanted = Counter(item.call for item in exposed.moved)
            assert audited.reason == ""
            assert not wanted - found, analysis.function.name
            assert bool(wanted) == bool(found), (analysis.function.name, found)
            jumps = sum(finding.kind.value == "skipped-guard" for finding in audited.findings)
            assert jumps == len(exposed.jumps), analysis.function.name
            moved += len(exposed.moved)
    assert alone <= 2  # both in io_uring
    assert sites >= 60
    assert moved >= 60
