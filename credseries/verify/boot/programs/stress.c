/* Operations in an order that a small generator of numbers chooses: the same in every run. */
#define _GNU_SOURCE
#include "stress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "acl.h"
#include "cases.h"
#include "cred_count.h"
#include "report.h"

enum { OPERATIONS = 500, MOUNTS = 20 };

static const enum person people[] = { ROOT_CALLER, USER_CALLER, PLAIN_CALLER, USER_CALLER };
static const char *const names[] = { "open", "shut",   "mine",   "other",	 "hidden",	"below",
				     "sub",  "locked", "closed", "locked/leaf", "theirs/leaf", "fresh" };

static unsigned int draw(unsigned int *state, unsigned int limit)
{
	*state = *state * 1664525u + 1013904223u;
	return (*state >> 16) % limit;
}

static void operate(unsigned int *state)
{
	const int count = sizeof(names) / sizeof(names[0]);
	const char *one = names[draw(state, count)], *two = names[draw(state, count)];
	struct acl acl;
	struct stat st;
	char buffer[256];

	switch (draw(state, 18)) {
	case 0:
		touch_open(one, O_RDONLY);
		break;
	case 1:
		overwrite(one);
		break;
	case 2:
		touch_open(one, O_CREAT | O_WRONLY | O_TRUNC);
		break;
	case 3:
		unlink(one);
		break;
	case 4:
		rmdir(one);
		break;
	case 5:
		rename(one, two);
		break;
	case 6:
		renameat2(AT_FDCWD, one, AT_FDCWD, two, RENAME_EXCHANGE);
		break;
	case 7:
		if (link(one, two))
			lstat(two, &st);
		break;
	case 8:
		mkdir(one, 0777);
		break;
	case 9:
		names_in(one);
		break;
	case 10:
		names_in(".");
		break;
	case 11:
		setxattr(one, "user.note", "x", 1, 0);
		break;
	case 12:
		listxattr(one, buffer, sizeof(buffer));
		break;
	case 13:
		chmod(one, 0777);
		break;
	case 14:
		make_acl(&acl, 07, USER_UID, 07);
		setxattr(one, ACL_ACCESS, &acl, sizeof(acl), 0);
		break;
	case 15:
		if (symlink(two, one))
			content_of(one);
		break;
	case 16:
		touch_open(".", O_TMPFILE | O_RDWR);
		break;
	case 17:
		if (!truncate(one, 1))
			utimensat(AT_FDCWD, one, NULL, 0);
		break;
	}
}

static void operate_as(enum person who, unsigned int seed, const char *name)
{
	struct identity identity;
	const char *changed;

	become(who);
	take_identity(&identity);
	if (chdir(MERGED "/create"))
		give_up("chdir");
	for (int done = 0; done < OPERATIONS; done++) {
		operate(&seed);
		changed = changed_identity(&identity);
		if (changed) {
			report(name, text("the caller's credentials became: %s", changed), "the caller's own credentials");
			_exit(0);
		}
		commit_same_credentials();
	}
	report(name, "the caller's own credentials", NULL);
	_exit(0);
}

void run_stress(const struct configuration *configuration)
{
	const int count = sizeof(people) / sizeof(people[0]);
	char name[128];
	long before = cred_count();

	if (mount_overlay(configuration, FULL_MOUNTER)) {
		report(text("%s/stress/mount", configuration->name), errno_name(errno), "OK");
		return;
	}
	for (int index = 0; index < count; index++) {
		snprintf(name, sizeof(name), "%s/stress/%s%d", configuration->name, person_name(people[index]), index);
		if (fork() == 0)
			operate_as(people[index], 7 * index + 1, name);
	}
	for (int index = 0; index < count; index++) {
		int status;

		if (wait(&status) < 0 || status)
			report(text("%s/stress/end%d", configuration->name, index), "a process died", "all end well");
	}
	unmount_overlay();
	report_credentials(text("%s/stress/credentials", configuration->name), before);
}

static void mount_badly(void)
{
	/* Refused before the layers are looked at, while they are, and when the work directory is made. */
	static const char *const options[] = {
		"lowerdir=/t/absent",
		"lowerdir=/t/low/1,upperdir=/t/low/1/create/open,workdir=/t/low/2",
		"lowerdir=/t/low/1:/t/low/2,nfs_export=on,metacopy=on,upperdir=/t/low/1/create,workdir=/t/low/1/create",
		"lowerdir=/t/low/1:/t/low/2,upperdir=/proc,workdir=/proc",
	};

	for (unsigned int index = 0; index < sizeof(options) / sizeof(options[0]); index++)
		if (!mount("overlay", MERGED, "overlay", 0, options[index]))
			umount(MERGED);
}

void run_mounts(const struct configuration *configuration)
{
	long before = cred_count();

	for (int done = 0; done < MOUNTS; done++) {
		if (mount_overlay(configuration, done % 2 ? WEAK_MOUNTER : FULL_MOUNTER)) {
			report(text("%s/mounts/mount", configuration->name), errno_name(errno), "OK");
			return;
		}
		mount(NULL, MERGED, NULL, MS_REMOUNT | MS_RDONLY, "");
		unmount_overlay();
		mount_badly();
	}
	report_credentials(text("%s/mounts/credentials", configuration->name), before);
}
