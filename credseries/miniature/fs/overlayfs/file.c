// SPDX-License-Identifier: GPL-2.0
#include "overlayfs.h"

static char ovl_whatisit(struct dentry *real)
{
	return real->d_upper ? 'u' : 'l';
}

struct file *ovl_open_realfile(const struct file *file, struct dentry *real)
{
	struct inode *inode = file_inode(file);
	const struct cred *saved;
	struct file *opened;
	int err;

	saved = ovl_override_creds(inode->i_sb);
	err = inode_permission(d_inode(real), MAY_READ);
	if (err) {
		opened = ERR_PTR(err);
	} else {
		opened = backing_file_open(real, current_cred());
	}
	revert_creds(saved);

	pr_debug("open(%p[%c]) -> (%d)\n", (void *)real, ovl_whatisit(real),
		 IS_ERR(opened) ? -1 : 0);

	return opened;
}

loff_t ovl_llseek(struct file *file, loff_t offset, int whence)
{
	struct inode *inode = file_inode(file);
	const struct cred *saved;
	struct fd lower;
	loff_t pos;

	if (ovl_real_fdget(file, &lower))
		return -EBADF;

	pos = ovl_inode_lock(inode);
	if (pos) {
		fdput(lower);
		return pos;
	}

	saved = ovl_override_creds(inode->i_sb);
	pos = vfs_llseek(fd_file(lower), offset, whence);
	revert_creds(saved);
	/* both files stand at the same place, under the one lock */
	if (pos >= 0)
		file->f_pos = fd_file(lower)->f_pos;
	ovl_inode_unlock(inode);
	fdput(lower);
	return pos;
}

int ovl_fsync(struct file *file, int datasync)
{
	const struct cred *prev;
	struct fd lower;
	int err;

	err = ovl_real_fdget(file, &lower);
	if (err)
		return err;

	/* what is below may be read-only and has nothing to write back */
	if (file->f_dentry->d_upper) {
		prev = ovl_override_creds(file_inode(file)->i_sb);
		err = vfs_fsync(fd_file(lower), datasync);
		revert_creds(prev);
	}

	fdput(lower);

	return err;
}

long ovl_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	struct inode *inode = file_inode(file);
	const struct cred *saved;
	struct fd lower;
	long err;

	inode_lock(inode);
	err = ovl_real_fdget(file, &lower);
	if (err)
		goto unlock;
	err = generic_permission(inode, MAY_WRITE);
	if (err)
		goto put;

	saved = ovl_override_creds(inode->i_sb);
	err = vfs_fallocate(fd_file(lower), mode, offset, len);
	revert_creds(saved);
	if (!err)
		ovl_file_modified(file);
put:
	fdput(lower);
unlock:
	inode_unlock(inode);
	return err;
}

int ovl_fadvise(struct file *file, loff_t offset, loff_t len, int advice)
{
	const struct cred *prev;
	struct fd lower;
	int err;

	err = ovl_real_fdget(file, &lower);
	if (!err) {
		prev = ovl_override_creds(file->f_inode->i_sb);
		err = vfs_fadvise(fd_file(lower), offset, len, advice);
		revert_creds(prev);
		fdput(lower);
	}
	return err;
}

loff_t ovl_copyfile(struct file *from, struct file *to, loff_t len,
		    enum ovl_copyop op)
{
	struct inode *src = file_inode(from);
	struct inode *dst = file_inode(to);
	const struct cred *saved;
	struct fd below_from, below_to;
	loff_t copied;

	inode_lock(dst);
	copied = ovl_real_fdget(to, &below_to);
	if (copied)
		goto unlock;

	copied = ovl_real_fdget(from, &below_from);
	if (copied)
		goto put_to;

	if (op != OVL_DEDUPE) {
		saved = ovl_override_creds(src->i_sb);
		copied = vfs_flush(fd_file(below_from));
		revert_creds(saved);
		if (unlikely(copied))
			goto put_from;
	}

	saved = ovl_override_creds(dst->i_sb);
	switch (op) {
	case OVL_COPY:
		copied = vfs_copy_file_range(fd_file(below_from), fd_file(below_to), len);
		break;

	case OVL_CLONE:
		copied = vfs_clone_file_range(fd_file(below_from), fd_file(below_to), len);
		break;

	case OVL_DEDUPE:
		copied = vfs_dedupe_file_range(fd_file(below_from), fd_file(below_to), len);
		break;
	}
	revert_creds(saved);
	if (copied >= 0)
		ovl_file_modified(to);
put_from:
	fdput(below_from);
put_to:
	fdput(below_to);

unlock:
	inode_unlock(dst);

	return copied;
}

int ovl_flush(struct file *file)
{
	const struct cred *user_cred;
	struct fd lower;
	int res;

	res = ovl_real_fdget(file, &lower);
	if (res)
		return res;

	if (lower.file->f_mode & FMODE_WRITE) {
		user_cred = ovl_override_creds(file_inode(file)->i_sb);
		res = vfs_flush(fd_file(lower));
		revert_creds(user_cred);
	}
	fdput(lower);

	return res;
}

/* The first case has a block of its own, the second one shares the switch's. */
long ovl_ioctl(struct file *file, unsigned int cmd)
{
	const struct cred *saved;
	long res;

	switch (cmd) {
	case OVL_IOC_SYNC: {
		saved = ovl_override_creds(file_inode(file)->i_sb);
		res = vfs_fsync(file, 0);
		revert_creds(saved);
		break;
	}
	case OVL_IOC_TRIM:
		saved = ovl_override_creds(file_inode(file)->i_sb);
		res = vfs_fallocate(file, 0, 0, 0);
		revert_creds(saved);
		break;
	case OVL_IOC_VERSION:
		res = 6;
		break;
	default:
		res = -ENOTTY;
	}
	return res;
}

/* Reads what it has saved: an audit record names both of the users. */
int ovl_check_opener(struct file *file)
{
	const struct cred *asker;
	int err;

	asker = override_creds(file->f_cred);
	err = inode_permission(file_inode(file), MAY_WRITE);
	if (err)
		security_audit_as(file, asker);
	revert_creds(asker);
	return err;
}

/* Takes over the caller's reference to @file, and with it to its f_cred. */
int ovl_finish_upper(struct file *file)
{
	struct inode *inode = file_inode(file);
	const struct cred *saved;
	int err;

	saved = override_creds(file->f_cred);
	err = vfs_fsync(file, 1);
	fput(file);
	if (!err)
		err = inode_permission(inode, MAY_READ);
	revert_creds(saved);
	return err;
}
