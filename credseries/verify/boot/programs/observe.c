/* What the cases have in common: looking at files. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cases.h"
#include "report.h"

int touch_open(const char *path, int flags)
{
	int fd = open(path, flags, 0644);

	return fd < 0 ? -1 : close(fd);
}

const char *content_of(const char *path)
{
	char buffer[64];
	int fd = open(path, O_RDONLY), error;
	ssize_t length;

	if (fd < 0)
		return errno_name(errno);
	length = read(fd, buffer, sizeof(buffer) - 1);
	error = errno;
	close(fd);
	if (length < 0)
		return text("read:%s", errno_name(error));
	buffer[length] = '\0';
	buffer[strcspn(buffer, "\n")] = '\0';
	return text("read %s", buffer);
}

const char *overwrite(const char *path)
{
	int fd = open(path, O_WRONLY), error;
	ssize_t length;

	if (fd < 0)
		return errno_name(errno);
	length = write(fd, "new", 3);
	error = errno;
	if (close(fd))
		return text("close:%s", errno_name(errno));
	return length == 3 ? "OK" : text("write:%s", errno_name(error));
}

const char *status_of(const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		return errno_name(errno);
	return text("%o %d:%d", st.st_mode, st.st_uid, st.st_gid);
}

const char *names_in(const char *path)
{
	char names[300] = "";
	struct dirent **entries;
	int used = 0, count = scandir(path, &entries, NULL, alphasort);

	if (count < 0)
		return errno_name(errno);
	for (int index = 0; index < count; index++) {
		const char *name = entries[index]->d_name;

		if (strcmp(name, ".") && strcmp(name, "..") && used < (int)sizeof(names))
			used += snprintf(names + used, sizeof(names) - used, "%s%s", used ? "," : "", name);
		free(entries[index]);
	}
	free(entries);
	return used ? text("%s", names) : "empty";
}
