/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_BACKING_FILE_H
#define _LINUX_BACKING_FILE_H

#include <linux/fs.h>

/**
 * struct backing_file_ctx - how a stacked filesystem does I/O to its lower file
 * @cred: credentials of whoever mounted it, the I/O runs under them
 * @user_file: the file that user space has open
 * @accessed: called after a read, as the user
 * @end_write: called after a write, with its result
 */
struct backing_file_ctx {
	const struct cred *cred;
	struct file *user_file;
	void (*accessed)(struct file *file);
	void (*end_write)(struct file *file, ssize_t ret);
};

ssize_t backing_file_read_iter(struct file *file, struct iov_iter *iter,
			       struct kiocb *iocb, struct backing_file_ctx *ctx);
ssize_t backing_file_write_iter(struct file *file, struct iov_iter *iter,
				struct kiocb *iocb, struct backing_file_ctx *ctx);
ssize_t backing_file_splice_read(struct file *in, size_t len,
				 struct backing_file_ctx *ctx);
ssize_t backing_file_splice_write(struct file *out, size_t len,
				  struct backing_file_ctx *ctx);
int backing_file_mmap(struct file *file, struct backing_file_ctx *ctx);
struct file *backing_file_open(struct dentry *real, const struct cred *cred);
struct file *backing_tmpfile_open(struct dentry *dir, umode_t mode,
				  const struct cred *cred);

#endif /* _LINUX_BACKING_FILE_H */
