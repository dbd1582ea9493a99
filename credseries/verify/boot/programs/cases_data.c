/* Data: read, write, copy-up, mappings, splice and the calls that go through to the file below. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cases.h"
#include "report.h"

static int with_file(const char *path, int flags, long (*call)(int fd), long *result)
{
	int fd = open(path, flags, 0644), error;

	if (fd < 0)
		return -1;
	*result = call(fd);
	error = errno;
	close(fd);
	errno = error;
	return 0;
}

/* The outcome of a call on an open file; what failed to open says so. */
static const char *on(const char *path, int flags, long (*call)(int fd))
{
	long result;

	if (with_file(path, flags, call, &result))
		return text("open:%s", says(-1));
	return result > 0 ? text("%ld", result) : says(result);
}

static long append(int fd) { return write(fd, "more\n", 5); }
TEST(write_at_end)
{
	const char *said = on("open", O_WRONLY | O_APPEND, append);
	struct stat st;

	return stat("open", &st) ? errno_name(errno) : text("%s, size %d", said, (int)st.st_size);
}

static long vectors(int fd)
{
	struct iovec parts[] = { { "one", 3 }, { "two", 3 } };

	return pwritev2(fd, parts, 2, 0, RWF_DSYNC);
}
TEST(write_vectors) { return on("granted", O_RDWR, vectors); }

static long read_directly(int fd)
{
	static char page[4096] __attribute__((aligned(4096)));

	return read(fd, page, sizeof(page));
}
TEST(read_direct) { return on("open", O_RDONLY | O_DIRECT, read_directly); }

/* A file that was opened before somebody copied it up. */
TEST(read_across_copy_up)
{
	char before[5] = "", after[5] = "";
	int fd = open("open", O_RDONLY);

	if (fd < 0)
		return errno_name(errno);
	if (pread(fd, before, 3, 0) != 3)
		return errno_name(errno);
	overwrite("open");
	if (pread(fd, after, 3, 0) != 3)
		return errno_name(errno);
	close(fd);
	return text("%s %s", before, after);
}

static long map_read(int fd)
{
	const char *map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	long first;

	if (map == MAP_FAILED)
		return -1;
	first = map[0];
	munmap((void *)map, 4096);
	return first;
}
TEST(map_open) { return on("open", O_RDONLY, map_read); }
TEST(map_locked) { return on("locked/leaf", O_RDONLY, map_read); }

static long map_write(int fd)
{
	char *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		return -1;
	map[0] = 'M';
	return munmap(map, 4096);
}
TEST(map_shared)
{
	const char *said = on("open", O_RDWR, map_write);

	return text("%s %s", said, content_of("open"));
}

static long to_pipe(int fd)
{
	int ends[2];
	long result;

	if (pipe(ends))
		return -1;
	result = splice(fd, NULL, ends[1], NULL, 64, 0);
	close(ends[0]);
	close(ends[1]);
	return result;
}
TEST(splice_read) { return on("open", O_RDONLY, to_pipe); }
TEST(splice_read_below) { return on("below", O_RDONLY, to_pipe); }

static long from_pipe(int fd)
{
	int ends[2];
	long result;

	if (pipe(ends) || write(ends[1], "through", 7) != 7)
		return -1;
	result = splice(ends[0], NULL, fd, NULL, 7, 0);
	close(ends[0]);
	close(ends[1]);
	return result;
}
TEST(splice_write)
{
	const char *said = on("open", O_WRONLY, from_pipe);

	return text("%s %s", said, content_of("open"));
}
TEST(splice_write_fresh) { return on("fresh", O_CREAT | O_WRONLY, from_pipe); }
TEST(splice_write_suid)
{
	const char *said = on("suid", O_WRONLY, from_pipe);

	return text("%s %s", said, status_of("suid"));
}

static long between(const char *from, const char *to, long (*call)(int source, int target))
{
	int source = open(from, O_RDONLY), target = open(to, O_RDWR | O_CREAT, 0644), error;
	long result = source < 0 || target < 0 ? -1 : call(source, target);

	error = errno;
	close(source);
	close(target);
	errno = error;
	return result;
}

