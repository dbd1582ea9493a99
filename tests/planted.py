"""Conversions by hand, each wrong in one way; the C is written for these tests in the shapes that kernel C has."""

from __future__ import annotations

from tests.auditcase import Plant

PLAIN = """\
int f(struct my_ctx *ctx)
{
	const struct cred *old;
	int err;

	old = override_creds(ctx->cred);
	err = change(ctx);
	revert_creds(old);
	return err;
}
"""
FILTERED = """\
int f(struct my_ctx *ctx)
{
	const struct cred *old;
	int err;

	old = override_creds(ctx->cred);
	err = change(ctx);
	revert_creds(old);
	if (err)
		return err;

	return permitted(ctx->inode);
}
"""
UNWOUND = """\
int f(struct my_ctx *ctx)
{
	const struct cred *old;
	int err = -EINVAL;

	if (!ctx->ready)
		goto out;

	err = begin(ctx);
	if (err)
		goto out;

	old = override_creds(ctx->cred);
	err = change(ctx);
	revert_creds(old);
	finish(ctx);
out:
	note(ctx, err);
	return err;
}
"""
PREPARED = """\
int f(struct my_ctx *ctx)
{
	const struct cred *old;
	struct cred *new;
	int err;

	new = prepare_creds();
	if (!new)
		return -ENOMEM;
	new->fsuid = ctx->uid;
	old = override_creds(new);
	err = change(ctx);
	revert_creds(old);
	put_cred(new);
	return err;
}
"""
LOCKED = """\
int f(struct my_ctx *ctx)
{
	const struct cred *old;
	int err;

	mutex_lock(&ctx->lock);
	old = override_creds(ctx->cred);
	err = change(ctx);
	revert_creds(old);
	mutex_unlock(&ctx->lock);
	return err;
}
"""
LOOP = """\
int f(struct my_ctx *ctx)
{
	const struct cred *old;
	int err = 0;
	int i;

	for (i = 0; i < ctx->count; i++) {
		if (!wanted(ctx, i))
			continue;
		old = override_creds(ctx->cred);
		err = change(ctx, i);
		revert_creds(old);
		if (err)
			break;
		progress(ctx, i);
	}
	return err;
}
"""
TWO = """\
int f(struct my_ctx *ctx)
{
	const struct cred *old;
	int err;

	old = override_creds(ctx->reader);
	err = look(ctx);
	revert_creds(old);
	if (err)
		return err;

	old = override_creds(ctx->writer);
	err = change(ctx);
	revert_creds(old);
	return err;
}
"""
NESTED = """\
int f(struct my_ctx *ctx)
{
	const struct cred *old;
	const struct cred *mine;
	int err;

	old = override_creds(ctx->cred);
	err = change(ctx);
	mine = override_creds(old);
	tell(ctx, err);
	revert_creds(mine);
	finish(ctx);
	revert_creds(old);
	return err;
}
"""
OWNER = """\
int f(struct my_ctx *ctx)
{
	const struct cred *old;
	int err;

	old = override_creds(ctx->cred);
	err = create(ctx, old);
	if (!err)
		err = set_owner(ctx, old->fsuid);
	revert_creds(old);
	return err;
}
"""
OPENED = """\
int f(struct inode *inode)
{
	const struct cred *old;
	struct file *file;
	int err;

	file = open_it(inode);
	if (IS_ERR(file))
		return PTR_ERR(file);
	old = override_creds(file->f_cred);
	err = change(file);
	revert_creds(old);
	fput(file);
	return err;
}
"""
SETUP = """\
static int setup(struct my_ctx *ctx, const struct cred *caller)
{
	struct cred *new;
	int err;

	new = prepare_creds();
	if (!new)
		return -ENOMEM;
	new->fsuid = caller->fsuid;
	err = allowed(ctx, new);
	if (!err)
		put_cred(override_creds(new));
	put_cred(new);
	return err;
}

int f(struct my_ctx *ctx)
{
	const struct cred *old;
	int err;

	old = override_creds(ctx->cred);
	err = setup(ctx, old);
	if (!err)
		err = create(ctx);
	revert_creds(old);
	return err;
}
"""
WRAPPED = """\
int f(struct super_block *sb)
{
	const struct cred *old;
	int err;

	old = my_override_creds(sb);
	err = change(sb);
	revert_creds(old);
	return err;
}
"""
WRAPPER = """\
const struct cred *my_override_creds(struct super_block *sb)
{
	struct my_fs *fs = sb->s_fs_info;

	return override_creds(fs->creator);
}
"""
CHOICE = """\
int f(struct my_ctx *ctx)
{
	const struct cred *old;
	int err;

	if (ctx->write)
		old = override_creds(ctx->writer);
	else
		old = override_creds(ctx->reader);
	err = change(ctx);
	revert_creds(old);
	return err;
}
"""
SWITCH = """\
int f(struct my_ctx *ctx, int what)
{
	const struct cred *old;
	int err = 0;

	switch (what) {
	case 1:
		old = override_creds(ctx->cred);
		err = change(ctx);
		revert_creds(old);
		break;
	case 2:
		err = look(ctx);
		break;
	}
	return err;
}
"""
RETRIED = """\
int f(struct my_ctx *ctx)
{
	const struct cred *old;
	int err;

	old = override_creds(ctx->cred);
	err = change(ctx);
	revert_creds(old);
	if (err == -EAGAIN)
		goto again;
	return err;
again:
	wait_for(ctx);
	return -ERESTARTSYS;
}
"""


