/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_DCACHE_H
#define _LINUX_DCACHE_H

#include <linux/types.h>

struct inode;
struct super_block;

struct dentry {
	struct super_block *d_sb;
	struct inode *d_inode;
	struct dentry *d_parent;
	const char *d_name;
	bool d_upper;
	bool d_opaque;
};

struct path {
	struct dentry *dentry;
};

static inline struct inode *d_inode(const struct dentry *dentry)
{
	return dentry->d_inode;
}

extern struct dentry *dget(struct dentry *dentry);
extern struct dentry *dget_parent(struct dentry *dentry);
extern void dput(struct dentry *dentry);
extern struct dentry *d_splice_alias(struct inode *inode, struct dentry *dentry);
extern void d_instantiate(struct dentry *dentry, struct inode *inode);
extern bool d_is_dir(const struct dentry *dentry);
extern bool d_is_negative(const struct dentry *dentry);

#endif /* _LINUX_DCACHE_H */
