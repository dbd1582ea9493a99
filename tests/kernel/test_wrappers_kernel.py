"""Every override, and every call of a function that leaves its caller with other credentials, has a verdict."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from credseries.creds.program import SourceFile
from credseries.creds.sites import SiteKind
from credseries.series.scan import Survey
from tests.gitrepo import git

pytestmark = pytest.mark.kernel


def test_no_caller_of_a_wrapper_is_lost(survey: Survey, clone: Path) -> None:
    """Looked for by another program: `git grep` through the whole tree, and the functions around each call."""
    program = survey.program
    analysed = {(path, analysis.function.name) for (path, _), analysis in program.analyses.items()}
    names = {item.name: item for item in program.summaries}
    patterns = [part for name in sorted(names) for part in ("-e", rf"\<{name}[[:space:]]*(")]
    found = git(clone, "grep", "-l", "-z", *patterns, survey.commit, "--", "*.c", "*.h").split("\0")[:-1]
    callers = set()
    call = re.compile(rb"\b(" + "|".join(names).encode() + rb")\s*\(")
    for path in (line.partition(":")[2] for line in found):
        source = git(clone, "show", f"{survey.commit}:{path}").encode("utf-8", "surrogateescape")
        file = SourceFile(path, source)
        for match in call.finditer(file.lexed.code):
            item, extent = names[match.group(1).decode()], file.extent_at(match.start())
            if extent is not None and match.start() > extent.body and (not item.local or item.path == path):
                callers.add((path, extent.name))
    assert len(callers) > 150
    assert callers - analysed == set()


def test_every_site_has_a_verdict_and_every_refusal_a_reason_and_a_class(survey: Survey) -> None:
    assert len(survey.judged) > 250
    for item in survey.judged:
        assert item.choice is not None or item.site.converted or item.reason, item.site
    refused = [item for item in survey.judged if item.choice is None and item.site.converted is None]
    assert sum(survey.refusals.values()) == len(refused) + len(survey.unreadable)
    assert "other" not in survey.refusals


def test_wrappers_of_every_kind_are_understood(survey: Survey) -> None:
    outcomes = {item.name: item.outcomes for item in survey.program.summaries}
    told = {name for name, found in outcomes.items() if len(found) > 1}
    assert {"cachefiles_begin_secure", "cachefiles_end_secure", "nfs4_save_creds"} <= {
        name for name, found in outcomes.items() if found
    }
    assert len(told) > 20
    balanced = {item.site.function.name for item in survey.judged if "pair of wrappers" in item.reason}
    assert {"cachefiles_issue_write", "ksmbd_vfs_rename", "do_faccessat", "ovl_copy_up_workdir"} <= balanced


def test_what_is_wrong_in_the_tree_itself(survey: Survey) -> None:
    """Both were checked by reading: a reference of prepare_creds() that is never put, and an error path past the revert."""
    if not survey.version.startswith("6.12"):
        pytest.skip("the findings are those of Linux 6.12")
    found = {(function.path, function.name, item.kind) for function, item in survey.defects}
    assert found == {
        ("drivers/crypto/ccp/sev-dev.c", "open_file_as_root", "leak"),
        ("fs/smb/server/smb2pdu.c", "smb2_open", "missing-revert"),
    }


def test_sites_beyond_overlayfs_are_proven_by_what_keeps_their_credential(survey: Survey) -> None:
    proven = {item.site.source for item in survey.judged if item.choice is not None}
    assert {"mount", "ctx", "file", "global", "prepared", "kernel"} <= proven
    for item in survey.judged:
        if item.choice is not None:
            assert item.site.kind is SiteKind.SITE
