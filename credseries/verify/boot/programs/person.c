/* Credentials of the test's processes. */
#define _GNU_SOURCE
#include "person.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "report.h"

#define BIT(capability) (1ULL << (capability))
#define ALL (~0ULL)

const char *person_name(enum person who)
{
	static const char *const names[] = { "full", "weak", "reading", "root", "user", "plain", "namespace" };

	return names[who];
}

/* Leaves this process only those capabilities of `wanted` that it has. */
static void keep_capabilities(unsigned long long wanted)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		give_up("capget");
	for (int half = 0; half < 2; half++) {
		unsigned int mask = (unsigned int)(wanted >> (32 * half));

		data[half].effective &= mask;
		data[half].permitted &= mask;
		data[half].inheritable = 0;
	}
	if (syscall(SYS_capset, &header, data))
		give_up("capset");
}

void become(enum person who)
{
	const gid_t mounter = MOUNTER_GID, team = TEAM_GID;

	switch (who) {
	case FULL_MOUNTER:
	case WEAK_MOUNTER:
	case READING_MOUNTER:
		if (setgroups(1, &mounter))
			give_up("setgroups");
		if (who == WEAK_MOUNTER) /* the work directory has mode 0 */
			keep_capabilities(BIT(CAP_SYS_ADMIN) | BIT(CAP_DAC_OVERRIDE));
		if (who == READING_MOUNTER)
			keep_capabilities(BIT(CAP_SYS_ADMIN));
		break;
	case ROOT_CALLER:
		if (setgroups(0, NULL))
			give_up("setgroups");
		break;
	case PLAIN_CALLER:
		if (setgroups(0, NULL))
			give_up("setgroups");
		keep_capabilities(ALL & ~(BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_RESOURCE) | BIT(CAP_MKNOD) |
					  BIT(CAP_CHOWN) | BIT(CAP_LINUX_IMMUTABLE)));
		break;
	case USER_CALLER:
		if (setgroups(1, &team) || setresgid(USER_UID, USER_UID, USER_UID) ||
		    setresuid(USER_UID, USER_UID, USER_UID))
			give_up("setresuid");
		break;
	case NAMESPACE_ROOT: /* it is so by being in its namespace */
		break;
	}
}

static int write_line(const char *path, const char *line)
{
	int fd = open(path, O_WRONLY);
	ssize_t written;

	if (fd < 0)
		return -1;
	written = write(fd, line, strlen(line));
	close(fd);
	return written < 0 ? -1 : 0;
}

int enter_namespace(void)
{
	become(USER_CALLER);
	/* Who changed his uid owns nothing of /proc/self before he is dumpable again. */
	if (prctl(PR_SET_DUMPABLE, 1) || unshare(CLONE_NEWUSER | CLONE_NEWNS))
		return -1;
	if (write_line("/proc/self/setgroups", "deny") || write_line("/proc/self/uid_map", "0 1000 1") ||
	    write_line("/proc/self/gid_map", "0 1000 1"))
		return -1;
	return 0;
}

void take_identity(struct identity *identity)
{
	gid_t groups[32];
	int count = getgroups(32, groups);
	int length = snprintf(identity->words, sizeof(identity->words), "uid %d/%d gid %d/%d fs %d/%d groups",
			      getuid(), geteuid(), getgid(), getegid(), setfsuid(-1), setfsgid(-1));

	for (int index = 0; index < count && length < (int)sizeof(identity->words); index++)
		length += snprintf(identity->words + length, sizeof(identity->words) - length, " %d", groups[index]);
}

const char *changed_identity(const struct identity *before)
{
	struct identity now;

	take_identity(&now);
	return strcmp(before->words, now.words) ? text("%s", now.words) : NULL;
}

void commit_same_credentials(void)
{
	prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
}