static long send(int source, int target) { return sendfile(target, source, NULL, 64); }
static long copy_range(int source, int target) { return copy_file_range(source, NULL, target, NULL, 64, 0); }
static long clone_file(int source, int target) { return ioctl(target, FICLONE, source); }
static long dedupe(int source, int target)
{
	union {
		struct file_dedupe_range range;
		char room[sizeof(struct file_dedupe_range) + sizeof(struct file_dedupe_range_info)];
	} ask = { .range = { .src_length = 4, .dest_count = 1 } };

	ask.range.info[0].dest_fd = target;
	if (ioctl(source, FIDEDUPERANGE, &ask))
		return -1;
	errno = ask.range.info[0].status < 0 ? -ask.range.info[0].status : 0;
	return errno ? -1 : 0;
}
TEST(send_file) { return says(between("open", "fresh", send)); }
TEST(copy_file)
{
	const char *said = says(between("open", "fresh", copy_range));

	return text("%s %s", said, content_of("fresh"));
}
TEST(copy_upper_file)
{
	const char *said;

	overwrite("open");
	said = says(between("open", "fresh", copy_range));
	return text("%s %s", said, content_of("fresh"));
}
TEST(copy_file_up) { return says(between("other", "below", copy_range)); }
TEST(clone) { return says(between("open", "fresh", clone_file)); }
TEST(deduplicate) { return says(between("open", "twin", dedupe)); }

static long allocate(int fd) { return fallocate(fd, 0, 0, 8192); }
static long punch(int fd) { return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4); }
static long shorten(int fd) { return ftruncate(fd, 2); }
static long sync_file(int fd) { return fsync(fd); }
static long sync_data(int fd) { return write(fd, "s", 1) == 1 ? fdatasync(fd) : -1; }
static long sync_all(int fd) { return syncfs(fd); }
static long find_hole(int fd) { return lseek(fd, 0, SEEK_HOLE); }
static long find_data(int fd) { return lseek(fd, 0, SEEK_DATA); }
static long advise(int fd)
{
	errno = posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED);
	return errno ? -1 : 0;
}
static long drop(int fd)
{
	errno = posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	return errno ? -1 : 0;
}
TEST(allocate_space) { return on("open", O_RDWR, allocate); }
TEST(allocate_suid)
{
	const char *said = on("suid", O_RDWR, allocate);

	return text("%s %s", said, status_of("suid"));
}
TEST(punch_hole) { return on("open", O_RDWR, punch); }
TEST(shorten_open) { return on("open", O_RDWR, shorten); }
TEST(synchronize) { return on("open", O_RDWR, sync_file); }
TEST(synchronize_lower) { return on("open", O_RDONLY, sync_file); }
TEST(synchronize_data) { return on("open", O_RDWR, sync_data); }
TEST(synchronize_all) { return on("open", O_RDWR, sync_all); }
TEST(synchronize_directory) { return on("sub", O_RDONLY | O_DIRECTORY, sync_file); }
TEST(seek_hole) { return on("open", O_RDONLY, find_hole); }
TEST(seek_data) { return on("open", O_RDONLY, find_data); }
TEST(advise_need) { return on("open", O_RDONLY, advise); }
TEST(advise_drop) { return on("open", O_RDWR, drop); }

static long get_flags(int fd)
{
	unsigned int flags = 0;

	return ioctl(fd, FS_IOC_GETFLAGS, &flags) ? -1 : (long)flags;
}
static long set_flags(int fd)
{
	unsigned int flags = FS_NOATIME_FL | FS_NODUMP_FL;

	return ioctl(fd, FS_IOC_SETFLAGS, &flags);
}
static long set_immutable(int fd)
{
	unsigned int flags = FS_IMMUTABLE_FL, none = 0;

	if (ioctl(fd, FS_IOC_SETFLAGS, &flags))
		return -1;
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) || !(flags & FS_IMMUTABLE_FL))
		return -1;
	return ioctl(fd, FS_IOC_SETFLAGS, &none);
}
static long get_extended_flags(int fd)
{
	struct fsxattr attributes;

	return ioctl(fd, FS_IOC_FSGETXATTR, &attributes);
}
static long extents(int fd)
{
	struct fiemap map = { .fm_length = ~0ULL };

	return ioctl(fd, FS_IOC_FIEMAP, &map);
}
static long lock(int fd) { return flock(fd, LOCK_EX | LOCK_NB); }
static long lease(int fd) { return fcntl(fd, F_SETLEASE, F_RDLCK); }
TEST(flags_get) { return on("open", O_RDONLY, get_flags); }
TEST(flags_set_open) { return on("open", O_RDONLY, set_flags); }
TEST(flags_set_mine) { return on("mine", O_RDONLY, set_flags); }
TEST(flags_set_other) { return on("other", O_RDONLY, set_flags); }
TEST(flags_set_immutable) { return on("mine", O_RDONLY, set_immutable); }
TEST(flags_get_extended) { return on("below", O_RDONLY, get_extended_flags); }
TEST(map_extents) { return on("open", O_RDONLY, extents); }
TEST(lock_file) { return on("open", O_RDWR, lock); }
TEST(lease_file) { return on("mine", O_RDONLY, lease); }

