/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the workloads share: N tasks, threads or processes, do the same operation over and over, and are counted from
 * outside between two readings of the clock. So neither their start nor their end is part of a figure.
 */
#ifndef CREDSERIES_FRAME_H
#define CREDSERIES_FRAME_H

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Two cache lines: processors that fetch them in pairs share what stands on either. */
#define APART 128
#define MOST_TASKS 4096
#define MOST_RUNS 100000

/* Exit statuses, as those of the credseries command. */
enum { FAILED = 1, WRONG_USE = 2, CANNOT = 4 };

enum mode { THREADS, PROCESSES };

struct crew;

struct task {
	_Alignas(APART) atomic_ullong operations; /* so far; written by the task, read by the one who counts */
	struct crew *crew;
	pthread_t thread;
	int number;
	int cpu; /* to run on, -1 for any */
};

/* Shared between processes too. */
struct crew {
	_Alignas(APART) atomic_int ready;
	_Alignas(APART) atomic_bool go;
	_Alignas(APART) atomic_bool stop;
	atomic_bool failed;
	void (*prepare)(struct task *task);
	void (*work)(struct task *task);
	int count;
	struct task tasks[MOST_TASKS];
};

struct tasks_list {
	int count;
	int numbers[64];
};

/* What is measured: with each number of tasks in turns, so often. */
struct plan {
	struct tasks_list tasks;
	double seconds; /* of each run */
	long runs;
};

static const char *program;
static struct crew *crew;
static pid_t main_process;
static sigset_t signals; /* that end the program; blocked, and looked for in nap() */
static int interrupted; /* the number of the one that came */
static void (*at_end)(void); /* cleans up, whatever the program ends with; called in the main process only */

/* Ends this process; in the main one that is the end of the program. */
__attribute__((noreturn)) static void leave(int status)
{
	if (at_end && getpid() == main_process)
		at_end();
	_exit(status);
}

/* Ends the program with a message; of several processes with the same trouble only the first says so. */
__attribute__((noreturn, format(printf, 2, 3))) static void die(int status, const char *format, ...)
{
	va_list arguments;

	if (!crew || !atomic_exchange(&crew->failed, true)) {
		fflush(stdout);
		fprintf(stderr, "%s: error: ", program);
		va_start(arguments, format);
		vfprintf(stderr, format, arguments);
		va_end(arguments);
		fputc('\n', stderr);
	}
	leave(status);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* -- options */

static long number_option(const char *option, const char *text, long least, long most)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || end == text || *end || value < least || value > most)
		die(WRONG_USE, "%s: '%s' is no number from %ld to %ld", option, text, least, most);
	return value;
}

static double seconds_option(const char *option, const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value > 0.0 && value <= 86400.0))
		die(WRONG_USE, "%s: '%s' is no number of seconds above 0", option, text);
	return value;
}

/* Numbers of tasks: 1,2,4 */
static struct tasks_list tasks_option(const char *option, const char *text)
{
	struct tasks_list list = { 0 };
	char *copy = strdup(text), *rest = copy, *word;

	while ((word = strsep(&rest, ","))) {
		if (list.count == (int)(sizeof(list.numbers) / sizeof(list.numbers[0])))
			die(WRONG_USE, "%s: more than %d numbers", option, list.count);
		list.numbers[list.count++] = (int)number_option(option, word, 1, MOST_TASKS);
	}
	free(copy);
	return list;
}

static int most_tasks(const struct tasks_list *list)
{
	int most = 0;

	for (int i = 0; i < list->count; i++)
		most = list->numbers[i] > most ? list->numbers[i] : most;
	return most;
}

/* getopt has said what is wrong. */
__attribute__((noreturn)) static void wrong_use(void)
{
	fprintf(stderr, "%s: see %s --help\n", program, program);
	exit(WRONG_USE);
}

/* What getopt_long() gives for the options of all programs; a program's own begin at OWN, above any character. */
enum { TASKS = 256, SECONDS, RUNS, HELP, OWN };

/* They end the table of options. */
#define SHARED_OPTIONS \
	{ "tasks", required_argument, NULL, TASKS }, \
	{ "threads", required_argument, NULL, TASKS }, \
	{ "seconds", required_argument, NULL, SECONDS }, \
	{ "runs", required_argument, NULL, RUNS }, \
	{ "help", no_argument, NULL, HELP }, \
	{ 0 }

