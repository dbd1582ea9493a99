// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * System calls on files of an overlay mount, from many tasks at once: each of them makes overlayfs act with the
 * credentials of whoever mounted it, which all tasks share.
 *
 * Without --directory the program mounts an overlay of its own, on a file system in memory and in a mount namespace of
 * its own (as root, or in a user namespace, where the kernel lets one). Nobody else sees it, nothing is written to a
 * disk, and it goes away with the program, however that ends.
 */
#define _GNU_SOURCE
#include "frame.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define OVERLAY_MAGIC 0x794c7630 /* statfs(2) */
#define MOST_FILES 4096
#define FILE_SIZE 4096
#define READ_SIZE 64
#define PATH_SIZE 64
#define PLACE "/tmp" /* what the program's own namespace has its file system in memory on */
#define HINT "run it as root, or mount an overlay yourself and give --directory DIR"

struct operation {
	const char *name;
	const char *call;
	const char *metric;
	int (*perform)(const char *path, int file);
	bool opened; /* on files that were opened before */
};

static int root = -1; /* the directory with the files */
static char content[FILE_SIZE];
static const struct operation *operation;
static int files = 16;
static bool same_files;
static bool made[MOST_TASKS]; /* whose files are there */

/* -- operations: 0 or more when it worked, -1 with errno otherwise */

static int do_access(const char *path, int file)
{
	(void)file;
	return faccessat(root, path, R_OK, 0);
}

static int do_open(const char *path, int file)
{
	int opened = openat(root, path, O_RDONLY | O_CLOEXEC);

	(void)file;
	return opened < 0 ? -1 : close(opened);
}

static int do_read(const char *path, int file)
{
	char bytes[READ_SIZE];
	ssize_t size = pread(file, bytes, sizeof(bytes), 0);

	(void)path;
	if (size >= 0 && (size_t)size != sizeof(bytes)) {
		errno = EIO;
		return -1;
	}
	return size < 0 ? -1 : 0;
}

static int do_stat(const char *path, int file)
{
	struct stat status;

	(void)file;
	return fstatat(root, path, &status, 0);
}

static const struct operation operations[] = {
	{ "access", "faccessat()", "overlay access", do_access, false },
	{ "open", "openat() and close()", "overlay open", do_open, false },
	{ "read", "pread() of 64 bytes", "overlay read", do_read, true },
	{ "stat", "fstatat()", "overlay stat", do_stat, false },
};

static const struct operation *find_operation(const char *name)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		if (strcmp(operations[i].name, name) == 0)
			return &operations[i];
	die(WRONG_USE, "--op: '%s' is none of access, open, read and stat", name);
}

/* -- files: a directory for each task, or one for all */

static int owner(int task)
{
	return same_files ? 0 : task;
}

static void directory_name(char *name, int task)
{
	snprintf(name, PATH_SIZE, "task%d", task);
}

static void file_name(char *name, int task, int file)
{
	snprintf(name, PATH_SIZE, "task%d/file%d", task, file);
}

static void make_files(int directory, int tasks)
{
	char name[PATH_SIZE];

	for (int task = 0; task < (same_files ? 1 : tasks); task++) {
		directory_name(name, task);
		if (mkdirat(directory, name, 0755))
			die(CANNOT, "the directory %s cannot be made: %s", name, strerror(errno));
		made[task] = true;
		for (int file = 0; file < files; file++) {
			int handle;

			file_name(name, task, file);
			handle = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
			if (handle < 0 || write(handle, content, FILE_SIZE) != FILE_SIZE || close(handle))
				die(CANNOT, "the file %s cannot be written: %s", name, strerror(errno));
		}
	}
}

/* A directory of the user's overlay, and what it was named. */
static char own_directory[PATH_MAX];

static void remove_files(void)
{
	char name[PATH_SIZE];

	if (!own_directory[0])
		return;
	for (int task = 0; task < MOST_TASKS && made[task]; task++) {
		for (int file = 0; file < files; file++) {
			file_name(name, task, file);
			unlinkat(root, name, 0);
		}
		directory_name(name, task);
		unlinkat(root, name, AT_REMOVEDIR);
	}
	rmdir(own_directory);
	own_directory[0] = '\0';
}

