"""Rewrites that were proven and that runs show to be wrong: each was found among the generated programs."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.programs.execute import Machine
from tests.programs.generate import Program
from tests.programs.law import examine
from tests.programs.wrappers import HELPERS

pytestmark = pytest.mark.slow

COPIED = """int subject(struct my_ctx *ctx)
{
	const struct cred *copy = ctx->cred;
	const struct cred *old;

	old = override_creds(ctx->cred);
	put_cred(copy);
	note(1);
	revert_creds(old);
	return 0;
}
"""
LENT = """int subject(struct my_ctx *ctx, const struct cred *cred)
{
	const struct cred *old;

again:
	put_cred(ctx->cred);
	if (more(1))
		goto again;
	old = override_creds(cred);
	note(2);
	put_cred(ctx->cred);
	note(3);
	revert_creds(old);
	return 0;
}
"""
MOUNT = """int subject(struct super_block *sb)
{
	const struct cred *old;

	old = override_creds(sb->s_cred);
	put_cred(sb->s_cred);
	note(1);
	revert_creds(old);
	return 0;
}
"""
ALIAS = """int subject(struct my_ctx *ctx, const struct cred *cred)
{
	struct my_ctx *alias = ctx;
	const struct cred *old;

	old = override_creds(ctx->cred);
	put_cred(alias->cred);
	alias->cred = get_cred(cred);
	note(1);
	revert_creds(old);
	return 0;
}
"""
WRAPPED = (
    HELPERS["my_override"].text
    + """

int subject(struct my_ctx *ctx, const struct cred *cred)
{
	const struct cred *old;

	old = my_override(ctx);
	put_cred(ctx->cred);
	ctx->cred = get_cred(cred);
	note(1);
	revert_creds(old);
	return 0;
}
"""
)
UNREACHED = """int subject(struct my_ctx *ctx)
{
	{
		const struct cred *old = override_creds(ctx->cred);

		note(1);
		revert_creds(old);
		return 0;
		revert_creds(old);
	}
}
"""
LEAKED_IN_A_GUARD = """int subject(struct my_ctx *ctx, struct super_block *sb)
{
	const struct cred *old;
	int err;

	guard(cred)(sb->s_cred);
	old = override_creds(ctx->cred);
	err = probe(1);
	if (err)
		return err;
	revert_creds(old);
	return 0;
}
"""
HIDDEN_IN_A_LOOP = """int subject(struct my_ctx *ctx)
{
	const struct cred *old;
	int i;

	old = override_creds(ctx->cred);
	note(1);
	revert_creds(old);
	for_each_item(i, 2) {
		/* only counts */
	}
	return i;
}
"""
WRONG_ON_A_PATH = """static int inner(struct my_ctx *ctx)
{
	const struct cred *old;
	int err;

	old = override_creds(ctx->cred);
	scoped_guard(cred, ctx->cred) {
		err = probe(1);
		if (err) {
			revert_creds(old);
			return err;
		}
	}
	revert_creds(old);
	return err;
}

int subject(struct my_ctx *ctx, struct super_block *sb)
{
	const struct cred *old;

	old = override_creds(sb->s_cred);
	inner(ctx);
	revert_creds(old);
	note(2);
	return 0;
}
"""
DECLARED_BY_THE_FIRST = """int subject(struct my_ctx *ctx)
{
	const struct cred *old = override_creds(ctx->cred);
	note(1);
	revert_creds(old);
	note(2);
	old = override_creds(ctx->cred);
	if (more(3))
		note(4);
	revert_creds(old);
	return 0;
}
"""
# With a guard around it, and a wrapper that is light by then, what is left to rewrite is for a moment neither.
LEFT_DECLARED = """static inline const struct cred *my_creds(struct my_ctx *ctx)
{
	return ctx->cred;
}

const struct cred *my_override(struct my_ctx *ctx)
{
	return override_creds(ctx->cred);
}

int subject(struct my_ctx *ctx)
{
	const struct cred *outer, *middle, *inner;

	outer = override_creds(ctx->cred);
	middle = override_creds(ctx->cred);
	inner = my_override(ctx);
	note(1);
	revert_creds(inner);
	revert_creds(middle);
	revert_creds(outer);
	return 0;
}
"""


def program(text: str, *parameters: str, accessors: Mapping[str, str] | None = None) -> Program:
    defines = [name for name in ("my_creds", "my_override", "inner", "subject") if f"{name}(" in text]
    entry = f"subject({', '.join(f'rt_arguments.{name}' for name in parameters)})"
    return Program(text, tuple(defines), entry, 3, frozenset(), (), accessors or {})


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(program(MOUNT, "sb"), id="the credential of a mount is put in the region"),
        pytest.param(program(LENT, "ctx", "cred"), id="the caller lends what the context holds"),
        pytest.param(program(COPIED, "ctx"), id="a copy of the pointer is put in the region"),
        pytest.param(program(ALIAS, "ctx", "cred"), id="it is put through another name of the context"),
        pytest.param(
            program(WRAPPED, "ctx", "cred", accessors={"my_override": "my_creds"}),
            id="what a wrapper overrides with is put in the region",
        ),
        pytest.param(program(UNREACHED, "ctx"), id="a revert that is never reached stays behind"),
        pytest.param(program(LEAKED_IN_A_GUARD, "ctx", "sb"), id="a guard around it hides a leak on some path"),
        pytest.param(program(HIDDEN_IN_A_LOOP, "ctx"), id="the head of a loop macro calls a function"),
        pytest.param(program(DECLARED_BY_THE_FIRST, "ctx"), id="the first override declares what the second uses"),
        pytest.param(
            program(LEFT_DECLARED, "ctx", accessors={"my_override": "my_creds"}),
            id="the second of three overrides leaves its variable behind",
        ),
        pytest.param(program(WRONG_ON_A_PATH, "ctx", "sb"), id="a called function is wrong on some path"),
    ],
)
def test_what_was_proven_wrongly(case: Program, tmp_path_factory: pytest.TempPathFactory) -> None:
    report = examine([case], Machine(tmp_path_factory.mktemp("programs")))
    if report.invalid:
        pytest.fail("the program is not valid C")
    assert not report.failures, "\n\n".join(f"{item.version.text}\n{item}" for _, item in report.failures)
