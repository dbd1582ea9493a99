/* The lines of the console that the host reads. */
#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE = 1024, TEXTS = 4 };

static const struct {
	int number;
	const char *name;
} known[] = {
	{ EPERM, "EPERM" },
	{ ENOENT, "ENOENT" },
	{ ESRCH, "ESRCH" },
	{ EINTR, "EINTR" },
	{ EIO, "EIO" },
	{ ENXIO, "ENXIO" },
	{ E2BIG, "E2BIG" },
	{ ENOEXEC, "ENOEXEC" },
	{ EBADF, "EBADF" },
	{ ECHILD, "ECHILD" },
	{ EAGAIN, "EAGAIN" },
	{ ENOMEM, "ENOMEM" },
	{ EACCES, "EACCES" },
	{ EFAULT, "EFAULT" },
	{ EBUSY, "EBUSY" },
	{ EEXIST, "EEXIST" },
	{ EXDEV, "EXDEV" },
	{ ENODEV, "ENODEV" },
	{ ENOTDIR, "ENOTDIR" },
	{ EISDIR, "EISDIR" },
	{ EINVAL, "EINVAL" },
	{ ENFILE, "ENFILE" },
	{ EMFILE, "EMFILE" },
	{ ENOTTY, "ENOTTY" },
	{ ETXTBSY, "ETXTBSY" },
	{ EFBIG, "EFBIG" },
	{ ENOSPC, "ENOSPC" },
	{ ESPIPE, "ESPIPE" },
	{ EROFS, "EROFS" },
	{ EMLINK, "EMLINK" },
	{ EPIPE, "EPIPE" },
	{ ERANGE, "ERANGE" },
	{ ENAMETOOLONG, "ENAMETOOLONG" },
	{ ENOSYS, "ENOSYS" },
	{ ENOTEMPTY, "ENOTEMPTY" },
	{ ELOOP, "ELOOP" },
	{ ENODATA, "ENODATA" },
	{ EOVERFLOW, "EOVERFLOW" },
	{ EOPNOTSUPP, "EOPNOTSUPP" },
	{ ESTALE, "ESTALE" },
	{ EDQUOT, "EDQUOT" },
};

const char *errno_name(int number)
{
	for (size_t index = 0; index < sizeof(known) / sizeof(known[0]); index++)
		if (known[index].number == number)
			return known[index].name;
	return text("E%d", number);
}

const char *says(long result)
{
	return result < 0 ? errno_name(errno) : "OK";
}

const char *text(const char *format, ...)
{
	static char texts[TEXTS][LINE];
	static int next;
	char *buffer = texts[next];
	va_list values;

	next = (next + 1) % TEXTS;
	va_start(values, format);
	vsnprintf(buffer, LINE, format, values);
	va_end(values);
	return buffer;
}

static void say(const char *word, const char *name, const char *outcome)
{
	char line[LINE + 256];
	int length = snprintf(line, sizeof(line), "%s %s %s\n", word, name, outcome);

	if (length >= (int)sizeof(line)) {
		length = sizeof(line) - 1;
		line[length - 1] = '\n';
	}
	if (write(STDOUT_FILENO, line, length) != length)
		_exit(1);
}

void report(const char *name, const char *outcome, const char *wanted)
{
	say("CASE", name, outcome);
	if (wanted && strcmp(outcome, wanted))
		say("WANTED", name, wanted);
}

void give_up(const char *what)
{
	say("SETUP", what, errno_name(errno));
	exit(1);
}
