"""What the proof accepts, and what it must not: rewrites made by hand, each wrong in one way."""

from __future__ import annotations

import re

import pytest

from credseries.creds.effects import CREDENTIALS, Wrapper
from credseries.creds.proof import Counterexample
from credseries.rewrite.forms import Form, Names
from credseries.rewrite.plan import Planner, exposure
from tests.engine import NAMES, analysed, body, by_hand, judged, proven, rewritten

CLEAN = body("""
	const struct cred *old;
	int err;

	old = override_creds(ctx->cred);
	err = change(ctx);
	revert_creds(old);

	return err;
""")
FILTERED = body("""
	const struct cred *old;
	int err;

	old = override_creds(ctx->cred);
	err = change(ctx);
	revert_creds(old);

	return filter(ctx, err);
""")
UNWOUND = body("""
	const struct cred *old;
	int err = -EPERM;

	if (!ctx->open)
		goto out;

	old = override_creds(ctx->cred);
	err = change(ctx);
	if (err)
		goto out_revert;
	err = commit(ctx);
out_revert:
	revert_creds(old);
out:
	finish(ctx);
	return err;
""")
LOOP = body("""
	const struct cred *old;
	int i;

	for (i = 0; i < ctx->count; i++) {
		old = override_creds(ctx->cred);
		if (change(ctx)) {
			revert_creds(old);
			break;
		}
		revert_creds(old);
	}
	return 0;
""")
TWO = body("""
	const struct cred *old;

	old = override_creds(ctx->reader);
	look(ctx);
	revert_creds(old);

	old = override_creds(ctx->writer);
	change(ctx);
	revert_creds(old);
	return 0;
""")


def assert_refuted(result: str | Counterexample | None, *words: str) -> None:
    """The rewrite is refused, with a reason that has the words, and a counterexample has a path to its line."""
    assert result is not None, "a wrong rewrite was accepted"
    if isinstance(result, Counterexample):
        assert result.path
        assert result.path[-1] == result.line
        assert all(line >= 1 for line in result.path)
    for word in words:
        assert word in str(result)


# -- forms proven and refused


def test_every_form_of_a_function_that_reverts_before_it_only_returns_a_variable_is_proven() -> None:
    assert proven(CLEAN) == [{"guard", "scoped", "light"}]


def test_a_call_after_the_revert_refuses_the_guard_and_names_the_call() -> None:
    [site] = judged(FILTERED)
    guard = site.verdict(Form.GUARD)
    assert not guard.ok
    assert [(item.call, item.line) for item in guard.moved] == [("filter", 10)]
    assert "would run filter (line 10) under the override" in guard.reason
    assert guard.counterexample is not None
    assert guard.counterexample.before == "the caller's credentials"
    assert guard.counterexample.after == "ctx->cred"
    assert site.choice is Form.SCOPED


def test_a_goto_over_a_guard_is_listed_as_a_jump() -> None:
    [site] = judged(UNWOUND)
    guard = site.verdict(Form.GUARD)
    assert not guard.ok
    assert guard.jumps == (7,)
    assert [item.call for item in guard.moved] == ["finish"]


def test_a_case_label_after_a_guard_is_listed_as_a_jump() -> None:
    item = body("""
	const struct cred *old;

	switch (ctx->kind) {
	case 1:
		look(ctx);
		old = override_creds(ctx->cred);
		change(ctx);
		revert_creds(old);
		break;
	case 2:
		break;
	}
	return 0;
""")
    analysis = analysed(item)
    assert exposure(analysis, analysis.sites[0], NAMES).jumps == (12,)


def test_a_site_in_a_loop_body_can_be_a_guard_there() -> None:
    assert "guard" in proven(LOOP)[0]


# -- rewrites made by hand: right ones


GUARD = ("old = override_creds(ctx->cred);", "guard(cred)(<<ctx->cred>>);")
DECLARATION = ("\tconst struct cred *old;\n", "")
REVERT = ("\trevert_creds(old);\n", "")


def test_a_guard_written_by_hand_is_proven() -> None:
    assert by_hand(CLEAN, DECLARATION, GUARD, REVERT) is None


def test_a_scoped_guard_written_by_hand_is_proven() -> None:
    scoped = ("old = override_creds(ctx->cred);", "scoped_guard(cred, <<ctx->cred>>) {")
    assert by_hand(FILTERED, DECLARATION, scoped, ("revert_creds(old);", "}")) is None


