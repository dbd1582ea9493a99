// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The credentials, the trace, and the comparison of an original with its
 * rewrites: same calls with the same arguments under the same credentials, same
 * result, same credentials and reference counts at the end, no new error.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "runtime.h"

#define MAX_EVENTS	300
#define MAX_DECISIONS	40
#define MAX_CREDS	24
#define MAX_OBJECTS	16
#define MAX_ARGS	2

enum { TASK = 1, CTX, OTHER, PARAMETER, FILE_CRED, MOUNT, CREATOR, GLOBAL, FIRST_NEW };
enum { NULL_ID = 0, INVALID_ID = -1, GONE_ID = -2 };

enum error {
	RAN_UNDER_FREED,	/* a call while a freed credential is in force */
	PUT_FREED_IN_FORCE,	/* an override with, or a revert to, a freed credential */
	TOOK_FREED,		/* a reference taken on a freed credential */
	DROPPED_FREED,		/* a reference dropped that nobody holds */
	FREED_IN_FORCE,		/* the last reference to what is in force dropped */
	NOT_A_CREDENTIAL,	/* one of these with something that never was one */
	OBJECT_ERROR,		/* the same with files, contexts and objects */
	NR_ERRORS,
};

static const char *const error_names[] = {
	"a call ran under a freed credential",
	"a freed credential was put in force",
	"a reference to a freed credential was taken",
	"a reference was dropped that nobody holds",
	"the credential in force was freed",
	"something that is no credential was used as one",
	"an object was used after its last reference was dropped",
};

enum status { RETURNED, OUT_OF_BUDGET, CRASHED, HUNG };
static const char *const status_names[] = { "returned", "ran out of decisions", "crashed", "hung" };

struct event {
	const char	*name;
	long		args[MAX_ARGS];
	int		nr_args;
	int		under;
};

struct run {
	enum status	status;
	int		nr_events;
	int		nr_decisions;
	long		result;
	int		left;
	long		counts[MAX_CREDS];
	unsigned int	errors[NR_ERRORS];	/* a bit for every credential */
	struct event	events[MAX_EVENTS];
};

static struct task_struct task;
struct task_struct *current = &task;
const struct cred *global_cred;
struct rt_arguments rt_arguments;

static struct cred creds[MAX_CREDS], gone = { 0, GONE_ID };
static int nr_creds;
static struct my_ctx contexts[MAX_OBJECTS];
static struct file files[MAX_OBJECTS];
static struct my_obj objects[MAX_OBJECTS];
static int nr_contexts, nr_files, nr_objects;
static struct fs_info fs_info;
static struct super_block super_block;

static struct run *run;
static const unsigned char *decisions;
static sigjmp_buf escape;
static volatile unsigned long serial;

/* -- the trace */

static _Noreturn void stop(enum status status)
{
	run->status = status;
	siglongjmp(escape, 1);
}

static int cred_id(const struct cred *cred)
{
	if (!cred)
		return NULL_ID;
	if (cred == &gone)
		return GONE_ID;
	if (cred < creds || cred >= creds + nr_creds || ((char *)cred - (char *)creds) % sizeof(*cred))
		return INVALID_ID;
	return cred->id;
}

static void error(enum error kind, int id)
{
	run->errors[kind] |= 1u << (id < 0 ? 31 + id : id);
}

static bool is_live(const struct cred *cred, enum error kind)
{
	int id = cred_id(cred);

	if (id == NULL_ID || id == INVALID_ID)
		error(NOT_A_CREDENTIAL, id);
	else if (cred->usage <= 0)
		error(kind, id);
	return id > 0 && cred->usage > 0;
}

static void trace(const char *name, int nr_args, long first, long second)
{
	struct event *event;

	if (run->nr_events == MAX_EVENTS)
		stop(OUT_OF_BUDGET);
	event = &run->events[run->nr_events++];
	memset(event, 0, sizeof(*event));
	event->name = name;
	event->nr_args = nr_args;
	event->args[0] = first;
	event->args[1] = second;
	event->under = cred_id(current->cred);
	is_live(current->cred, RAN_UNDER_FREED);
}

