// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A model, in user space, of what overriding credentials costs when many processors use the same ones.
 *
 * Every thread installs shared credentials, reads their ids, and puts its own back. In the refcounted form each
 * override takes a reference and each revert drops it, on a usage counter that lies on the same cache line as the ids:
 * that line has to travel to every processor twice an operation. In the light form a thread only swaps a pointer of
 * its own, and the line stays in all caches. It runs anywhere, and needs neither a kernel to compare nor privileges.
 */
#define _GNU_SOURCE
#include "frame.h"

/* What struct cred has at its start: the counter, and on the same cache line the ids that every check reads. */
struct credentials {
	_Alignas(APART) atomic_long usage;
	unsigned int uid, gid, suid, sgid, euid, egid, fsuid, fsgid;
};

/* What a task has: a pointer to the credentials in force, and how often it did what. */
struct holder {
	_Alignas(APART) struct credentials *current_credentials;
	struct credentials own;
	unsigned long long sum; /* of the ids that were read: shows that each operation was carried out */
	unsigned long long operations;
};

/* The ids that an operation reads, and their sum. */
#define FSUID 1000
#define FSGID 100
#define EUID 7
#define SUM_OF_IDS (FSUID + FSGID + EUID)
#define USAGE_AT_START 1
#define BATCH 64 /* operations between two looks at the clock's flag */

static struct credentials shared = { .usage = USAGE_AT_START, .fsuid = FSUID, .fsgid = FSGID, .euid = EUID };
static struct holder holders[MOST_TASKS];
static unsigned long other_work;

/* Makes the compiler write out and read again whatever is in memory, and emits no instruction. */
#define BARRIER() __asm__ volatile("" ::: "memory")

static unsigned int read_ids(const struct holder *holder)
{
	const volatile struct credentials *credentials = holder->current_credentials;

	return credentials->fsuid + credentials->fsgid + credentials->euid;
}

static void do_other_work(void)
{
	for (unsigned long i = 0; i < other_work; i++)
		BARRIER();
}

/* Dropping the last reference would free credentials that are still in use. */
static void drop_reference(struct credentials *credentials)
{
	if (atomic_fetch_sub(&credentials->usage, 1) == 1)
		die(FAILED, "the last reference to the credentials was dropped while they were in use");
}

static void operation_refcounted(struct holder *holder)
{
	struct credentials *before = holder->current_credentials;

	atomic_fetch_add(&shared.usage, 1);
	holder->current_credentials = &shared;
	BARRIER();
	holder->sum += read_ids(holder);
	do_other_work();
	BARRIER();
	holder->current_credentials = before;
	drop_reference(&shared);
}

static void operation_light(struct holder *holder)
{
	struct credentials *before = holder->current_credentials;

	holder->current_credentials = &shared;
	BARRIER();
	holder->sum += read_ids(holder);
	do_other_work();
	BARRIER();
	holder->current_credentials = before;
	BARRIER();
}

static void prepare(struct task *task)
{
	struct holder *holder = &holders[task->number];

	memset(holder, 0, sizeof(*holder));
	holder->current_credentials = &holder->own;
}

/* The loop stands twice, so that no test of the form is in it. */
static void work_refcounted(struct task *task)
{
	struct holder *holder = &holders[task->number];

	while (!stopped(task)) {
		for (int i = 0; i < BATCH; i++)
			operation_refcounted(holder);
		holder->operations += BATCH;
		add_operations(task, BATCH);
	}
}

static void work_light(struct task *task)
{
	struct holder *holder = &holders[task->number];

	while (!stopped(task)) {
		for (int i = 0; i < BATCH; i++)
			operation_light(holder);
		holder->operations += BATCH;
		add_operations(task, BATCH);
	}
}

/* What must hold when all threads have ended; a figure of operations that were not carried out is never printed. */
static void check(int threads)
{
	long usage = atomic_load(&shared.usage);

	if (usage != USAGE_AT_START)
		die(FAILED, "the usage counter is %ld after the run, and was %d before", usage, USAGE_AT_START);
	for (int i = 0; i < threads; i++) {
		if (holders[i].current_credentials != &holders[i].own)
			die(FAILED, "thread %d did not put its own credentials back", i + 1);
		if (holders[i].sum != holders[i].operations * SUM_OF_IDS)
			die(FAILED, "thread %d did not read the ids of the shared credentials each time", i + 1);
	}
}

static const char help[] =
	"Usage: counter --form refcounted|light [--tasks N[,N]...] [--seconds S] [--runs R] [--work N]\n"
	"\n"
	"A model of overriding credentials: every thread installs shared ones, reads their ids, and\n"
	"puts its own back. Prints operations per second of all threads together, as CSV.\n"
	"\n"
	"  --form refcounted  take and drop a reference each time, on a counter beside the ids\n"
	"  --form light       only swap the thread's own pointer\n"
	"  --tasks N,N        numbers of threads, in turns (default 1); --threads is the same\n"
	"  --seconds S        how long to count in each run (default 1)\n"
	"  --runs R           runs for each number of threads (default 5)\n"
	"  --work N           turns of an empty loop under the override (default 0: the most that\n"
	"                     the forms can differ)\n"
	"\n"
	"Threads are bound to a processor each, as long as there are enough of them.\n";

enum { FORM = OWN, WORK };

static const struct option options[] = {
	{ "form", required_argument, NULL, FORM },
	{ "work", required_argument, NULL, WORK },
	SHARED_OPTIONS,
};

static const char *form;

static void own_option(int option, const char *argument)
{
	if (option == FORM)
		form = argument;
	else
		other_work = (unsigned long)number_option("--work", argument, 0, INT_MAX);
}

int main(int count, char **arguments)
{
	struct plan plan;
	bool light;
	int processors;

	program = "counter";
	plan = read_options(count, arguments, options, help, own_option);
	if (!form)
		die(WRONG_USE, "which form? give --form refcounted or --form light");
	light = strcmp(form, "light") == 0;
	if (!light && strcmp(form, "refcounted") != 0)
		die(WRONG_USE, "--form: '%s' is neither refcounted nor light", form);

	processors = read_allowed();
	make_crew(prepare, light ? work_light : work_refcounted);
	catch_signals();
	printf("# counter: %s override, %g s a run, %lu turns of other work, threads ", form, plan.seconds, other_work);
	measure(&plan, THREADS, processors, "override and revert", check);
	return interrupted ? 128 + interrupted : 0;
}