def test_the_light_pair_written_by_hand_is_proven() -> None:
    light = ("override_creds(ctx->cred)", "override_creds_light(<<ctx->cred>>)")
    assert by_hand(FILTERED, light, ("revert_creds(old)", "revert_creds_light(old)")) is None


def test_a_saved_variable_may_leave_others_of_its_declaration() -> None:
    item = body("""
	const struct cred *other = get(ctx), *old = NULL;

	old = override_creds(ctx->cred);
	change(ctx, other);
	revert_creds(old);
	return 0;
""")
    assert by_hand(item, GUARD, REVERT, (", *old = NULL", "")) is None
    assert_refuted(by_hand(item, GUARD, REVERT, (" *other = get(ctx), *old = NULL", " *other")))
    assert_refuted(by_hand(item, GUARD, REVERT, ("get(ctx), *old = NULL", "NULL")))


def test_white_space_is_no_difference() -> None:
    assert by_hand(CLEAN, ("err = change(ctx)", "<<err>>  =  change( ctx )")) is None


# -- rewrites made by hand: wrong ones


def test_a_call_moved_under_the_override_is_found() -> None:
    result = by_hand(FILTERED, DECLARATION, GUARD, REVERT)
    assert_refuted(result, "filter()", "the caller's credentials", "ctx->cred")
    assert isinstance(result, Counterexample)
    assert result.path == (6, 7, 10)


def test_a_call_moved_out_of_the_override_is_found() -> None:
    result = by_hand(
        CLEAN, ("\terr = change(ctx);\n\trevert_creds(old);\n", "\trevert_creds(old);\n\t<<err = change(ctx);>>\n")
    )
    assert_refuted(result, "change()")


def test_a_goto_over_a_guard_is_found() -> None:
    changes = [DECLARATION, GUARD, ("out_revert:\n\trevert_creds(old);\n", ""), ("goto out_revert", "goto out")]
    assert_refuted(by_hand(UNWOUND, *changes), "the jump at line 7 would enter the scope past its guard")


def test_a_case_label_over_a_guard_is_found() -> None:
    item = body("""
	const struct cred *old;

	switch (ctx->kind) {
	case 1:
		look(ctx);
		old = override_creds(ctx->cred);
		change(ctx);
		revert_creds(old);
		break;
	case 2:
		break;
	}
	return 0;
""")
    assert_refuted(by_hand(item, DECLARATION, GUARD, ("\t\trevert_creds(old);\n", "")), "the jump at line 12")


def test_a_break_that_a_scoped_form_catches_is_found() -> None:
    scoped = ("old = override_creds(ctx->cred);", "scoped_guard(cred, <<ctx->cred>>) {")
    result = by_hand(
        LOOP,
        DECLARATION,
        scoped,
        ("\t\t\trevert_creds(old);\n\t\t\tbreak;\n", "\t\t\t<<break;>>\n"),
        ("}\n\t\trevert_creds(old);\n\t}", "}\n}\n\t}"),
    )
    assert_refuted(result)


def test_a_continue_that_a_scoped_form_catches_is_found() -> None:
    item = body("""
	const struct cred *old;

	while (more(ctx)) {
		old = override_creds(ctx->cred);
		if (skip(ctx)) {
			revert_creds(old);
			continue;
		}
		change(ctx);
		revert_creds(old);
		count(ctx);
	}
	return 0;
""")
    scoped = ("old = override_creds(ctx->cred);", "scoped_guard(cred, <<ctx->cred>>) {")
    first = ("\t\t\trevert_creds(old);\n\t\t\tcontinue;", "\t\t\t<<continue;>>")
    last = ("change(ctx);\n\t\trevert_creds(old);", "<<change(ctx);>>\n\t\t}")
    assert_refuted(by_hand(item, DECLARATION, scoped, first, last))


def test_a_dropped_revert_is_found() -> None:
    assert_refuted(by_hand(CLEAN, REVERT), "the end of the function")


def test_a_doubled_revert_is_found() -> None:
    assert_refuted(by_hand(CLEAN, ("revert_creds(old);", "revert_creds(old); revert_creds(old);")))


def test_a_revert_beside_a_guard_is_found() -> None:
    assert_refuted(by_hand(CLEAN, GUARD), "nothing that this function saved")


def test_a_refcounted_revert_of_a_light_override_is_found() -> None:
    light = ("override_creds(ctx->cred)", "override_creds_light(<<ctx->cred>>)")
    assert_refuted(by_hand(CLEAN, light), "a refcounted revert ends a light override")