static void open_root(const char *path)
{
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		die(CANNOT, "%s: %s", path, strerror(errno));
}

static void use_directory(const char *path, int tasks)
{
	struct statfs status;

	if (statfs(path, &status))
		die(WRONG_USE, "--directory: %s: %s", path, strerror(errno));
	if ((unsigned long)status.f_type != OVERLAY_MAGIC)
		die(WRONG_USE, "--directory: %s is on no overlay mount", path);
	if (snprintf(own_directory, sizeof(own_directory), "%s/credseries-overlay-XXXXXX", path) >=
	    (int)sizeof(own_directory))
		die(WRONG_USE, "--directory: the path is too long");
	if (!mkdtemp(own_directory)) {
		own_directory[0] = '\0';
		die(CANNOT, "no directory can be made in %s: %s", path, strerror(errno));
	}
	open_root(own_directory);
	make_files(root, tasks);
}

/* -- an overlay of its own */

static void write_text(const char *path, const char *text)
{
	int file = open(path, O_WRONLY | O_CLOEXEC);

	if (file < 0 || write(file, text, strlen(text)) < 0)
		die(CANNOT, "%s cannot be written: %s; " HINT, path, strerror(errno));
	close(file);
}

/* Inside, this user is root over mounts of the namespace, and over nothing else. */
static void enter_user_namespace(void)
{
	unsigned int user = geteuid(), group = getegid();
	char line[64];

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		die(CANNOT, "an overlay cannot be mounted: no user namespace can be made (%s); " HINT, strerror(errno));
	snprintf(line, sizeof(line), "0 %u 1", user);
	write_text("/proc/self/uid_map", line);
	write_text("/proc/self/setgroups", "deny");
	snprintf(line, sizeof(line), "0 %u 1", group);
	write_text("/proc/self/gid_map", line);
}

static void mount_or_die(const char *type, const char *where, const char *data)
{
	if (mount(type, where, type, MS_NOSUID | MS_NODEV, data) == 0)
		return;
	if (errno == ENODEV)
		die(CANNOT, "this kernel has no %s file system; build it, or load the module: modprobe %s", type, type);
	die(CANNOT, "%s cannot be mounted: %s; " HINT, type, strerror(errno));
}

static void make_directory(const char *path)
{
	if (mkdir(path, 0755))
		die(CANNOT, "%s: %s", path, strerror(errno));
}

