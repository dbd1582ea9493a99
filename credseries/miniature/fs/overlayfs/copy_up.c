// SPDX-License-Identifier: GPL-2.0
#include "overlayfs.h"

struct ovl_copy_up_ctx {
	struct dentry *dentry;
	struct dentry *workdir;
	struct file *lower;
	bool tmpfile;
};

/* security_inode_copy_up() may want the new inode to be made as someone else */
struct ovl_cu_creds {
	struct cred *maker;
	const struct cred *before;
};

/**
 * ovl_copy_up_data - copy the contents of a file
 * @from: lower file
 * @to: upper file
 * @len: how much of it
 */
int ovl_copy_up_data(struct file *from, struct file *to, loff_t len)
{
	const struct cred *saved = ovl_override_creds(file_inode(to)->i_sb);
	ssize_t n;
	int res = 0;

	do {
		n = vfs_copy_file_range(from, to, min_t(size_t, len, 32));
		if (n <= 0) {
			res = n;
			break;
		}
		len -= n;
	} while (len > 0);
	revert_creds(saved);
	return res;
}

static int ovl_prep_cu_creds(struct dentry *dentry, struct ovl_cu_creds *cc)
{
	int err;

	*cc = (struct ovl_cu_creds){};
	err = security_inode_copy_up(dentry, &cc->maker);
	if (err)
		return err;

	if (cc->maker)
		cc->before = override_creds(cc->maker);
	return 0;
}

static void ovl_revert_cu_creds(struct ovl_cu_creds *cc)
{
	if (!cc->maker)
		return;
	revert_creds(cc->before);
	put_cred(cc->maker);
	cc->maker = NULL;
}

/* Copy up with a temporary file in the work directory. */
static int ovl_copy_up_workdir(struct ovl_copy_up_ctx *c)
{
	struct ovl_cu_creds creds;
	struct dentry *made;
	int ret;

	ret = ovl_prep_cu_creds(c->dentry, &creds);
	if (ret)
		return ret;

	inode_lock(d_inode(c->workdir));
	made = ovl_create_temp(c->workdir);
	inode_unlock(d_inode(c->workdir));
	ovl_revert_cu_creds(&creds);

	if (IS_ERR(made))
		return PTR_ERR(made);

	ret = ovl_link_up(c->dentry, made);
	if (ret)
		ovl_cleanup(made);
	dput(made);
	return ret;
}

/* Copy up with an unnamed file. */
static int ovl_copy_up_tmpfile(struct ovl_copy_up_ctx *c)
{
	struct ovl_cu_creds creds;
	struct file *tmpfile;
	int ret;

	if ((ret = ovl_prep_cu_creds(c->dentry, &creds)))
		return ret;

	tmpfile = ovl_do_tmpfile(c->workdir);
	ovl_revert_cu_creds(&creds);
	if (IS_ERR(tmpfile))
		return PTR_ERR(tmpfile);

	ret = ovl_link_up(c->dentry, tmpfile->f_dentry);
	fput(tmpfile);
	return ret;
}

int ovl_copy_up_flags(struct dentry *dentry, bool tmpfile)
{
	struct ovl_copy_up_ctx ctx = { .workdir = dentry, .tmpfile = tmpfile };
	const struct cred *saved;
	int err = 0;

	/* an overlay without an upper layer is never written to */
	if (WARN_ON(!dentry->d_parent))
		return -EROFS;

	saved = ovl_override_creds(dentry->d_sb);
	while (!err) {
		struct dentry *above = NULL;
		struct dentry *child;

		if (ovl_already_copied_up(dentry))
			break;

		child = dget(dentry);
		/* parents first: start below the last one that is there */
		for (;;) {
			above = dget_parent(child);
			if (above->d_upper)
				break;

			dput(child);
			child = above;
		}

		ctx.dentry = child;
		if (ctx.tmpfile)
			err = ovl_copy_up_tmpfile(&ctx);
		else
			err = ovl_copy_up_workdir(&ctx);
		child->d_upper = true;

		dput(child);
		dput(above);
	}
	revert_creds(saved);

	return err;
}
