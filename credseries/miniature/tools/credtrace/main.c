// SPDX-License-Identifier: GPL-2.0
/*
 * credtrace - run one function of this tree and say who it ran as
 *
 *	credtrace --list
 *	credtrace FUNCTION [DECISIONS]
 *	credtrace --all LIMIT FUNCTION
 *
 * DECISIONS is a string of 0 and 1: one for each time that a function outside
 * of the tree could fail or say yes. What is not given is 0. --all runs every
 * combination, up to LIMIT of them.
 */
#include <stdio.h>

#include "../../fs/overlayfs/overlayfs.h"
#include "credtrace.h"

#define MAX_DECISIONS	64

static char decisions[MAX_DECISIONS + 1];
static unsigned int given, asked;

static const char *cred_label(const struct cred *cred)
{
	static char label[64];
	unsigned int i;

	for (i = 0; cred_nth(i); i++) {
		if (cred != cred_nth(i))
			continue;
		snprintf(label, sizeof(label), "%s%s", cred->name,
			 cred->usage > 0 ? "" : " BUG: dead");
		return label;
	}
	return "BUG: not a cred";
}

void credtrace_bug(const char *what)
{
	printf("BUG: %s\n", what);
}

void credtrace_note(const char *what, const char *detail)
{
	printf("%s: %s\n", what, detail);
}

void credtrace_void(const char *fn)
{
	printf("%s %s\n", fn, cred_label(current->cred));
}

void credtrace_value(const char *fn, long value)
{
	printf("%s %s %ld\n", fn, cred_label(current->cred), value);
}

static bool decide(void)
{
	if (asked == MAX_DECISIONS)
		return false;
	if (asked >= given)
		decisions[asked] = '0';
	return decisions[asked++] == '1';
}

bool credtrace_bool(const char *fn)
{
	credtrace_void(fn);
	return decide();
}

/* The error says who made it, so that a lost or mixed up one shows. */
static long error_of(const char *fn)
{
	unsigned int hash = 5381;

	while (*fn)
		hash = hash * 33 + (unsigned char)*fn++;
	return -(long)(200 + hash % 3800);
}

int credtrace_int(const char *fn)
{
	return credtrace_bool(fn) ? error_of(fn) : 0;
}

ssize_t credtrace_size(const char *fn, ssize_t size)
{
	return credtrace_bool(fn) ? error_of(fn) : size;
}

void *credtrace_ptr(const char *fn, void *ok)
{
	return credtrace_bool(fn) ? ERR_PTR(error_of(fn)) : ok;
}

static struct {
	struct ovl_fs ofs, ofs_out;
	struct super_block sb, sb_out;
	struct inode inode, inode_out, unlinked;
	struct dentry root, parent, dentry, upper, opaque, dead;
	struct file file, file_out, upper_file, backing;
	struct backing_file_ctx ctx, ctx_bare;
	struct kiocb iocb, aio;
	struct iov_iter iter;
	struct kstat stat;
	struct iattr attr;
	struct fileattr fa;
	struct posix_acl acl;
	struct list_head list;
	struct ovl_cache_entry entry[3];
	struct ovl_readdir_data rdd;
	char xattrs[32];
} e;

static void end_write(struct file *file, ssize_t ret)
{
	credtrace_value("end_write", ret);
}