def swap(text: str, *changes: tuple[str, str]) -> str:
    """A text with each old piece, which is there exactly once, replaced."""
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        text = text.replace(old, new)
    return text


SAVED = ("\tconst struct cred *old;\n", "")
GUARD = ("\told = override_creds(ctx->cred);\n", "\tguard(cred)(ctx->cred);\n")
SCOPED = ("\told = override_creds(ctx->cred);\n", "\tscoped_guard(cred, ctx->cred) {\n")
REVERT = ("\trevert_creds(old);\n", "")
CLOSE = ("\trevert_creds(old);\n", "\t}\n")
LIGHT = ("override_creds(ctx->cred)", "override_creds_light(ctx->cred)")
LIGHT_REVERT = ("revert_creds(old)", "revert_creds_light(old)")

HELPER = """\
static int do_change(struct my_ctx *ctx)
{
	guard(cred)(ctx->cred);
	return change(ctx);
}

"""
CHECKED = """\
int f(struct my_ctx *ctx)
{
	const struct cred *old;
	int err;

	old = override_creds(ctx->cred);
	err = change(ctx);
	if (err == -ENODATA)
		err = 0;
	revert_creds(old);
	return err;
}
"""
FELL_THROUGH = """\
int f(struct my_ctx *ctx)
{
	const struct cred *old;
	int rc = -EIO;

	old = override_creds(ctx->cred);
	if (!look(ctx))
		goto out;
	rc = change(ctx);
	if (rc < 0)
		goto out;
	rc = 0;
out:
	revert_creds(old);
	return rc;
}
"""
EARLY = """\
int f(struct my_ctx *ctx)
{
	const struct cred *old;
	int err;

	err = begin(ctx);
	if (err)
		return err;
	old = override_creds(ctx->cred);
	err = change(ctx);
	if (err) {
		revert_creds(old);
		finish(ctx);
		return err;
	}
	err = commit(ctx);
	revert_creds(old);
	finish(ctx);
	return err;
}
"""
MAYBE = """\
int f(struct my_ctx *ctx)
{
	const struct cred *old = NULL;
	int err;

	if (ctx->other)
		old = override_creds(ctx->cred);
	err = change(ctx);
	if (old)
		revert_creds(old);
	return err;
}
"""

LEAVING = """\
void f(struct my_ctx *ctx, const struct cred *old)
{
	revert_creds(old);
	put_cred(ctx->mine);
}
"""

STORED = """\
int f(struct my_ctx *ctx)
{
	struct cred *new = prepare_creds();

	if (!new)
		return -12;
	adjust(ctx);
	ctx->cred = new;
	return 0;
}
"""

COMMITTED = """\
int f(struct my_ctx *ctx)
{
	struct cred *new = prepare_creds();
	int err;

	if (!new)
		return -12;
	err = change(ctx);
	if (err) {
		abort_creds(new);
		return err;
	}
	return commit_creds(new);
}
"""

