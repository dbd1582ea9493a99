// SPDX-License-Identifier: GPL-2.0
/*
 * I/O that one filesystem does to a file of another on a user's behalf.
 *
 * Every function here does its I/O between override_creds() and
 * revert_creds(), under the credentials of the mounter.
 */
#include <linux/backing-file.h>
#include <linux/module.h>

struct backing_aio {
	struct kiocb iocb;
	struct kiocb *orig_iocb;
};

static bool backing_file_ok(struct file *file)
{
	return file->f_mode & FMODE_BACKING;
}

/**
 * backing_file_open - open the lower file of a stack
 * @real: dentry of the lower file
 * @cred: who opens it
 */
struct file *backing_file_open(struct dentry *real, const struct cred *cred)
{
	struct file *file = dentry_open(real, cred);

	if (!IS_ERR(file))
		file->f_mode |= FMODE_BACKING;
	return file;
}
EXPORT_SYMBOL_GPL(backing_file_open);

ssize_t backing_file_read_iter(struct file *file, struct iov_iter *iter,
			       struct kiocb *iocb, struct backing_file_ctx *ctx)
{
	struct backing_aio *aio;
	const struct cred *saved;
	ssize_t nread;

	if (WARN_ON_ONCE(!backing_file_ok(file)))
		return -EIO;
	if (!iov_iter_count(iter))
		return 0;

	saved = override_creds(ctx->cred);
	if (is_sync_kiocb(iocb)) {
		nread = vfs_iter_read(file, iter);
	} else {
		nread = -ENOMEM;
		aio = kzalloc(sizeof(*aio), GFP_KERNEL);
		if (!aio)
			goto revert;

		aio->orig_iocb = iocb;
		nread = vfs_iter_read(file, iter);
		kfree(aio);
	}
revert:
	revert_creds(saved);

	if (ctx->accessed)
		ctx->accessed(ctx->user_file);

	return nread;
}
EXPORT_SYMBOL_GPL(backing_file_read_iter);

ssize_t backing_file_write_iter(struct file *file, struct iov_iter *iter,
				struct kiocb *iocb, struct backing_file_ctx *ctx)
{
	const struct cred *saved;
	ssize_t written;

	if (WARN_ON_ONCE(!backing_file_ok(file)))
		return -EIO;

	saved = override_creds(ctx->cred);
	written = get_write_access(file_inode(file));
	if (written)
		goto revert;

	if (!is_sync_kiocb(iocb)) {
		/* the I/O goes on without us, and so must the write count */
		written = vfs_iter_write(file, iter);
		goto revert;
	}

	written = vfs_iter_write(file, iter);
	if (ctx->end_write)
		ctx->end_write(ctx->user_file, written);
	put_write_access(file_inode(file));
revert:
	revert_creds(saved);
	return written;
}
EXPORT_SYMBOL_GPL(backing_file_write_iter);

ssize_t backing_file_splice_read(struct file *in, size_t len,
				 struct backing_file_ctx *ctx)
{
	const struct cred *prev;
	ssize_t moved;

	prev = override_creds(ctx->cred);
	moved = vfs_splice_read(in, len);
	revert_creds(prev);

	if (ctx->accessed)
		ctx->accessed(ctx->user_file);

	return moved;
}
EXPORT_SYMBOL_GPL(backing_file_splice_read);

ssize_t backing_file_splice_write(struct file *out, size_t len,
				  struct backing_file_ctx *ctx)
{
	const struct cred *prev;
	ssize_t moved;

	if (!out)
		return -EBADF;

	prev = override_creds(ctx->cred);
	moved = iter_file_splice_write(out, len);
	revert_creds(prev);

	if (ctx->end_write)
		ctx->end_write(ctx->user_file, moved);

	return moved;
}
EXPORT_SYMBOL_GPL(backing_file_splice_write);

int backing_file_mmap(struct file *file, struct backing_file_ctx *ctx)
{
	const struct cred *user_cred;
	int err;

	if (WARN_ON_ONCE(!backing_file_ok(file)))
		return -EIO;

	user_cred = override_creds(ctx->cred);
	err = vfs_mmap(file);
	if (err) {
		revert_creds(user_cred);
		return err;
	}
	file->f_pos = 0;
	revert_creds(user_cred);

	if (ctx->accessed)
		ctx->accessed(ctx->user_file);

	return 0;
}
EXPORT_SYMBOL_GPL(backing_file_mmap);

MODULE_DESCRIPTION("backing files, see override_creds()");
MODULE_LICENSE("GPL");