static void setup(void)
{
	unsigned int i;

	cred_init();
	stubs_init();
	memset(&e, 0, sizeof(e));
	asked = 0;

	e.ofs = (struct ovl_fs){ .creator_cred = cred_alloc("mounter"), .verity = true };
	e.ofs_out = (struct ovl_fs){ .creator_cred = cred_alloc("mounter_out"), .verity = true };
	e.sb = (struct super_block){ .s_id = "in", .s_fs_info = &e.ofs };
	e.sb_out = (struct super_block){ .s_id = "out", .s_fs_info = &e.ofs_out };
	e.inode = (struct inode){ .i_sb = &e.sb, .i_nlink = 1 };
	e.inode_out = (struct inode){ .i_sb = &e.sb_out, .i_nlink = 1 };
	e.unlinked = (struct inode){ .i_sb = &e.sb };
	e.root = (struct dentry){ &e.sb, &e.inode, &e.root, "/", .d_upper = true };
	e.parent = (struct dentry){ &e.sb, &e.inode, &e.root, "parent" };
	e.dentry = (struct dentry){ &e.sb, &e.inode, &e.parent, "lower" };
	e.upper = (struct dentry){ &e.sb, &e.inode, &e.parent, "upper", .d_upper = true };
	e.opaque = (struct dentry){ &e.sb, &e.unlinked, &e.parent, "opaque", .d_opaque = true };
	e.dead = (struct dentry){ &e.sb, &e.unlinked, &e.parent, "dead", .d_upper = true };
	e.file = (struct file){ &e.inode, &e.dentry, cred_alloc("opener"), .f_count = 1 };
	e.file_out = (struct file){ &e.inode_out, &e.upper, e.file.f_cred, .f_count = 1 };
	e.upper_file = e.file;
	e.upper_file.f_dentry = &e.upper;
	e.upper_file.f_mode = FMODE_WRITE;
	e.backing = e.file;
	e.backing.f_mode = FMODE_BACKING;
	e.ctx.cred = cred_alloc("ctx");
	e.ctx_bare.cred = e.ctx.cred;
	e.ctx.user_file = &e.file;
	e.ctx.accessed = touch_atime;
	e.ctx.end_write = end_write;
	e.iocb.ki_filp = &e.file;
	e.aio.ki_async = true;
	e.iter.count = 42;

	INIT_LIST_HEAD(&e.list);
	for (i = 0; i < ARRAY_SIZE(e.entry); i++) {
		e.entry[i].name = "entry";
		e.entry[i].is_upper = i == 1;
		list_add_tail(&e.entry[i].l_node, &e.list);
	}
	e.rdd = (struct ovl_readdir_data){ .dentry = &e.dentry, .list = &e.list };
}

static void free_list(struct list_head *list)
{
	struct ovl_cache_entry *p, *n;

	list_for_each_entry_safe(p, n, list, l_node)
		free(p);
}

/* Drops what the file holds, without a line in the trace. */
static const void *closed(struct file *file)
{
	if (!IS_ERR(file) && --file->f_count == 0)
		put_cred(file->f_cred);
	return file;
}

static int run_check_empty(void)
{
	LIST_HEAD(list);
	int err = ovl_check_empty_dir(&e.dentry, &list);

	free_list(&list);
	return err;
}

static int run_list_visible(void)
{
	LIST_HEAD(list);
	int ret = ovl_list_visible(&e.file, &list);

	free_list(&list);
	return ret;
}

static void return_long(long ret)
{
	printf("return %ld\n", ret);
}

static void return_ptr(const void *ret)
{
	if (IS_ERR_OR_NULL(ret))
		return_long((long)ret);
	else
		printf("return pointer\n");
}

