/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _OVERLAYFS_H
#define _OVERLAYFS_H

#include <linux/backing-file.h>
#include <linux/fs.h>

#define OVL_XATTR_ESCAPE	"trusted.overlay.overlay."

enum ovl_copyop {
	OVL_CLONE,
	OVL_COPY,
	OVL_DEDUPE,
};

enum ovl_ioctl {
	OVL_IOC_SYNC = 1,
	OVL_IOC_TRIM,
	OVL_IOC_VERSION,
};

/* what s_fs_info points to */
struct ovl_fs {
	const struct cred *creator_cred;
	bool verity;
	bool permissions;
};

struct ovl_cache_entry {
	struct list_head l_node;
	const char *name;
	struct dentry *dentry;
	bool is_whiteout;
	bool is_upper;
};

struct ovl_readdir_data {
	struct dentry *dentry;
	struct list_head *list;
	struct ovl_cache_entry *first;
	int err;
};

struct ovl_lookup_data {
	const char *name;
	struct dentry *last;
	bool stop;
};

static inline struct ovl_fs *OVL_FS(struct super_block *sb)
{
	return sb->s_fs_info;
}

/* util.c */
const struct cred *ovl_override_creds(struct super_block *sb);
int ovl_nlink_start(struct dentry *dentry);
void ovl_nlink_end(struct dentry *dentry);
void ovl_cleanup_index(struct dentry *dentry);
int ovl_ensure_verity(struct dentry *dentry);
int ovl_path_stamp(struct dentry *dentry, const char *prefix);

/* copy_up.c */
int ovl_copy_up_flags(struct dentry *dentry, bool tmpfile);
int ovl_copy_up_data(struct file *from, struct file *to, loff_t len);

/* dir.c */
int ovl_create_object(struct dentry *dentry, umode_t mode, struct dentry *hardlink);
int ovl_set_link_redirect(struct dentry *dentry);
int ovl_do_remove(struct dentry *dentry, bool is_dir);
int ovl_rename(struct dentry *from, struct dentry *to, unsigned int flags);
int ovl_create_tmpfile(struct file *file, struct dentry *dentry, umode_t mode);
int ovl_wait_whiteout(struct dentry *dentry);

/* file.c */
struct file *ovl_open_realfile(const struct file *file, struct dentry *real);
loff_t ovl_llseek(struct file *file, loff_t offset, int whence);
int ovl_fsync(struct file *file, int datasync);
long ovl_fallocate(struct file *file, int mode, loff_t offset, loff_t len);
int ovl_fadvise(struct file *file, loff_t offset, loff_t len, int advice);
loff_t ovl_copyfile(struct file *from, struct file *to, loff_t len,
		    enum ovl_copyop op);
int ovl_flush(struct file *file);
long ovl_ioctl(struct file *file, unsigned int cmd);
int ovl_check_opener(struct file *file);
int ovl_finish_upper(struct file *file);

/* inode.c */
int ovl_setattr(struct dentry *dentry, struct iattr *attr);
int ovl_getattr(struct dentry *dentry, struct kstat *stat);
int ovl_permission(struct inode *inode, int mask);
const char *ovl_get_link(struct dentry *dentry);
struct posix_acl *do_ovl_get_acl(struct inode *inode, bool rcu);
int ovl_set_or_remove_acl(struct dentry *dentry, const char *name,
			  struct posix_acl *acl);
int ovl_fiemap(struct inode *inode, u64 start, u64 len);
int ovl_fileattr_set(struct dentry *dentry, struct fileattr *fa);
int ovl_fileattr_get(struct dentry *dentry, struct fileattr *fa);

/* namei.c */
int ovl_maybe_validate_verity(struct dentry *dentry);
int ovl_maybe_lookup_lowerdata(struct dentry *dentry);
struct dentry *ovl_lookup(struct dentry *dentry);
bool ovl_lower_positive(struct dentry *dentry);
int ovl_verify_origin(struct dentry *dentry, bool strict);

/* readdir.c */
int ovl_check_whiteouts(struct ovl_readdir_data *rdd);
int ovl_iterate(struct file *file);
int ovl_list_visible(struct file *file, struct list_head *list);
struct file *ovl_dir_open_realfile(const struct file *file, struct dentry *real);
int ovl_check_empty_dir(struct dentry *dentry, struct list_head *list);
int ovl_workdir_cleanup(struct dentry *dentry);

/* xattrs.c */
int ovl_xattr_set(struct dentry *dentry, const char *name, const void *value);
int ovl_xattr_get(struct dentry *dentry, const char *name);
ssize_t ovl_listxattr(struct dentry *dentry, char *list, size_t size);

/* not part of this tree */
int ovl_want_write(struct dentry *dentry);
void ovl_drop_write(struct dentry *dentry);
int ovl_copy_up(struct dentry *dentry);
int ovl_copy_up_one(struct dentry *dentry);
bool ovl_already_copied_up(struct dentry *dentry);
struct dentry *ovl_create_temp(struct dentry *dir);
struct file *ovl_do_tmpfile(struct dentry *dir);
int ovl_link_up(struct dentry *dentry, struct dentry *temp);
void ovl_cleanup(struct dentry *dentry);
void ovl_copyattr(struct inode *inode);
void ovl_drop_nlink(struct dentry *dentry);
int ovl_inode_lock(struct inode *inode);
void ovl_inode_unlock(struct inode *inode);
int ovl_set_nlink_upper(struct dentry *dentry);
int ovl_set_redirect(struct dentry *dentry);
int ovl_real_fdget(const struct file *file, struct fd *real);
void ovl_file_modified(struct file *file);
void ovl_dir_modified(struct dentry *dentry);
void ovl_dentry_set_lowerdata(struct dentry *dentry, struct dentry *lower);
struct dentry *ovl_lookup_data(struct dentry *dentry);
int ovl_lookup_layer(struct dentry *base, struct ovl_lookup_data *d);
struct inode *ovl_get_inode(struct super_block *sb, struct dentry *upper);
void ovl_stack_free(struct dentry *stack);
int ovl_dir_read_merged(struct dentry *dentry, struct list_head *list);
int ovl_cache_update(struct ovl_cache_entry *p);
void ovl_cache_free(struct list_head *list);
bool ovl_emit(struct ovl_cache_entry *p);
bool ovl_can_list(struct super_block *sb, const char *name);
bool ovl_whiteout_pending(struct dentry *dentry);

#endif /* _OVERLAYFS_H */
