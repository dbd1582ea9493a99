// SPDX-License-Identifier: GPL-2.0
#include "overlayfs.h"

int ovl_maybe_validate_verity(struct dentry *dentry)
{
	struct ovl_fs *ofs = OVL_FS(dentry->d_sb);
	int err;

	if (!ofs->verity || dentry->d_upper)
		return 0;

	err = ovl_inode_lock(d_inode(dentry));
	if (err)
		return err;

	if (!dentry->d_opaque) {
		const struct cred *saved;

		saved = ovl_override_creds(dentry->d_sb);
#ifdef CONFIG_FS_VERITY
		err = fsverity_validate(dentry);
		if (err == 0)
			err = vfs_getxattr(dentry, "metacopy");
#else
		err = -EOPNOTSUPP;
#endif
		revert_creds(saved);
	}

	ovl_inode_unlock(d_inode(dentry));
	return err;
}

int ovl_maybe_lookup_lowerdata(struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	const struct cred *saved;
	struct dentry *data;
	int err;

	err = ovl_inode_lock(inode);
	if (err)
		return err;

	/* somebody else was here before us */
	if (ovl_already_copied_up(dentry))
		goto unlock;

	saved = ovl_override_creds(dentry->d_sb);
	data = ovl_lookup_data(dentry);
	revert_creds(saved);
	err = PTR_ERR_OR_ZERO(data);
	if (err)
		goto warn;

	ovl_dentry_set_lowerdata(dentry, data);
	dput(data);
unlock:
	ovl_inode_unlock(inode);
	return err;

warn:
	pr_warn_ratelimited("lazy lowerdata lookup failed (%s)\n", dentry->d_name);
	goto unlock;
}

struct dentry *ovl_lookup(struct dentry *dentry)
{
	struct ovl_lookup_data d = { .name = dentry->d_name };
	struct dentry *upper, *stack = NULL;
	const struct cred *saved;
	struct inode *inode = NULL;
	unsigned int i;
	char *redirect;
	int error;

	if (strlen(d.name) > 255)
		return ERR_PTR(-ENAMETOOLONG);

	saved = ovl_override_creds(dentry->d_sb);
	redirect = kzalloc(16, GFP_KERNEL);
	upper = vfs_lookup(d.name, dentry->d_parent);
	error = PTR_ERR(upper);
	if (IS_ERR(upper))
		goto revert;

	for (i = 0; i < 2 && !d.stop; i++) {
		error = ovl_lookup_layer(upper, &d);
		if (error)
			goto put_upper;

		if (d.stop)
			break;
		stack = d.last;
	}

	if (!d_is_negative(upper)) {
		inode = ovl_get_inode(dentry->d_sb, upper);
		error = PTR_ERR(inode);
		if (IS_ERR(inode))
			goto free_stack;
	}

	revert_creds(saved);
	ovl_stack_free(stack);
	kfree(redirect);
	dput(upper);
	return d_splice_alias(inode, dentry);

free_stack:
	ovl_stack_free(stack);
put_upper:
	dput(upper);
revert:
	kfree(redirect);
	revert_creds(saved);
	return ERR_PTR(error);
}

bool ovl_lower_positive(struct dentry *dentry)
{
	const struct cred *prev;
	bool hides = false;
	bool sure = false;
	unsigned int i;

	if (!dentry->d_upper)
		return false;

	prev = ovl_override_creds(dentry->d_sb);
	/* there is an upper one: is there something that it covers? */
	for (i = 0; !sure && !hides && i < 2; i++) {
		struct dentry *below;

		below = vfs_lookup(dentry->d_name, dentry->d_parent);
		if (IS_ERR(below)) {
			switch (PTR_ERR(below)) {
			case -ENAMETOOLONG:
			case -ENOENT:
				break;

			case -ESTALE:
				sure = true;
				fallthrough;
			default:
				/* assume something is there */
				hides = true;
				break;
			}
			continue;
		}
		hides = !d_is_negative(below);
		sure = true;
		dput(below);
	}
	revert_creds(prev);

	return hides;
}

/* Unwinds inside the region, after the one return that leaves it early. */
int ovl_verify_origin(struct dentry *dentry, bool strict)
{
	const struct cred *saved;
	struct dentry *origin;
	int err;

	saved = ovl_override_creds(dentry->d_sb);
	origin = vfs_lookup("origin", dentry);
	if (IS_ERR(origin)) {
		err = PTR_ERR(origin);
		goto fail;
	}
	err = vfs_getxattr(origin, "fh");
	if (err && strict)
		goto fail_put;
	dput(origin);
	revert_creds(saved);
	return 0;

fail_put:
	dput(origin);
fail:
	pr_warn("failed to verify origin (%s)\n", dentry->d_name);
	revert_creds(saved);
	return err;
}
