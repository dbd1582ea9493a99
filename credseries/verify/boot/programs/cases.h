/* One case: what a person does in the directory of the case, and what must come of it. */
#ifndef CASES_H
#define CASES_H

/* Who mounted and who calls, in the order in which a case says what must come of it. */
enum setting { FULL_ROOT, FULL_USER, FULL_PLAIN, WEAK_ROOT, WEAK_USER, READING_ROOT, READING_USER, NAMESPACE, SETTINGS };

struct test_case {
	const char *name;
	const char *(*run)(void); /* the current directory is that of the case; gives the outcome */
	const char *wanted[SETTINGS]; /* NULL: whatever the base kernel does */
};

#define TEST(function) static const char *function(void)

/* A row of a table: the outcomes in the order of the settings, one for all of them, or whatever the base does. What the
 * root of a namespace may do differs from release to release, so its outcomes are always those of the base. */
#define EACH(function, ...) { #function, function, { __VA_ARGS__ } }
#define ALL(function, outcome) EACH(function, outcome, outcome, outcome, outcome, outcome, outcome, outcome)
#define ANY(function) EACH(function, 0)

struct group {
	const struct test_case *cases;
	int count;
};

#define GROUP(group_name, table) \
	const struct group group_name = { table, sizeof(table) / sizeof((table)[0]) }

extern const struct group access_cases, name_cases, data_cases, attribute_cases;

/* Opens and closes again: 0, or -1 and errno. */
int touch_open(const char *path, int flags);

/* "read <the first line>" or the name of errno. */
const char *content_of(const char *path);

/* Opens for writing, writes at the start: "OK" or the name of errno. */
const char *overwrite(const char *path);

/* Type and mode in octal, owner and group, as in "100644 1000:1000", or the name of errno. */
const char *status_of(const char *path);

/* The names in a directory in order, without . and .., or the name of errno. */
const char *names_in(const char *path);

#endif
