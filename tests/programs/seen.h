/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Included before a generated program: notes, for every call with a number, at
 * which lines of the program the overrides in force were made. It keeps the
 * overrides apart even where they put the same credentials in force.
 */
#ifndef SEEN_H
#define SEEN_H

#include <stdio.h>
#include "runtime.h"
#include "cred-light.h"

enum { SEEN_NOTHING = 0, SEEN_EARLIER = -1, SEEN_MOST = 64, SEEN_CALLS = 4096 };

struct seen_override {
	int			line;
	const struct cred	*old;
};

struct seen_call {
	const char	*program, *name;
	int		number, line;
};

static struct seen_override seen_stack[SEEN_MOST];
static int seen_depth, seen_earlier, seen_at, seen_count, seen_puts;
static struct seen_call seen_calls[SEEN_CALLS];
static const char *seen_program;

/* At the beginning of a run. */
static void seen_begin(const char *program)
{
	seen_program = program;
	seen_depth = seen_earlier = seen_puts = 0;
}

/* What is given to put_cred() at once takes the place of what is in force. */
static const struct cred *seen_push(int line, const struct cred *old)
{
	if (seen_puts && seen_depth)
		seen_stack[seen_depth - 1].line = line;
	else if (seen_puts)
		seen_stack[seen_depth++] = (struct seen_override){ line, NULL };
	else if (seen_depth < SEEN_MOST)
		seen_stack[seen_depth++] = (struct seen_override){ line, old };
	return old;
}

/* A revert ends the innermost override that replaced this, and all within it. */
static const struct cred *seen_pop(const struct cred *old)
{
	int i = seen_depth;

	while (i > 0 && seen_stack[i - 1].old != old)
		i--;
	if (!i)
		seen_earlier = 1;
	seen_depth = i ? i - 1 : 0;
	return old;
}

static void seen_note(const char *name, int number)
{
	int line = seen_depth ? seen_stack[seen_depth - 1].line : seen_earlier ? SEEN_EARLIER : SEEN_NOTHING;
	int i;

	for (i = 0; i < seen_count; i++)
		if (seen_calls[i].program == seen_program && seen_calls[i].number == number &&
		    seen_calls[i].line == line && seen_calls[i].name[0] == name[0])
			return;
	if (seen_count == SEEN_CALLS)
		return;
	seen_calls[seen_count++] = (struct seen_call){ seen_program, name, number, line };
	printf("seen\t%s\t%s\t%d\t%d\n", seen_program, name, number, line);
}

/* what a guard puts in force is noted at the line of the guard */
#define override_creds_light(x)	seen_push(seen_at, (override_creds_light)(x))
#define revert_creds_light(x)	(revert_creds_light)(seen_pop(x))
#include "cred-guard.h"
#undef override_creds_light
#undef CLASS
#define CLASS(_name, var)							\
	class_##_name##_t var __cleanup(class_##_name##_destructor)		\
		__maybe_unused = (seen_at = __LINE__, class_##_name##_constructor)

#define override_creds_light(x)	seen_push(__LINE__, (override_creds_light)(x))
#define override_creds(x)	seen_push(__LINE__, (override_creds)(x))
#define revert_creds(x)		(revert_creds)(seen_pop(x))
#define put_cred(x) ({						\
	const struct cred *put;					\
								\
	seen_puts++;						\
	put = (x);						\
	seen_puts--;						\
	(put_cred)(put); })

#define act(n)		(seen_note("act", n), (act)(n))
#define note(n)		(seen_note("note", n), (note)(n))
#define look(c, n)	(seen_note("look", n), (look)(c, n))
#define pass(v, n)	(seen_note("pass", n), (pass)(v, n))
#define probe(n)	(seen_note("probe", n), (probe)(n))
#define check(c, n)	(seen_note("check", n), (check)(c, n))
#define more(n)		(seen_note("more", n), (more)(n))
#define pick(n)		(seen_note("pick", n), (pick)(n))
#define find_ctx(n)	(seen_note("find_ctx", n), (find_ctx)(n))
#define open_file(n)	(seen_note("open_file", n), (open_file)(n))
#define get_obj(n)	(seen_note("get_obj", n), (get_obj)(n))
#define find_obj(n)	(seen_note("find_obj", n), (find_obj)(n))
#define use_obj(o, n)	(seen_note("use_obj", n), (use_obj)(o, n))

#endif /* SEEN_H */