/* The files are in the lower layer, as those of a container's image are. */
static void mount_overlay(int tasks)
{
	int lower;

	if (geteuid() != 0 || unshare(CLONE_NEWNS))
		enter_user_namespace();
	/* Nothing that is mounted from here on is seen outside. */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		die(CANNOT, "the mounts of this namespace cannot be made private: %s; " HINT, strerror(errno));
	mount_or_die("tmpfs", PLACE, "mode=0755");
	make_directory(PLACE "/lower");
	make_directory(PLACE "/upper");
	make_directory(PLACE "/work");
	make_directory(PLACE "/merged");
	lower = open(PLACE "/lower", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (lower < 0)
		die(CANNOT, PLACE "/lower: %s", strerror(errno));
	make_files(lower, tasks);
	close(lower);
	mount_or_die("overlay", PLACE "/merged",
		     "lowerdir=" PLACE "/lower,upperdir=" PLACE "/upper,workdir=" PLACE "/work");
	open_root(PLACE "/merged");
}

/* -- tasks */

/* What a task works on; of processes each has its own copy. */
struct own {
	char (*paths)[PATH_SIZE];
	int *opened;
};

static struct own owned[MOST_TASKS];

static void prepare(struct task *task)
{
	struct own *own = &owned[task->number];

	own->paths = calloc((size_t)files, sizeof(*own->paths));
	own->opened = calloc((size_t)files, sizeof(*own->opened));
	if (!own->paths || !own->opened)
		die(CANNOT, "no memory");
	for (int file = 0; file < files; file++) {
		file_name(own->paths[file], owner(task->number), file);
		if (!operation->opened)
			continue;
		own->opened[file] = openat(root, own->paths[file], O_RDONLY | O_CLOEXEC);
		if (own->opened[file] < 0)
			die(CANNOT, "%s cannot be opened: %s%s", own->paths[file], strerror(errno),
			    errno == EMFILE ? "; raise ulimit -n, or give fewer --files" : "");
	}
}

static void work(struct task *task)
{
	struct own *own = &owned[task->number];

	while (!stopped(task)) {
		for (int file = 0; file < files && !stopped(task); file++) {
			if (operation->perform(own->paths[file], own->opened[file]))
				die(FAILED, "%s of %s: %s", operation->call, own->paths[file], strerror(errno));
			add_operations(task, 1);
		}
	}
	for (int file = 0; file < files && operation->opened; file++)
		close(own->opened[file]);
	free(own->paths);
	free(own->opened);
}

static void raise_open_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static const char help[] =
	"Usage: overlay --op access|open|read|stat [--tasks N[,N]...] [--mode processes|threads]\n"
	"               [--files M] [--same-files] [--seconds S] [--runs R] [--directory DIR]\n"
	"\n"
	"System calls on files of an overlay mount, from N tasks at once. Prints operations per second\n"
	"of all tasks together, as CSV.\n"
	"\n"
	"  --op access       faccessat() of each file\n"
	"  --op open         openat() and close()\n"
	"  --op read         pread() of 64 bytes of files that are open\n"
	"  --op stat         fstatat()\n"
	"  --tasks N,N       numbers of tasks, in turns (default 1); --threads is the same\n"
	"  --mode MODE       what tasks are: processes (default), or threads of one process\n"
	"  --files M         files of each task (default 16)\n"
	"  --same-files      all tasks use the same files, and so also contend for these\n"
	"  --seconds S       how long to count in each run (default 1)\n"
	"  --runs R          runs for each number of tasks (default 5)\n"
	"  --directory DIR   make the files in DIR, on an overlay that is mounted, and remove them\n"
	"                    afterwards; without it the program mounts an overlay for itself, as\n"
	"                    root or in a user namespace\n"
	"\n"
	"Tasks are bound to a processor each, as long as there are enough of them.\n";

enum { OP = OWN, MODE, FILES, SAME_FILES, DIRECTORY };

static const struct option options[] = {
	{ "op", required_argument, NULL, OP },
	{ "mode", required_argument, NULL, MODE },
	{ "files", required_argument, NULL, FILES },
	{ "same-files", no_argument, NULL, SAME_FILES },
	{ "directory", required_argument, NULL, DIRECTORY },
	SHARED_OPTIONS,
};

static enum mode mode = PROCESSES;
static const char *directory;

static enum mode mode_option(const char *text)
{
	if (strcmp(text, "threads") == 0)
		return THREADS;
	if (strcmp(text, "processes") == 0)
		return PROCESSES;
	die(WRONG_USE, "--mode: '%s' is neither processes nor threads", text);
}

static void own_option(int option, const char *argument)
{
	switch (option) {
	case OP:
		operation = find_operation(argument);
		break;
	case MODE:
		mode = mode_option(argument);
		break;
	case FILES:
		files = (int)number_option("--files", argument, 1, MOST_FILES);
		break;
	case SAME_FILES:
		same_files = true;
		break;
	case DIRECTORY:
		directory = argument;
		break;
	}
}

int main(int count, char **arguments)
{
	struct plan plan;
	int processors;

	program = "overlay";
	plan = read_options(count, arguments, options, help, own_option);
	if (!operation)
		die(WRONG_USE, "which operation? give --op access, open, read or stat");

	processors = read_allowed();
	raise_open_files();
	make_crew(prepare, work);
	at_end = remove_files;
	catch_signals();
	if (directory)
		use_directory(directory, most_tasks(&plan.tasks));
	else
		mount_overlay(most_tasks(&plan.tasks));
	printf("# overlay: %s, %s, %d files %s, %g s a run, %s, tasks ", operation->call,
	       mode == PROCESSES ? "processes" : "threads", files, same_files ? "for all tasks" : "for each task",
	       plan.seconds, directory ? "in a directory of an overlay" : "on an overlay of its own, on tmpfs");
	measure(&plan, mode, processors, operation->metric, NULL);
	remove_files();
	return interrupted ? 128 + interrupted : 0;
}
