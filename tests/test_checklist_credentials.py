"""The checklist on what runs under which credentials: each check passes, fails, asks, and does not apply."""

from __future__ import annotations

from pathlib import Path

import pytest

from credseries.review.checklist import credentials
from credseries.review.checklist.model import Answer
from credseries.review.checklist.registry import OfPatch
from tests.checkcase import TABLE, USES, Case, answers, asks, case, changed, does_not_apply, fails, kernel, passes
from tests.planted import CLOSE, FILTERED, GUARD, LIGHT, LIGHT_REVERT, OWNER, PLAIN, REVERT, SAVED, SCOPED, swap

GUARDED = swap(PLAIN, SAVED, GUARD, REVERT)
UNTOUCHED = "int g(void)\n{\n\treturn 1;\n}\n"
READS = "int f(struct my_ctx *ctx)\n{\n\treturn current_fsuid();\n}\n"
FINE: tuple[OfPatch, ...] = (
    credentials.proof,
    credentials.moved_calls,
    credentials.caller_credentials,
    credentials.skipped_guard,
    credentials.references,
    credentials.return_values,
    credentials.cleanup_order,
    credentials.left_in_function,
)


@pytest.fixture(scope="module")
def fine(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return changed(tmp_path_factory.mktemp("fine"), PLAIN + TABLE % "f", GUARDED + TABLE % "f")


@pytest.mark.parametrize("check", FINE, ids=lambda check: check.__name__)
def test_a_conversion_that_is_right_passes(fine: Case, check: OfPatch) -> None:
    line = passes(fine.lines(check))
    assert line.evidence


@pytest.mark.parametrize("check", FINE, ids=lambda check: check.__name__)
def test_nothing_applies_to_what_has_no_credentials(tmp_path: Path, check: OfPatch) -> None:
    found = changed(tmp_path, UNTOUCHED, UNTOUCHED.replace("1", "2"))
    assert does_not_apply(found.lines(check)).evidence


GOTO = """\
int f(struct my_ctx *ctx)
{
	int err = -EINVAL;

	if (!ctx->ready)
		goto out;
	guard(cred)(ctx->cred);
	err = change(ctx);
out:
	return err;
}
"""
GOTO_BEFORE = """\
int f(struct my_ctx *ctx)
{
	const struct cred *old;
	int err = -EINVAL;

	if (!ctx->ready)
		goto out;
	old = override_creds(ctx->cred);
	err = change(ctx);
	revert_creds(old);
out:
	return err;
}
"""
FREED = """\
int f(struct my_ctx *ctx)
{
	const struct cred *old;
	void *page __free(kfree) = NULL;
	int err;

	old = override_creds(ctx->cred);
	err = change(ctx);
	revert_creds(old);
	return err;
}
"""
PUT = """\
int f(struct my_ctx *ctx)
{
	const struct cred *old;

	old = override_creds(ctx->cred);
	change(ctx);
	put_ctx(ctx);
	revert_creds(old);
	return 0;
}
"""
TWICE = """\
int f(struct my_ctx *ctx)
{
	const struct cred *old;
	int err;

	old = override_creds(ctx->cred);
	err = change(ctx);
	revert_creds(old);
	if (err)
		return err;
	old = override_creds(ctx->cred);
	err = look(ctx);
	revert_creds(old);
	return err;
}
"""


@pytest.mark.parametrize(
    ("check", "before", "after", "at", "word"),
    [
        (credentials.moved_calls, FILTERED, swap(FILTERED, SAVED, GUARD, REVERT), "permitted(", "permitted()"),
        (
            credentials.caller_credentials,
            OWNER,
            swap(OWNER, SAVED, GUARD, REVERT, ("create(ctx, old)", "create(ctx, current_cred())"), ("old->", "ctx->")),
            "current_cred",
            "not the caller's credentials",
        ),
        (credentials.skipped_guard, GOTO_BEFORE, GOTO, "goto out", "`goto out` enters the scope"),
        (credentials.references, PLAIN, swap(PLAIN, LIGHT), "revert_creds(", "revert_creds()"),
        (
            credentials.return_values,
            PLAIN,
            swap(PLAIN, SAVED, SCOPED, CLOSE, ("err = change", "change"), ("int err;", "int err = 0;")),
            "\tchange(",
            "change()",
        ),
        (credentials.lifetime, PUT, swap(PUT, LIGHT, LIGHT_REVERT), "put_ctx", "put_ctx()"),
        (
            credentials.left_in_function,
            TWICE,
            TWICE.replace(
                "\told = override_creds(ctx->cred);\n\terr = look(ctx);\n\trevert_creds(old);\n\treturn err;\n",
                "\tguard(cred)(ctx->cred);\n\treturn look(ctx);\n",
            ),
            "old = override_creds",
            "still overridden by hand",
        ),
    ],
    ids=["moved", "caller", "goto", "references", "value", "lifetime", "half"],
)
def test_a_planted_fault_fails_where_it_is(
    tmp_path: Path, check: OfPatch, before: str, after: str, at: str, word: str
) -> None:
    found = changed(tmp_path, before, after)
    line = fails([line for line in found.lines(check) if line.answer is Answer.FAIL])
    assert word in line.evidence
    text = (USES + after).split("\n")
    assert line.places[0].file == "fs/my.c"
    assert line.places[0].function == "f"
    assert at in text[line.places[0].line - 1], (line.places[0], text[line.places[0].line - 1])


def test_a_cleanup_on_the_other_side_of_the_revert_fails(tmp_path: Path) -> None:
    before = FREED.replace("\tvoid *page __free(kfree) = NULL;\n", "").replace(
        "\told = override", "\tvoid *page __free(kfree) = take(ctx);\n\n\told = override"
    )
    after = """\
int f(struct my_ctx *ctx)
{
	int err;

	guard(cred)(ctx->cred);
	void *page __free(kfree) = take(ctx);

	err = change(ctx);
	return err;
}
"""
    found = changed(tmp_path, before, after)
    assert "kfree" in fails(found.lines(credentials.cleanup_order)).evidence


# -- what is left to a person


@pytest.mark.parametrize("check", FINE[1:7], ids=lambda check: check.__name__)
def test_of_what_could_not_be_compared_nothing_is_said_but_that(tmp_path: Path, check: OfPatch) -> None:
    odd = PLAIN.replace("err = change(ctx);", "ODD_MACRO(ctx) err = change(ctx) END_ODD;")
    found = changed(tmp_path, odd, odd.replace("int err;", "int err = 0;"))
    line = asks(found.lines(credentials.proof))
    assert line.question.startswith("fs/my.c:3-")
    assert " f(): does every call run under the credentials" in line.question
    assert "could not be compared" in line.evidence
    said = does_not_apply(found.lines(check)).evidence
    assert "asked about" in said or check is credentials.skipped_guard


def test_a_move_that_the_author_has_allowed_is_asked_about(tmp_path: Path) -> None:
    after = swap(FILTERED, SAVED, GUARD, REVERT)
    files = {"fs/my.c": USES + FILTERED}, {"fs/my.c": USES + after}
    found = case(tmp_path, *files, may_move=lambda _, call: call == "permitted")
    line = asks(found.lines(credentials.moved_calls))
    assert line.question == (
        "fs/my.c:7-12 f(): the guard holds until line 12; may permitted() at 12 run under the credentials of the "
        "caller's context (ctx->cred)?"
    )
    assert line.path[-1] == "fs/my.c:12"
    assert "its author has allowed it" in line.evidence


# -- what keeps the credentials


def test_a_method_of_a_table_holds_what_it_is_given(tmp_path: Path) -> None:
    line = passes(changed(tmp_path, PLAIN + TABLE % "f", GUARDED + TABLE % "f").lines(credentials.lifetime))
    assert "1 by the context that the caller passes" in line.evidence
    assert line.path == ("f() is called by my_ops.change (struct my_operations)",)


WAY = """
static int inner(struct my_ctx *ctx)
{
	return f(ctx);
}

int outer(struct my_ctx *ctx)
{
	return inner(ctx);
}
"""


def test_callers_are_followed_to_where_they_are_called_from(tmp_path: Path) -> None:
    more = WAY + TABLE % "outer"
    line = passes(changed(tmp_path, PLAIN + more, GUARDED + more).lines(credentials.lifetime))
    assert line.path == ("f() is called by my_ops.change (struct my_operations), then outer() -> inner()",)


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ("\nvoid g(struct my_ctx *ctx)\n{\n\tINIT_WORK(&ctx->work, f);\n}\n", "g() takes its address"),
        ("\nlate_initcall(f);\nWRAP(x, f);\n", "it is named there"),
        ("\nconst struct my_operations my_ops = {\n\t.put_super = f,\n};\n", "my_ops.put_super"),
        ("\nstruct my_data data = {\n\t.call = f,\n};\n", "data.call (struct my_data)"),
    ],
    ids=["work", "macro", "teardown", "no table of operations"],
)
def test_a_way_that_holds_nothing_is_asked_about(tmp_path: Path, more: str, word: str) -> None:
    line = asks(changed(tmp_path, PLAIN + more, GUARDED + more).lines(credentials.lifetime))
    assert (
        line.question == "fs/my.c:7-9 f(): does the context that the caller passes stay until line 9 on every way here?"
    )
    assert word in " ".join((line.evidence, *line.path))


