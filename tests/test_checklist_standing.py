"""The checklist on a patch as it is read and where it stands, and on a series as a whole: from facts alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from credseries.review.checklist import series, standing, text
from credseries.review.checklist.model import Line
from credseries.review.checklist.registry import CHECKS
from credseries.review.checklist.subject import (
    Audit,
    Finding,
    Known,
    Left,
    MailingList,
    NotCompared,
    Numbers,
    Origin,
    PatchSubject,
    Proof,
    Reviews,
    Said,
    Subject,
    Topic,
    Verified,
)
from credseries.review.code.diff import parse_diff
from tests.checkcase import answers, asks, does_not_apply, fails, passes

DIFF = b"""\
diff --git a/fs/x.c b/fs/x.c
--- a/fs/x.c
+++ b/fs/x.c
@@ -10,3 +10,3 @@ int f(void)
 {
-	return 1;
+%b
 }
"""


def patch_with(line: str, **more: object) -> PatchSubject:
    """A patch that adds a line to fs/x.c at 11."""
    files = parse_diff(DIFF % line.encode())
    return PatchSubject(1, "fs: Change x", "fs: Change x\n\nBecause.\n", files=files, names=("fs/x.c",), **more)  # type: ignore[arg-type]


def subject_of(*patches: PatchSubject, **more: object) -> Subject:
    return Subject("A title", "a range", "b" * 40, "c" * 40, Origin.COMMITS, patches, **more)  # type: ignore[arg-type]


def of(check: Callable[[PatchSubject, Subject], Iterator[Line]], patch: PatchSubject, **more: object) -> list[Line]:
    return list(check(patch, subject_of(patch, **more)))


# -- text


def test_lines_that_fit_pass() -> None:
    assert passes(of(text.line_length, patch_with("\treturn 2;"))).evidence == "1 line added, of 17 columns at most"
    line = passes(of(text.line_length, patch_with("x" * 90)))
    assert line.evidence == "1 line added, of 90 columns at most, 1 of them longer than the 80 that are preferred"


@pytest.mark.parametrize(
    ("line", "why"),
    [("x" * 101, "has 101 columns"), ("\tg(); ", "ends in white space"), ("\tg();\t\r", "ends in white space")],
)
def test_a_line_that_is_too_long_or_has_space_at_its_end_fails(line: str, why: str) -> None:
    found = fails(of(text.line_length, patch_with(line)))
    assert found.evidence == f"fs/x.c:11 {why}"
    assert (found.places[0].file, found.places[0].line) == ("fs/x.c", 11)


def test_without_lines_there_is_nothing_to_measure() -> None:
    assert does_not_apply(of(text.line_length, replace(patch_with(""), files=()))).evidence == "no line is added"


@pytest.mark.parametrize(
    ("title", "prefixes", "answer", "word"),
    [
        ("Change x", (), "fail", "no prefix"),
        ("fs: Change x", (), "pass", "no change of these files to compare with"),
        ("fs: Change x", (("fs", 8), ("vfs", 2)), "pass", "as in 8 of the last 10 subjects"),
        ("FS: Change x", (("fs", 8),), "pass", "as in 8 of the last 8 subjects"),
        ("overlayfs: Change x", (("ovl", 40), ("fs", 10)), "fail", "none of the last 50 subjects"),
        ("overlayfs: Change x", (("ovl", 2),), "pass", "too few to tell"),
    ],
)
def test_the_prefix_is_what_the_log_has(
    title: str, prefixes: tuple[tuple[str, int], ...], answer: str, word: str
) -> None:
    found = of(text.subject_prefix, replace(patch_with(""), title=title, prefixes=prefixes))
    assert answers(found) == [answer]
    assert word in found[0].evidence


def test_what_a_message_lacks_fails_line_by_line() -> None:
    patch = replace(patch_with(""), problems=("there is no Signed-off-by", "there is no text that says why"))
    assert [line.evidence for line in of(text.message, patch)] == list(patch.problems)
    assert passes(of(text.message, patch_with(""))).evidence == "3 lines, with a Signed-off-by"


REVIEWED = ("Reviewed-by: A <a@example.org>",)


def test_reviews_of_the_patch_as_it_is_pass() -> None:
    patch = replace(patch_with(""), reviews=Reviews(REVIEWED, "", 2))
    assert passes(of(text.trailers, patch)).evidence == f"{REVIEWED[0]}; the patch is as it was in v2"


def test_reviews_of_another_patch_fail() -> None:
    patch = replace(patch_with(""), reviews=Reviews(REVIEWED, "it has changed", 2))
    assert fails(of(text.trailers, patch)).evidence == f"{REVIEWED[0]}; since v2 it has changed"


def test_reviews_of_nobody_knows_what_are_asked_about() -> None:
    line = asks(of(text.trailers, replace(patch_with(""), reviews=Reviews(REVIEWED))))
    assert REVIEWED[0] in line.question


def test_without_reviews_none_is_carried() -> None:
    assert does_not_apply(of(text.trailers, replace(patch_with(""), reviews=Reviews(())))).evidence
    assert does_not_apply(of(text.trailers, patch_with(""))).evidence


# -- where a patch stands


def test_only_mails_need_to_apply() -> None:
    patch = patch_with("")
    assert of(standing.applies, patch) == []
    mailed = replace(subject_of(patch), origin=Origin.MAILS)
    assert passes(list(standing.applies(patch, mailed))).evidence == "to bbbbbbbbbbbb, after the patches before it"
    rejected = replace(patch, rejected="it does not apply: fs/x.c: no such file")
    line = fails(list(standing.applies(rejected, mailed)))
    assert line.evidence == rejected.rejected
    assert line.look == ("on bbbbbbbbbbbb: fs/x.c",)


GCC = Verified("compile", "gcc x86_64", Known.PASS, "2 files")
STYLE = Verified("style", "", Known.PASS, "clean")


def test_what_verify_knows_is_told() -> None:
    assert passes(of(standing.builds, replace(patch_with(""), verified=(GCC, STYLE)))).evidence == (
        "compile gcc x86_64 (2 files)"
    )
    assert passes(of(standing.checkpatch, replace(patch_with(""), verified=(GCC, STYLE)))).evidence == "style (clean)"


def test_what_verify_found_fails_with_its_problems() -> None:
    bad = Verified("compile", "clang x86_64", Known.FAIL, "1 error", ("fs/x.c:11: error: no",), "make fs/x.o")
    line = fails(of(standing.builds, replace(patch_with(""), verified=(GCC, bad))))
    assert (line.evidence, line.path, line.look) == ("compile clang x86_64: 1 error", bad.problems, ("make fs/x.o",))


def test_what_was_not_verified_is_asked_with_the_command() -> None:
    missing = replace(GCC, variant="clang x86_64", known=Known.MISSING, summary="")
    patch = replace(patch_with(""), verified=(GCC, missing))
    line = asks(of(standing.builds, patch, command=" --branch x"))
    assert line.question == "does fs/x.c compile as patch 1 leaves it?"
    assert line.evidence == "it was not verified as it is now; passed: compile gcc x86_64"
    assert line.look == ("credseries verify --level compile --branch x",)
    here = replace(missing, known=Known.UNCHECKED, summary="clang is not installed")
    line = asks(of(standing.builds, replace(patch, verified=(here,))))
    assert line.evidence == "compile clang x86_64: clang is not installed"


def test_what_is_no_source_needs_no_compiler() -> None:
    assert does_not_apply(of(standing.builds, replace(patch_with(""), names=("README",)))).evidence


OVL = MailingList("linux-unionfs@example.org", "open list:OVERLAY", asked=True, gets=True)


def test_lists_that_get_it_pass() -> None:
    more = MailingList("other@example.org", "--cc", asked=False, gets=True)
    line = passes(of(standing.lists, replace(patch_with(""), lists=(OVL, more))))
    assert line.evidence == "linux-unionfs@example.org (open list:OVERLAY); also other@example.org"


def test_a_list_that_does_not_get_it_fails() -> None:
    line = fails(of(standing.lists, replace(patch_with(""), lists=(replace(OVL, gets=False),))))
    assert line.evidence == "linux-unionfs@example.org does not get it: open list:OVERLAY"
    assert fails(of(standing.lists, replace(patch_with(""), lists=(), lists_problem="nobody would get it"))).evidence


def test_where_no_list_is_asked_for_none_is_missing() -> None:
    assert "no list" in does_not_apply(of(standing.lists, replace(patch_with(""), lists=()))).evidence
    assert "commits go to nobody" in does_not_apply(of(standing.lists, patch_with(""))).evidence


REMARK = Said("Amir", "request", "Please move\nthis up.", "fs/x.c", "f", 11, "1f0c2a77", "https://example.org/1")


def test_open_remarks_are_asked_about_one_by_one() -> None:
    lines = of(standing.comments, replace(patch_with(""), said=(REMARK, replace(REMARK, file="", key=""))))
    assert answers(lines) == ["human", "human"]
    assert lines[0].question.startswith('is what Amir said of fs/x.c:11 f() answered: "Please move this up."?')
    assert "credseries comments --resolve 1f0c2a77" in lines[0].evidence
    assert lines[0].look == ("https://example.org/1",)
    assert lines[1].places == ()
    assert passes(of(standing.comments, replace(patch_with(""), said=()))).evidence == "none is open"
    assert does_not_apply(of(standing.comments, patch_with(""))).evidence


# -- the series


def finding(**more: object) -> Finding:
    known = Finding("moved-call", "error", "fs/x.c", "f", 11, "g", "a", "b", (11,), "g() ran under a")
    return replace(known, **more)  # type: ignore[arg-type]


COMPARED = Audit(compared=(("fs/x.c", "f"),))


def test_how_much_is_proven() -> None:
    proven = replace(patch_with(""), audit=COMPARED, proof=Proof(1, 1))
    by_hand = replace(proven, number=2, proof=Proof(0, 0, "fs/x.c differs"))
    line = passes(list(series.whole(subject_of(proven, by_hand, assumptions=("calls return",)))))
    assert line.evidence == (
        "1 of 2 patches proven again on the base; 1 function compared over all paths, nothing found"
    )
    assert line.path == ("assumed: calls return",)
    assert passes(list(series.whole(subject_of(proven)))).evidence.startswith("each of 1 patch proven again")
    assert does_not_apply(list(series.whole(subject_of(patch_with(""))))).evidence


def test_what_is_not_proven_fails_or_is_asked() -> None:
    wrong = replace(patch_with(""), audit=replace(COMPARED, findings=(finding(),)))
    assert fails(list(series.whole(subject_of(wrong)))).evidence == "the audit has findings in patch 1"
    allowed = replace(wrong, audit=replace(COMPARED, findings=(finding(allowed=True), finding(severity="note"))))
    assert passes(list(series.whole(subject_of(allowed))))
    left = replace(wrong, audit=replace(COMPARED, left=(NotCompared("fs/x.c", "g", "it does not parse"),)))
    assert "patch 1: do the functions that could not be compared" in asks(list(series.whole(subject_of(left)))).question
    rejected = replace(patch_with(""), rejected="it does not apply")
    assert fails(list(series.whole(subject_of(rejected)))).evidence.startswith("patch 1 cannot be looked at")


def test_the_order() -> None:
    two = (patch_with(""), replace(patch_with(""), number=2))
    broken = ("patch 1 uses g (fs/x.c:1), and patch 2 adds it",)
    assert fails(list(series.order(subject_of(*two, broken=broken)))).evidence == broken[0]
    assert passes(list(series.order(subject_of(*two)))).evidence == "in 2 patches nothing is used before it is added"
    topics = (Topic("a", "vfs", (), (1,)), Topic("b", "ovl", ("a",), (2,)))
    assert passes(list(series.order(subject_of(*two, topics=topics)))).evidence.startswith("a -> b; ")
    assert does_not_apply(list(series.order(subject_of(two[0])))).evidence == "there is one patch"


def test_the_merge_plan() -> None:
    one, two = replace(patch_with(""), trees=("vfs",)), replace(patch_with(""), number=2, trees=("overlayfs",))
    assert passes(list(series.merge_plan(subject_of(one)))).evidence == "one tree takes all of it: vfs: patch 1"
    line = asks(list(series.merge_plan(subject_of(one, two))))
    assert line.question == (
        "which tree takes patch 1 (vfs), which patch 2 (overlayfs), and does one wait for the other?"
    )
    topics = (Topic("a", "vfs", (), (1,)), Topic("b", "overlayfs", ("a",), (2,)))
    told = subject_of(one, two, topics=topics, letter="Through VFS, then overlayfs.")
    assert passes(list(series.merge_plan(told))).evidence == "vfs: patch 1; overlayfs: patch 2; b after a"
    assert "does not name every tree" in fails(list(series.merge_plan(replace(told, letter="Nothing.")))).evidence
    assert does_not_apply(list(series.merge_plan(subject_of(patch_with(""))))).evidence


REFUSED = Left("fs/x.c", "f", 11, "override_creds(x)", "it cannot be proven")


def test_what_stays_as_it_is() -> None:
    patch = patch_with("")
    assert does_not_apply(list(series.left_as_is(subject_of(patch)))).evidence
    line = passes(list(series.left_as_is(subject_of(patch, left=(REFUSED,)))))
    assert line.path == ("fs/x.c:11 f(): it cannot be proven",)
    provable = replace(REFUSED, why="", form="scoped")
    line = asks(list(series.left_as_is(subject_of(patch, left=(provable,)))))
    assert line.question.startswith("fs/x.c:11 f(): why is override_creds(x) left by hand")
    assert line.evidence == "scoped_guard() is proven for it"
    mine = replace(subject_of(patch, left=(REFUSED,)), origin=Origin.SAVED, letter="It says of f() why.")
    assert passes(list(series.left_as_is(mine))).evidence.endswith("the cover letter says so")
    assert fails(list(series.left_as_is(replace(mine, letter="Nothing.")))).evidence == (
        "the cover letter says nothing of f()"
    )


def test_numbers() -> None:
    patch = patch_with("")
    assert does_not_apply(list(series.numbers(subject_of(patch)))).evidence
    none = Numbers(there=False, detail="the letter claims no numbers")
    assert does_not_apply(list(series.numbers(subject_of(patch, numbers=none)))).evidence == none.detail
    bad = replace(none, there=True, problems=("no machine", "no runs"))
    assert answers(list(series.numbers(subject_of(patch, numbers=bad)))) == ["fail", "fail"]
    assert asks(list(series.numbers(subject_of(patch, numbers=replace(none, there=True, by_words=True)))))
    assert passes(list(series.numbers(subject_of(patch, numbers=replace(none, there=True)))))


def test_the_boot() -> None:
    boot = Verified("boot", "gcc um", Known.PASS, "the same")
    assert passes(list(series.boots(subject_of(patch_with(""), verified=(boot,))))).evidence == "gcc um: the same"
    bad = replace(boot, known=Known.FAIL, problems=("a warning",))
    assert fails(list(series.boots(subject_of(patch_with(""), verified=(bad,))))).path == ("a warning",)
    line = asks(list(series.boots(subject_of(patch_with(""), command=" A..B"))))
    assert line.look == ("credseries verify --level boot A..B",)


def test_remarks_on_the_letter() -> None:
    assert asks(list(series.comments(subject_of(patch_with(""), said=(REMARK,)))))
    assert passes(list(series.comments(subject_of(patch_with(""), said=()))))
    assert does_not_apply(list(series.comments(subject_of(patch_with("")))))


# -- who asks for what


def test_each_line_says_its_check_and_nobody_is_asked_twice() -> None:
    for checks in CHECKS.values():
        assert len(set(checks.patch)) == len(checks.patch)
        assert len(set(checks.series)) == len(checks.series)
