// SPDX-License-Identifier: GPL-2.0
#include "overlayfs.h"

int ovl_setattr(struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = d_inode(dentry);
	const struct cred *saved;
	int err;

	err = generic_permission(inode, MAY_WRITE);
	if (err)
		return err;

	err = ovl_copy_up(dentry);
	if (!err) {
		err = get_write_access(inode);
		if (err)
			goto done;

		err = ovl_want_write(dentry);
		if (err)
			goto put_access;

		inode_lock(inode);
		saved = ovl_override_creds(dentry->d_sb);
		err = notify_change(dentry, attr);
		revert_creds(saved);
		if (!err)
			ovl_copyattr(inode);
		inode_unlock(inode);
		ovl_drop_write(dentry);

put_access:
		put_write_access(inode);
	}
done:
	return err;
}

/*
 * All of the work is done as the mounter, and each error leaves through the
 * same door.
 */
int ovl_getattr(struct dentry *dentry, struct kstat *stat)
{
	struct kstat lowerstat = {};
	const struct cred *saved;
	int err;

	saved = ovl_override_creds(dentry->d_sb);
	err = vfs_getattr(dentry, stat);
	if (err)
		goto revert;

	if (!dentry->d_upper) {
		err = vfs_getattr(dentry->d_parent, &lowerstat);
		if (err)
			goto revert;

		stat->ino = lowerstat.ino;
		err = vfs_getxattr(dentry, "origin");
		if (err)
			goto revert;
	}

	if (!d_is_dir(dentry))
		goto revert;
	stat->nlink = 1;
	stat->blocks += lowerstat.blocks;
revert:
	revert_creds(saved);

	return err;
}

int ovl_permission(struct inode *inode, int mask)
{
	const struct cred *task_cred;
	int err;

	/* two questions: may the task use ours, may the mounter use theirs? */
	err = generic_permission(inode, mask);
	if (err)
		return err;

	if (!(inode->i_mode & 0777) && mask & MAY_WRITE) {
		mask &= ~MAY_WRITE;
		/* a copy up would only have to read */
		mask |= MAY_READ;
	}

	task_cred = ovl_override_creds(inode->i_sb);
	err = inode_permission(inode, mask);
	revert_creds(task_cred);

	return err;
}

const char *ovl_get_link(struct dentry *dentry)
{
	const struct cred *saved;
	const char *target;

	if (!dentry)
		return ERR_PTR(-ECHILD);

	saved = ovl_override_creds(dentry->d_sb);
	target = vfs_get_link(dentry);
	revert_creds(saved);
	return target;
}

#ifdef CONFIG_FS_POSIX_ACL
struct posix_acl *do_ovl_get_acl(struct inode *inode, bool rcu)
{
	struct posix_acl *found;

	if (rcu) {
		/* override_creds() would sleep, and we must not */
		found = vfs_get_acl(inode, "rcu");
	} else {
		const struct cred *prev;

		prev = ovl_override_creds(inode->i_sb);
		found = vfs_get_acl(inode, "access");
		revert_creds(prev);
	}

	return found;
}

int ovl_set_or_remove_acl(struct dentry *dentry, const char *name,
			  struct posix_acl *acl)
{
	struct inode *inode = d_inode(dentry);
	const struct cred *saved;
	int err;

	/* nothing to remove from a file that has none */
	if (!acl && !dentry->d_upper) {
		struct posix_acl *present;

		saved = ovl_override_creds(dentry->d_sb);
		present = vfs_get_acl(inode, name);
		revert_creds(saved);
		if (IS_ERR(present)) {
			err = PTR_ERR(present);
			goto done;
		}
		posix_acl_release(present);
	}

	if (!dentry->d_upper) {
		err = ovl_copy_up(dentry);
		if (err)
			goto done;
	}

	err = ovl_want_write(dentry);
	if (err)
		goto done;

	saved = ovl_override_creds(dentry->d_sb);
	if (acl)
		err = vfs_set_acl(dentry, name, acl);
	else
		err = vfs_remove_acl(dentry, name);
	revert_creds(saved);
	ovl_drop_write(dentry);

	/* the real inode has new times */
	ovl_copyattr(inode);
done:
	return err;
}
#else
struct posix_acl *do_ovl_get_acl(struct inode *inode, bool rcu)
{
	return NULL;
}

int ovl_set_or_remove_acl(struct dentry *dentry, const char *name,
			  struct posix_acl *acl)
{
	return -EOPNOTSUPP;
}
#endif

int ovl_fiemap(struct inode *inode, u64 start, u64 len)
{
	const struct cred *saved;
	int ret;

	if (!len)
		return -EINVAL;

	saved = ovl_override_creds(inode->i_sb);
	ret = vfs_fiemap(inode, start, len);
	revert_creds(saved);

	return ret;
}

int ovl_fileattr_set(struct dentry *dentry, struct fileattr *fa)
{
	struct inode *inode = d_inode(dentry);
	const struct cred *prev;
	unsigned int wanted;
	int ret;

	ret = ovl_copy_up(dentry);
	if (!ret) {
		ret = ovl_want_write(dentry);
		if (ret)
			goto done;

		prev = ovl_override_creds(inode->i_sb);
		ret = vfs_setxattr(dentry, "protattr", fa);
		if (!ret)
			ret = vfs_fileattr_set(dentry, fa);
		revert_creds(prev);
		ovl_drop_write(dentry);

		wanted = fa->flags;
		BUILD_BUG_ON(S_SYNC & ~0xff);
		inode_set_flags(inode, wanted & S_SYNC);

		/* setting flags is a change, and shows in the times */
		ovl_copyattr(inode);
	}
done:
	return ret;
}

int ovl_fileattr_get(struct dentry *dentry, struct fileattr *fa)
{
	const struct cred *saved;
	int ret;

	saved = ovl_override_creds(dentry->d_sb);
	ret = vfs_fileattr_get(dentry, fa);
	fa->flags &= S_SYNC;
	revert_creds(saved);

	return ret;
}