/* Reads the arguments; `own` gets those options that only this program has. */
static struct plan read_options(int count, char **arguments, const struct option *options, const char *help,
				void (*own)(int option, const char *argument))
{
	struct plan plan = { .tasks = { .count = 1, .numbers = { 1 } }, .seconds = 1.0, .runs = 5 };
	int option;

	while ((option = getopt_long(count, arguments, "", options, NULL)) != -1) {
		switch (option) {
		case TASKS:
			plan.tasks = tasks_option("--tasks", optarg);
			break;
		case SECONDS:
			plan.seconds = seconds_option("--seconds", optarg);
			break;
		case RUNS:
			plan.runs = number_option("--runs", optarg, 1, MOST_RUNS);
			break;
		case HELP:
			fputs(help, stdout);
			exit(0);
		default:
			if (option < OWN)
				wrong_use();
			own(option, optarg);
		}
	}
	if (optind < count)
		die(WRONG_USE, "'%s' is no option; see --help", arguments[optind]);
	return plan;
}

/* -- processors */

static cpu_set_t *allowed;
static size_t allowed_size;
static int allowed_bits;

/* The processors that this program may run on, however many the machine has; gives their number. */
static int read_allowed(void)
{
	for (allowed_bits = 1024; allowed_bits <= 1 << 20; allowed_bits *= 2) {
		allowed = CPU_ALLOC(allowed_bits);
		allowed_size = CPU_ALLOC_SIZE(allowed_bits);
		if (allowed && sched_getaffinity(0, allowed_size, allowed) == 0)
			return CPU_COUNT_S(allowed_size, allowed);
		CPU_FREE(allowed);
	}
	die(CANNOT, "sched_getaffinity: %s", strerror(errno));
}

static int nth_allowed(int number)
{
	for (int cpu = 0; cpu < allowed_bits; cpu++)
		if (CPU_ISSET_S(cpu, allowed_size, allowed) && number-- == 0)
			return cpu;
	return -1;
}

static void pin(int cpu)
{
	cpu_set_t *one;

	if (cpu < 0)
		return;
	one = CPU_ALLOC(allowed_bits);
	if (!one)
		die(CANNOT, "no memory");
	CPU_ZERO_S(allowed_size, one);
	CPU_SET_S(cpu, allowed_size, one);
	if (sched_setaffinity(0, allowed_size, one))
		die(CANNOT, "a task cannot be bound to processor %d: %s", cpu, strerror(errno));
	CPU_FREE(one);
}

/* -- tasks */

