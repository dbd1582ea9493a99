/* What a test says on the console: one line a case, written at once so that kernel messages do not part it. */
#ifndef REPORT_H
#define REPORT_H

/* The name of an errno, such as "EACCES". */
const char *errno_name(int number);

/* "OK", or the name of errno when `result` is below zero. */
const char *says(long result);

/* A text that stays valid until the next three calls. */
const char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* CASE <name> <outcome>, and WANTED <name> <outcome> when `wanted` is another one; `wanted` may be NULL. */
void report(const char *name, const char *outcome, const char *wanted);

/* The console says why the tests cannot be done, and the program ends. */
void give_up(const char *what) __attribute__((noreturn));

#endif
