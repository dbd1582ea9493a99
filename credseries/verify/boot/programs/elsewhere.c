/* access(2), asynchronous fsync, rings with personalities, core dumps, interpreters and control groups. */
#define _GNU_SOURCE
#include "elsewhere.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases.h"
#include "cred_count.h"
#include "layers.h"
#include "report.h"

enum { ROUNDS = 20 };

/* Asks with the real uid (a user) what the effective uid (root) may do. */
static const char *access_of_real_user(void)
{
	const char *asked;

	if (setresuid(USER_UID, ROOT_UID, ROOT_UID))
		return errno_name(errno);
	asked = says(access(OUTSIDE, R_OK));
	return text("%s, then %s", asked, says(touch_open(OUTSIDE, O_RDONLY)));
}

static const char *access_of_effective_user(void)
{
	const char *asked;

	if (setresuid(ROOT_UID, USER_UID, ROOT_UID))
		return errno_name(errno);
	asked = says(access(OUTSIDE, R_OK));
	return text("%s, then %s", asked, says(touch_open(OUTSIDE, O_RDONLY)));
}

static const char *access_of_absent_file(void)
{
	if (setresuid(USER_UID, ROOT_UID, ROOT_UID))
		return errno_name(errno);
	return says(access("/t/absent", R_OK));
}

static const char *asynchronous_fsync(void)
{
	aio_context_t context = 0;
	struct iocb control = { .aio_lio_opcode = IOCB_CMD_FSYNC }, *list[] = { &control };
	struct io_event event;
	int fd = open("/t/asynchronous", O_CREAT | O_RDWR, 0644);

	control.aio_fildes = fd;
	if (fd < 0 || write(fd, "x", 1) != 1)
		return errno_name(errno);
	if (syscall(SYS_io_setup, 1, &context))
		return text("setup:%s", errno_name(errno));
	become(USER_CALLER);
	if (syscall(SYS_io_submit, context, 1, list) != 1)
		return text("submit:%s", errno_name(errno));
	if (syscall(SYS_io_getevents, context, 1, 1, &event, NULL) != 1)
		return text("events:%s", errno_name(errno));
	syscall(SYS_io_destroy, context);
	close(fd);
	return event.res ? text("result %lld", (long long)event.res) : "OK";
}

struct ring {
	int fd;
	char *memory;
	struct io_uring_sqe *entries;
	struct io_uring_params parameters;
};

static int make_ring(struct ring *ring)
{
	memset(ring, 0, sizeof(*ring));
	ring->fd = syscall(SYS_io_uring_setup, 2, &ring->parameters);
	if (ring->fd < 0)
		return -1;
	ring->memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_SQ_RING);
	ring->entries = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_SQES);
	return ring->memory == MAP_FAILED || ring->entries == MAP_FAILED ? -1 : 0;
}

/* Opens a file through the ring, as the person with this number (0: whoever asks). */
static const char *open_by_ring(struct ring *ring, int personality)
{
	struct io_sqring_offsets *submit = &ring->parameters.sq_off;
	struct io_cqring_offsets *complete = &ring->parameters.cq_off;
	unsigned int *tail = (unsigned int *)(ring->memory + submit->tail);
	unsigned int mask = *(unsigned int *)(ring->memory + submit->ring_mask);
	unsigned int *head = (unsigned int *)(ring->memory + complete->head);
	struct io_uring_cqe *results = (struct io_uring_cqe *)(ring->memory + complete->cqes);
	unsigned int slot = *tail & mask;
	int result;

	memset(&ring->entries[slot], 0, sizeof(ring->entries[slot]));
	ring->entries[slot].opcode = IORING_OP_OPENAT;
	ring->entries[slot].fd = AT_FDCWD;
	ring->entries[slot].addr = (unsigned long)OUTSIDE;
	ring->entries[slot].open_flags = O_RDONLY;
	ring->entries[slot].personality = personality;
	((unsigned int *)(ring->memory + submit->array))[slot] = slot;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		return text("enter:%s", errno_name(errno));
	result = results[*head & *(unsigned int *)(ring->memory + complete->ring_mask)].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	if (result >= 0)
		close(result);
	return result < 0 ? errno_name(-result) : "OK";
}