static bool decide(void)
{
	if (run->nr_decisions == MAX_DECISIONS)
		stop(OUT_OF_BUDGET);
	return decisions[run->nr_decisions++];
}

/* -- credentials */

static struct cred *new_cred(void)
{
	struct cred *cred = &creds[nr_creds];

	if (nr_creds == MAX_CREDS)
		stop(OUT_OF_BUDGET);
	cred->usage = 1;
	cred->id = nr_creds++;
	return cred;
}

static void take(const struct cred *cred)
{
	if (is_live(cred, TOOK_FREED))
		((struct cred *)cred)->usage++;
}

static void drop(const struct cred *cred)
{
	if (!is_live(cred, DROPPED_FREED))
		return;
	if (--((struct cred *)cred)->usage == 0 && cred == current->cred)
		error(FREED_IN_FORCE, cred->id);
}

void rt_install(const struct cred **where, const struct cred *new)
{
	is_live(new, PUT_FREED_IN_FORCE);
	*where = new;
}

const struct cred *override_creds(const struct cred *new)
{
	const struct cred *old = current->cred;

	take(new);
	rcu_assign_pointer(current->cred, new);
	return old;
}

void revert_creds(const struct cred *old)
{
	const struct cred *override = current->cred;

	rcu_assign_pointer(current->cred, old);
	drop(override);
}

const struct cred *get_cred(const struct cred *cred)
{
	trace("get_cred", 1, cred_id(cred), 0);
	if (cred)
		take(cred);
	return cred;
}

void put_cred(const struct cred *cred)
{
	trace("put_cred", 1, cred_id(cred), 0);
	if (cred)
		drop(cred);
}

struct cred *prepare_creds(void)
{
	trace("prepare_creds", 0, 0, 0);
	return decide() ? NULL : new_cred();
}

void abort_creds(struct cred *new)
{
	trace("abort_creds", 1, cred_id(new), 0);
	drop(new);
}

/* -- what holds them */

static bool alive(long count)
{
	if (count <= 0)
		error(OBJECT_ERROR, 0);
	return count > 0;
}

static struct my_ctx *new_ctx(const struct cred *cred)
{
	struct my_ctx *ctx = &contexts[nr_contexts];

	if (nr_contexts == MAX_OBJECTS)
		stop(OUT_OF_BUDGET);
	*ctx = (struct my_ctx){ .cred = cred, .count = 1, .id = 100 + nr_contexts, .lock.id = 100 + nr_contexts };
	nr_contexts++;
	return ctx;
}

static struct file *new_file(const struct cred *cred)
{
	struct file *file = &files[nr_files];

	if (nr_files == MAX_OBJECTS)
		stop(OUT_OF_BUDGET);
	*file = (struct file){ .f_cred = cred, .count = 1, .id = 200 + nr_files };
	nr_files++;
	return file;
}

static struct my_obj *new_obj(void)
{
	struct my_obj *obj = &objects[nr_objects];

	if (nr_objects == MAX_OBJECTS)
		stop(OUT_OF_BUDGET);
	*obj = (struct my_obj){ .count = 1, .id = 300 + nr_objects };
	nr_objects++;
	return obj;
}

#define IN(p, array)	((p) >= (array) && (p) < (array) + MAX_OBJECTS)

static int ctx_id(const struct my_ctx *ctx)
{
	return !ctx ? NULL_ID : IN(ctx, contexts) ? ctx->id : INVALID_ID;
}

static int file_id(const struct file *file)
{
	return !file ? NULL_ID : IN(file, files) ? file->id : INVALID_ID;
}

static int obj_id(const struct my_obj *obj)
{
	return !obj ? NULL_ID : IN(obj, objects) ? obj->id : INVALID_ID;
}

