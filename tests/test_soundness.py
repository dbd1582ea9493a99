"""Rewrites that look right and are not: each was, or could have been, accepted once."""

from __future__ import annotations

import pytest

from credseries.rewrite.forms import Form, Names
from credseries.rewrite.plan import Planner
from tests.soundcase import judge, only


def test_a_goto_does_not_become_a_return_of_another_variable_of_that_name() -> None:
    judged = only(
        """int f(struct my_ctx *ctx)
{
	const struct cred *old;
	int err = 0;

	old = override_creds(ctx->cred);
	if (first()) {
		int err = second();

		if (err)
			goto out;
	}
	err = third();
out:
	revert_creds(old);
	return err;
}
"""
    )
    assert not judged.verdict(Form.GUARD).ok
    assert "another err" in judged.verdict(Form.GUARD).reason


def test_a_region_that_uses_the_variable_of_scoped_guard_is_not_put_into_one() -> None:
    judged = only(
        """void f(struct my_ctx *ctx, int scope)
{
	const struct cred *old;

	old = override_creds(ctx->cred);
	first(scope);
	revert_creds(old);
	second();
}
"""
    )
    assert "scope" in judged.verdict(Form.SCOPED).reason
    assert judged.choice is Form.LIGHT


def test_an_override_that_a_loop_repeats_without_a_revert_is_refused_and_ends() -> None:
    judged = only(
        """void f(struct my_ctx *ctx)
{
	const struct cred *old;

	while (first()) {
		old = override_creds(ctx->cred);
		if (second())
			continue;
		revert_creds(old);
	}
}
"""
    )
    assert judged.choice is None
    assert "in force" in judged.reason


@pytest.mark.parametrize("macro", ["#define SWITCH(c) put_cred(override_creds(c))", "#define SWITCH revert_creds"])
def test_a_macro_that_changes_credentials_is_not_followed(macro: str) -> None:
    _, judged = judge(
        macro
        + """
void f(struct my_ctx *ctx)
{
	const struct cred *old;

	old = override_creds(ctx->cred);
	SWITCH(ctx->cred);
	revert_creds(old);
}
"""
    )
    assert all(item.choice is None for item in judged)
    assert any("macro" in item.reason for item in judged)


def test_a_comment_with_a_bracket_in_the_call_does_not_end_it() -> None:
    analysis, _ = judge(
        """void f(struct my_ctx *ctx)
{
	const struct cred *old;

	old = override_creds(ctx->cred /* :) */);
	first();
	revert_creds /* ( */ (old);
	second();
}
"""
    )
    planner = Planner(Names(), [Form.LIGHT])
    rewritten = planner.rewrite(analysis, planner.judge_all(analysis))
    assert b"override_creds_light(ctx->cred /* :) */);" in rewritten.text
    assert b"revert_creds_light /* ( */ (old);" in rewritten.text


def test_a_refused_guard_has_a_path_to_what_it_would_move() -> None:
    judged = only(
        """int f(struct my_ctx *ctx)
{
	const struct cred *old = NULL;
	int err;

	err = first();
	if (err)
		goto out;
	old = override_creds(ctx->cred);
	err = second();
	revert_creds(old);
	third();
out:
	return err;
}
"""
    )
    verdict = judged.verdict(Form.GUARD)
    assert [(moved.line, moved.call) for moved in verdict.moved] == [(13, "third")]
    assert verdict.jumps == (9,)
    found = verdict.counterexample
    assert found is not None
    assert (found.path, found.line, found.event) == ((7, 8, 10, 11, 13), 13, "third()")
    assert (found.before, found.after) == ("the caller's credentials", "ctx->cred")


SPLIT_PAIR = """struct saved { const struct cred *old; };

static int begin(struct my_ctx *ctx, struct saved *saved)
{
	saved->old = override_creds(ctx->cred);
	return 0;
}

static void end(struct saved *saved)
{
	revert_creds(saved->old);
}

static int begin_all(struct my_ctx *ctx, struct saved *saved)
{
	return begin(ctx, saved);
}
"""


def test_a_function_that_passes_on_a_wrappers_effect_makes_its_callers_refused() -> None:
    analysis, judged = judge(
        SPLIT_PAIR
        + """
void f(struct my_ctx *ctx, struct saved *saved)
{
	const struct cred *old;

	old = override_creds(ctx->cred);
	begin_all(ctx, saved);
	if (second())
		end(saved);
	revert_creds(old);
}
"""
    )
    assert analysis.unreadable is None
    assert all(item.choice is None for item in judged)


def test_a_function_that_begins_and_ends_itself_leaves_its_callers_alone() -> None:
    _, judged = judge(
        SPLIT_PAIR
        + """
static void whole(struct my_ctx *ctx, struct saved *saved)
{
	begin_all(ctx, saved);
	second();
	end(saved);
}

void f(struct my_ctx *ctx, struct saved *saved)
{
	const struct cred *old;

	old = override_creds(ctx->cred);
	whole(ctx, saved);
	revert_creds(old);
}
"""
    )
    assert [item.choice for item in judged] == [Form.GUARD]
