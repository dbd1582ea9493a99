// SPDX-License-Identifier: GPL-2.0
#include "overlayfs.h"

struct ovl_cattr {
	umode_t mode;
	struct dentry *hardlink;
};

static int ovl_create_upper(struct dentry *dentry, struct ovl_cattr *attr)
{
	if (attr->hardlink)
		return vfs_link(attr->hardlink, dentry->d_parent, dentry);
	return vfs_create(dentry->d_parent, dentry, attr->mode);
}

/*
 * Files are made with the fsuid of the caller and the capabilities of the
 * mounter. On success the prepared credentials replace the mounter's, which is
 * why the return value of override_creds() is put and not kept: the caller
 * holds what came before.
 */
static int ovl_setup_cred_for_create(struct dentry *dentry, umode_t mode,
				     const struct cred *caller)
{
	struct cred *override_cred;
	int err;

	override_cred = prepare_creds();
	if (!override_cred)
		return -ENOMEM;

	override_cred->fsuid = caller->fsuid;
	err = security_dentry_create_as(dentry, override_cred);
	if (!err)
		put_cred(override_creds(override_cred));
	put_cred(override_cred);
	return err;
}

static int ovl_create_or_link(struct dentry *dentry, struct ovl_cattr *attr)
{
	const struct cred *caller;
	int err;

	caller = ovl_override_creds(dentry->d_sb);
	err = ovl_copy_up(dentry->d_parent);
	if (err)
		goto do_revert_creds;

	if (!attr->hardlink) {
		err = ovl_setup_cred_for_create(dentry, attr->mode, caller);
		if (err)
			goto do_revert_creds;
	}
	err = ovl_create_upper(dentry, attr);

do_revert_creds:
	revert_creds(caller);
	return err;
}

int ovl_create_object(struct dentry *dentry, umode_t mode, struct dentry *hardlink)
{
	struct ovl_cattr attr = { .mode = mode, .hardlink = hardlink };
	int err;

	err = ovl_want_write(dentry);
	if (err)
		return err;

	err = ovl_create_or_link(dentry, &attr);
	if (!err)
		d_instantiate(dentry, d_inode(dentry));
	ovl_drop_write(dentry);
	return err;
}

int ovl_set_link_redirect(struct dentry *dentry)
{
	const struct cred *saved;
	int ret;

	saved = ovl_override_creds(dentry->d_sb);
	ret = ovl_set_redirect(dentry);
	revert_creds(saved);

	return ret;
}

static int ovl_remove_upper(struct dentry *dentry, bool is_dir)
{
	if (is_dir)
		return vfs_rmdir(dentry->d_parent, dentry);
	return vfs_unlink(dentry->d_parent, dentry);
}

/* Nested: ovl_check_empty_dir() overrides what its caller has overridden. */
static int ovl_remove_and_whiteout(struct dentry *dentry, struct list_head *list)
{
	int err;

	err = ovl_check_empty_dir(dentry, list);
	if (err)
		return err;
	return vfs_rename(dentry, dentry->d_parent);
}

int ovl_do_remove(struct dentry *dentry, bool is_dir)
{
	const struct cred *saved;
	LIST_HEAD(leftovers);
	int err;

	err = ovl_want_write(dentry);
	if (err)
		goto done;

	err = ovl_copy_up(dentry->d_parent);
	if (err)
		goto drop_write;

	err = ovl_nlink_start(dentry);
	if (err)
		goto drop_write;

	saved = ovl_override_creds(dentry->d_sb);
	if (!dentry->d_opaque)
		err = ovl_remove_upper(dentry, is_dir);
	else
		err = ovl_remove_and_whiteout(dentry, &leftovers);
	revert_creds(saved);
	if (!err && is_dir)
		clear_nlink(dentry->d_inode);
	else if (!err)
		ovl_drop_nlink(dentry);
	ovl_nlink_end(dentry);
	if (dentry->d_upper)
		ovl_copyattr(d_inode(dentry));
drop_write:
	ovl_drop_write(dentry);
done:
	ovl_cache_free(&leftovers);
	return err;
}

int ovl_rename(struct dentry *from, struct dentry *to, unsigned int flags)
{
	struct dentry *marker = NULL;
	struct dentry *common;
	const struct cred *prev = NULL;
	bool counted = false;
	LIST_HEAD(leftovers);
	int err;

	err = -EINVAL;
	if (flags)
		goto done;

	err = ovl_copy_up(from);
	if (err)
		goto done;

	err = ovl_want_write(from);
	if (err)
		goto done;

	if (d_inode(to)) {
		err = ovl_nlink_start(to);
		if (err)
			goto drop_write;
		counted = true;
	}

	prev = ovl_override_creds(from->d_sb);

	if (to->d_opaque) {
		marker = vfs_lookup("opaque", to);
		err = PTR_ERR(marker);
		if (IS_ERR(marker)) {
			marker = NULL;
			goto do_revert_creds;
		}
	}

	common = lock_rename(from->d_parent, to->d_parent);
	if (IS_ERR(common)) {
		err = PTR_ERR(common);
		goto do_revert_creds;
	}

	err = -ESTALE;
	if (common == from)
		goto unlock;

	err = ovl_set_redirect(from);
	if (err)
		goto unlock;

	err = vfs_rename(from, to);
	if (err)
		goto put_common;

	if (marker)
		ovl_cleanup(marker);
	ovl_dir_modified(from->d_parent);

put_common:
	dput(common);
unlock:
	unlock_rename(from->d_parent, to->d_parent);
do_revert_creds:
	revert_creds(prev);
	if (counted)
		ovl_nlink_end(to);
drop_write:
	ovl_drop_write(from);
done:
	dput(marker);
	ovl_cache_free(&leftovers);
	return err;
}

int ovl_create_tmpfile(struct file *file, struct dentry *dentry, umode_t mode)
{
	const struct cred *caller;
	struct file *upper;
	int err;

	caller = ovl_override_creds(dentry->d_sb);
	err = ovl_setup_cred_for_create(dentry, mode, caller);
	if (err)
		goto do_revert_creds;

	upper = backing_tmpfile_open(dentry, mode, current_cred());
	err = PTR_ERR_OR_ZERO(upper);
	if (err)
		goto do_revert_creds;

	file->f_pos = 0;
	fput(upper);
do_revert_creds:
	revert_creds(caller);
	return err;
}

/* Tries again from within the region: the goto stays on the mounter's side. */
int ovl_wait_whiteout(struct dentry *dentry)
{
	const struct cred *saved;
	unsigned int tries = 0;
	int err;

	saved = ovl_override_creds(dentry->d_sb);
again:
	err = vfs_unlink(dentry->d_parent, dentry);
	if (!err && tries < 2 && ovl_whiteout_pending(dentry)) {
		tries++;
		goto again;
	}
	revert_creds(saved);
	return err;
}
