/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_FS_H
#define _LINUX_FS_H

#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/list.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/types.h>

#define FMODE_WRITE	0x2
#define FMODE_BACKING	0x4

#define IOCB_DIRECT	0x1

#define MAY_EXEC	0x1
#define MAY_WRITE	0x2
#define MAY_READ	0x4

#define S_SYNC		0x1

#define AT_EACCESS	0x200

struct iov_iter;
struct kstat;
struct posix_acl;

struct super_block {
	const char *s_id;
	void *s_fs_info;
};

struct inode {
	struct super_block *i_sb;
	umode_t i_mode;
	unsigned int i_flags;
	unsigned int i_nlink;
};

struct file {
	struct inode *f_inode;
	struct dentry *f_dentry;
	const struct cred *f_cred;
	fmode_t f_mode;
	loff_t f_pos;
	int f_count;
};

struct fd {
	struct file *file;
};

struct kiocb {
	struct file *ki_filp;
	loff_t ki_pos;
	int ki_flags;
	bool ki_async;
};

struct iov_iter {
	size_t count;
};

struct kstat {
	u64 ino;
	u64 blocks;
	unsigned int nlink;
};

struct iattr {
	unsigned int ia_valid;
	struct file *ia_file;
};

struct fileattr {
	u32 flags;
};

struct posix_acl {
	unsigned int a_count;
};

static inline struct inode *file_inode(const struct file *file)
{
	return file->f_inode;
}

static inline struct file *fd_file(struct fd fd)
{
	return fd.file;
}

static inline bool is_sync_kiocb(const struct kiocb *iocb)
{
	return !iocb->ki_async;
}

static inline size_t iov_iter_count(const struct iov_iter *iter)
{
	return iter->count;
}

/* fs/open.c */
extern int do_faccessat(struct dentry *dentry, int mode, int flags);
extern long sys_faccessat2(const char __user *name, int mode, int flags);
extern long sys_fsync_as(struct file *file, int datasync);

/* what the rest of the kernel would give us */
extern struct file *get_file(struct file *file);
extern void fput(struct file *file);
extern void fdput(struct fd fd);
extern void inode_lock(struct inode *inode);
extern void inode_unlock(struct inode *inode);
extern int inode_permission(struct inode *inode, int mask);
extern int generic_permission(struct inode *inode, int mask);
extern int get_write_access(struct inode *inode);
extern void put_write_access(struct inode *inode);
extern void clear_nlink(struct inode *inode);
extern void inode_set_flags(struct inode *inode, unsigned int flags);
extern void touch_atime(struct file *file);
extern void file_modified(struct file *file);
extern struct file *dentry_open(struct dentry *dentry, const struct cred *cred);
extern ssize_t vfs_iter_read(struct file *file, struct iov_iter *iter);
extern ssize_t vfs_iter_write(struct file *file, struct iov_iter *iter);
extern ssize_t vfs_splice_read(struct file *in, size_t len);
extern ssize_t iter_file_splice_write(struct file *out, size_t len);
extern loff_t vfs_llseek(struct file *file, loff_t offset, int whence);
extern ssize_t vfs_copy_file_range(struct file *in, struct file *out, size_t len);
extern loff_t vfs_clone_file_range(struct file *in, struct file *out, loff_t len);
extern loff_t vfs_dedupe_file_range(struct file *in, struct file *out, loff_t len);
extern int vfs_mmap(struct file *file);
extern int vfs_fsync(struct file *file, int datasync);
extern int vfs_fallocate(struct file *file, int mode, loff_t offset, loff_t len);
extern int vfs_fadvise(struct file *file, loff_t offset, loff_t len, int advice);
extern int vfs_flush(struct file *file);
extern int vfs_iterate(struct file *file);
extern int vfs_getattr(struct dentry *dentry, struct kstat *stat);
extern int vfs_fiemap(struct inode *inode, u64 start, u64 len);
extern const char *vfs_get_link(struct dentry *dentry);
extern int vfs_getxattr(struct dentry *dentry, const char *name);
extern int vfs_setxattr(struct dentry *dentry, const char *name, const void *value);
extern int vfs_removexattr(struct dentry *dentry, const char *name);
extern ssize_t vfs_listxattr(struct dentry *dentry, char *list, size_t size);
extern struct posix_acl *vfs_get_acl(struct inode *inode, const char *name);
extern int vfs_set_acl(struct dentry *dentry, const char *name, struct posix_acl *acl);
extern int vfs_remove_acl(struct dentry *dentry, const char *name);
extern void posix_acl_release(struct posix_acl *acl);
extern int vfs_fileattr_get(struct dentry *dentry, struct fileattr *fa);
extern int vfs_fileattr_set(struct dentry *dentry, struct fileattr *fa);
extern int notify_change(struct dentry *dentry, struct iattr *attr);
extern int vfs_create(struct dentry *dir, struct dentry *dentry, umode_t mode);
extern int vfs_link(struct dentry *old, struct dentry *dir, struct dentry *new);
extern int vfs_unlink(struct dentry *dir, struct dentry *dentry);
extern int vfs_rmdir(struct dentry *dir, struct dentry *dentry);
extern int vfs_rename(struct dentry *old, struct dentry *new);
extern struct dentry *vfs_lookup(const char *name, struct dentry *base);
extern struct dentry *lock_rename(struct dentry *a, struct dentry *b);
extern void unlock_rename(struct dentry *a, struct dentry *b);
extern int fsverity_validate(struct dentry *dentry);
extern int security_inode_copy_up(struct dentry *dentry, struct cred **new);
extern int security_dentry_create_as(struct dentry *dentry, struct cred *new);
extern int security_audit_as(struct file *file, const struct cred *cred);

#endif /* _LINUX_FS_H */
