// SPDX-License-Identifier: GPL-2.0
#include "overlayfs.h"

static bool ovl_is_escaped_xattr(const char *name)
{
	return strncmp(name, OVL_XATTR_ESCAPE, sizeof(OVL_XATTR_ESCAPE) - 1) == 0;
}

int ovl_xattr_set(struct dentry *dentry, const char *name, const void *value)
{
	struct inode *inode = d_inode(dentry);
	const struct cred *saved;
	int ret;

	if (!value && !dentry->d_upper) {
		saved = ovl_override_creds(dentry->d_sb);
		ret = vfs_getxattr(dentry, name);
		revert_creds(saved);
		if (ret < 0)
			goto done;
	}

	if (!dentry->d_upper) {
		ret = ovl_copy_up(dentry);
		if (ret)
			goto done;
	}

	ret = ovl_want_write(dentry);
	if (ret)
		goto done;

	saved = ovl_override_creds(dentry->d_sb);
	if (value) {
		ret = vfs_setxattr(dentry, name, value);
	} else {
		ret = vfs_removexattr(dentry, name);
	}
	revert_creds(saved);
	ovl_drop_write(dentry);

	/* the real inode has new times */
	ovl_copyattr(inode);
done:
	return ret;
}

int ovl_xattr_get(struct dentry *dentry, const char *name)
{
	const struct cred *old_cred;
	int res;

	old_cred = ovl_override_creds(dentry->d_sb);
	res = vfs_getxattr(dentry, name);
	revert_creds(old_cred);
	return res;
}

ssize_t ovl_listxattr(struct dentry *dentry, char *list, size_t size)
{
	const struct cred *prev;
	ssize_t left, kept;
	char *name = list;

	prev = ovl_override_creds(dentry->d_sb);
	left = vfs_listxattr(dentry, list, size);
	revert_creds(prev);
	if (left <= 0 || size == 0)
		return left;

	/* leave out what the caller must not know of */
	for (kept = 0; left > 0;) {
		ssize_t len = strnlen(name, left) + 1;

		if (WARN_ON(len > left))
			return -EIO;

		left -= len;
		if (ovl_can_list(dentry->d_sb, name)) {
			kept += len - ovl_is_escaped_xattr(name);
			name += len;
			continue;
		}
		memmove(name, name + len, left);
	}

	return kept;
}
