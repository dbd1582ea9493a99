/* A battery: every case in its own directory, and after each of them a look at who the caller is. */
#define _GNU_SOURCE
#include "battery.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cases.h"
#include "cred_count.h"
#include "report.h"

enum { MOST = 512, NAME = 128 };

static const struct group *const groups[] = { &access_cases, &name_cases, &data_cases, &attribute_cases };
static const struct test_case *cases[MOST];
static int count;

static int setting_of(enum person mounter, enum person caller)
{
	if (mounter == WEAK_MOUNTER)
		return caller == ROOT_CALLER ? WEAK_ROOT : WEAK_USER;
	if (mounter == NAMESPACE_ROOT)
		return NAMESPACE;
	if (mounter == READING_MOUNTER)
		return caller == ROOT_CALLER ? READING_ROOT : READING_USER;
	return caller == ROOT_CALLER ? FULL_ROOT : caller == USER_CALLER ? FULL_USER : FULL_PLAIN;
}

void prepare_batteries(void)
{
	const char *names[MOST];

	for (unsigned int group = 0; group < sizeof(groups) / sizeof(groups[0]); group++)
		for (int index = 0; index < groups[group]->count && count < MOST; index++)
			cases[count++] = &groups[group]->cases[index];
	for (int index = 0; index < count; index++)
		names[index] = cases[index]->name;
	make_lower_layers(names, count);
}

static const char *prefixed(char *to, const char *prefix, const char *name, const char *end)
{
	snprintf(to, NAME, "%s/%s%s", prefix, name, end);
	return to;
}

static void run_case(const struct test_case *test, const char *prefix, int setting, const struct identity *before)
{
	char directory[NAME], name[NAME];
	const char *outcome, *changed;

	snprintf(directory, sizeof(directory), "%s/%s", MERGED, test->name);
	outcome = chdir(directory) ? text("enter:%s", errno_name(errno)) : test->run();
	if (chdir("/"))
		outcome = text("leave:%s", errno_name(errno));
	prefixed(name, prefix, test->name, "");
	changed = changed_identity(before);
	if (changed) {
		report(name, text("%s, and the caller's credentials are still: %s", outcome, changed),
		       text("the caller's own credentials: %s", before->words));
		_exit(0); /* what this process does from now on says nothing */
	}
	report(name, outcome, test->wanted[setting]);
	commit_same_credentials();
}

static void run_from(volatile int *next, const char *prefix, enum person caller, int setting)
{
	struct identity identity;

	become(caller);
	take_identity(&identity);
	while (*next < count) {
		const struct test_case *test = cases[*next];

		(*next)++;
		run_case(test, prefix, setting, &identity);
	}
}

/* A case that kills its process is an outcome too; the next ones get a new process. */
static void run_cases(const char *prefix, enum person caller, int setting)
{
	volatile int *next = mmap(NULL, sizeof(*next), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char name[NAME];

	if (next == MAP_FAILED)
		give_up("mmap");
	while (*next < count) {
		pid_t child = fork();
		int status;

		if (child == 0) {
			run_from(next, prefix, caller, setting);
			_exit(0);
		}
		if (child < 0 || waitpid(child, &status, 0) != child)
			give_up("fork");
		if (WIFSIGNALED(status) && *next > 0)
			report(prefixed(name, prefix, cases[*next - 1]->name, ".end"),
			       text("killed by signal %d", WTERMSIG(status)), "no signal");
		else if (status)
			give_up("a battery's process");
	}
	munmap((void *)next, sizeof(*next));
}

static void run_on_overlay(const char *prefix, const struct configuration *configuration, enum person mounter,
			   enum person caller)
{
	char name[NAME];

	if (mount_overlay(configuration, mounter)) {
		report(prefixed(name, prefix, "mount", ""), errno_name(errno),
		       mounter == NAMESPACE_ROOT ? NULL : "OK"); /* possible since Linux 5.11 */
		return;
	}
	run_cases(prefix, caller, setting_of(mounter, caller));
	for (int index = 0; index < count; index++) {
		const char *listing = upper_listing(cases[index]->name);

		if (listing)
			report(prefixed(name, prefix, cases[index]->name, ".upper"), listing, NULL);
	}
	report(prefixed(name, prefix, "work", ""), work_listing(), NULL);
	unmount_overlay();
}

static void run_in_namespace(const char *prefix, const struct configuration *configuration)
{
	char name[NAME];
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (enter_namespace())
			report(prefixed(name, prefix, "namespace", ""), errno_name(errno), NULL);
		else
			run_on_overlay(prefix, configuration, NAMESPACE_ROOT, NAMESPACE_ROOT);
		_exit(0);
	}
	if (waitpid(child, &status, 0) != child || status)
		give_up("a namespace's process");
}

void run_battery(const struct configuration *configuration, enum person mounter, enum person caller)
{
	char prefix[64], name[NAME];
	long before = cred_count();

	snprintf(prefix, sizeof(prefix), "%s/%s/%s", configuration->name, person_name(mounter), person_name(caller));
	if (mounter == NAMESPACE_ROOT)
		run_in_namespace(prefix, configuration);
	else
		run_on_overlay(prefix, configuration, mounter, caller);
	report_credentials(prefixed(name, prefix, "credentials", ""), before);
}