struct my_ctx *ctx_get(struct my_ctx *ctx)
{
	trace("ctx_get", 1, ctx_id(ctx), 0);
	if (IN(ctx, contexts) && alive(ctx->count))
		ctx->count++;
	return ctx;
}

void ctx_put(struct my_ctx *ctx)
{
	trace("ctx_put", 1, ctx_id(ctx), 0);
	if (!IN(ctx, contexts) || !alive(ctx->count) || --ctx->count)
		return;
	drop(ctx->cred);
	ctx->cred = &gone;
	/* it was one of those who held the next one */
	if (ctx->next && --ctx->next->count == 0) {
		drop(ctx->next->cred);
		ctx->next->cred = &gone;
	}
}

struct my_ctx *find_ctx(int n)
{
	trace("find_ctx", 1, n, 0);
	return decide() ? NULL : new_ctx(new_cred());
}

struct file *get_file(struct file *file)
{
	trace("get_file", 1, file_id(file), 0);
	if (IN(file, files) && alive(file->count))
		file->count++;
	return file;
}

void fput(struct file *file)
{
	trace("fput", 1, file_id(file), 0);
	if (!IN(file, files) || !alive(file->count) || --file->count)
		return;
	drop(file->f_cred);
	file->f_cred = &gone;
}

struct file *open_file(int n)
{
	trace("open_file", 1, n, 0);
	return decide() ? ERR_PTR(-n) : new_file(new_cred());
}

struct my_obj *get_obj(int n)
{
	trace("get_obj", 1, n, 0);
	return decide() ? NULL : new_obj();
}

struct my_obj *find_obj(int n)
{
	trace("find_obj", 1, n, 0);
	return decide() ? ERR_PTR(-n) : new_obj();
}

void put_obj(struct my_obj *obj)
{
	trace("put_obj", 1, obj_id(obj), 0);
	if (IN(obj, objects) && alive(obj->count))
		obj->count--;
}

int use_obj(struct my_obj *obj, int n)
{
	trace("use_obj", 2, obj_id(obj), n);
	if (IN(obj, objects))
		alive(obj->count);
	return decide() ? -n : 0;
}

void mutex_lock(struct mutex *lock)
{
	trace("mutex_lock", 1, lock->id, 0);
}

void mutex_unlock(struct mutex *lock)
{
	trace("mutex_unlock", 1, lock->id, 0);
}

/* -- calls that are only seen */

int act(int n)
{
	trace("act", 1, n, 0);
	return n;
}

void note(int n)
{
	trace("note", 1, n, 0);
}

int look(const struct cred *cred, int n)
{
	trace("look", 2, cred_id(cred), n);
	return n;
}

long pass(long value, int n)
{
	trace("pass", 2, value, n);
	return value;
}

int probe(int n)
{
	trace("probe", 1, n, 0);
	return decide() ? -n : 0;
}

int check(struct my_ctx *ctx, int n)
{
	trace("check", 2, ctx_id(ctx), n);
	return decide() ? -n : 0;
}

bool more(int n)
{
	trace("more", 1, n, 0);
	return decide();
}

int pick(int n)
{
	int high;

	trace("pick", 1, n, 0);
	high = decide();
	return high * 2 + decide();
}

long rt_pointer(const void *p)
{
	if (IS_ERR(p))
		return PTR_ERR(p);
	if (IN((const struct my_obj *)p, objects))
		return ((const struct my_obj *)p)->id;
	return p != NULL;
}

/* -- one run */

/*
 * A world is how the objects that the caller passes in are held: by one
 * reference each (0), by another holder as well (1), or all of them holding the
 * same credential (2).
 */