/* What the command line calls it, how to call it. X_variant is a call of X. */
#define ENTRIES(LONG, PTR, VOID)						\
	LONG(backing_file_read_iter,						\
	     backing_file_read_iter(&e.backing, &e.iter, &e.iocb, &e.ctx))	\
	LONG(backing_file_read_iter_aio,					\
	     backing_file_read_iter(&e.backing, &e.iter, &e.aio, &e.ctx_bare))	\
	LONG(backing_file_write_iter,						\
	     backing_file_write_iter(&e.backing, &e.iter, &e.iocb, &e.ctx))	\
	LONG(backing_file_write_iter_aio,					\
	     backing_file_write_iter(&e.backing, &e.iter, &e.aio, &e.ctx))	\
	LONG(backing_file_splice_read, backing_file_splice_read(&e.backing, 7, &e.ctx)) \
	LONG(backing_file_splice_write, backing_file_splice_write(&e.backing, 7, &e.ctx)) \
	LONG(backing_file_mmap, backing_file_mmap(&e.backing, &e.ctx))		\
	LONG(do_faccessat, do_faccessat(&e.dentry, MAY_READ, 0))		\
	LONG(do_faccessat_eaccess, do_faccessat(&e.dentry, MAY_READ, AT_EACCESS)) \
	LONG(sys_faccessat2, sys_faccessat2("/file", MAY_EXEC, 0))		\
	LONG(sys_fsync_as, sys_fsync_as(&e.file, 1))				\
	PTR(ovl_override_creds, ovl_override_creds(&e.sb))			\
	LONG(ovl_nlink_start, ovl_nlink_start(&e.dentry))			\
	VOID(ovl_nlink_end, ovl_nlink_end(&e.dentry))				\
	VOID(ovl_nlink_end_last, ovl_nlink_end(&e.dead))			\
	VOID(ovl_cleanup_index, ovl_cleanup_index(&e.dentry))			\
	LONG(ovl_ensure_verity, ovl_ensure_verity(&e.dentry))			\
	LONG(ovl_path_stamp, ovl_path_stamp(&e.dentry, "stamp"))		\
	LONG(ovl_path_stamp_upper, ovl_path_stamp(&e.upper, "stamp"))		\
	LONG(ovl_copy_up_flags, ovl_copy_up_flags(&e.dentry, false))		\
	LONG(ovl_copy_up_flags_tmpfile, ovl_copy_up_flags(&e.dentry, true))	\
	LONG(ovl_copy_up_data, ovl_copy_up_data(&e.file, &e.file_out, 100))	\
	LONG(ovl_create_object, ovl_create_object(&e.dentry, 0644, NULL))	\
	LONG(ovl_create_object_link, ovl_create_object(&e.dentry, 0, &e.upper))	\
	LONG(ovl_set_link_redirect, ovl_set_link_redirect(&e.dentry))		\
	LONG(ovl_do_remove, ovl_do_remove(&e.upper, false))			\
	LONG(ovl_do_remove_dir, ovl_do_remove(&e.opaque, true))			\
	LONG(ovl_rename, ovl_rename(&e.dentry, &e.upper, 0))			\
	LONG(ovl_rename_opaque, ovl_rename(&e.parent, &e.opaque, 0))		\
	LONG(ovl_rename_trap, ovl_rename(&e.root, &e.upper, 0))			\
	LONG(ovl_rename_flags, ovl_rename(&e.dentry, &e.upper, 1))		\
	LONG(ovl_create_tmpfile, ovl_create_tmpfile(&e.file, &e.dentry, 0600))	\
	LONG(ovl_wait_whiteout, ovl_wait_whiteout(&e.dentry))			\
	PTR(ovl_open_realfile, closed(ovl_open_realfile(&e.file, &e.upper)))		\
	LONG(ovl_llseek, ovl_llseek(&e.file, 7, 0))				\
	LONG(ovl_fsync, ovl_fsync(&e.file, 0))					\
	LONG(ovl_fsync_upper, ovl_fsync(&e.upper_file, 0))			\
	LONG(ovl_fallocate, ovl_fallocate(&e.file, 0, 0, 9))			\
	LONG(ovl_fadvise, ovl_fadvise(&e.file, 0, 9, 1))			\
	LONG(ovl_copyfile, ovl_copyfile(&e.file, &e.file_out, 9, OVL_COPY))	\
	LONG(ovl_copyfile_clone, ovl_copyfile(&e.file, &e.file_out, 9, OVL_CLONE)) \
	LONG(ovl_copyfile_dedupe, ovl_copyfile(&e.file, &e.file_out, 9, OVL_DEDUPE)) \
	LONG(ovl_flush, ovl_flush(&e.file))					\
	LONG(ovl_flush_upper, ovl_flush(&e.upper_file))				\
	LONG(ovl_ioctl_sync, ovl_ioctl(&e.file, OVL_IOC_SYNC))			\
	LONG(ovl_ioctl_trim, ovl_ioctl(&e.file, OVL_IOC_TRIM))			\
	LONG(ovl_ioctl_version, ovl_ioctl(&e.file, OVL_IOC_VERSION))		\
	LONG(ovl_ioctl_other, ovl_ioctl(&e.file, 99))				\
	LONG(ovl_check_opener, ovl_check_opener(&e.file))			\
	LONG(ovl_finish_upper, ovl_finish_upper(&e.file))			\
	LONG(ovl_setattr, ovl_setattr(&e.dentry, &e.attr))			\
	LONG(ovl_getattr, ovl_getattr(&e.dentry, &e.stat))			\
	LONG(ovl_getattr_upper, ovl_getattr(&e.upper, &e.stat))			\
	LONG(ovl_permission, ovl_permission(&e.inode, MAY_WRITE))		\
	PTR(ovl_get_link, ovl_get_link(&e.dentry))				\
	PTR(do_ovl_get_acl, do_ovl_get_acl(&e.inode, false))			\
	PTR(do_ovl_get_acl_rcu, do_ovl_get_acl(&e.inode, true))			\
	LONG(ovl_set_or_remove_acl, ovl_set_or_remove_acl(&e.dentry, "a", NULL)) \
	LONG(ovl_set_or_remove_acl_set, ovl_set_or_remove_acl(&e.dentry, "a", &e.acl)) \
	LONG(ovl_set_or_remove_acl_upper, ovl_set_or_remove_acl(&e.upper, "a", NULL)) \
	LONG(ovl_fiemap, ovl_fiemap(&e.inode, 0, 1))				\
	LONG(ovl_fileattr_set, ovl_fileattr_set(&e.dentry, &e.fa))		\
	LONG(ovl_fileattr_get, ovl_fileattr_get(&e.dentry, &e.fa))		\
	LONG(ovl_maybe_validate_verity, ovl_maybe_validate_verity(&e.dentry))	\
	LONG(ovl_maybe_validate_verity_upper, ovl_maybe_validate_verity(&e.upper)) \
	LONG(ovl_maybe_lookup_lowerdata, ovl_maybe_lookup_lowerdata(&e.dentry))	\
	PTR(ovl_lookup, ovl_lookup(&e.dentry))					\
	LONG(ovl_lower_positive, ovl_lower_positive(&e.upper))			\
	LONG(ovl_verify_origin, ovl_verify_origin(&e.dentry, true))		\
	LONG(ovl_verify_origin_lax, ovl_verify_origin(&e.dentry, false))	\
	LONG(ovl_check_whiteouts, ovl_check_whiteouts(&e.rdd))			\
	LONG(ovl_iterate, ovl_iterate(&e.file))					\
	LONG(ovl_iterate_upper, ovl_iterate(&e.upper_file))			\
	LONG(ovl_list_visible, run_list_visible())				\
	PTR(ovl_dir_open_realfile, closed(ovl_dir_open_realfile(&e.file, &e.upper)))	\
	LONG(ovl_check_empty_dir, run_check_empty())				\
	LONG(ovl_workdir_cleanup, ovl_workdir_cleanup(&e.dentry))		\
	LONG(ovl_xattr_set, ovl_xattr_set(&e.dentry, "user.a", NULL))		\
	LONG(ovl_xattr_set_value, ovl_xattr_set(&e.dentry, "user.a", "v"))	\
	LONG(ovl_xattr_set_upper, ovl_xattr_set(&e.upper, "user.a", NULL))	\
	LONG(ovl_xattr_get, ovl_xattr_get(&e.dentry, "user.a"))			\
	LONG(ovl_listxattr, ovl_listxattr(&e.dentry, e.xattrs, sizeof(e.xattrs))) \
	LONG(ovl_listxattr_broken, ovl_listxattr(&e.dentry, e.xattrs, 3))