def test_a_light_revert_of_a_refcounted_override_is_found() -> None:
    light = ("revert_creds(old)", "revert_creds_light(old)")
    assert_refuted(by_hand(CLEAN, light), "a light revert ends a refcounted override")


def test_a_dropped_assignment_is_found() -> None:
    item = body("""
	const struct cred *old;
	int err = -EPERM;

	old = override_creds(ctx->cred);
	change(ctx);
	err = 0;
	revert_creds(old);
	return err;
""")
    assert by_hand(item, DECLARATION, GUARD, REVERT) is None
    assert_refuted(by_hand(item, DECLARATION, GUARD, REVERT, ("\terr = 0;\n", "")))


def test_a_dropped_return_value_is_found() -> None:
    assert_refuted(by_hand(CLEAN, DECLARATION, GUARD, REVERT, ("err = change(ctx);", "<<change(ctx);>>")))
    assert_refuted(by_hand(CLEAN, DECLARATION, GUARD, REVERT, ("return err;", "return;")))


def test_a_changed_credential_is_found() -> None:
    guard = ("old = override_creds(ctx->cred);", "guard(cred)(ctx->other_cred);")
    assert_refuted(by_hand(CLEAN, DECLARATION, guard, REVERT), "ctx->cred", "ctx->other_cred")


def test_credentials_swapped_between_two_sites_are_found() -> None:
    result = by_hand(
        TWO,
        ("override_creds(ctx->reader)", "override_creds_light(<<ctx->writer>>)"),
        ("look(ctx);\n\trevert_creds(old)", "<<look(ctx);>>\n\trevert_creds_light(old)"),
        ("override_creds(ctx->writer)", "override_creds_light(<<ctx->reader>>)"),
        ("change(ctx);\n\trevert_creds(old)", "<<change(ctx);>>\n\trevert_creds_light(old)"),
    )
    assert_refuted(result, "ctx->reader", "ctx->writer")


def test_a_goto_turned_into_another_return_value_is_found() -> None:
    item = body("""
	const struct cred *old;
	int err;

	old = override_creds(ctx->cred);
	err = change(ctx);
	if (err)
		goto out;
	err = commit(ctx);
out:
	revert_creds(old);
	return err;
""")
    right = [DECLARATION, GUARD, ("out:\n\trevert_creds(old);\n", "")]
    assert by_hand(item, *right[:2], ("goto out;", "return <<err>>;"), right[2]) is not None
    at = "return err;"
    assert item.source.count(at.encode()) == 1
    assert_refuted(by_hand(item, *right[:2], ("goto out;", "return 0;"), right[2]))
    assert_refuted(by_hand(item, *right[:2], ("goto out;", "return;"), right[2]))


def test_a_saved_variable_that_is_read_elsewhere_cannot_go() -> None:
    item = body("""
	const struct cred *old;

	old = override_creds(ctx->cred);
	change(ctx, old);
	revert_creds(old);
	return 0;
""")
    assert proven(item) == [{"light"}]
    assert_refuted(by_hand(item, GUARD, REVERT), "old is also read at line 6")


def test_a_label_before_a_declaration_is_refused() -> None:
    item = body("""
	const struct cred *old;
again:
	old = override_creds(ctx->cred);
	if (change(ctx)) {
		revert_creds(old);
		goto again;
	}
	revert_creds(old);
	return 0;
""")
    changes = [DECLARATION, GUARD, ("\t\trevert_creds(old);\n\t\tgoto again;\n", "\t\t<<goto again;>>\n")]
    result = by_hand(item, *changes, ("}\n\trevert_creds(old);\n", "}\n"))
    assert_refuted(result, "before a declaration")


def test_a_case_label_before_a_declaration_is_refused() -> None:
    item = body("""
	const struct cred *old;

	switch (ctx->kind) {
	case 1:
		old = override_creds(ctx->cred);
		change(ctx);
		revert_creds(old);
	}
	return 0;
""")
    assert "guard" not in proven(item)[0]
    assert_refuted(by_hand(item, DECLARATION, GUARD, ("\t\trevert_creds(old);\n", "")), "before a declaration")


