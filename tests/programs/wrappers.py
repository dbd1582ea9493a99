"""Functions that generated programs override credentials through: wrappers, pairs, and such that fail."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Helper:
    """Functions that a program needs beside its own; `defines` are all names that they define."""

    defines: tuple[str, ...]
    text: str


def _of(defines: str, text: str) -> Helper:
    return Helper(tuple(defines.split()), text.strip("\n"))


ACCESSORS = {"my_override": "my_creds", "fs_override": "fs_creds", "file_override": "file_creds"}

HELPERS = {
    "my_override": _of(
        "my_creds my_override",
        """
static inline const struct cred *my_creds(struct my_ctx *ctx)
{
	return ctx->cred;
}

const struct cred *my_override(struct my_ctx *ctx)
{
	return override_creds(ctx->cred);
}
""",
    ),
    "fs_override": _of(
        "fs_creds fs_override",
        """
static inline const struct cred *fs_creds(struct super_block *sb)
{
	struct fs_info *info = sb->s_fs_info;

	return info->creator;
}

static const struct cred *fs_override(struct super_block *sb)
{
	struct fs_info *info = sb->s_fs_info;

	return override_creds(info->creator);
}
""",
    ),
    "file_override": _of(
        "file_creds file_override",
        """
static inline const struct cred *file_creds(const struct file *file)
{
	return file->f_cred;
}

static const struct cred *file_override(const struct file *file)
{
	return override_creds(file->f_cred);
}
""",
    ),
    "outer_override": _of(
        "inner_override outer_override",
        """
static const struct cred *inner_override(struct my_ctx *ctx)
{
	return override_creds(ctx->cred);
}

/* a wrapper of a wrapper */
static const struct cred *outer_override(struct my_ctx *ctx)
{
	return inner_override(ctx);
}
""",
    ),
    "begin_secure": _of(
        "begin_secure end_secure",
        """
static void begin_secure(struct my_ctx *ctx, const struct cred **old)
{
	*old = override_creds(ctx->cred);
}

static void end_secure(struct my_ctx *ctx, const struct cred *old)
{
	revert_creds(old);
	(void)ctx;
}
""",
    ),
    "try_begin": _of(
        "try_begin try_end",
        """
static int try_begin(struct my_ctx *ctx, const struct cred **old)
{
	int err = check(ctx, 901);

	if (err)
		return err;
	*old = override_creds(ctx->cred);
	return 0;
}

static void try_end(const struct cred *old)
{
	revert_creds(old);
}
""",
    ),
    "begin_or_null": _of(
        "begin_or_null",
        """
static const struct cred *begin_or_null(struct my_ctx *ctx)
{
	if (check(ctx, 902))
		return NULL;
	return override_creds(ctx->cred);
}
""",
    ),
    "begin_or_error": _of(
        "begin_or_error",
        """
static const struct cred *begin_or_error(struct my_ctx *ctx)
{
	const struct cred *old;
	int err;

	err = check(ctx, 903);
	if (err)
		return ERR_PTR(err);
	old = override_creds(ctx->cred);
	note(904);
	return old;
}
""",
    ),
    "begin_saved": _of(
        "begin_saved end_saved",
        """
static void begin_saved(struct my_ctx *ctx, struct my_saved *saved)
{
	saved->flags = 1;
	saved->old = override_creds(ctx->cred);
}

static void end_saved(struct my_saved *saved)
{
	revert_creds(saved->old);
}
""",
    ),
    "replace_creds": _of(
        "replace_creds",
        """
/* puts a copy of what is in force in its place */
static int replace_creds(void)
{
	struct cred *new = prepare_creds();

	if (!new)
		return -ENOMEM;
	put_cred(override_creds(new));
	put_cred(new);
	return 0;
}
""",
    ),
    "pause_secure": _of(
        "pause_secure resume_secure",
        """
/* the other way round: for a while, the caller's credentials again */
static void pause_secure(const struct cred *old)
{
	revert_creds(old);
}

static const struct cred *resume_secure(struct my_ctx *ctx)
{
	return override_creds(ctx->cred);
}
""",
    ),
}

MACROS = {
    "MAX_TRIES": "#define MAX_TRIES\t3",
    "NOT_NOW": "#define NOT_NOW\t\t(-EACCES)",
}