static const char *ring_personality(void)
{
	struct ring ring;
	const char *as_root, *as_user;
	int personality;

	if (make_ring(&ring))
		return errno_name(errno);
	personality = syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_PERSONALITY, NULL, 0);
	if (personality < 0)
		return text("register:%s", errno_name(errno));
	become(USER_CALLER);
	as_root = open_by_ring(&ring, personality);
	as_user = open_by_ring(&ring, 0);
	syscall(SYS_io_uring_register, ring.fd, IORING_UNREGISTER_PERSONALITY, NULL, personality);
	return text("%s, %s, %s", as_root, as_user, open_by_ring(&ring, personality));
}

static int write_to(const char *path, const char *words)
{
	int fd = open(path, O_WRONLY), error;
	ssize_t length;

	if (fd < 0)
		return -1;
	length = write(fd, words, strlen(words));
	error = errno;
	close(fd);
	errno = error;
	return length < 0 ? -1 : 0;
}

static const char *core_dump(const char *policy)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	const char *status;
	pid_t child;

	if (write_to("/proc/sys/kernel/core_pattern", "/t/core") || write_to("/proc/sys/fs/suid_dumpable", policy))
		return errno_name(errno);
	unlink("/t/core");
	chmod("/t", 0777);
	child = fork();
	if (child == 0) {
		setrlimit(RLIMIT_CORE, &unlimited);
		become(USER_CALLER);
		if (*policy == '1')
			prctl(PR_SET_DUMPABLE, 1);
		*(volatile int *)8 = 0;
		_exit(0);
	}
	waitpid(child, NULL, 0);
	status = status_of("/t/core");
	chmod("/t", 0755);
	return status;
}

static const char *core_dump_of_user(void) { return core_dump("1"); }
static const char *core_dump_as_root(void) { return core_dump("2"); }

static const char *interpreter(void)
{
	if (mount("binfmt_misc", "/proc/sys/fs/binfmt_misc", "binfmt_misc", 0, "") && errno != EBUSY)
		return errno_name(errno);
	if (write_to("/proc/sys/fs/binfmt_misc/register", ":case:M::casemagic::/bin/busybox:F"))
		return text("register:%s", errno_name(errno));
	return says(write_to("/proc/sys/fs/binfmt_misc/case", "-1"));
}

/* The right to move a process is that of the one who opened the file, not of the one who writes. */
static const char *control_group(void)
{
	int fd, refused;

	mkdir("/t/groups", 0755);
	if (mount("groups", "/t/groups", "cgroup2", 0, "") && errno != EBUSY)
		return errno_name(errno);
	mkdir("/t/groups/one", 0755);
	fd = open("/t/groups/one/cgroup.procs", O_WRONLY);
	if (fd < 0)
		return text("open:%s", errno_name(errno));
	become(USER_CALLER);
	refused = open("/t/groups/one/cgroup.procs", O_WRONLY);
	return text("%s, open %s", write(fd, "0", 1) == 1 ? "OK" : errno_name(errno),
		    refused < 0 ? errno_name(errno) : "OK");
}

static const struct {
	const char *name;
	const char *(*run)(void);
	const char *wanted;
} cases[] = {
	{ "access_of_real_user", access_of_real_user, "EACCES, then OK" },
	{ "access_of_effective_user", access_of_effective_user, "OK, then EACCES" },
	{ "access_of_absent_file", access_of_absent_file, "ENOENT" },
	{ "asynchronous_fsync", asynchronous_fsync, NULL },
	{ "ring_personality", ring_personality, NULL },
	{ "core_dump_of_user", core_dump_of_user, NULL },
	{ "core_dump_as_root", core_dump_as_root, NULL },
	{ "interpreter", interpreter, NULL },
	{ "control_group", control_group, NULL },
};

/* In a process of its own, which then still is who it was; in all rounds but the last one it says nothing. */
static void run_one(int index, int last)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		const char *outcome = cases[index].run();

		commit_same_credentials();
		if (last)
			report(text("elsewhere/%s", cases[index].name), outcome, cases[index].wanted);
		_exit(0);
	}
	if (waitpid(child, &status, 0) == child && status)
		report(text("elsewhere/%s.end", cases[index].name), text("killed by signal %d", status & 127),
		       "no signal");
}

void run_elsewhere(void)
{
	for (unsigned int index = 0; index < sizeof(cases) / sizeof(cases[0]); index++) {
		long before;

		run_one(index, 1); /* what is made once and kept is there now */
		before = cred_count();
		for (int round = 0; round < ROUNDS; round++)
			run_one(index, 0);
		report_credentials(text("elsewhere/%s.credentials", cases[index].name), before);
	}
}
