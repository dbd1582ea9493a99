// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
#include "overlayfs.h"

/**
 * ovl_override_creds - act as the mounter
 * @sb: the overlay
 *
 * Returns what the caller has to give to revert_creds() in the end.
 */
const struct cred *ovl_override_creds(struct super_block *sb)
{
	struct ovl_fs *overlay = OVL_FS(sb);

	return override_creds(overlay->creator_cred);
}

/*
 * Note in the index how many links the upper inode will have. Returns with the
 * overlay inode locked, ovl_nlink_end() unlocks it.
 */
int ovl_nlink_start(struct dentry *dentry)
{
	const struct cred *old_cred;
	int err;

	err = ovl_want_write(dentry);
	if (err)
		return err;

	err = ovl_inode_lock(d_inode(dentry));
	if (err)
		goto drop_write;

	old_cred = ovl_override_creds(dentry->d_sb);
	err = ovl_set_nlink_upper(dentry);
	revert_creds(old_cred);
	if (!err)
		return 0;

	ovl_inode_unlock(d_inode(dentry));
drop_write:
	ovl_drop_write(dentry);
	return err;
}

void ovl_nlink_end(struct dentry *dentry)
{
	struct inode *counted = d_inode(dentry);

	ovl_drop_write(dentry);

	if (counted->i_nlink == 0) {
		const struct cred *saved;

		saved = ovl_override_creds(dentry->d_sb);
		ovl_cleanup(dentry);
		revert_creds(saved);
	}

	ovl_inode_unlock(counted);
}

/* Best effort: nobody wants to hear that an index entry stayed behind. */
void ovl_cleanup_index(struct dentry *dentry)
{
	const struct cred *saved;
	struct dentry *index;

	saved = ovl_override_creds(dentry->d_sb);
	index = vfs_lookup("index", dentry);
	if (IS_ERR(index))
		goto revert;
	if (d_is_negative(index)) {
		dput(index);
		goto revert;
	}
	ovl_cleanup(index);
	dput(index);
revert:
	revert_creds(saved);
}

/* Two ways out, each of them goes back to the caller's credentials. */
int ovl_ensure_verity(struct dentry *dentry)
{
	const struct cred *prev;
	int err;

	if (!OVL_FS(dentry->d_sb)->verity)
		return 0;

	prev = ovl_override_creds(dentry->d_sb);
	err = fsverity_validate(dentry);
	if (err) {
		revert_creds(prev);
		return err;
	}
	err = vfs_setxattr(dentry, "verity", NULL);
	revert_creds(prev);
	return err;
}

/* Only an upper file takes the override, for the others prev stays NULL. */
int ovl_path_stamp(struct dentry *dentry, const char *prefix)
{
	char *name __free(kfree) = kzalloc(32, GFP_KERNEL);
	const struct cred *prev = NULL;
	int err;

	if (!name)
		return -ENOMEM;
	strncpy(name, prefix, 31);

	if (dentry->d_upper)
		prev = ovl_override_creds(dentry->d_sb);
	err = vfs_setxattr(dentry, name, NULL);
	if (prev)
		revert_creds(prev);
	return err;
}

MODULE_AUTHOR("nobody in particular");
MODULE_DESCRIPTION("a small overlay, override_creds() and all");
MODULE_LICENSE("GPL");