static void make_world(int world)
{
	struct cred *held[FIRST_NEW];
	int i;

	memset(creds, 0, sizeof(creds));
	nr_creds = 0;
	nr_contexts = nr_files = nr_objects = 0;
	for (i = 0; i < FIRST_NEW; i++) {
		held[i] = new_cred();
		held[i]->usage += world == 1;
	}
	for (i = CTX; world == 2 && i < FIRST_NEW; i++)
		held[i] = held[CTX];
	if (world == 2)
		held[CTX]->usage = FIRST_NEW - CTX;
	held[TASK]->usage++;
	current->cred = current->real_cred = held[TASK];
	rt_arguments.ctx = new_ctx(held[CTX]);
	rt_arguments.other = new_ctx(held[OTHER]);
	rt_arguments.ctx->next = rt_arguments.other;
	rt_arguments.ctx->count += world == 1;
	rt_arguments.other->count += 1 + (world == 1);
	rt_arguments.cred = held[PARAMETER];
	rt_arguments.file = new_file(held[FILE_CRED]);
	rt_arguments.file->count += world == 1;
	fs_info.creator = held[CREATOR];
	super_block = (struct super_block){ &fs_info, held[MOUNT] };
	rt_arguments.sb = &super_block;
	global_cred = held[GLOBAL];
}

/* What a cleanup sees when a jump has skipped its variable's declaration. */
static __attribute__((noinline)) void scribble(void)
{
	volatile unsigned char stack[4096];

	memset((unsigned char *)stack, 0xa5, sizeof(stack));
}

static void perform(const struct rt_version *version, int world, const unsigned char *string, struct run *into)
{
	int i;

	run = into;
	memset(run, 0, offsetof(struct run, events));
	decisions = string;
	serial++;
	make_world(world);
	if (sigsetjmp(escape, 0) == 0) {
		/* the first decision is what flag is */
		rt_arguments.flag = decide();
		scribble();
		run->result = version->run();
		run->status = RETURNED;
	}
	run->left = cred_id(current->cred);
	for (i = 0; i < nr_creds; i++)
		run->counts[i] = creds[i].usage;
}

static void crashed(int signal)
{
	(void)signal;
	stop(CRASHED);
}

static void ticked(int signal)
{
	static unsigned long seen;

	(void)signal;
	if (seen == serial && serial)
		stop(HUNG);
	seen = serial;
}

static void catch_signals(void)
{
	struct itimerval tick = { { 0, 500000 }, { 0, 500000 } };
	struct sigaction action = { .sa_handler = crashed, .sa_flags = SA_NODEFER };

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGILL, &action, NULL);
	sigaction(SIGFPE, &action, NULL);
	action.sa_handler = ticked;
	sigaction(SIGVTALRM, &action, NULL);
	setitimer(ITIMER_VIRTUAL, &tick, NULL);
}

/* -- two runs side by side */

static bool same_events(const struct run *one, const struct run *two, int count)
{
	return memcmp(one->events, two->events, count * sizeof(*one->events)) == 0;
}

/* What is different, or NULL. */
static const char *compare(const struct run *one, const struct run *two)
{
	int i;

	for (i = 0; i < NR_ERRORS; i++)
		if (two->errors[i] & ~one->errors[i])
			return error_names[i];
	/* an original that crashed says nothing of what comes after */
	if (one->status == CRASHED)
		return two->nr_events >= one->nr_events && same_events(one, two, one->nr_events) ?
		       NULL : "the calls";
	if (one->nr_events != two->nr_events || !same_events(one, two, one->nr_events))
		return "the calls";
	if (one->status != two->status)
		return "how it ends";
	if (one->status != RETURNED)
		return NULL;
	if (one->result != two->result)
		return "the result";
	if (one->left != two->left)
		return "the credentials at the end";
	if (memcmp(one->counts, two->counts, sizeof(one->counts)))
		return "the reference counts at the end";
	return NULL;
}