def test_a_cleanup_of_another_variable_that_would_run_under_the_override_is_found() -> None:
    item = body("""
	const struct cred *old;

	old = override_creds(ctx->cred);
	void *page __free(put_page) = change(ctx);
	revert_creds(old);
	return 0;
""")
    assert proven(item) == [{"light"}]
    assert_refuted(by_hand(item, DECLARATION, GUARD, REVERT), "the cleanup")


def test_a_cleanup_of_a_variable_declared_before_the_guard_keeps_its_place() -> None:
    item = body("""
	void *page __free(put_page) = look(ctx);
	const struct cred *old;

	old = override_creds(ctx->cred);
	change(ctx);
	revert_creds(old);
	return 0;
""")
    assert "guard" in proven(item)[0]


def test_a_cleanup_moved_before_another_is_found() -> None:
    item = body("""
	const struct cred *old;
	void *one __free(put_one) = look(ctx);
	void *two __free(put_two) = NULL;

	old = override_creds(ctx->cred);
	change(ctx);
	revert_creds(old);
	return 0;
""")
    one, two = "\tvoid *one __free(put_one) = look(ctx);\n", "\tvoid *two __free(put_two) = NULL;\n"
    assert_refuted(by_hand(item, DECLARATION, (one + two, f"<<{two}>><<{one}>>"), GUARD, REVERT))


def test_a_conditional_revert_is_no_guard() -> None:
    item = body("""
	const struct cred *old = NULL;

	if (ctx->switched)
		old = override_creds(ctx->cred);
	change(ctx);
	if (old)
		revert_creds(old);
	return 0;
""")
    assert proven(item) == [{"light"}]
    result = by_hand(
        item,
        ("\tif (ctx->switched)\n\t\told = override_creds(ctx->cred);\n", "\tguard(cred)(<<ctx->cred>>);\n"),
        ("\tif (old)\n\t\trevert_creds(old);\n", ""),
    )
    assert_refuted(result)


# -- what could make the proof look away


def test_a_condition_that_assigns_the_saved_variable_goes_both_ways() -> None:
    item = body("""
	const struct cred *old;

	old = override_creds(ctx->cred);
	change(ctx);
	revert_creds(old);
	if ((old = ctx->previous))
		return 0;
	return filter(ctx);
""")
    assert_refuted(by_hand(item, ("return filter(ctx);", "return 0;")))


def test_a_statement_that_assigns_more_than_the_saved_variable_cannot_be_dropped() -> None:
    item = body("""
	const struct cred *old;
	int count = 0;

	old = override_creds(ctx->cred);
	change(ctx);
	revert_creds(old);
	count = (old = NULL, count + 1);
	return count;
""")
    assert_refuted(by_hand(item, ("\tcount = (old = NULL, count + 1);\n", "")))
    side = body("""
	const struct cred *old;

	old = override_creds(ctx->cred);
	change(ctx);
	revert_creds(old);
	old = *ctx->next++;
	return count;
""")
    assert_refuted(by_hand(side, ("\told = *ctx->next++;\n", "")))


def test_a_saved_variable_whose_address_is_taken_is_refused() -> None:
    item = body("""
	const struct cred *old = NULL;

	maybe_override(&old);
	if (old)
		finish(ctx);
	old = override_creds(ctx->cred);
	change(ctx);
	revert_creds(old);
	return 0;
""")
    assert proven(item) == [set()]
    assert "address of old" in judged(item)[0].reason


def test_a_saved_variable_that_another_hides_is_refused() -> None:
    item = body("""
	const struct cred *old = NULL;

	old = override_creds(ctx->cred);
	{
		struct thing *old;

		list_for_each_entry(old, &ctx->things, node)
			change(old);
	}
	revert_creds(old);
	return 0;
""")
    assert proven(item) == [set()]
    assert "old is declared again" in judged(item)[0].reason


def test_variables_of_the_same_name_in_blocks_side_by_side_are_two() -> None:
    item = body("""
	if (ctx->one) {
		const struct cred *old = override_creds(ctx->reader);
		look(ctx);
		revert_creds(old);
	} else {
		const struct cred *old = override_creds(ctx->writer);
		change(ctx);
		revert_creds(old);
	}
	return 0;
""")
    assert proven(item) == [{"guard", "light", "scoped"}] * 2