#define RUN_LONG(name, call)	static void run_##name(void) { return_long(call); }
#define RUN_PTR(name, call)	static void run_##name(void) { return_ptr(call); }
#define RUN_VOID(name, call) \
	static void run_##name(void) { call; printf("return void\n"); }
#define TABLE(name, call)	{ #name, run_##name },

ENTRIES(RUN_LONG, RUN_PTR, RUN_VOID)

static const struct entry {
	const char *name;
	void (*run)(void);
} entries[] = {
	ENTRIES(TABLE, TABLE, TABLE)
};

static void run_once(const struct entry *entry)
{
	unsigned int i;

	setup();
	entry->run();
	printf("cred %s\nusage", cred_label(current->cred));
	for (i = 0; cred_nth(i); i++)
		printf(" %s=%ld", cred_nth(i)->name, cred_nth(i)->usage);
	printf("\nasked %u\n", asked);
}

/* Depth first: what follows the last 0 is done once that 0 becomes a 1. */
static int run_all(const struct entry *entry, unsigned long limit)
{
	while (limit--) {
		/* the decisions are known only when they have been taken */
		run_once(entry);
		printf("end %.*s\n", (int)asked, decisions);
		given = asked;
		while (given && decisions[given - 1] == '1')
			given--;
		if (!given)
			return 0;
		decisions[given - 1] = '1';
	}
	printf("truncated\n");
	return 0;
}

int main(int argc, char **argv)
{
	bool all = argc == 4 && !strcmp(argv[1], "--all");
	const char *name;
	unsigned int i;

	if (argc < 2) {
		fprintf(stderr, "usage: credtrace --list | [--all LIMIT] FUNCTION [DECISIONS]\n");
		return 2;
	}
	name = all ? argv[3] : argv[1];
	for (i = 0; i < ARRAY_SIZE(entries); i++) {
		if (!strcmp(name, "--list")) {
			puts(entries[i].name);
			continue;
		}
		if (strcmp(name, entries[i].name))
			continue;
		if (all)
			return run_all(&entries[i], strtoul(argv[2], NULL, 10));
		if (argc > 2) {
			strncpy(decisions, argv[2], MAX_DECISIONS);
			given = strlen(decisions);
		}
		run_once(&entries[i]);
		return 0;
	}
	if (!strcmp(name, "--list"))
		return 0;
	fprintf(stderr, "credtrace: no such function: %s\n", name);
	return 2;
}
