// SPDX-License-Identifier: GPL-2.0
#include "overlayfs.h"

static const char ovl_dir_help[] = "dirs are read after override_creds()";

int ovl_check_whiteouts(struct ovl_readdir_data *rdd)
{
	const struct cred *saved;
	struct ovl_cache_entry *entry;
	int err;

	saved = ovl_override_creds(rdd->dentry->d_sb);

	err = ovl_inode_lock(d_inode(rdd->dentry));
	if (!err) {
		list_for_each_entry(entry, rdd->list, l_node) {
			struct dentry *dentry;

			if (entry->is_upper)
				continue;
			dentry = vfs_lookup(entry->name, rdd->dentry);
			if (IS_ERR(dentry))
				break;
			entry->is_whiteout = d_is_negative(dentry);
			dput(dentry);
		}
		ovl_inode_unlock(d_inode(rdd->dentry));
	}
	revert_creds(saved);

	return err;
}

int ovl_iterate(struct file *file)
{
	struct dentry *dentry = file->f_dentry;
	struct ovl_cache_entry *entry;
	const struct cred *saved;
	LIST_HEAD(cache);
	int err;

	saved = ovl_override_creds(dentry->d_sb);
	if (!file->f_pos)
		pr_debug("%s: %s\n", dentry->d_name, ovl_dir_help);

	if (dentry->d_upper) {
		err = vfs_iterate(file);
		goto revert;
	}

	err = ovl_dir_read_merged(dentry, &cache);
	if (err)
		goto revert;

	while (!list_empty(&cache)) {
		entry = list_entry(cache.next, struct ovl_cache_entry, l_node);
		if (!entry->is_whiteout) {
			err = ovl_cache_update(entry);
			if (err)
				break;
		}
		/* ovl_override_creds() is for the disk, not for the user's buffer */
		if (!ovl_emit(entry))
			break;
		list_del(&entry->l_node);
		kfree(entry);
		file->f_pos++;
	}
	ovl_cache_free(&cache);
revert:
	revert_creds(saved);
	return err;
}

/*
 * Read as the mounter, show what the caller may see. A filter that still ran
 * under the mounter's credentials would hide nothing.
 */
int ovl_list_visible(struct file *file, struct list_head *list)
{
	struct dentry *dentry = file->f_dentry;
	const struct cred *old_cred;
	struct ovl_cache_entry *entry;
	int visible = 0;
	int err;

	old_cred = ovl_override_creds(dentry->d_sb);
	err = ovl_dir_read_merged(dentry, list);
	revert_creds(old_cred);
	if (err)
		return err;

	list_for_each_entry(entry, list, l_node) {
		if (inode_permission(d_inode(entry->dentry), MAY_READ))
			continue;
		visible++;
	}
	return visible;
}

struct file *ovl_dir_open_realfile(const struct file *file, struct dentry *real)
{
	const struct cred *prev;
	struct file *opened;

	prev = ovl_override_creds(file_inode(file)->i_sb);
	opened = dentry_open(real, current_cred());
	revert_creds(prev);

	return opened;
}

int ovl_check_empty_dir(struct dentry *dentry, struct list_head *list)
{
	const struct cred *saved;
	struct ovl_cache_entry *entry, *after;
	int err;

	saved = ovl_override_creds(dentry->d_sb);
	err = ovl_dir_read_merged(dentry, list);
	revert_creds(saved);
	if (err)
		return err;

	list_for_each_entry_safe(entry, after, list, l_node) {
		if (!entry->is_whiteout && entry->name[0] != '.') {
			err = -ENOTEMPTY;
			break;
		}
		if (!entry->is_upper)
			goto forget;
		/* goes away together with the directory */
		if (entry->is_whiteout)
			continue;
forget:
		list_del(&entry->l_node);
		kfree(entry);
	}

	return err;
}

int ovl_workdir_cleanup(struct dentry *dentry)
{
	const struct cred *prev;
	unsigned int level = 0;
	int err;

	prev = ovl_override_creds(dentry->d_sb);
	while (1) {
		err = vfs_rmdir(dentry->d_parent, dentry);
		if (!err || level == 2)
			break;
#ifdef CONFIG_OVERLAY_FS_DEBUG
		pr_warn("work dir not empty at level %u\n", level);
#endif
		level++;
	}
	revert_creds(prev);
	return err;
}