def test_what_nothing_calls_is_asked_about(tmp_path: Path) -> None:
    line = asks(changed(tmp_path, PLAIN, GUARDED).lines(credentials.lifetime))
    assert line.question.startswith("fs/my.c:7-9 f(): who calls it, ")


def test_a_tag_or_a_member_of_the_name_calls_nothing(tmp_path: Path) -> None:
    more = "\nenum f {\n\tONE,\n};\nvoid g(struct my_ctx *ctx)\n{\n\tctx->f = 1;\n}\n"
    assert "who calls it" in asks(changed(tmp_path, PLAIN + more, GUARDED + more).lines(credentials.lifetime)).question


GLOBAL = PLAIN.replace("ctx->cred", "find_cred(ctx)")


def test_credentials_that_nothing_is_known_to_keep_are_asked_about(tmp_path: Path) -> None:
    after = GLOBAL.replace("override_creds(", "override_creds_light(").replace("revert_creds(", "revert_creds_light(")
    line = asks(changed(tmp_path, GLOBAL, after).lines(credentials.lifetime))
    assert line.question == "fs/my.c:8-10 f(): what keeps find_cred(ctx) alive until line 10?"
    assert "nothing proves that its credential" in line.evidence


def test_where_overrides_hold_no_reference_no_lifetime_changes(tmp_path: Path) -> None:
    text = kernel()["kernel/cred.c"]
    assert "get_new_cred((struct cred *)new)" in text or "get_cred(new)" in text
    light = text.replace("get_new_cred((struct cred *)new)", "new").replace("get_cred(new)", "new")
    light = light.replace("put_cred(override)", "override").replace("put_cred(used)", "used")
    files = {"fs/my.c": USES + PLAIN}, {"fs/my.c": USES + GUARDED}
    found = case(tmp_path, *files, base={**kernel(), "kernel/cred.c": light})
    assert not found.subject.counts
    assert "takes no reference" in does_not_apply(found.lines(credentials.lifetime)).evidence
    assert "takes no reference" in does_not_apply(found.lines(credentials.references)).evidence


def test_a_reference_that_stays_asks_nothing(tmp_path: Path) -> None:
    found = changed(tmp_path, PLAIN, PLAIN.replace("int err;", "int err = 0;"))
    assert "loses its reference" in does_not_apply(found.lines(credentials.lifetime)).evidence


def test_checks_are_made_of_every_function(tmp_path: Path) -> None:
    two = PLAIN + PLAIN.replace("int f(", "int g(")
    after = two.replace("override_creds(ctx->cred)", "override_creds_light(ctx->cred)")
    lines = changed(tmp_path, two, after).lines(credentials.references)
    assert answers(lines) == ["fail", "fail"]
    assert [line.places[0].function for line in lines] == ["f", "g"]