@pytest.mark.parametrize(
    "statement",
    [
        "if ((old = override_creds(ctx->cred)))\n\t\tchange(ctx);",
        "first = old = override_creds(ctx->cred);",
        "old = override_creds(ctx->cred), change(ctx);",
        "for (old = override_creds(ctx->cred); more(ctx);)\n\t\tchange(ctx);",
        "old = ctx->on ? override_creds(ctx->cred) : NULL;",
        "old = ({ override_creds(ctx->cred); });",
        "old = override_creds((first = ctx->cred));",
        "ctx->old = override_creds(ctx->cred);",
        "old = put_cred(override_creds(ctx->cred));",
    ],
)
def test_an_override_that_is_no_statement_of_its_own_is_refused(statement: str) -> None:
    item = body(f"""
	const struct cred *old, *first;

	{statement}
	change(ctx);
	revert_creds(old);
	return 0;
""")
    assert all(forms == set() for forms in proven(item))
    assert judged(item)[0].site.problem is not None


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("err = ({ if (look(ctx)) return 1; 0; });", "a statement expression jumps"),
        ("CHECK_GOTO(look(ctx), 3);", "may hide a jump"),
        ("RETURN_IF_ERROR(look(ctx));", "may hide a jump"),
        ("check(look(ctx), out);", "is given the label out"),
        ("commit_creds(ctx->cred);", "replaces the task's own credentials"),
    ],
)
def test_a_region_that_may_be_left_unseen_is_refused(statement: str, reason: str) -> None:
    item = body(f"""
	const struct cred *old;
	int err;

	old = override_creds(ctx->cred);
	{statement}
	if (change(ctx))
		goto out;
	look(ctx);
out:
	revert_creds(old);
	return 0;
""")
    assert reason in judged(item)[0].reason
    assert proven(item) == [set()] * len(proven(item))


def test_a_rewrite_that_hides_a_jump_is_refused() -> None:
    result = by_hand(CLEAN, ("err = change(ctx);", "<<err = >>({ return 0; <<change(ctx)>>; });"))
    assert_refuted(result)


def test_overrides_in_each_other_are_proven_together() -> None:
    item = body("""
	const struct cred *old, *older;

	older = override_creds(ctx->reader);
	look(ctx);
	old = override_creds(ctx->writer);
	change(ctx);
	revert_creds(old);
	revert_creds(older);
	return 0;
""")
    assert proven(item) == [{"guard", "light", "scoped"}, {"light", "scoped"}]
    assert rewritten(item).count("guard(cred") == 2


def test_overrides_that_end_in_the_wrong_order_are_refused() -> None:
    item = body("""
	const struct cred *old, *older;

	older = override_creds(ctx->reader);
	old = override_creds(ctx->writer);
	change(ctx);
	revert_creds(older);
	revert_creds(old);
	return 0;
""")
    assert proven(item) == [set()] * 2


def test_a_goto_into_a_region_is_refused() -> None:
    item = body("""
	const struct cred *old;

	if (ctx->on)
		goto inside;
	old = override_creds(ctx->cred);
inside:
	change(ctx);
	revert_creds(old);
	return 0;
""")
    assert proven(item) == [set()]


def test_an_override_in_one_case_that_ends_after_the_switch_can_only_be_light() -> None:
    item = body("""
	const struct cred *old = NULL;

	switch (ctx->kind) {
	case 1:
		look(ctx);
		old = override_creds(ctx->cred);
		break;
	default:
		break;
	}
	change(ctx);
	if (old)
		revert_creds(old);
	return 0;
""")
    assert proven(item) == [{"light"}]


def test_reverts_in_both_branches_of_an_if_are_one_guard() -> None:
    item = body("""
	const struct cred *old;

	old = override_creds(ctx->cred);
	if (change(ctx)) {
		look(ctx);
		revert_creds(old);
	} else {
		commit(ctx);
		revert_creds(old);
	}
	return 0;
""")
    assert proven(item) == [{"guard", "light"}]


def test_a_revert_reached_by_a_backward_goto_is_followed() -> None:
    item = body("""
	const struct cred *old;
	int err;

	old = override_creds(ctx->cred);
	err = change(ctx);
	if (err)
		goto fail;
out:
	revert_creds(old);
	return err;
fail:
	undo(ctx);
	goto out;
""")
    [site] = judged(item)
    assert site.site.problem is None
    assert not site.verdict(Form.GUARD).ok
    result = by_hand(item, ("out:\n\trevert_creds(old);\n", "\trevert_creds(old);\nout:\n"))
    assert_refuted(result)


