// SPDX-License-Identifier: GPL-2.0
/* The part of open and access that runs as somebody else. */
#include <linux/fs.h>
#include <linux/syscalls.h>

/*
 * access() checks with the real ids. Returns the credentials to go back to,
 * or NULL if the task's own would do.
 */
static const struct cred *access_override_creds(void)
{
	struct cred *real_ids;
	const struct cred *prev;

	real_ids = prepare_creds();
	if (!real_ids)
		return NULL;

	real_ids->fsuid = 0;
	prev = override_creds(real_ids);

	/* override_creds() gave us a reference, ours is one too many */
	put_cred(real_ids);
	return prev;
}

int do_faccessat(struct dentry *dentry, int mode, int flags)
{
	const struct cred *saved = NULL;
	int err;

	if (!(flags & AT_EACCESS)) {
		saved = access_override_creds();
		if (!saved)
			return -ENOMEM;
	}

	err = inode_permission(d_inode(dentry), mode);
	if (err)
		goto restore;
	touch_atime(NULL);
restore:
	if (saved)
		revert_creds(saved);

	return err;
}

SYSCALL_DEFINE3(faccessat2, const char __user *, name, int, mode, int, flags)
{
	struct dentry *dentry = vfs_lookup(name, NULL);

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	return do_faccessat(dentry, mode, flags);
}

/* Flush a file as whoever opened it. */
SYSCALL_DEFINE2(fsync_as, struct file *, file, int, datasync)
{
	const struct cred *caller = override_creds(file->f_cred);
	long err;

	err = vfs_fsync(file, datasync);
	revert_creds(caller);
	return err;
}
