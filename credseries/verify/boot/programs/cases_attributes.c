/* Attributes: owner, mode, times, extended attributes, access lists, file handles. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "acl.h"
#include "cases.h"
#include "layers.h"
#include "report.h"

static const char *value_of(const char *path, const char *attribute)
{
	char value[64];
	ssize_t length = getxattr(path, attribute, value, sizeof(value));

	return length < 0 ? errno_name(errno) : text("value %.*s", (int)length, value);
}

static const char *set(const char *path, const char *attribute)
{
	if (setxattr(path, attribute, "w", 1, 0))
		return errno_name(errno);
	return value_of(path, attribute);
}

static int by_name(const void *left, const void *right)
{
	return strcmp(left, right);
}

/* The names of a file's attributes, in order. */
static const char *attributes_of(const char *path)
{
	char list[512], names[8][64], shown[300] = "";
	ssize_t length = listxattr(path, list, sizeof(list));
	int count = 0, used = 0;

	if (length < 0)
		return errno_name(errno);
	for (const char *name = list; name < list + length && count < 8; name += strlen(name) + 1)
		snprintf(names[count++], sizeof(names[0]), "%.63s", name);
	qsort(names, count, sizeof(names[0]), by_name);
	for (int index = 0; index < count && used < (int)sizeof(shown); index++)
		used += snprintf(shown + used, sizeof(shown) - used, "%s%s", used ? "," : "", names[index]);
	return count ? text("%s", shown) : "none";
}

TEST(get_note) { return value_of("open", "user.note"); }
TEST(get_note_shut) { return value_of("shut", "user.note"); }
TEST(get_trusted) { return value_of("open", "trusted.secret"); }
TEST(get_missing) { return value_of("open", "user.missing"); }
TEST(get_overlay_attribute)
{
	overwrite("open");
	return value_of("open", "trusted.overlay.origin");
}
TEST(get_hidden) { return value_of("hidden", "user.note"); }

TEST(names_lower) { return attributes_of("open"); }
TEST(names_upper)
{
	overwrite("open");
	return attributes_of("open");
}
TEST(names_locked) { return attributes_of("locked"); }
TEST(names_directory)
{
	rename("sub/leaf", "sub/fresh");
	return attributes_of("sub");
}
TEST(names_too_short)
{
	char byte[1];

	return says(listxattr("open", byte, sizeof(byte)));
}

/* Names of trusted attributes are for who may use them, and those of the overlay itself for nobody. */
static const char *shown_names(const char *path, const char *start)
{
	char list[512];
	ssize_t length = listxattr(path, list, sizeof(list));

	if (length < 0)
		return errno_name(errno);
	for (const char *name = list; name < list + length; name += strlen(name) + 1)
		if (!strncmp(name, start, strlen(start)))
			return "shown";
	return "not shown";
}
TEST(trusted_name_lower) { return shown_names("open", "trusted.secret"); }
TEST(trusted_name_upper)
{
	overwrite("open");
	return shown_names("open", "trusted.secret");
}
TEST(overlay_name_upper)
{
	overwrite("open");
	return shown_names("open", "trusted.overlay.");
}

TEST(set_note) { return set("open", "user.note"); }
TEST(set_note_shut) { return set("shut", "user.note"); }
TEST(set_note_other) { return set("other", "user.note"); }
TEST(set_note_hidden) { return set("hidden", "user.note"); }
TEST(set_trusted) { return set("open", "trusted.fresh"); }
TEST(set_trusted_mine) { return set("mine", "trusted.fresh"); }
TEST(set_overlay_attribute) { return set("open", "trusted.overlay.fresh"); }
TEST(set_security) { return set("mine", "security.fresh"); }
TEST(set_existing) { return says(setxattr("open", "user.note", "w", 1, XATTR_CREATE)); }
TEST(set_missing) { return says(setxattr("open", "user.missing", "w", 1, XATTR_REPLACE)); }
TEST(set_on_directory) { return set("locked", "user.note"); }
TEST(remove_note)
{
	const char *said = says(removexattr("open", "user.note"));

	return text("%s %s", said, value_of("open", "user.note"));
}
TEST(remove_trusted) { return says(removexattr("open", "trusted.secret")); }
TEST(remove_missing) { return says(removexattr("open", "user.missing")); }
TEST(remove_note_shut) { return says(removexattr("shut", "user.note")); }