TEST(write_suid)
{
	const char *said = overwrite("suid");

	return text("%s %s", said, status_of("suid"));
}
TEST(write_loses_capability)
{
	const unsigned char capability[20] = { [3] = 2, [4] = 1 };
	char value[32];

	if (setxattr("mine", "security.capability", capability, sizeof(capability), 0))
		return text("set:%s", errno_name(errno));
	overwrite("mine");
	return says(getxattr("mine", "security.capability", value, sizeof(value)));
}

/* The caller owns the file, but the mounter does not. */
static const char *fresh_with(long (*call)(int fd))
{
	if (touch_open("fresh", O_CREAT | O_WRONLY))
		return errno_name(errno);
	return on("fresh", O_RDONLY, call);
}
TEST(fresh_flags) { return fresh_with(set_flags); }
TEST(fresh_flags_immutable) { return fresh_with(set_immutable); }

/* Root keeps the bits where the mounter would not: what is written to the upper file is written as the mounter. */
static const char *fresh_suid(long (*call)(int fd))
{
	const char *said;

	if (touch_open("fresh", O_CREAT | O_WRONLY) || chmod("fresh", 06777))
		return errno_name(errno);
	said = on("fresh", O_RDWR, call);
	return text("%s %s", said, status_of("fresh"));
}
static long copy_from_source(int fd)
{
	int source = open("source", O_CREAT | O_RDWR, 0644);
	long result = -1;

	if (source >= 0 && write(source, "words", 5) == 5)
		result = copy_file_range(source, &(off_t){ 0 }, fd, NULL, 5, 0);
	close(source);
	return result;
}
TEST(fresh_suid_write) { return fresh_suid(append); }
TEST(fresh_suid_splice) { return fresh_suid(from_pipe); }
TEST(fresh_suid_allocate) { return fresh_suid(allocate); }
TEST(fresh_suid_copy) { return fresh_suid(copy_from_source); }
TEST(fresh_suid_shorten) { return fresh_suid(shorten); }

static const struct test_case table[] = {
	ANY(fresh_suid_write),
	ANY(fresh_suid_splice),
	ANY(fresh_suid_allocate),
	ANY(fresh_suid_copy),
	ANY(fresh_suid_shorten),
	ANY(fresh_flags),
	ANY(fresh_flags_immutable),
	ANY(write_at_end),
	ANY(write_vectors),
	ANY(read_direct),
	ANY(read_across_copy_up),
	ALL(map_open, "116"),
	EACH(map_locked, "116", "116", "116", "116", "116", "open:EACCES", "open:EACCES"),
	EACH(map_shared, "OK read Mhe lower data", "OK read Mhe lower data", "OK read Mhe lower data",
	     "OK read Mhe lower data", "OK read Mhe lower data", "open:EROFS read the lower data",
	     "open:EROFS read the lower data"),
	ALL(splice_read, "15"),
	ALL(splice_read_below, "15"),
	EACH(splice_write, "7 read througher data", "7 read througher data", "7 read througher data",
	     "7 read througher data", "7 read througher data", "open:EROFS read the lower data",
	     "open:EROFS read the lower data"),
	EACH(splice_write_fresh, "7", "7", "7", "7", "7", "open:EROFS", "open:EROFS"),
	ANY(splice_write_suid),
	ANY(send_file),
	ANY(copy_file),
	ANY(copy_upper_file),
	ANY(copy_file_up),
	ANY(clone),
	ANY(deduplicate),
	ANY(allocate_space),
	ANY(allocate_suid),
	ANY(punch_hole),
	EACH(shorten_open, "OK", "OK", "OK", "OK", "OK", "open:EROFS", "open:EROFS"),
	EACH(synchronize, "OK", "OK", "OK", "OK", "OK", "open:EROFS", "open:EROFS"),
	ALL(synchronize_lower, "OK"),
	EACH(synchronize_data, "OK", "OK", "OK", "OK", "OK", "open:EROFS", "open:EROFS"),
	EACH(synchronize_all, "OK", "OK", "OK", "OK", "OK", "open:EROFS", "open:EROFS"),
	ALL(synchronize_directory, "OK"),
	ANY(seek_hole),
	ANY(seek_data),
	ANY(advise_need),
	ANY(advise_drop),
	ANY(flags_get),
	ANY(flags_set_open),
	ANY(flags_set_mine),
	ANY(flags_set_other),
	ANY(flags_set_immutable),
	ANY(flags_get_extended),
	ANY(map_extents),
	EACH(lock_file, "OK", "OK", "OK", "OK", "OK", "open:EROFS", "open:EROFS"),
	ANY(lease_file),
	ANY(write_suid),
	ANY(write_loses_capability),
};
GROUP(data_cases, table);
