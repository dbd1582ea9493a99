/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CREDTRACE_H
#define _CREDTRACE_H

#include <linux/types.h>

struct cred;

/* main.c: one line of the trace each; the last four take a decision as well */
void credtrace_bug(const char *what);
void credtrace_note(const char *what, const char *detail);
void credtrace_void(const char *fn);
void credtrace_value(const char *fn, long value);
bool credtrace_bool(const char *fn);
int credtrace_int(const char *fn);
ssize_t credtrace_size(const char *fn, ssize_t size);
void *credtrace_ptr(const char *fn, void *ok);

/* kernel/cred.c */
struct cred *cred_alloc(const char *name);
const struct cred *cred_nth(unsigned int n);

/* stubs.c */
void stubs_init(void);

#endif /* _CREDTRACE_H */