static const char *set_list(const char *path, const char *attribute)
{
	struct acl acl;

	make_acl(&acl, 06, USER_UID, 06);
	return says(setxattr(path, attribute, &acl, sizeof(acl), 0));
}

TEST(acl_get)
{
	struct acl acl;
	ssize_t length = getxattr("granted", ACL_ACCESS, &acl, sizeof(acl));

	if (length < 0)
		return errno_name(errno);
	return text("%d %u:%u %u:%u", (int)length, acl.entries[1].id, acl.entries[1].permission, acl.entries[3].tag,
		    acl.entries[3].permission);
}
TEST(acl_get_missing) { return says(getxattr("open", ACL_ACCESS, NULL, 0)); }
TEST(acl_set_open) { return set_list("open", ACL_ACCESS); }
TEST(acl_set_mine)
{
	const char *said = set_list("mine", ACL_ACCESS);

	return text("%s %s", said, status_of("mine"));
}
TEST(acl_set_hidden) { return set_list("hidden", ACL_ACCESS); }
TEST(acl_set_default) { return set_list("sub", ACL_DEFAULT); }
TEST(acl_set_default_on_file) { return set_list("mine", ACL_DEFAULT); }
TEST(acl_remove) { return says(removexattr("granted", ACL_ACCESS)); }
TEST(acl_grants)
{
	const char *said = set_list("shut", ACL_ACCESS);

	return text("%s %s", said, content_of("shut"));
}
TEST(acl_clears_setgid)
{
	const char *said = says(chmod("mine", 02770));

	return text("%s %s %s", said, set_list("mine", ACL_ACCESS), status_of("mine"));
}

static const char *then_status(long result, const char *path)
{
	const char *said = says(result);

	return text("%s %s", said, status_of(path));
}

TEST(mode_open) { return then_status(chmod("open", 0640), "open"); }
TEST(mode_mine) { return then_status(chmod("mine", 0640), "mine"); }
TEST(mode_hidden) { return then_status(chmod("hidden", 0640), "hidden"); }
TEST(mode_directory) { return then_status(chmod("locked", 0750), "locked"); }
TEST(owner_open) { return then_status(chown("open", USER_UID, -1), "open"); }
TEST(owner_given_away) { return then_status(chown("mine", OTHER_UID, -1), "mine"); }
TEST(owner_hidden) { return then_status(chown("hidden", ROOT_UID, -1), "hidden"); }
TEST(owner_suid) { return then_status(chown("suid", -1, -1), "suid"); }
TEST(group_mine) { return then_status(chown("mine", -1, TEAM_GID), "mine"); }
TEST(group_foreign) { return then_status(chown("mine", -1, OTHER_UID), "mine"); }
TEST(group_of_link) { return then_status(lchown("link", -1, TEAM_GID), "link"); }

static const char *set_times(const char *path, long seconds)
{
	const struct timespec times[2] = { { .tv_sec = seconds }, { .tv_sec = seconds } };
	struct stat st;

	if (utimensat(AT_FDCWD, path, times, 0) || stat(path, &st))
		return errno_name(errno);
	return text("%ld %ld", (long)st.st_atime, (long)st.st_mtime);
}
TEST(times_open) { return set_times("open", 1234567); }
TEST(times_mine) { return set_times("mine", 1234567); }
TEST(times_hidden) { return set_times("hidden", 1234567); }
TEST(times_now_open) { return says(utimensat(AT_FDCWD, "open", NULL, 0)); }
TEST(times_now_other) { return says(utimensat(AT_FDCWD, "other", NULL, 0)); }

struct handle {
	struct file_handle head;
	unsigned char bytes[MAX_HANDLE_SZ];
};

/* Takes a file handle and opens the file by it; only the right to search everywhere lets one do so. */
static const char *by_handle(const char *path, int flags)
{
	struct handle handle = { .head.handle_bytes = MAX_HANDLE_SZ };
	int top, fd, id, error;

	if (name_to_handle_at(AT_FDCWD, path, &handle.head, &id, 0))
		return text("name:%s", errno_name(errno));
	top = open(MERGED, O_RDONLY | O_DIRECTORY);
	if (top < 0)
		return text("top:%s", errno_name(errno));
	fd = open_by_handle_at(top, &handle.head, flags);
	error = errno;
	close(top);
	if (fd < 0)
		return errno_name(error);
	close(fd);
	return "OK";
}
TEST(handle_lower) { return by_handle("open", O_RDONLY); }
TEST(handle_below) { return by_handle("below", O_RDWR); }
TEST(handle_hidden) { return by_handle("hidden", O_RDONLY); }
TEST(handle_directory) { return by_handle("sub", O_RDONLY); }
TEST(handle_merged_directory) { return by_handle("locked", O_RDONLY); }
TEST(handle_upper)
{
	touch_open("fresh", O_CREAT | O_WRONLY);
	return by_handle("fresh", O_RDONLY);
}
TEST(handle_copied_up)
{
	overwrite("open");
	return by_handle("open", O_RDWR);
}
TEST(handle_renamed_directory)
{
	mkdir("fresh", 0755);
	rename("fresh", "again");
	return by_handle("again", O_RDONLY);
}

