// SPDX-License-Identifier: GPL-2.0
/*
 * Everything that the code under test calls and this tree does not have. Each
 * function leaves a line in the trace with the credentials it ran under, and a
 * decision says whether it succeeds.
 */
#include "../../fs/overlayfs/overlayfs.h"
#include "credtrace.h"

#define STUB_VOID(name, ...)	void name(__VA_ARGS__) { credtrace_void(#name); }
#define STUB_BOOL(name, ...)	bool name(__VA_ARGS__) { return credtrace_bool(#name); }
#define STUB_INT(name, ...)	int name(__VA_ARGS__) { return credtrace_int(#name); }
#define STUB_SIZE(name, ok, ...) \
	ssize_t name(__VA_ARGS__) { return credtrace_size(#name, ok); }
#define STUB_PTR(type, name, ok, ...) \
	type name(__VA_ARGS__) { return credtrace_ptr(#name, ok); }

#define NR_FILES	8

static struct file files[NR_FILES];
static unsigned int nr_files;
static struct inode real_inode;
static struct dentry real_dentry;
static struct posix_acl real_acl;

void stubs_init(void)
{
	nr_files = 0;
	memset(files, 0, sizeof(files));
	real_inode = (struct inode){ .i_nlink = 1 };
	real_dentry = (struct dentry){ .d_inode = &real_inode, .d_name = "real" };
}

static struct file *new_file(const char *fn, const struct cred *cred)
{
	struct file *file;

	credtrace_note(fn, cred->name);
	file = credtrace_ptr(fn, &files[nr_files++ % NR_FILES]);
	if (IS_ERR(file))
		return file;
	file->f_inode = &real_inode;
	file->f_dentry = &real_dentry;
	file->f_cred = get_cred(cred);
	file->f_count = 1;
	return file;
}

int _printk(const char *fmt, ...)
{
	credtrace_void("printk");
	return 0;
}

void *kzalloc(size_t size, gfp_t flags)
{
	return credtrace_bool("kzalloc") ? NULL : calloc(1, size);
}

void kfree(const void *objp)
{
	credtrace_void("kfree");
	free((void *)objp);
}

struct file *get_file(struct file *file)
{
	file->f_count++;
	return file;
}

void fput(struct file *file)
{
	credtrace_void("fput");
	if (file->f_count <= 0)
		credtrace_bug("fput of a dead file");
	if (--file->f_count == 0)
		put_cred(file->f_cred);
}

void fdput(struct fd fd)
{
	credtrace_void("fdput");
	if (!fd.file)
		credtrace_bug("fdput of nothing");
}

int ovl_real_fdget(const struct file *file, struct fd *real)
{
	real->file = (struct file *)file;
	return credtrace_int("ovl_real_fdget");
}

struct file *dentry_open(struct dentry *dentry, const struct cred *cred)
{
	return new_file("dentry_open", cred);
}

struct file *backing_tmpfile_open(struct dentry *dir, umode_t mode,
				  const struct cred *cred)
{
	return new_file("backing_tmpfile_open", cred);
}

struct file *ovl_do_tmpfile(struct dentry *dir)
{
	return new_file("ovl_do_tmpfile", current_cred());
}

int security_inode_copy_up(struct dentry *dentry, struct cred **new)
{
	int err = credtrace_int("security_inode_copy_up");

	if (!err && !credtrace_bool("security_inode_copy_up"))
		*new = cred_alloc("copyup");
	return err;
}

int security_audit_as(struct file *file, const struct cred *cred)
{
	credtrace_note("security_audit_as", cred->name);
	return 0;
}

struct dentry *dget(struct dentry *dentry)
{
	credtrace_void("dget");
	return dentry;
}

struct dentry *dget_parent(struct dentry *dentry)
{
	credtrace_void("dget_parent");
	return dentry->d_parent;
}

void dput(struct dentry *dentry)
{
	if (dentry)
		credtrace_void("dput");
}

int vfs_getattr(struct dentry *dentry, struct kstat *stat)
{
	*stat = (struct kstat){ .ino = 1, .blocks = 8, .nlink = 2 };
	return credtrace_int("vfs_getattr");
}

ssize_t vfs_listxattr(struct dentry *dentry, char *list, size_t size)
{
	static const char names[] = "user.a\0user.b";

	memcpy(list, names, min_t(size_t, size, sizeof(names)));
	return credtrace_size("vfs_listxattr", min_t(size_t, size, sizeof(names)));
}

int ovl_lookup_layer(struct dentry *base, struct ovl_lookup_data *d)
{
	int err = credtrace_int("ovl_lookup_layer");

	d->last = base;
	if (!err)
		d->stop = credtrace_bool("ovl_lookup_layer");
	return err;
}

/* Fails in three ways, because callers tell them apart. */
struct dentry *vfs_lookup(const char *name, struct dentry *base)
{
	struct dentry *dentry = credtrace_ptr("vfs_lookup", &real_dentry);

	if (!IS_ERR(dentry))
		return dentry;
	if (credtrace_bool("vfs_lookup"))
		return ERR_PTR(-ENOENT);
	return credtrace_bool("vfs_lookup") ? ERR_PTR(-ESTALE) : dentry;
}

bool ovl_already_copied_up(struct dentry *dentry)
{
	return dentry->d_upper || credtrace_bool("ovl_already_copied_up");
}

static void add_entry(struct list_head *list, const char *name, bool whiteout)
{
	struct ovl_cache_entry *p = calloc(1, sizeof(*p));

	p->name = name;
	p->dentry = &real_dentry;
	p->is_whiteout = whiteout;
	list_add_tail(&p->l_node, list);
}

int ovl_dir_read_merged(struct dentry *dentry, struct list_head *list)
{
	int err = credtrace_int("ovl_dir_read_merged");

	if (err)
		return err;
	add_entry(list, ".", false);
	add_entry(list, "gone", true);
	if (credtrace_bool("ovl_dir_read_merged"))
		add_entry(list, "there", false);
	return 0;
}

void ovl_cache_free(struct list_head *list)
{
	struct ovl_cache_entry *p, *n;

	credtrace_void("ovl_cache_free");
	list_for_each_entry_safe(p, n, list, l_node)
		free(p);
	INIT_LIST_HEAD(list);
}

STUB_VOID(inode_lock, struct inode *inode)
STUB_VOID(inode_unlock, struct inode *inode)
STUB_VOID(put_write_access, struct inode *inode)
STUB_VOID(clear_nlink, struct inode *inode)
STUB_VOID(inode_set_flags, struct inode *inode, unsigned int flags)
STUB_VOID(touch_atime, struct file *file)
STUB_VOID(file_modified, struct file *file)
STUB_VOID(posix_acl_release, struct posix_acl *acl)
STUB_VOID(unlock_rename, struct dentry *a, struct dentry *b)
STUB_VOID(d_instantiate, struct dentry *dentry, struct inode *inode)
STUB_VOID(ovl_drop_write, struct dentry *dentry)
STUB_VOID(ovl_cleanup, struct dentry *dentry)
STUB_VOID(ovl_copyattr, struct inode *inode)
STUB_VOID(ovl_drop_nlink, struct dentry *dentry)
STUB_VOID(ovl_inode_unlock, struct inode *inode)
STUB_VOID(ovl_file_modified, struct file *file)
STUB_VOID(ovl_dir_modified, struct dentry *dentry)
STUB_VOID(ovl_dentry_set_lowerdata, struct dentry *dentry, struct dentry *lower)
STUB_VOID(ovl_stack_free, struct dentry *stack)

STUB_BOOL(d_is_dir, const struct dentry *dentry)
STUB_BOOL(d_is_negative, const struct dentry *dentry)
STUB_BOOL(ovl_emit, struct ovl_cache_entry *p)
STUB_BOOL(ovl_can_list, struct super_block *sb, const char *name)
STUB_BOOL(ovl_whiteout_pending, struct dentry *dentry)

STUB_INT(inode_permission, struct inode *inode, int mask)
STUB_INT(generic_permission, struct inode *inode, int mask)
STUB_INT(get_write_access, struct inode *inode)
STUB_INT(vfs_mmap, struct file *file)
STUB_INT(vfs_fsync, struct file *file, int datasync)
STUB_INT(vfs_fallocate, struct file *file, int mode, loff_t offset, loff_t len)
STUB_INT(vfs_fadvise, struct file *file, loff_t offset, loff_t len, int advice)
STUB_INT(vfs_flush, struct file *file)
STUB_INT(vfs_iterate, struct file *file)
STUB_INT(vfs_fiemap, struct inode *inode, u64 start, u64 len)
STUB_INT(vfs_getxattr, struct dentry *dentry, const char *name)
STUB_INT(vfs_setxattr, struct dentry *dentry, const char *name, const void *value)
STUB_INT(vfs_removexattr, struct dentry *dentry, const char *name)
STUB_INT(vfs_set_acl, struct dentry *dentry, const char *name, struct posix_acl *acl)
STUB_INT(vfs_remove_acl, struct dentry *dentry, const char *name)
STUB_INT(vfs_fileattr_get, struct dentry *dentry, struct fileattr *fa)
STUB_INT(vfs_fileattr_set, struct dentry *dentry, struct fileattr *fa)
STUB_INT(notify_change, struct dentry *dentry, struct iattr *attr)
STUB_INT(vfs_create, struct dentry *dir, struct dentry *dentry, umode_t mode)
STUB_INT(vfs_link, struct dentry *old, struct dentry *dir, struct dentry *new)
STUB_INT(vfs_unlink, struct dentry *dir, struct dentry *dentry)
STUB_INT(vfs_rmdir, struct dentry *dir, struct dentry *dentry)
STUB_INT(vfs_rename, struct dentry *old, struct dentry *new)
STUB_INT(fsverity_validate, struct dentry *dentry)
STUB_INT(security_dentry_create_as, struct dentry *dentry, struct cred *new)
STUB_INT(ovl_want_write, struct dentry *dentry)
STUB_INT(ovl_copy_up, struct dentry *dentry)
STUB_INT(ovl_link_up, struct dentry *dentry, struct dentry *temp)
STUB_INT(ovl_inode_lock, struct inode *inode)
STUB_INT(ovl_set_nlink_upper, struct dentry *dentry)
STUB_INT(ovl_set_redirect, struct dentry *dentry)
STUB_INT(ovl_cache_update, struct ovl_cache_entry *p)

STUB_SIZE(vfs_iter_read, 42, struct file *file, struct iov_iter *iter)
STUB_SIZE(vfs_iter_write, 42, struct file *file, struct iov_iter *iter)
STUB_SIZE(vfs_splice_read, len, struct file *in, size_t len)
STUB_SIZE(iter_file_splice_write, len, struct file *out, size_t len)
STUB_SIZE(vfs_llseek, offset, struct file *file, loff_t offset, int whence)
STUB_SIZE(vfs_copy_file_range, len, struct file *in, struct file *out, size_t len)
STUB_SIZE(vfs_clone_file_range, len, struct file *in, struct file *out, loff_t len)
STUB_SIZE(vfs_dedupe_file_range, len, struct file *in, struct file *out, loff_t len)

STUB_PTR(const char *, vfs_get_link, "target", struct dentry *dentry)
STUB_PTR(struct posix_acl *, vfs_get_acl, &real_acl, struct inode *inode, const char *name)
STUB_PTR(struct dentry *, lock_rename, a, struct dentry *a, struct dentry *b)
STUB_PTR(struct dentry *, d_splice_alias, dentry, struct inode *inode, struct dentry *dentry)
STUB_PTR(struct dentry *, ovl_create_temp, &real_dentry, struct dentry *dir)
STUB_PTR(struct dentry *, ovl_lookup_data, &real_dentry, struct dentry *dentry)
STUB_PTR(struct inode *, ovl_get_inode, &real_inode, struct super_block *sb, struct dentry *upper)
