"""Nothing of a real tree is skipped silently, and nothing is converted that could not be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from credseries.creds.program import SourceFile
from credseries.csource.function import Function
from credseries.rewrite.forms import FORMS
from credseries.series.scan import Survey
from tests.gitrepo import git
from tests.kernel.conftest import KernelSeries

pytestmark = pytest.mark.kernel


def test_every_textual_hit_has_its_place(survey: Survey, clone: Path) -> None:
    """Counted by another program: `git grep -o` prints a line for each hit."""
    hits = git(clone, "grep", "-o", "-h", "-F", "-e", "override_creds", "-e", "revert_creds", survey.commit)
    account = survey.accounting
    parts = (account.converted, account.refused, account.already_converted, account.wrapper_bodies, account.not_code)
    assert account.total == len(hits.splitlines()) == sum(parts)
    assert account.not_code == sum(account.kinds.values())
    assert account.converted > 80


def _is_whole(function: Function) -> bool:
    """Whether the parser has met nothing that it does not know, in any of the function's #if variants."""
    return bool(function.variants) and not any(variant.definition.has_error for variant in function.variants)


def test_no_function_with_a_parse_error_is_converted(survey: Survey) -> None:
    proven = [item for item in survey.judged if item.choice is not None]
    assert {form: sum(item.choice is form for item in proven) >= 2 for form in FORMS} == dict.fromkeys(FORMS, True)
    assert all(_is_whole(item.site.function) for item in proven)
    broken = {(item.function.path, item.function.name) for item in survey.unreadable}
    assert not broken & {(item.site.function.path, item.site.function.name) for item in proven}


def test_what_is_converted_parses(series: KernelSeries) -> None:
    wanted = {(site.file, site.function) for patch in series.record.patches for site in patch.sites}
    files = series.repo.read_files(series.record.tip, sorted({path for path, _ in wanted}))
    found = set()
    for path, text in files.items():
        file = SourceFile(path, text)
        for extent in file.extents:
            if (path, extent.name) in wanted:
                assert _is_whole(file.function(extent)), extent.name
                found.add((path, extent.name))
    assert found == wanted
    assert len(found) >= 35