static void make_crew(void (*prepare)(struct task *), void (*work)(struct task *))
{
	void *memory = mmap(NULL, sizeof(struct crew), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		die(CANNOT, "no memory: %s", strerror(errno));
	main_process = getpid();
	crew = memory;
	crew->prepare = prepare;
	crew->work = work;
}

static bool stopped(struct task *task)
{
	return atomic_load_explicit(&task->crew->stop, memory_order_relaxed);
}

/* Only its task writes it, so this needs no atomic addition. */
static void add_operations(struct task *task, unsigned long long number)
{
	unsigned long long before = atomic_load_explicit(&task->operations, memory_order_relaxed);

	atomic_store_explicit(&task->operations, before + number, memory_order_relaxed);
}

static void *task_main(void *argument)
{
	struct task *task = argument;

	pin(task->cpu);
	if (task->crew->prepare)
		task->crew->prepare(task);
	atomic_fetch_add(&task->crew->ready, 1);
	while (!atomic_load(&task->crew->go))
		sched_yield();
	task->crew->work(task);
	return NULL;
}

static void start_process(struct task *task)
{
	pid_t process = fork();

	if (process < 0)
		die(CANNOT, "process %d cannot be started: %s", task->number + 1, strerror(errno));
	if (process > 0)
		return;
	/* However the program ends, nothing of it goes on. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != main_process)
		_exit(FAILED);
	task_main(task);
	_exit(0);
}

static void start_thread(struct task *task)
{
	int error = pthread_create(&task->thread, NULL, task_main, task);

	if (error)
		die(CANNOT, "thread %d cannot be started: %s", task->number + 1, strerror(error));
}

/*
 * Waits for some seconds, or until a signal comes, which may have come before. The first one ends the run and lets the
 * program clean up; the next ends it at once.
 */
static void nap(double seconds)
{
	struct timespec time;
	int number;

	seconds = seconds > 0 ? seconds : 0;
	time.tv_sec = (time_t)seconds;
	time.tv_nsec = (long)(1e9 * (seconds - (double)time.tv_sec));
	number = sigtimedwait(&signals, NULL, &time);
	if (number > 0) {
		interrupted = number;
		sigprocmask(SIG_UNBLOCK, &signals, NULL);
	}
}

/* What is ignored stays so: a shell ignores SIGINT for what it puts in the background, nohup SIGHUP. */
static void catch_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action;

	sigemptyset(&signals);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (sigaction(numbers[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(&signals, numbers[i]);
	sigprocmask(SIG_BLOCK, &signals, NULL);
}

/* Waits for all processes; the program ends when one of them failed, which has said why if it could. */
static void join_processes(void)
{
	int status, failed = 0, killed = 0;
	pid_t process;

	while ((process = wait(&status)) > 0 || errno == EINTR) {
		if (process > 0 && WIFEXITED(status) && WEXITSTATUS(status))
			failed = WEXITSTATUS(status);
		else if (process > 0 && WIFSIGNALED(status))
			killed = WTERMSIG(status);
	}
	if (failed)
		leave(failed);
	if (killed)
		die(FAILED, "a process was ended by signal %d", killed);
}

/* No process ends by itself before it is told to. */
static void check_processes(void)
{
	siginfo_t ended = { 0 };

	if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) || !ended.si_pid)
		return;
	atomic_store(&crew->stop, true);
	atomic_store(&crew->go, true);
	join_processes();
	die(FAILED, "a process ended too early");
}

static unsigned long long total_operations(bool *all_begun)
{
	unsigned long long total = 0;

	*all_begun = true;
	for (int i = 0; i < crew->count; i++) {
		unsigned long long own = atomic_load_explicit(&crew->tasks[i].operations, memory_order_relaxed);

		*all_begun = *all_begun && own;
		total += own;
	}
	return total;
}

static void join_tasks(enum mode mode)
{
	if (mode == PROCESSES)
		join_processes();
	else
		for (int i = 0; i < crew->count; i++)
			pthread_join(crew->tasks[i].thread, NULL);
}

/*
 * One run: operations per second of all tasks together, counted for some seconds after all of them have begun.
 * A signal ends it early, and then the figure means nothing: see `interrupted`.
 */
static double run_tasks(enum mode mode, int count, int processors, double seconds)
{
	unsigned long long first, last;
	double start, end;
	bool begun;

	crew->count = count;
	atomic_store(&crew->ready, 0);
	atomic_store(&crew->go, false);
	atomic_store(&crew->stop, false);
	for (int i = 0; i < count; i++) {
		struct task *task = &crew->tasks[i];

		task->crew = crew;
		task->number = i;
		task->cpu = count <= processors ? nth_allowed(i) : -1;
		atomic_store(&task->operations, 0);
		if (mode == THREADS)
			start_thread(task);
		else
			start_process(task);
	}
	while (atomic_load(&crew->ready) < count && !interrupted) {
		check_processes();
		nap(0.0005);
	}
	atomic_store(&crew->go, true);
	/* Tasks that share a processor begin one after another. */
	total_operations(&begun);
	while (!begun && !interrupted) {
		nap(0.0005);
		check_processes();
		total_operations(&begun);
	}
	start = now();
	first = total_operations(&begun);
	while ((end = now()) < start + seconds && !interrupted) {
		nap(start + seconds - end);
		check_processes();
	}
	last = total_operations(&begun);
	atomic_store(&crew->stop, true);
	join_tasks(mode);
	return (double)(last - first) / (end - start);
}

/* -- results: the plain format of `credseries bench`, a row a run */

static void print_pinned(const struct tasks_list *list, int processors)
{
	int most = most_tasks(list);

	if (most <= processors)
		printf("bound to a processor each\n");
	else
		printf("bound to a processor each only where there are no more than %d\n", processors);
}

static void print_row(const char *metric, int tasks, double value)
{
	printf("%s,operations/s,more,%d,%.1f\n", metric, tasks, value);
	fflush(stdout);
}

/* Measures all that is planned, a row each, until it is interrupted; `check` looks at what a run has left. */
static void measure(const struct plan *plan, enum mode mode, int processors, const char *metric,
		    void (*check)(int tasks))
{
	print_pinned(&plan->tasks, processors);
	puts("metric,unit,better,tasks,value");
	fflush(stdout);
	for (long run = 0; run < plan->runs; run++) {
		for (int i = 0; i < plan->tasks.count; i++) {
			int tasks = plan->tasks.numbers[i];
			double rate = run_tasks(mode, tasks, processors, plan->seconds);

			if (interrupted)
				return;
			if (check)
				check(tasks);
			print_row(metric, tasks, rate);
		}
	}
}

#endif