PLANTS = [
    # DESIGN, section 9
    Plant(
        "goto over a guard",
        UNWOUND,
        swap(UNWOUND, SAVED, GUARD, ("\trevert_creds(old);\n", "")),
        "skipped-guard",
        "goto out;",
    ),
    Plant(
        "return expression under the guard",
        FILTERED,
        swap(FILTERED, SAVED, GUARD, REVERT),
        "moved-call",
        "return permitted",
    ),
    Plant(
        "filter after the region",
        swap(FILTERED, ("\treturn permitted(ctx->inode);\n", "\tfilter(ctx);\n\treturn 0;\n")),
        swap(FILTERED, SAVED, GUARD, REVERT, ("\treturn permitted(ctx->inode);\n", "\tfilter(ctx);\n\treturn 0;\n")),
        "moved-call",
        "filter(ctx)",
    ),
    Plant(
        "put of what a light override replaced",
        swap(SETUP, ("\tput_cred(new);\n\treturn err;", "\tput_cred(new);\n\treturn err;")),
        swap(SETUP, LIGHT, LIGHT_REVERT),
        "lost-reference",
        "err = setup(ctx, old);",
    ),
    Plant(
        "put of what a light override replaced, in one function",
        swap(
            PREPARED,
            (
                "\told = override_creds(new);\n",
                "\told = override_creds(ctx->cred);\n\tput_cred(override_creds(new));\n",
            ),
        ),
        swap(
            PREPARED,
            (
                "\told = override_creds(new);\n",
                "\told = override_creds_light(ctx->cred);\n\tput_cred(override_creds(new));\n",
            ),
        ),
        "lost-reference",
        "put_cred(override_creds(new));",
    ),
    Plant(
        "counted override, light revert",
        PLAIN,
        swap(PLAIN, LIGHT_REVERT),
        "extra-reference",
        "revert_creds_light(old)",
    ),
    Plant("light override, counted revert", PLAIN, swap(PLAIN, LIGHT), "lost-reference", "revert_creds(old)"),
    Plant(
        "file put inside the region",
        OPENED,
        swap(
            OPENED,
            SAVED,
            ("\told = override_creds(file->f_cred);\n", "\tguard(cred)(file->f_cred);\n"),
            REVERT,
        ),
        "lifetime",
        "fput(file)",
    ),
    Plant(
        "credential put before the guard that uses it ends",
        PREPARED,
        swap(PREPARED, SAVED, ("\told = override_creds(new);\n", "\tguard(cred)(new);\n"), REVERT),
        "lifetime",
        "put_cred(new)",
    ),
    Plant(
        "nested guard of the current credentials",
        NESTED,
        swap(
            NESTED,
            SAVED,
            ("\tconst struct cred *mine;\n", ""),
            GUARD,
            (
                "\tmine = override_creds(old);\n\ttell(ctx, err);\n\trevert_creds(mine);\n",
                "\tscoped_guard(cred, current_cred())\n\t\ttell(ctx, err);\n",
            ),
            REVERT,
        ),
        "wrong-caller-credentials",
        "current_cred()",
    ),
    Plant(
        "return value lost in a scoped form",
        FILTERED,
        swap(
            FILTERED,
            SAVED,
            (
                "\told = override_creds(ctx->cred);\n\terr = change(ctx);\n\trevert_creds(old);\n",
                "\tscoped_guard(cred, ctx->cred)\n\t\tchange(ctx);\n",
            ),
        ),
        "lost-return-value",
        "\t\tchange(ctx);",
    ),
    Plant(
        "constant lost with the region",
        CHECKED,
        swap(
            CHECKED,
            SAVED,
            (
                "\told = override_creds(ctx->cred);\n\terr = change(ctx);\n\tif (err == -ENODATA)\n"
                "\t\terr = 0;\n\trevert_creds(old);\n",
                "\tscoped_guard(cred, ctx->cred)\n\t\terr = change(ctx);\n",
            ),
        ),
        "lost-return-value",
        "err = change(ctx);",
    ),
    Plant(
        "constant lost with its variable",
        FELL_THROUGH,
        """\
int f(struct my_ctx *ctx)
{
	guard(cred)(ctx->cred);
	if (!look(ctx))
		return -EIO;
	return change(ctx);
}
""",
        "lost-return-value",
        "return change(ctx);",
    ),
    Plant(
        "one of two equal constants lost",
        swap(FELL_THROUGH, ("int rc = -EIO;", "int rc = 0;")),
        swap(FELL_THROUGH, ("int rc = -EIO;", "int rc = 0;"), SAVED, GUARD, REVERT, ("\trc = 0;\nout:", "out:")),
        "lost-return-value",
        "goto out;",
        nth=1,
    ),
    Plant(
        "label after the return, run overridden by a guard",
        RETRIED,
        swap(RETRIED, SAVED, GUARD, REVERT),
        "moved-call",
        "wait_for(ctx)",
    ),
    # and more
    Plant(
        "first filter condition under the guard",
        swap(FILTERED, ("\tif (err)\n\t\treturn err;\n", "\tif (err || hidden(ctx))\n\t\treturn -EACCES;\n")),
        swap(
            FILTERED,
            SAVED,
            SCOPED,
            (
                "\terr = change(ctx);\n\trevert_creds(old);\n\tif (err)\n\t\treturn err;\n",
                "\t\terr = change(ctx);\n\t\tif (err || hidden(ctx))\n\t\t\treturn -EACCES;\n\t}\n",
            ),
        ),
        "moved-call",
        "hidden(ctx)",
    ),
    Plant(
        "goto past the finish of the override to the wrong label",
        EARLY,
        swap(
            EARLY,
            ("\t\trevert_creds(old);\n\t\tfinish(ctx);\n\t\treturn err;\n\t}\n", "\t\tgoto out;\n\t}\n"),
            (
                "\terr = commit(ctx);\n\trevert_creds(old);\n\tfinish(ctx);\n",
                "\terr = commit(ctx);\n\trevert_creds(old);\nout:\n\tfinish(ctx);\n",
            ),
        ),
        "moved-call",
        "\tfinish(ctx);",
    ),
    Plant(
        "missing braces after a scoped guard",
        swap(PLAIN, ("\terr = change(ctx);\n", "\terr = change(ctx);\n\tsettle(ctx);\n")),
        swap(
            PLAIN,
            SAVED,
            ("\told = override_creds(ctx->cred);\n", "\tscoped_guard(cred, ctx->cred)\n"),
            ("\terr = change(ctx);\n", "\t\terr = change(ctx);\n\t\tsettle(ctx);\n"),
            REVERT,
        ),
        "moved-call",
        "settle(ctx)",
    ),
    Plant(
        "guard in a loop covers the rest of the round",
        LOOP,
        swap(
            LOOP,
            SAVED,
            ("\t\told = override_creds(ctx->cred);\n", "\t\tguard(cred)(ctx->cred);\n"),
            ("\t\trevert_creds(old);\n", ""),
        ),
        "moved-call",
        "progress(ctx, i)",
    ),
    Plant(
        "guard around the loop covers its condition",
        LOOP,
        swap(
            LOOP,
            SAVED,
            ("\tfor (i = 0;", "\tguard(cred)(ctx->cred);\n\tfor (i = 0;"),
            ("\t\told = override_creds(ctx->cred);\n", ""),
            ("\t\trevert_creds(old);\n", ""),
            ("\t\tprogress(ctx, i);\n", ""),
        ),
        "moved-call",
        "wanted(ctx, i)",
    ),
    Plant(
        "order of two guards swapped",
        swap(
            PLAIN,
            SAVED,
            ("\told = override_creds(ctx->cred);\n", "\tguard(mutex)(&ctx->lock);\n\tguard(cred)(ctx->cred);\n"),
            REVERT,
        ),
        swap(
            PLAIN,
            SAVED,
            ("\told = override_creds(ctx->cred);\n", "\tguard(cred)(ctx->cred);\n\tguard(mutex)(&ctx->lock);\n"),
            REVERT,
        ),
        "cleanup-order",
        "guard(mutex)",
    ),
    Plant(
        "unlock by hand becomes a guard on the wrong side",
        LOCKED,
        swap(
            LOCKED,
            SAVED,
            ("\tmutex_lock(&ctx->lock);\n", ""),
            ("\told = override_creds(ctx->cred);\n", "\tguard(cred)(ctx->cred);\n\tguard(mutex)(&ctx->lock);\n"),
            REVERT,
            ("\tmutex_unlock(&ctx->lock);\n", ""),
        ),
        "cleanup-order",
        "guard(mutex)",
    ),
    Plant(
        "unlock moved under the override",
        LOCKED,
        swap(LOCKED, SAVED, GUARD, REVERT),
        "moved-call",
        "mutex_unlock(&ctx->lock)",
    ),
    Plant(
        "free by hand becomes __free() under the override",
        """\
int f(struct my_ctx *ctx)
{
	const struct cred *old;
	char *name;
	int err;

	old = override_creds(ctx->cred);
	err = change(ctx);
	revert_creds(old);
	name = name_of(ctx);
	tell(name);
	release_name(name);
	return err;
}
""",
        """\
int f(struct my_ctx *ctx)
{
	int err;

	guard(cred)(ctx->cred);
	char *name __free(release_name) = NULL;

	err = change(ctx);
	return err;
}
""",
        "cleanup-order",
        "__free(release_name)",
    ),
    Plant(
        "override of another credential",
        swap(PLAIN, ("ctx->cred", "ctx->mounter")),
        swap(PLAIN, SAVED, ("\told = override_creds(ctx->cred);\n", "\tguard(cred)(ctx->reader);\n"), REVERT),
        "moved-call",
        "err = change(ctx);",
    ),
    Plant(
        "two overrides exchanged",
        TWO,
        swap(
            TWO,
            SAVED,
            (
                "\told = override_creds(ctx->reader);\n\terr = look(ctx);\n\trevert_creds(old);\n",
                "\tscoped_guard(cred, ctx->reader)\n\t\terr = look(ctx);\n",
            ),
            (
                "\told = override_creds(ctx->writer);\n\terr = change(ctx);\n\trevert_creds(old);\n",
                "\tscoped_guard(cred, ctx->reader)\n\t\terr = change(ctx);\n",
            ),
        ),
        "moved-call",
        "err = change(ctx);",
    ),
    Plant(
        "one guard for two overrides",
        TWO,
        swap(
            TWO,
            SAVED,
            (
                "\told = override_creds(ctx->reader);\n\terr = look(ctx);\n\trevert_creds(old);\n",
                "\tguard(cred)(ctx->writer);\n\terr = look(ctx);\n",
            ),
            (
                "\told = override_creds(ctx->writer);\n\terr = change(ctx);\n\trevert_creds(old);\n",
                "\terr = change(ctx);\n",
            ),
        ),
        "moved-call",
        "err = look(ctx);",
    ),
    Plant(
        "a lost else",
        CHOICE,
        swap(
            CHOICE,
            SAVED,
            (
                "\tif (ctx->write)\n\t\told = override_creds(ctx->writer);\n\telse\n"
                "\t\told = override_creds(ctx->reader);\n\terr = change(ctx);\n\trevert_creds(old);\n",
                "\tif (ctx->write)\n\t\tscoped_guard(cred, ctx->writer)\n\t\t\terr = change(ctx);\n"
                "\terr = change(ctx);\n",
            ),
        ),
        "moved-call",
        "err = change(ctx);",
        nth=1,
    ),
    Plant(
        "break caught by the scoped form",
        swap(
            LOOP,
            (
                "\t\trevert_creds(old);\n\t\tif (err)\n\t\t\tbreak;\n",
                "\t\tif (err) {\n\t\t\trevert_creds(old);\n\t\t\tbreak;\n\t\t}\n\t\tsync_it(ctx);\n"
                "\t\trevert_creds(old);\n",
            ),
            ("\treturn err;\n", "\tdone(ctx);\n\treturn err;\n"),
        ),
        """\
int f(struct my_ctx *ctx)
{
	int err = 0;
	int i;

	for (i = 0; i < ctx->count; i++) {
		if (!wanted(ctx, i))
			continue;
		scoped_guard(cred, ctx->cred) {
			err = change(ctx, i);
			if (err)
				break;
			sync_it(ctx);
		}
		progress(ctx, i);
	}
	done(ctx);
	return err;
}
""",
        "moved-call",
        "break;",
    ),
    Plant(
        "early return added inside an override by hand",
        PLAIN,
        swap(PLAIN, ("\terr = change(ctx);\n", "\terr = change(ctx);\n\tif (err == -EIO)\n\t\treturn -EIO;\n")),
        "moved-call",
        "return -EIO",
    ),
    Plant(
        "early return before the guard skips what ran before",
        swap(UNWOUND, ("\tnote(ctx, err);\n", "")),
        swap(
            UNWOUND,
            SAVED,
            ("\tint err = -EINVAL;\n", "\tint err;\n"),
            (
                "\told = override_creds(ctx->cred);\n\terr = change(ctx);\n\trevert_creds(old);\n",
                "\tscoped_guard(cred, ctx->cred)\n\t\terr = change(ctx);\n",
            ),
            ("\tnote(ctx, err);\n", ""),
        ),
        "uninitialised",
        "\treturn err;",
    ),
    Plant(
        "revert by hand left under a guard",
        swap(PLAIN, ("\terr = change(ctx);\n", "\terr = change(ctx);\n\tsettle(ctx);\n")),
        swap(
            PLAIN,
            GUARD,
            ("\tconst struct cred *old;\n", "\tconst struct cred *old = NULL;\n"),
            ("\terr = change(ctx);\n", "\terr = change(ctx);\n\tsettle(ctx);\n"),
        ),
        "mixed-conversion",
        "revert_creds(old)",
    ),
    Plant(
        "saved variable that is set nowhere any more",
        MAYBE,
        swap(
            MAYBE,
            ("\tconst struct cred *old = NULL;\n", "\tconst struct cred *old;\n"),
            (
                "\tif (ctx->other)\n\t\told = override_creds(ctx->cred);\n\terr = change(ctx);\n",
                "\tif (ctx->other)\n\t\told = override_creds(ctx->cred);\n\telse\n\t\tsettle(ctx);\n"
                "\terr = change(ctx);\n",
            ),
        ),
        "uninitialised",
        "if (old)",
    ),
    Plant(
        "label that unwinds in the scope of a guard",
        EARLY,
        swap(
            EARLY,
            SAVED,
            ("\told = override_creds(ctx->cred);\n", "\tguard(cred)(ctx->cred);\n"),
            ("\t\trevert_creds(old);\n\t\tfinish(ctx);\n\t\treturn err;\n\t}\n", "\t\tgoto out;\n\t}\n"),
            ("\terr = commit(ctx);\n\trevert_creds(old);\n\tfinish(ctx);\n", "\terr = commit(ctx);\nout:\n"),
        ),
        "mixed-conversion",
        "out:",
    ),
    Plant(
        "counted and light on one variable",
        TWO,
        swap(
            TWO,
            ("override_creds(ctx->writer)", "override_creds_light(ctx->writer)"),
            ("\terr = change(ctx);\n\trevert_creds(old);\n", "\terr = change(ctx);\n\trevert_creds_light(old);\n"),
        ),
        "mixed-conversion",
        "override_creds_light(ctx->writer)",
    ),
    Plant(
        "the saved variable becomes current_cred()",
        OWNER,
        swap(
            OWNER,
            SAVED,
            GUARD,
            ("create(ctx, old)", "create(ctx, NULL)"),
            ("old->fsuid", "current_cred()->fsuid"),
            REVERT,
        ),
        "wrong-caller-credentials",
        "current_cred()->fsuid",
    ),
    Plant(
        "the saved argument becomes current_cred()",
        OWNER,
        swap(OWNER, SAVED, GUARD, ("create(ctx, old)", "create(ctx, current_cred())"), ("old->fsuid", "0"), REVERT),
        "wrong-caller-credentials",
        "create(ctx, current_cred())",
    ),
    Plant(
        "a read of the task's credentials moves under the guard",
        swap(PLAIN, ("\treturn err;\n", "\tif (!err)\n\t\tremember(ctx, current->cred);\n\treturn err;\n")),
        swap(
            PLAIN,
            SAVED,
            GUARD,
            REVERT,
            ("\treturn err;\n", "\tif (!err)\n\t\tremember(ctx, current->cred);\n\treturn err;\n"),
        ),
        "wrong-caller-credentials",
        "current->cred",
    ),
    Plant(
        "current_fsuid() moves under the guard",
        swap(PLAIN, ("\treturn err;\n", "\tctx->uid = current_fsuid();\n\treturn err;\n")),
        swap(PLAIN, SAVED, GUARD, REVERT, ("\treturn err;\n", "\tctx->uid = current_fsuid();\n\treturn err;\n")),
        "wrong-caller-credentials",
        "current_fsuid()",
    ),
    Plant(
        "case past a guard",
        SWITCH,
        swap(
            SWITCH,
            SAVED,
            ("\t\told = override_creds(ctx->cred);\n", "\t\tguard(cred)(ctx->cred);\n"),
            ("\t\trevert_creds(old);\n", ""),
        ),
        "skipped-guard",
        "case 2:",
    ),
    Plant(
        "default past a guard",
        swap(SWITCH, ("\tcase 2:\n", "\tdefault:\n")),
        swap(
            SWITCH,
            SAVED,
            ("\t\told = override_creds(ctx->cred);\n", "\t\tguard(cred)(ctx->cred);\n"),
            ("\t\trevert_creds(old);\n", ""),
            ("\tcase 2:\n", "\tdefault:\n"),
        ),
        "skipped-guard",
        "default:",
    ),
    Plant(
        "prepared credentials put twice",
        PREPARED,
        swap(
            PREPARED,
            ("\tif (!new)\n", "\tif (!new)\n"),
            ("\terr = change(ctx);\n", "\terr = change(ctx);\n\tif (err)\n\t\tput_cred(new);\n"),
        ),
        "lost-reference",
        "put_cred(new);",
    ),
    Plant(
        "put of prepared credentials lost",
        PREPARED,
        swap(PREPARED, ("override_creds(new)", "override_creds_light(new)"), LIGHT_REVERT, ("\tput_cred(new);\n", "")),
        "extra-reference",
        "return err;",
    ),
    Plant(
        "put of prepared credentials lost on the way out",
        swap(
            PREPARED,
            (
                "\tnew->fsuid = ctx->uid;\n",
                "\terr = check_uid(ctx);\n\tif (err) {\n\t\tabort_creds(new);\n\t\treturn err;\n\t}\n",
            ),
        ),
        swap(PREPARED, ("\tnew->fsuid = ctx->uid;\n", "\terr = check_uid(ctx);\n\tif (err)\n\t\treturn err;\n")),
        "extra-reference",
        "return err;",
    ),
    Plant(
        "get added without its put",
        PLAIN,
        swap(PLAIN, ("\terr = change(ctx);\n", "\tget_cred(ctx->cred);\n\terr = change(ctx);\n")),
        "extra-reference",
        "return err;",
    ),
    Plant(
        "context freed under a light guard",
        swap(PLAIN, ("\treturn err;\n", "\tkfree(ctx);\n\treturn err;\n")),
        swap(PLAIN, SAVED, GUARD, REVERT, ("\treturn err;\n", "\tkfree(ctx);\n\treturn err;\n")),
        "lifetime",
        "kfree(ctx)",
    ),
    Plant(
        "reference put inside a light region",
        swap(
            PREPARED,
            (
                "\terr = change(ctx);\n\trevert_creds(old);\n\tput_cred(new);\n",
                "\tput_cred(new);\n\terr = change(ctx);\n\trevert_creds(old);\n",
            ),
        ),
        swap(
            PREPARED,
            (
                "\told = override_creds(new);\n\terr = change(ctx);\n\trevert_creds(old);\n\tput_cred(new);\n",
                "\told = override_creds_light(new);\n\tput_cred(new);\n\terr = change(ctx);\n"
                "\trevert_creds_light(old);\n",
            ),
        ),
        "lifetime",
        "put_cred(new)",
    ),
    Plant(
        "embedded object released under a light guard",
        swap(PLAIN, ("\treturn err;\n", "\tkref_put(&ctx->ref, ctx_free);\n\treturn err;\n")),
        swap(PLAIN, SAVED, GUARD, REVERT, ("\treturn err;\n", "\tkref_put(&ctx->ref, ctx_free);\n\treturn err;\n")),
        "lifetime",
        "kref_put",
    ),
    Plant(
        "wrapper goes light, its caller stays counted",
        WRAPPED,
        WRAPPED,
        "lost-reference",
        "revert_creds(old)",
        extra=WRAPPER,
        extra_after=WRAPPER.replace("return override_creds(", "return override_creds_light("),
    ),
    Plant(
        "caller goes light, its wrapper stays counted",
        WRAPPED,
        swap(WRAPPED, LIGHT_REVERT),
        "extra-reference",
        "revert_creds_light(old)",
        extra=WRAPPER,
    ),
    Plant(
        "wrapper overrides with another credential",
        WRAPPED,
        WRAPPED,
        "moved-call",
        "err = change(sb);",
        extra=WRAPPER,
        extra_after=WRAPPER.replace("fs->creator", "fs->other"),
    ),
    Plant(
        "accessor of another credential",
        WRAPPED,
        swap(WRAPPED, SAVED, ("\told = my_override_creds(sb);\n", "\tguard(cred)(my_creds(sb));\n"), REVERT),
        "moved-call",
        "err = change(sb);",
        extra=WRAPPER + "\nstatic inline const struct cred *unused(void);\n",
        extra_after=WRAPPER + "\nconst struct cred *my_creds(struct super_block *sb)\n{\n"
        "\tstruct my_fs *fs = sb->s_fs_info;\n\n\treturn fs->root;\n}\n",
    ),
    Plant(
        "guard class of another credential",
        WRAPPED,
        swap(WRAPPED, SAVED, ("\told = my_override_creds(sb);\n", "\tguard(my_fs)(sb);\n"), REVERT),
        "moved-call",
        "err = change(sb);",
        extra=WRAPPER,
        extra_after=WRAPPER
        + "\nDEFINE_CLASS(my_fs, const struct cred *, revert_creds(_T), override_creds(sb->root),\n"
        + "\t     struct super_block *sb)\n",
    ),
    Plant(
        "revert lost on an error path",
        EARLY,
        swap(EARLY, ("\t\trevert_creds(old);\n\t\tfinish(ctx);\n", "\t\tfinish(ctx);\n")),
        "moved-call",
        "\t\tfinish(ctx);",
    ),
    Plant(
        "revert too early",
        PLAIN,
        swap(PLAIN, ("\terr = change(ctx);\n\trevert_creds(old);\n", "\trevert_creds(old);\n\terr = change(ctx);\n")),
        "moved-call",
        "err = change(ctx);",
    ),
    Plant(
        "call hoisted out of the region",
        EARLY,
        swap(
            EARLY,
            (
                "\terr = commit(ctx);\n\trevert_creds(old);\n\tfinish(ctx);\n",
                "\trevert_creds(old);\n\terr = commit(ctx);\n\tfinish(ctx);\n",
            ),
        ),
        "moved-call",
        "err = commit(ctx);",
    ),
    Plant(
        "condition evaluated before the override",
        swap(PLAIN, ("\terr = change(ctx);\n", "\terr = -EPERM;\n\tif (may(ctx))\n\t\terr = change(ctx);\n")),
        swap(
            PLAIN,
            SAVED,
            (
                "\told = override_creds(ctx->cred);\n\terr = change(ctx);\n\trevert_creds(old);\n",
                "\terr = -EPERM;\n\tif (may(ctx)) {\n\t\tscoped_guard(cred, ctx->cred)\n"
                "\t\t\terr = change(ctx);\n\t}\n",
            ),
        ),
        "moved-call",
        "may(ctx)",
    ),
    Plant(
        "extracted function: a call stays outside",
        swap(PLAIN, ("\terr = change(ctx);\n", "\tsettle(ctx);\n\terr = change(ctx);\n")),
        HELPER
        + swap(
            PLAIN,
            SAVED,
            (
                "\told = override_creds(ctx->cred);\n\terr = change(ctx);\n\trevert_creds(old);\n",
                "\tsettle(ctx);\n\terr = do_change(ctx);\n",
            ),
        ),
        "moved-call",
        "settle(ctx)",
    ),
    Plant(
        "extracted function: filter moves into it",
        FILTERED,
        """\
static int do_change(struct my_ctx *ctx)
{
	int err;

	guard(cred)(ctx->cred);
	err = change(ctx);
	if (err)
		return err;
	return permitted(ctx->inode);
}

int f(struct my_ctx *ctx)
{
	return do_change(ctx);
}
""",
        "moved-call",
        "permitted",
        function="do_change",
    ),
    Plant(
        "extracted function: constant lost",
        CHECKED,
        HELPER + "int f(struct my_ctx *ctx)\n{\n\tint err;\n\n\terr = do_change(ctx);\n\treturn err;\n}\n",
        "lost-return-value",
        "return change(ctx);",
        function="do_change",
    ),
    Plant(
        "extracted function: return value dropped",
        PLAIN,
        HELPER + "int f(struct my_ctx *ctx)\n{\n\tdo_change(ctx);\n\treturn 0;\n}\n",
        "lost-return-value",
        "return change(ctx);",
        function="do_change",
    ),
    Plant(
        "guard goes, override stays for the rest",
        swap(NESTED, ("\tfinish(ctx);\n", "\tfinish(ctx);\n\tsettle(ctx);\n")),
        swap(
            NESTED,
            ("\tconst struct cred *mine;\n", ""),
            (
                "\tmine = override_creds(old);\n\ttell(ctx, err);\n\trevert_creds(mine);\n",
                "\tguard(cred)(old);\n\ttell(ctx, err);\n",
            ),
            ("\tfinish(ctx);\n", "\tfinish(ctx);\n\tsettle(ctx);\n"),
        ),
        "moved-call",
        "finish(ctx);",
    ),
    Plant(
        "CLASS() of a lock inside the region",
        swap(LOCKED, ("mutex_lock", "my_lock"), ("mutex_unlock", "my_unlock")),
        swap(
            LOCKED,
            SAVED,
            ("\tmutex_lock(&ctx->lock);\n", ""),
            (
                "\told = override_creds(ctx->cred);\n",
                "\tguard(cred)(ctx->cred);\n\tCLASS(my_lock, lock)(&ctx->lock);\n",
            ),
            REVERT,
            ("\tmutex_unlock(&ctx->lock);\n", ""),
        ),
        "cleanup-order",
        "CLASS(my_lock",
    ),
    Plant(
        "made credentials that are stored no more",
        STORED,
        swap(STORED, ("\tctx->cred = new;\n", "")),
        "extra-reference",
        "return 0;",
    ),
    Plant(
        "reference kept where it is not committed",
        COMMITTED,
        swap(COMMITTED, (" {\n\t\tabort_creds(new);\n\t\treturn err;\n\t}", "\n\t\treturn err;")),
        "extra-reference",
        "return err;",
    ),
    Plant(
        "reference kept after the caller's override is ended",
        LEAVING,
        swap(LEAVING, ("\tput_cred(ctx->mine);\n", "")),
        "extra-reference",
        "}",
    ),
]