/* Only its owner may give attributes to a sticky directory; here the caller owns it, and the mounter does not. */
TEST(fresh_sticky_set)
{
	if (mkdir("fresh", 01777))
		return errno_name(errno);
	return set("fresh", "user.note");
}
TEST(fresh_acl_set)
{
	touch_open("fresh", O_CREAT | O_WRONLY);
	return text("%s %s", set_list("fresh", ACL_ACCESS), status_of("fresh"));
}
TEST(fresh_mode)
{
	touch_open("fresh", O_CREAT | O_WRONLY);
	return then_status(chmod("fresh", 0640), "fresh");
}

static const struct test_case table[] = {
	ANY(fresh_sticky_set),
	ANY(fresh_acl_set),
	ANY(fresh_mode),
	ANY(get_note),
	EACH(get_note_shut, NULL, "EACCES", NULL, NULL, NULL, NULL, NULL),
	EACH(get_trusted, "value s", "ENODATA", "ENODATA", "value s", "ENODATA", "value s", "ENODATA"),
	ALL(get_missing, "ENODATA"),
	ANY(get_overlay_attribute),
	EACH(get_hidden, NULL, "EACCES", NULL, NULL, NULL, NULL, NULL),
	ANY(names_lower),
	ANY(names_upper),
	ANY(names_locked),
	ANY(names_directory),
	ANY(names_too_short),
	EACH(trusted_name_lower, "shown", "not shown", "not shown", "shown", "not shown", "shown", "not shown"),
	EACH(trusted_name_upper, "shown", "not shown", "not shown", "shown", "not shown", "shown", "not shown"),
	ALL(overlay_name_upper, "not shown"),
	ANY(set_note),
	EACH(set_note_shut, NULL, "EACCES", NULL, NULL, NULL, NULL, NULL),
	EACH(set_note_other, NULL, "EACCES", NULL, NULL, NULL, NULL, NULL),
	EACH(set_note_hidden, NULL, "EACCES", NULL, NULL, NULL, NULL, NULL),
	EACH(set_trusted, "value w", "EPERM", "EPERM", "value w", "EPERM", "EROFS", "EROFS"),
	EACH(set_trusted_mine, "value w", "EPERM", "EPERM", "EPERM", "EPERM", "EROFS", "EROFS"),
	EACH(set_overlay_attribute, "value w", "EPERM", "EPERM", "value w", "EPERM", "EROFS", "EROFS"),
	EACH(set_security, "value w", "EPERM", "EPERM", "EPERM", "EPERM", "EROFS", "EROFS"),
	ANY(set_existing),
	ANY(set_missing),
	ANY(set_on_directory),
	ANY(remove_note),
	EACH(remove_trusted, "OK", "EPERM", "EPERM", "OK", "EPERM", "EROFS", "EROFS"),
	ANY(remove_missing),
	EACH(remove_note_shut, NULL, "EACCES", NULL, NULL, NULL, NULL, NULL),
	ANY(acl_get),
	ALL(acl_get_missing, "ENODATA"),
	EACH(acl_set_open, "OK", "EPERM", "OK", "OK", "EPERM", "EROFS", "EROFS"),
	EACH(acl_set_mine, "OK 100670 1000:1000", "OK 100670 1000:1000", "OK 100670 1000:1000",
	     "EPERM 100600 1000:1000", "EPERM 100600 1000:1000", "EROFS 100600 1000:1000",
	     "EROFS 100600 1000:1000"),
	EACH(acl_set_hidden, "OK", "EPERM", "OK", "EPERM", "EPERM", "EROFS", "EROFS"),
	EACH(acl_set_default, "OK", "EPERM", "OK", "OK", "EPERM", "EROFS", "EROFS"),
	EACH(acl_set_default_on_file, "EACCES", "EACCES", "EACCES", "EACCES", "EACCES", "EROFS", "EROFS"),
	EACH(acl_remove, "OK", "EPERM", "OK", "OK", "EPERM", "EROFS", "EROFS"),
	EACH(acl_grants, "OK read the lower data", "EPERM EACCES", "OK read the lower data",
	     "OK read the lower data", "EPERM EACCES", "EROFS read the lower data", "EROFS EACCES"),
	ANY(acl_clears_setgid),
	EACH(mode_open, "OK 100640 0:0", "EPERM 100666 0:0", "OK 100640 0:0", "OK 100640 0:0", "EPERM 100666 0:0",
	     "EROFS 100666 0:0", "EROFS 100666 0:0"),
	EACH(mode_mine, "OK 100640 1000:1000", "OK 100640 1000:1000", "OK 100640 1000:1000",
	     "EPERM 100600 1000:1000", "EPERM 100600 1000:1000", "EROFS 100600 1000:1000",
	     "EROFS 100600 1000:1000"),
	EACH(mode_hidden, "OK 100640 500:500", "EPERM 100600 500:500", "OK 100640 500:500", "EPERM 100600 500:500",
	     "EPERM 100600 500:500", "EROFS 100600 500:500", "EROFS 100600 500:500"),
	EACH(mode_directory, "OK 40750 0:0", "EPERM 40777 0:0", "OK 40750 0:0", "OK 40750 0:0", "EPERM 40777 0:0",
	     "EROFS 40777 0:0", "EROFS 40777 0:0"),
	EACH(owner_open, "OK 100666 1000:0", "EPERM 100666 0:0", "EPERM 100666 0:0", "EPERM 100666 0:0",
	     "EPERM 100666 0:0", "EROFS 100666 0:0", "EROFS 100666 0:0"),
	EACH(owner_given_away, "OK 100600 500:1000", "EPERM 100600 1000:1000", "EPERM 100600 1000:1000",
	     "EPERM 100600 1000:1000", "EPERM 100600 1000:1000", "EROFS 100600 1000:1000",
	     "EROFS 100600 1000:1000"),
	EACH(owner_hidden, "OK 100600 0:500", "EPERM 100600 500:500", "EPERM 100600 500:500",
	     "EPERM 100600 500:500", "EPERM 100600 500:500", "EROFS 100600 500:500", "EROFS 100600 500:500"),
	ANY(owner_suid),
	EACH(group_mine, "OK 100600 1000:2000", "OK 100600 1000:2000", "EPERM 100600 1000:1000",
	     "EPERM 100600 1000:1000", "EPERM 100600 1000:1000", "EROFS 100600 1000:1000",
	     "EROFS 100600 1000:1000"),
	EACH(group_foreign, "OK 100600 1000:500", "EPERM 100600 1000:1000", "EPERM 100600 1000:1000",
	     "EPERM 100600 1000:1000", "EPERM 100600 1000:1000", "EROFS 100600 1000:1000",
	     "EROFS 100600 1000:1000"),
	EACH(group_of_link, "OK 120777 0:2000", "EPERM 120777 0:0", "EPERM 120777 0:0", "EPERM 120777 0:0",
	     "EPERM 120777 0:0", "EROFS 120777 0:0", "EROFS 120777 0:0"),
	EACH(times_open, "1234567 1234567", "EPERM", "1234567 1234567", "1234567 1234567", "EPERM", "EROFS", "EROFS"),
	EACH(times_mine, "1234567 1234567", "1234567 1234567", "1234567 1234567", "EPERM", "EPERM", "EROFS", "EROFS"),
	EACH(times_hidden, "1234567 1234567", "EPERM", "1234567 1234567", "EPERM", "EPERM", "EROFS", "EROFS"),
	EACH(times_now_open, "OK", "OK", "OK", "OK", "OK", "EROFS", "EROFS"),
	EACH(times_now_other, "OK", "EACCES", "OK", "EPERM", "EACCES", "EROFS", "EROFS"),
	ANY(handle_lower),
	ANY(handle_below),
	ANY(handle_hidden),
	ANY(handle_directory),
	ANY(handle_merged_directory),
	ANY(handle_upper),
	ANY(handle_copied_up),
	ANY(handle_renamed_directory),
};
GROUP(attribute_cases, table);
