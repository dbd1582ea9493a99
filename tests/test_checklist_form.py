"""The checklist on how overrides are written, and on what else a patch changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from credseries.review.checklist import form, text
from credseries.review.checklist.model import Answer
from credseries.review.checklist.registry import OfPatch
from credseries.review.checklist.subject import Proof
from tests.checkcase import USES, Case, answers, asks, case, changed, does_not_apply, fails, passes
from tests.planted import (
    CHOICE,
    CLOSE,
    FILTERED,
    GUARD,
    LIGHT,
    LIGHT_REVERT,
    PLAIN,
    REVERT,
    SAVED,
    SCOPED,
    UNWOUND,
    swap,
)

GUARDED = swap(PLAIN, SAVED, GUARD, REVERT)
SCOPE = swap(PLAIN, SAVED, SCOPED, CLOSE)
LIGHTER = swap(PLAIN, LIGHT, LIGHT_REVERT)
OTHER = PLAIN.replace("int f(", "int g(")
CHECKS: tuple[OfPatch, ...] = (form.goto_and_guard, form.light_and_guard, form.braces, form.one_thing)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_nothing_applies_to_what_converts_nothing(tmp_path: Path, check: OfPatch) -> None:
    found = changed(tmp_path, PLAIN, PLAIN.replace("int err;", "int err = 0;"))
    assert does_not_apply(found.lines(check)).evidence


# -- gotos


def test_no_goto_no_question(tmp_path: Path) -> None:
    line = passes(changed(tmp_path, PLAIN, GUARDED).lines(form.goto_and_guard))
    assert line.evidence == "1 function with a guard or a scoped form and no goto of its own"


def test_a_goto_beside_a_scope_is_asked_about(tmp_path: Path) -> None:
    line = asks(changed(tmp_path, UNWOUND, swap(UNWOUND, SAVED, SCOPED, CLOSE)).lines(form.goto_and_guard))
    assert line.question == (
        "fs/my.c:3-21 f(): may the gotos (`goto out` at 8, 12) stay beside the scoped_guard() at 14?"
    )
    assert line.evidence == "no goto crosses the scope of lines 14-16, and none enters it"
    assert [place.line for place in line.places] == [3, 8, 12]


ON_ERROR = swap(UNWOUND, ("\trevert_creds(old);\n", "\trevert_creds(old);\n\tif (err)\n\t\tgoto out;\n"))
IN_SCOPE = ("\trevert_creds(old);\n\tif (err)\n\t\tgoto out;\n", "\tif (err)\n\t\tgoto out;\n\t}\n")


def test_a_goto_out_of_a_scope_is_said(tmp_path: Path) -> None:
    line = asks(changed(tmp_path, ON_ERROR, swap(ON_ERROR, SAVED, SCOPED, IN_SCOPE)).lines(form.goto_and_guard))
    assert "(`goto out` at 17) stay beside" in line.question
    assert line.evidence == "`goto out` at 17 leaves the scope of lines 14-18, which reverts on the way"


BEGUN = swap(UNWOUND, ("\tint err = -EINVAL;\n\n\tif (!ctx->ready)\n\t\tgoto out;\n", "\tint err;\n"))
BEFORE_ALL = ("\terr = begin(ctx);\n", "\tguard(cred)(ctx->cred);\n\terr = begin(ctx);\n")


def test_a_label_that_unwinds_below_a_guard_fails(tmp_path: Path) -> None:
    after = swap(BEGUN, SAVED, ("\told = override_creds(ctx->cred);\n", ""), REVERT, BEFORE_ALL)
    lines = changed(tmp_path, BEGUN, after).lines(form.goto_and_guard)
    line = fails([item for item in lines if item.answer is Answer.FAIL])
    assert "label out unwinds within the scope" in line.evidence


LOCKED = ("\terr = begin(ctx);\n", "\tscoped_guard(mutex, &ctx->lock) {\n\t\terr = begin(ctx);\n\t}\n")


def test_what_was_mixed_before_is_nobodys_question(tmp_path: Path) -> None:
    before = swap(UNWOUND, LOCKED)
    line = passes(changed(tmp_path, before, swap(before, SAVED, SCOPED, CLOSE)).lines(form.goto_and_guard))
    assert line.evidence.endswith("; 1 mixed them before")


# -- one kind of form a patch


def test_one_kind_of_form_passes(tmp_path: Path) -> None:
    two = PLAIN + "\n" + OTHER
    after = GUARDED + "\n" + SCOPE.replace("int f(", "int g(")
    assert passes(changed(tmp_path, two, after).lines(form.light_and_guard)).evidence == "1 guard, 1 scoped"


def test_light_pairs_beside_guards_fail(tmp_path: Path) -> None:
    found = changed(tmp_path, PLAIN + "\n" + OTHER, GUARDED + "\n" + LIGHTER.replace("int f(", "int g("))
    line = fails(found.lines(form.light_and_guard))
    assert line.evidence.startswith("1 guard (fs/my.c:7 f(), ..) and 1 light override (fs/my.c:")
    assert [place.function for place in line.places] == ["g", "f"]


def test_light_in_one_patch_and_guards_in_the_next_pass(tmp_path: Path) -> None:
    two = PLAIN + "\n" + OTHER
    first = GUARDED + "\n" + OTHER
    found = case(
        tmp_path,
        {"fs/my.c": USES + two},
        {"fs/my.c": USES + first},
        {"fs/my.c": USES + GUARDED + "\n" + LIGHTER.replace("int f(", "int g(")},
    )
    said = [passes(found.lines(form.light_and_guard, patch)).evidence for patch in found.subject.patches]
    assert said == ["1 guard", "1 light"]


def test_two_disciplines_in_one_variable_fail(tmp_path: Path) -> None:
    after = swap(CHOICE, ("override_creds(ctx->reader)", "override_creds_light(ctx->reader)"))
    lines = changed(tmp_path, CHOICE, after).lines(form.light_and_guard)
    assert "fail" in answers(lines)
    assert "counted overrides and light ones" in lines[0].evidence


# -- braces


def test_a_scoped_form_with_braces_passes(tmp_path: Path) -> None:
    assert passes(changed(tmp_path, PLAIN, SCOPE).lines(form.braces)).evidence == "1 scoped form"


@pytest.mark.parametrize("statement", ["err = change(ctx);", "if (ctx->ready)\n\t\t\terr = change(ctx);"])
def test_a_scoped_form_without_braces_fails(tmp_path: Path, statement: str) -> None:
    before = PLAIN.replace("int err;", "int err = 0;").replace("err = change(ctx);", statement)
    after = swap(
        before, SAVED, ("\told = override_creds(ctx->cred);\n", "\tscoped_guard(cred, ctx->cred)\n"), REVERT
    ).replace(f"\t{statement}", f"\t\t{statement}")
    line = fails(changed(tmp_path, before, after).lines(form.braces))
    assert line.evidence.startswith("fs/my.c:7 f()")


# -- what else changes


def one(tmp_path: Path, before: str, after: str) -> Case:
    return changed(tmp_path, before, after)


def test_a_conversion_and_nothing_else_passes(tmp_path: Path) -> None:
    line = passes(one(tmp_path, PLAIN, GUARDED).lines(form.one_thing))
    assert "as often as before" in line.evidence


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("err = change(ctx);", "err = change(ctx);\n\tcount(ctx);", "has `count(ctx)` at 9, which it had not"),
        ("err = change(ctx);", "err = 0;", "has no `err=change(ctx)` any more"),
        ("return err;", "if (err)\n\t\treturn err;\n\treturn err;", "has `(err)` at "),
    ],
)
def test_a_statement_that_comes_or_goes_is_asked_about(tmp_path: Path, before: str, after: str, said: str) -> None:
    line = asks(one(tmp_path, PLAIN, swap(GUARDED, (before, after))).lines(form.one_thing))
    assert line.question == f"fs/my.c:3-{line.places[0].last} f(): does this still do what it did, credentials apart?"
    assert said in " ".join((line.evidence, *line.path))


def test_another_function_is_asked_about(tmp_path: Path) -> None:
    more = "\nint g(void)\n{\n\treturn 1;\n}\n"
    line = asks(one(tmp_path, PLAIN + more, GUARDED + more.replace("{\n", "{\n\t/* more */\n")).lines(form.one_thing))
    assert line.question == "fs/my.c:12-16 g(): does this change belong into the patch?"


def test_what_changes_between_functions_is_asked_about(tmp_path: Path) -> None:
    line = asks(one(tmp_path, "#define ONE 1\n\n" + PLAIN, "#define ONE 2\n\n" + GUARDED).lines(form.one_thing))
    assert line.question.startswith("fs/my.c:3: does what changes here, outside of functions,")


def test_of_a_patch_that_is_what_was_proven_nothing_is_asked(tmp_path: Path) -> None:
    found = one(tmp_path, PLAIN, swap(GUARDED, ("return err;", "count(ctx);\n\treturn err;")))
    patch = replace(found.patch, proof=Proof(1, 1))
    assert passes(found.lines(form.one_thing, patch)).evidence == "the text is what was made and proven"


# -- churn


def test_lines_below_a_scoped_form_are_counted(tmp_path: Path) -> None:
    found = changed(tmp_path, FILTERED, swap(FILTERED, SAVED, SCOPED, CLOSE, ("\terr = change", "\t\terr = change")))
    line = passes(found.lines(text.churn))
    assert line.evidence.startswith("+3 -4, without white space +2 -3; 1 line goes a level in")
    assert line.look == (f"git show -w {found.patch.commit[:12]}",)


def test_a_scoped_form_where_a_guard_is_proven_too_is_asked_about(tmp_path: Path) -> None:
    found = changed(tmp_path, PLAIN, swap(SCOPE, ("\terr = change", "\t\terr = change")))
    line = asks(found.lines(text.churn))
    assert line.question == "fs/my.c:7-9 f(): does the scope have to end at 9?"
    assert line.evidence.startswith("guard() is proven in its place as well")


def test_white_space_elsewhere_is_asked_about(tmp_path: Path) -> None:
    more = "\nint g(void)\n{\n\treturn 1;\n}\n"
    found = changed(tmp_path, PLAIN + more, GUARDED + more.replace("\treturn", "        return"))
    line = asks(found.lines(text.churn))
    assert line.question == "fs/my.c:14: why does this change, in nothing but white space?"


def test_what_has_no_text_has_no_size(tmp_path: Path) -> None:
    found = changed(tmp_path, PLAIN, GUARDED)
    assert does_not_apply(found.lines(text.churn, replace(found.patch, files=()))).evidence == "no text changes"