def test_a_macro_loop_without_arguments_has_a_way_past_it() -> None:
    item = body("""
	const struct cred *old;

	old = override_creds(ctx->cred);
	for_each_thing() {
		change(ctx);
	}
	revert_creds(old);
	return filter(ctx);
""")
    assert [(moved.call) for moved in judged(item)[0].verdict(Form.GUARD).moved] == ["filter"]


@pytest.mark.parametrize("task", ["current", "me"])
def test_a_read_of_the_current_credentials_is_an_event(task: str) -> None:
    item = body(f"""
	const struct cred *old;
	struct task_struct *me = current;

	old = override_creds(ctx->cred);
	change(ctx);
	revert_creds(old);
	return {task}->cred->count;
""")
    assert [moved.call for moved in judged(item)[0].verdict(Form.GUARD).moved] == [f"{task}->cred"]


# -- lifetimes


@pytest.mark.parametrize(
    "statement",
    [
        "my_ctx_put(ctx);",
        "put_cred(ctx->cred);",
        "ctx = other(ctx);",
        "ctx->cred = NULL;",
        "kref_put(&ctx->ref, my_ctx_free);",
        "advance(&ctx);",
        "swap(ctx->cred, ctx->other);",
        "list_for_each_entry(ctx, &all, node)\n\t\tchange(ctx);",
        "if (more(ctx)) {\n\t\tstruct my_ctx *ctx = make();\n\n\t\tchange(ctx);\n\t}",
        "struct my_ctx *same = ctx;\n\tmy_ctx_put(same);",
    ],
)
def test_a_context_that_may_go_away_keeps_its_reference(statement: str) -> None:
    item = body(f"""
	const struct cred *old;

	old = override_creds(ctx->cred);
	{statement}
	revert_creds(old);
	return 0;
""")
    assert proven(item) == [set()]


def test_a_context_of_the_function_itself_keeps_its_reference() -> None:
    item = body(
        """
	struct my_ctx *ctx = find(id);
	const struct cred *old = override_creds(ctx->cred);

	change(ctx);
	revert_creds(old);
	return 0;
""",
        "int id",
    )
    assert proven(item) == [set()]


def test_what_gives_up_a_credential_in_one_variant_counts() -> None:
    item = body("""
	const struct cred *old;

	old = override_creds(ctx->cred);
	change(ctx);
#ifndef CONFIG_KEEP
	look(ctx);
#else
	my_ctx_put(ctx);
#endif
	revert_creds(old);
	return 0;
""")
    assert proven(item) == [set()]


# -- wrappers

WRAPPED = CREDENTIALS.with_summaries(
    {
        "begin": Wrapper("begin", "t.c", "sb->cred", "struct super_block *sb", "mount"),
        "begin_other": Wrapper("begin_other", "t.c", "sb->other", "struct super_block *sb", "mount"),
    },
    {},
    frozenset(),
)
CALLER = body(
    """
	const struct cred *old;

	old = begin(sb);
	change(sb);
	revert_creds(old);
	return 0;
""",
    "struct super_block *sb",
)


def test_a_wrapper_needs_an_accessor() -> None:
    [site] = judged(CALLER, WRAPPED)
    assert site.choice is None
    assert "no accessor" in site.reason
    assert proven(CALLER, WRAPPED, Names(accessors={"begin": "creds_of"})) == [{"guard", "scoped", "light"}]


def test_what_a_wrapper_is_given_is_not_what_it_puts_in_force() -> None:
    changes = (DECLARATION, ("old = begin(sb);", "guard(cred)(<<sb>>);"), REVERT)
    assert_refuted(by_hand(CALLER, *changes, effects=WRAPPED))


def test_a_wrapper_is_not_another() -> None:
    assert_refuted(by_hand(CALLER, ("begin(sb)", "begin_other(<<sb>>)"), effects=WRAPPED), "the override")


# -- counterexamples


def test_a_counterexample_names_path_event_and_both_credentials() -> None:
    text = str(by_hand(FILTERED, DECLARATION, GUARD, REVERT))
    assert re.fullmatch(
        r"path 6 -> 7 -> 10: filter\(\) \(line 10\) ran under the caller's credentials, would run under ctx->cred", text
    )


def test_a_site_that_the_tree_has_converted_is_left_alone() -> None:
    item = body("""
	guard(cred)(ctx->cred);
	return change(ctx);
""")
    [site] = judged(item)
    assert site.site.converted == "guard"
    assert site.choice is None
    planner = Planner(NAMES)
    assert planner.rewrite(analysed(item), [site]).text == item.source
