"""Conversions by hand that are right: in these the audit has nothing to find. The C is written for these tests."""

from __future__ import annotations

from tests.planted import (
    CHECKED,
    CHOICE,
    EARLY,
    FELL_THROUGH,
    FILTERED,
    GUARD,
    LIGHT,
    LIGHT_REVERT,
    LOCKED,
    LOOP,
    MAYBE,
    NESTED,
    OPENED,
    OWNER,
    PLAIN,
    PREPARED,
    RETRIED,
    REVERT,
    SAVED,
    SETUP,
    SWITCH,
    TWO,
    UNWOUND,
    WRAPPED,
    WRAPPER,
    swap,
)

REGION = "\told = override_creds(ctx->cred);\n\terr = change(ctx);\n\trevert_creds(old);\n"
SCOPE = "\tscoped_guard(cred, ctx->cred)\n\t\terr = change(ctx);\n"
ACCESSOR = """
const struct cred *my_creds(struct super_block *sb)
{
	return my_fs(sb)->creator;
}
"""
MY_FS = """
static inline struct my_fs *my_fs(struct super_block *sb)
{
	return sb->s_fs_info;
}
"""
WRAPPER_BY_ACCESSOR = """\
const struct cred *my_override_creds(struct super_block *sb)
{
	return override_creds(my_creds(sb));
}
"""

CLASS = """
DEFINE_CLASS(my_fs, const struct cred *, revert_creds(_T), my_override_creds(sb), struct super_block *sb)
"""
LIGHT_CLASS = """
DEFINE_GUARD(acting, const struct cred *, _T = override_creds_light(_T), revert_creds_light(_T))
"""

# name, before, after, and where another file counts: what that is before and after
# What keeps a reference on the credentials in force, which no variable names.
PAIR = """\
static void begin(struct my_ctx *ctx, const struct cred **old)
{
	*old = override_creds(ctx->cred);
}

static void end(const struct cred **old)
{
	revert_creds(*old);
}

int f(struct my_ctx *ctx)
{
	const struct cred *old;

	begin(ctx, &old);
	ctx->mine = get_cred(current_cred());
	end(&old);
	return 0;
}
"""
KEPT = swap(WRAPPED, ("\terr = change(sb);\n", "\terr = change(sb);\n\tsb->mine = get_cred(current_cred());\n"))