static void print(const char *mark, const struct run *it)
{
	int i, id;

	for (i = 0; i < it->nr_events; i++) {
		const struct event *event = &it->events[i];

		printf("%s %s(", mark, event->name);
		for (id = 0; id < event->nr_args; id++)
			printf("%s%ld", id ? ", " : "", event->args[id]);
		printf(") under %d\n", event->under);
	}
	printf("%s %s", mark, status_names[it->status]);
	if (it->status == RETURNED)
		printf(" %ld", it->result);
	printf(", leaves %d in force, counts", it->left);
	for (i = 0; i < MAX_CREDS; i++)
		if (it->counts[i])
			printf(" %d:%ld", i, it->counts[i]);
	printf("\n");
	for (i = 0; i < NR_ERRORS; i++)
		for (id = 0; id < 32; id++)
			if (it->errors[i] & (1u << id))
				printf("%s error: %s (%d)\n", mark, error_names[i], id < 29 ? id : id - 31);
}

static uint64_t random_state;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

struct tally {
	long	runs, overridden, exhausted, erroneous;
	bool	differs[64];
};

static bool was_overridden(const struct run *it)
{
	int i;

	for (i = 0; i < it->nr_events; i++)
		if (it->events[i].under != TASK)
			return true;
	return false;
}

static bool has_errors(const struct run *it)
{
	int i;

	for (i = 0; i < NR_ERRORS; i++)
		if (it->errors[i])
			return true;
	return false;
}

/* The number of decisions that the original asked for, or -1 when it is of no use to go on. */
static int run_all(const struct rt_program *program, int world, const unsigned char *string, struct tally *tally)
{
	static struct run original, rewritten;
	int version, i;

	perform(&program->versions[0], world, string, &original);
	tally->runs++;
	tally->overridden += was_overridden(&original);
	tally->exhausted += original.status == OUT_OF_BUDGET;
	tally->erroneous += has_errors(&original) || original.status == CRASHED;
	for (version = 1; version < program->nr_versions; version++) {
		const char *what;

		if (version < 64 && tally->differs[version])
			continue;
		perform(&program->versions[version], world, string, &rewritten);
		tally->runs++;
		what = compare(&original, &rewritten);
		if (!what)
			continue;
		if (version < 64)
			tally->differs[version] = true;
		printf("difference\t%s\t%s\t%d\t", program->name, program->versions[version].name, world);
		for (i = 0; i < original.nr_decisions; i++)
			putchar('0' + string[i]);
		printf("\t%s\n", what);
		print("<", &original);
		print(">", &rewritten);
		printf("end\n");
	}
	return original.status == HUNG ? -1 : original.nr_decisions;
}

/* Every string of the first few decisions (no is what follows), then strings by chance. */
static void explore(const struct rt_program *program, int depth, int by_chance)
{
	unsigned char string[MAX_DECISIONS];
	struct tally tally = { 0 };
	int world, i, used = 0;

	for (world = 0; world < program->worlds && used >= 0; world++) {
		memset(string, 0, sizeof(string));
		for (;;) {
			used = run_all(program, world, string, &tally);
			if (used < 0)
				break;
			i = (used < depth ? used : depth) - 1;
			while (i >= 0 && string[i])
				string[i--] = 0;
			if (i < 0)
				break;
			string[i] = 1;
		}
		for (i = 0; i < by_chance && used >= 0; i++) {
			unsigned int odds = 16 + next_random() % 5 * 48;
			int at;

			for (at = 0; at < MAX_DECISIONS; at++)
				string[at] = (next_random() >> 20) % 256 < odds;
			used = run_all(program, world, string, &tally);
		}
	}
	printf("program\t%s\t%ld\t%ld\t%ld\t%ld\n", program->name, tally.runs, tally.overridden, tally.exhausted,
	       tally.erroneous);
}

/* arguments: SEED DEPTH BY_CHANCE */
int rt_main(int argc, char **argv, const struct rt_program *programs, int nr_programs)
{
	int i;

	if (argc != 4)
		return 2;
	random_state = strtoull(argv[1], NULL, 10) * 0x9e3779b97f4a7c15u + 1;
	catch_signals();
	for (i = 0; i < nr_programs; i++) {
		explore(&programs[i], atoi(argv[2]), atoi(argv[3]));
		fflush(stdout);
	}
	return 0;
}