RIGHT: dict[str, tuple[str, ...]] = {
    "guard": (PLAIN, swap(PLAIN, SAVED, GUARD, REVERT)),
    "guard and a direct return": (
        PLAIN,
        "int f(struct my_ctx *ctx)\n{\n\tguard(cred)(ctx->cred);\n\treturn change(ctx);\n}\n",
    ),
    "scoped": (FILTERED, swap(FILTERED, SAVED, (REGION, SCOPE))),
    "light": (PLAIN, swap(PLAIN, LIGHT, LIGHT_REVERT)),
    "scoped beside gotos": (UNWOUND, swap(UNWOUND, SAVED, (REGION, SCOPE))),
    "gotos become returns with their constants": (
        UNWOUND,
        """\
int f(struct my_ctx *ctx)
{
	int err;

	if (!ctx->ready) {
		note(ctx, -EINVAL);
		return -EINVAL;
	}

	err = begin(ctx);
	if (err) {
		note(ctx, err);
		return err;
	}

	scoped_guard(cred, ctx->cred)
		err = change(ctx);
	finish(ctx);
	note(ctx, err);
	return err;
}
""",
    ),
    "saved variable renamed": (PLAIN, PLAIN.replace("old", "saved_cred")),
    "everything renamed": (
        PLAIN,
        swap(PLAIN, SAVED, GUARD, REVERT).replace("ctx", "context").replace("err", "ret"),
    ),
    "prepared, light": (
        PREPARED,
        swap(PREPARED, ("override_creds(new)", "override_creds_light(new)"), LIGHT_REVERT),
    ),
    "prepared, scoped, freed by scope": (
        PREPARED,
        """\
int f(struct my_ctx *ctx)
{
	struct cred *new __free(put_cred) = prepare_creds();
	int err;

	if (!new)
		return -ENOMEM;
	new->fsuid = ctx->uid;
	scoped_guard(cred, new)
		err = change(ctx);
	return err;
}
""",
    ),
    "lock guard before the credentials": (
        LOCKED,
        """\
int f(struct my_ctx *ctx)
{
	guard(mutex)(&ctx->lock);
	guard(cred)(ctx->cred);
	return change(ctx);
}
""",
    ),
    "scoped in a locked region": (LOCKED, swap(LOCKED, SAVED, (REGION, SCOPE))),
    "scoped in a loop": (
        LOOP,
        swap(
            LOOP,
            SAVED,
            ("\t\told = override_creds(ctx->cred);\n", "\t\tscoped_guard(cred, ctx->cred) {\n"),
            ("\t\trevert_creds(old);\n", "\t\t}\n"),
        ),
    ),
    "two scopes": (
        TWO,
        """\
int f(struct my_ctx *ctx)
{
	int err;

	scoped_guard(cred, ctx->reader)
		err = look(ctx);
	if (err)
		return err;

	guard(cred)(ctx->writer);
	return change(ctx);
}
""",
    ),
    "nested, the caller's credentials kept by name": (
        NESTED,
        """\
int f(struct my_ctx *ctx)
{
	const struct cred *caller = current_cred();
	int err;

	guard(cred)(ctx->cred);
	err = change(ctx);
	scoped_guard(cred, caller)
		tell(ctx, err);
	finish(ctx);
	return err;
}
""",
    ),
    "the caller's credentials read before the guard": (
        OWNER,
        """\
int f(struct my_ctx *ctx)
{
	const struct cred *caller = current_cred();
	int err;

	guard(cred)(ctx->cred);
	err = create(ctx, caller);
	if (!err)
		err = set_owner(ctx, caller->fsuid);
	return err;
}
""",
    ),
    "file put after the scope": (
        OPENED,
        swap(
            OPENED,
            SAVED,
            (
                "\told = override_creds(file->f_cred);\n\terr = change(file);\n\trevert_creds(old);\n",
                "\tscoped_guard(cred, file->f_cred)\n\t\terr = change(file);\n",
            ),
        ),
    ),
    "wrapper by its accessor": (
        WRAPPED,
        swap(WRAPPED, SAVED, ("\told = my_override_creds(sb);\n", "\tguard(cred)(my_creds(sb));\n"), REVERT),
        WRAPPER + MY_FS,
        WRAPPER_BY_ACCESSOR + ACCESSOR + MY_FS,
    ),
    "wrapper and caller go light together": (
        WRAPPED,
        swap(WRAPPED, LIGHT_REVERT),
        WRAPPER,
        WRAPPER.replace("return override_creds(", "return override_creds_light("),
    ),
    "setup puts what it makes after its caller's light override": (
        SETUP,
        SETUP.replace("\tput_cred(new);\n\treturn err;\n", "\tput_cred(new);\n\treturn err ? err : 0;\n"),
    ),
    "a guard class of the tree's own": (
        WRAPPED,
        swap(WRAPPED, SAVED, ("\told = my_override_creds(sb);\n", "\tguard(my_fs)(sb);\n"), REVERT),
        WRAPPER,
        WRAPPER + CLASS,
    ),
    "a class of the tree's own, light": (
        PLAIN,
        swap(PLAIN, SAVED, ("\told = override_creds(ctx->cred);\n", "\tCLASS(acting, scope)(ctx->cred);\n"), REVERT),
        "",
        LIGHT_CLASS,
    ),
    "a choice of two, made before the guard": (
        CHOICE,
        """\
int f(struct my_ctx *ctx)
{
	int err;

	if (ctx->write) {
		scoped_guard(cred, ctx->writer)
			err = change(ctx);
	} else {
		scoped_guard(cred, ctx->reader)
			err = change(ctx);
	}
	return err;
}
""",
    ),
    "case with a block of its own": (
        SWITCH,
        swap(
            SWITCH,
            SAVED,
            ("\tcase 1:\n\t\told = override_creds(ctx->cred);\n", "\tcase 1: {\n\t\tguard(cred)(ctx->cred);\n"),
            ("\t\trevert_creds(old);\n\t\tbreak;\n", "\t\tbreak;\n\t}\n"),
        ),
    ),
    "constant kept": (
        CHECKED,
        swap(CHECKED, SAVED, GUARD, REVERT),
    ),
    "constant returned at once": (
        CHECKED,
        """\
int f(struct my_ctx *ctx)
{
	int err;

	guard(cred)(ctx->cred);
	err = change(ctx);
	if (err == -ENODATA)
		return 0;
	return err;
}
""",
    ),
    "constants returned at once, their variable gone": (
        swap(FELL_THROUGH, ("if (rc < 0)", "if (rc)")),
        """\
int f(struct my_ctx *ctx)
{
	int rc;

	guard(cred)(ctx->cred);
	if (!look(ctx))
		return -EIO;
	rc = change(ctx);
	if (rc)
		return rc;
	return 0;
}
""",
    ),
    "a constant that was known": (
        swap(FELL_THROUGH, ("if (rc < 0)", "if (rc)"), ("int rc = -EIO;", "int rc = 0;")),
        swap(
            FELL_THROUGH,
            ("if (rc < 0)", "if (rc)"),
            ("int rc = -EIO;", "int rc = 0;"),
            ("\trc = 0;\nout:", "out:"),
            LIGHT,
            LIGHT_REVERT,
        ),
    ),
    "early exit out of a scope": (
        EARLY,
        """\
int f(struct my_ctx *ctx)
{
	int err;

	err = begin(ctx);
	if (err)
		return err;
	scoped_guard(cred, ctx->cred) {
		err = change(ctx);
		if (err)
			break;
		err = commit(ctx);
	}
	finish(ctx);
	return err;
}
""",
    ),
    "conditional override in two arms": (
        MAYBE,
        """\
int f(struct my_ctx *ctx)
{
	int err;

	if (ctx->other) {
		scoped_guard(cred, ctx->cred)
			err = change(ctx);
	} else {
		err = change(ctx);
	}
	return err;
}
""",
    ),
    "scope before a backward label": (RETRIED, swap(RETRIED, SAVED, (REGION, SCOPE))),
    "extracted into a helper": (
        FILTERED,
        """\
static int do_change(struct my_ctx *c)
{
	guard(cred)(c->cred);
	return change(c);
}

int f(struct my_ctx *ctx)
{
	int err;

	err = do_change(ctx);
	if (err)
		return err;

	return permitted(ctx->inode);
}
""",
    ),
    "extracted with its early returns, called in a condition": (
        swap(FILTERED, ("\terr = change(ctx);\n", "\terr = look(ctx);\n\tif (!err)\n\t\terr = change(ctx);\n")),
        """\
static int do_change(struct my_ctx *ctx)
{
	int err;

	guard(cred)(ctx->cred);
	err = look(ctx);
	if (err)
		return err;
	return change(ctx);
}

int f(struct my_ctx *ctx)
{
	int err;

	err = do_change(ctx);
	if (err)
		return err;

	return permitted(ctx->inode);
}
""",
    ),
    "helper dissolved": (
        "static int inner(struct my_ctx *c)\n{\n\treturn change(c);\n}\n\n"
        + swap(PLAIN, ("err = change(ctx)", "err = inner(ctx)")),
        swap(PLAIN, SAVED, GUARD, REVERT),
    ),
    "nothing but a comment": (PLAIN, swap(PLAIN, ("\treturn err;\n", "\t/* done */\n\treturn err;\n"))),
    "a new call under the override": (PLAIN, swap(PLAIN, (REVERT[0], "\ttell(ctx, err);\n\trevert_creds(old);\n"))),
    "a call removed": (UNWOUND, swap(UNWOUND, ("\tfinish(ctx);\n", ""))),
    "an argument added": (
        FILTERED,
        swap(
            FILTERED,
            ("change(ctx)", "change(ctx, 0)"),
            SAVED,
            (REGION.replace("change(ctx)", "change(ctx, 0)"), SCOPE.replace("change(ctx)", "change(ctx, 0)")),
        ),
    ),
    "a reference on what a pair of wrappers put in force": (
        PAIR,
        swap(PAIR, ("\tbegin(ctx, &old);\n", "\tlook(ctx);\n\tbegin(ctx, &old);\n")),
    ),
    "a reference on what a wrapper put in force": (
        KEPT,
        swap(KEPT, SAVED, ("\told = my_override_creds(sb);\n", "\tguard(cred)(my_creds(sb));\n"), REVERT),
        WRAPPER + MY_FS + ACCESSOR,
        WRAPPER + MY_FS + ACCESSOR,
    ),
}
