/* Names: create, link, rename, remove, whiteouts, files without a name. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "acl.h"
#include "cases.h"
#include "report.h"

/* The outcome of a call, and what is there afterwards. */
static const char *then_status(long result, const char *path)
{
	const char *said = says(result);

	return text("%s %s", said, status_of(path));
}

static int make(const char *path)
{
	return touch_open(path, O_CREAT | O_EXCL | O_WRONLY);
}

TEST(create) { return then_status(make("fresh"), "fresh"); }
TEST(create_existing) { return says(make("open")); }
TEST(create_in_closed) { return then_status(make("closed/fresh"), "closed/fresh"); }
TEST(create_in_locked) { return then_status(make("locked/fresh"), "locked/fresh"); }
TEST(create_in_theirs) { return then_status(make("theirs/fresh"), "theirs/fresh"); }
TEST(create_open_existing) { return then_status(touch_open("open", O_CREAT | O_RDWR), "open"); }
TEST(create_over_whiteout)
{
	const char *said = says(unlink("below"));

	return text("%s, %s", said, then_status(make("below"), "below"));
}

TEST(create_under_default_acl)
{
	struct acl acl;
	const char *said;

	make_acl(&acl, 07, 1234, 05);
	mkdir("kept", 0755);
	said = says(setxattr("kept", ACL_DEFAULT, &acl, sizeof(acl), 0));
	return text("%s, %s", said, then_status(make("kept/fresh"), "kept/fresh"));
}

TEST(create_in_setgid_directory)
{
	mkdir("team", 0777);
	if (chown("team", -1, 2000))
		return errno_name(errno);
	chmod("team", 02777);
	return then_status(make("team/fresh"), "team/fresh");
}

TEST(directory) { return then_status(mkdir("fresh", 0750), "fresh"); }
TEST(directory_existing) { return says(mkdir("sub", 0750)); }
TEST(directory_in_closed) { return says(mkdir("closed/fresh", 0750)); }
TEST(directory_over_whiteout)
{
	unlink("sub/leaf");
	if (rmdir("sub"))
		return errno_name(errno);
	if (mkdir("sub", 0700))
		return text("mkdir:%s", errno_name(errno));
	return text("%s %s", status_of("sub"), names_in("sub"));
}

TEST(symbolic_link) { return then_status(symlink("there", "fresh"), "fresh"); }
TEST(pipe_node) { return then_status(mknod("fresh", S_IFIFO | 0640, 0), "fresh"); }
TEST(device_node) { return then_status(mknod("fresh", S_IFCHR | 0640, makedev(1, 3)), "fresh"); }
TEST(whiteout_node) { return then_status(mknod("fresh", S_IFCHR, 0), "fresh"); }

TEST(hard_link) { return then_status(link("open", "fresh"), "fresh"); }
TEST(hard_link_mine) { return then_status(link("mine", "fresh"), "fresh"); }
TEST(hard_link_hidden) { return then_status(link("hidden", "fresh"), "fresh"); }
TEST(hard_link_over) { return says(link("open", "other")); }
TEST(hard_link_over_whiteout)
{
	unlink("below");
	return then_status(link("open", "below"), "below");
}

/* The lower twins stay twins only where the overlay has an index. */
TEST(twins)
{
	struct stat one, two;

	overwrite("open");
	if (stat("open", &one) || stat("twin", &two))
		return errno_name(errno);
	return text("%s inode, links %d %d, %s", one.st_ino == two.st_ino ? "one" : "another", (int)one.st_nlink,
		    (int)two.st_nlink, content_of("twin"));
}

TEST(remove_twin)
{
	struct stat st;

	if (unlink("twin") || stat("open", &st))
		return errno_name(errno);
	return text("links %d", (int)st.st_nlink);
}

TEST(remove_file) { return then_status(unlink("open"), "open"); }
TEST(remove_absent) { return says(unlink("absent")); }
TEST(remove_below) { return then_status(unlink("below"), "below"); }
TEST(remove_sticky) { return then_status(unlink("sticky/leaf"), "sticky/leaf"); }
TEST(remove_closed) { return says(unlink("closed/leaf")); }
TEST(remove_locked) { return then_status(unlink("locked/leaf"), "locked/leaf"); }
TEST(remove_directory_as_file) { return says(unlink("sub")); }
TEST(remove_open_file)
{
	char buffer[8];
	int fd = open("open", O_RDWR);
	ssize_t length;

	if (fd < 0)
		return errno_name(errno);
	unlink("open");
	length = pwrite(fd, "gone", 4, 0) == 4 ? pread(fd, buffer, 4, 0) : -1;
	close(fd);
	return length == 4 && !memcmp(buffer, "gone", 4) ? "OK" : "lost";
}

TEST(remove_full_directory) { return says(rmdir("sub")); }
TEST(remove_emptied_directory)
{
	unlink("sub/leaf");
	return then_status(rmdir("sub"), "sub");
}
TEST(remove_fresh_directory)
{
	mkdir("fresh", 0755);
	make("fresh/leaf");
	unlink("fresh/leaf");
	return then_status(rmdir("fresh"), "fresh");
}
TEST(remove_locked_directory)
{
	unlink("locked/leaf");
	return then_status(rmdir("locked"), "locked");
}

TEST(rename_file) { return then_status(rename("open", "fresh"), "fresh"); }
TEST(rename_absent) { return says(rename("absent", "fresh")); }
TEST(rename_over) { return then_status(rename("mine", "open"), "open"); }
TEST(rename_below) { return then_status(rename("below", "fresh"), "fresh"); }
TEST(rename_hidden) { return then_status(rename("hidden", "fresh"), "fresh"); }
TEST(rename_sticky) { return says(rename("sticky/leaf", "fresh")); }
TEST(rename_closed) { return says(rename("closed/leaf", "fresh")); }
TEST(rename_into_closed) { return says(rename("open", "closed/fresh")); }
TEST(rename_into_locked) { return then_status(rename("open", "locked/leaf"), "locked/leaf"); }
TEST(rename_directory)
{
	const char *said = says(rename("sub", "fresh"));

	return text("%s %s %s", said, names_in("fresh"), names_in("sub"));
}
TEST(rename_fresh_directory)
{
	mkdir("fresh", 0755);
	return then_status(rename("fresh", "other name"), "other name");
}
TEST(rename_over_directory)
{
	mkdir("fresh", 0755);
	unlink("sub/leaf");
	return then_status(rename("fresh", "sub"), "sub");
}
TEST(rename_over_full_directory)
{
	mkdir("fresh", 0755);
	return says(rename("fresh", "sub"));
}
TEST(rename_not_replacing) { return says(renameat2(AT_FDCWD, "open", AT_FDCWD, "other", RENAME_NOREPLACE)); }
TEST(rename_exchanging)
{
	const char *said = says(renameat2(AT_FDCWD, "mine", AT_FDCWD, "open", RENAME_EXCHANGE));

	return text("%s %s, %s", said, status_of("mine"), status_of("open"));
}
TEST(rename_leaving_whiteout) { return says(renameat2(AT_FDCWD, "open", AT_FDCWD, "fresh", RENAME_WHITEOUT)); }

TEST(nameless_file)
{
	struct stat st;
	int fd = open(".", O_TMPFILE | O_RDWR, 0640);

	if (fd < 0)
		return errno_name(errno);
	if (write(fd, "x", 1) != 1 || fstat(fd, &st))
		return errno_name(errno);
	close(fd);
	return text("%o %d:%d %d", st.st_mode, st.st_uid, st.st_gid, (int)st.st_size);
}
TEST(nameless_file_in_closed) { return says(touch_open("closed", O_TMPFILE | O_RDWR)); }
TEST(nameless_file_named)
{
	char path[64];
	int fd = open(".", O_TMPFILE | O_RDWR, 0640), result;

	if (fd < 0)
		return errno_name(errno);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	result = linkat(AT_FDCWD, path, AT_FDCWD, "fresh", AT_SYMLINK_FOLLOW);
	close(fd);
	return then_status(result, "fresh");
}

static const struct test_case table[] = {
	EACH(create, "OK 100644 0:0", "OK 100644 1000:1000", "OK 100644 0:0", "OK 100644 0:0",
	     "OK 100644 1000:1000", "EROFS ENOENT", "EROFS ENOENT"),
	ALL(create_existing, "EEXIST"),
	EACH(create_in_closed, "OK 100644 0:0", "EACCES EACCES", "OK 100644 0:0", "OK 100644 0:0", "EACCES EACCES",
	     "EROFS ENOENT", "EACCES EACCES"),
	EACH(create_in_locked, "OK 100644 0:0", "OK 100644 1000:1000", "OK 100644 0:0", "OK 100644 0:0",
	     "OK 100644 1000:1000", "EACCES EACCES", "EACCES EACCES"),
	EACH(create_in_theirs, "OK 100644 0:0", "EACCES EACCES", "OK 100644 0:0", "EPERM ENOENT", "EACCES EACCES",
	     "EACCES EACCES", "EACCES EACCES"),
	EACH(create_open_existing, "OK 100666 0:0", "OK 100666 0:0", "OK 100666 0:0", "OK 100666 0:0",
	     "OK 100666 0:0", "EROFS 100666 0:0", "EROFS 100666 0:0"),
	EACH(create_over_whiteout, "OK, OK 100644 0:0", "OK, OK 100644 1000:1000", "OK, OK 100644 0:0",
	     "OK, OK 100644 0:0", "OK, OK 100644 1000:1000", "EROFS, EEXIST 100666 0:0",
	     "EROFS, EEXIST 100666 0:0"),
	EACH(create_under_default_acl, "OK, OK 100640 0:0", "OK, OK 100640 1000:1000", "OK, OK 100640 0:0",
	     "OK, OK 100640 0:0", "EPERM, OK 100644 1000:1000", "ENOENT, ENOENT ENOENT", "ENOENT, ENOENT ENOENT"),
	ANY(create_in_setgid_directory),
	EACH(directory, "OK 40750 0:0", "OK 40750 1000:1000", "OK 40750 0:0", "OK 40750 0:0", "OK 40750 1000:1000",
	     "EROFS ENOENT", "EROFS ENOENT"),
	ALL(directory_existing, "EEXIST"),
	EACH(directory_in_closed, "OK", "EACCES", "OK", "OK", "EACCES", "EROFS", "EACCES"),
	EACH(directory_over_whiteout, "40700 0:0 empty", "40700 1000:1000 empty", "40700 0:0 empty",
	     "40700 0:0 empty", "40700 1000:1000 empty", "EROFS", "EROFS"),
	EACH(symbolic_link, "OK 120777 0:0", "OK 120777 1000:1000", "OK 120777 0:0", "OK 120777 0:0",
	     "OK 120777 1000:1000", "EROFS ENOENT", "EROFS ENOENT"),
	EACH(pipe_node, "OK 10640 0:0", "OK 10640 1000:1000", "OK 10640 0:0", "OK 10640 0:0", "OK 10640 1000:1000",
	     "EROFS ENOENT", "EROFS ENOENT"),
	ANY(device_node),
	ANY(whiteout_node),
	EACH(hard_link, "OK 100666 0:0", "OK 100666 0:0", "OK 100666 0:0", "OK 100666 0:0", "OK 100666 0:0",
	     "EROFS ENOENT", "EROFS ENOENT"),
	EACH(hard_link_mine, "OK 100600 1000:1000", "OK 100600 1000:1000", "OK 100600 1000:1000", "EPERM ENOENT",
	     "EPERM ENOENT", "EROFS ENOENT", "EROFS ENOENT"),
	EACH(hard_link_hidden, "OK 100600 500:500", "EPERM ENOENT", "OK 100600 500:500", "EPERM ENOENT",
	     "EPERM ENOENT", "EROFS ENOENT", "EROFS ENOENT"),
	ALL(hard_link_over, "EEXIST"),
	EACH(hard_link_over_whiteout, "OK 100666 0:0", "OK 100666 0:0", "OK 100666 0:0", "OK 100666 0:0",
	     "OK 100666 0:0", "EEXIST 100666 0:0", "EEXIST 100666 0:0"),
	ANY(twins),
	ANY(remove_twin),
	EACH(remove_file, "OK ENOENT", "OK ENOENT", "OK ENOENT", "OK ENOENT", "OK ENOENT", "EROFS 100666 0:0",
	     "EROFS 100666 0:0"),
	EACH(remove_absent, "ENOENT", "ENOENT", "ENOENT", "ENOENT", "ENOENT", "EROFS", "EROFS"),
	EACH(remove_below, "OK ENOENT", "OK ENOENT", "OK ENOENT", "OK ENOENT", "OK ENOENT", "EROFS 100666 0:0",
	     "EROFS 100666 0:0"),
	EACH(remove_sticky, "OK ENOENT", "EPERM 100666 500:500", "OK ENOENT", "OK ENOENT", "EPERM 100666 500:500",
	     "EROFS 100666 500:500", "EROFS 100666 500:500"),
	EACH(remove_closed, "OK", "EACCES", "OK", "OK", "EACCES", "EROFS", "EACCES"),
	EACH(remove_locked, "OK ENOENT", "OK ENOENT", "OK ENOENT", "OK ENOENT", "OK ENOENT", "EROFS EACCES",
	     "EROFS EACCES"),
	EACH(remove_directory_as_file, "EISDIR", "EISDIR", "EISDIR", "EISDIR", "EISDIR", "EROFS", "EROFS"),
	EACH(remove_open_file, "OK", "OK", "OK", "OK", "OK", "EROFS", "EROFS"),
	EACH(remove_full_directory, "ENOTEMPTY", "ENOTEMPTY", "ENOTEMPTY", "ENOTEMPTY", "ENOTEMPTY", "EROFS",
	     "EROFS"),
	EACH(remove_emptied_directory, "OK ENOENT", "OK ENOENT", "OK ENOENT", "OK ENOENT", "OK ENOENT",
	     "EROFS 40777 0:0", "EROFS 40777 0:0"),
	EACH(remove_fresh_directory, "OK ENOENT", "OK ENOENT", "OK ENOENT", "OK ENOENT", "OK ENOENT",
	     "EROFS ENOENT", "EROFS ENOENT"),
	EACH(remove_locked_directory, "OK ENOENT", "OK ENOENT", "OK ENOENT", "OK ENOENT", "OK ENOENT",
	     "EROFS 40777 0:0", "EROFS 40777 0:0"),
	EACH(rename_file, "OK 100666 0:0", "OK 100666 0:0", "OK 100666 0:0", "OK 100666 0:0", "OK 100666 0:0",
	     "EROFS ENOENT", "EROFS ENOENT"),
	EACH(rename_absent, "ENOENT", "ENOENT", "ENOENT", "ENOENT", "ENOENT", "EROFS", "EROFS"),
	EACH(rename_over, "OK 100600 1000:1000", "OK 100600 1000:1000", "OK 100600 1000:1000", "EPERM 100666 0:0",
	     "EPERM 100666 0:0", "EROFS 100666 0:0", "EROFS 100666 0:0"),
	EACH(rename_below, "OK 100666 0:0", "OK 100666 0:0", "OK 100666 0:0", "OK 100666 0:0", "OK 100666 0:0",
	     "EROFS ENOENT", "EROFS ENOENT"),
	EACH(rename_hidden, "OK 100600 500:500", "OK 100600 500:500", "OK 100600 500:500", "EPERM ENOENT",
	     "EPERM ENOENT", "EROFS ENOENT", "EROFS ENOENT"),
	EACH(rename_sticky, "OK", "EPERM", "OK", "EPERM", "EPERM", "EROFS", "EROFS"),
	EACH(rename_closed, "OK", "EACCES", "OK", "OK", "EACCES", "EROFS", "EACCES"),
	EACH(rename_into_closed, "OK", "EACCES", "OK", "OK", "EACCES", "EROFS", "EACCES"),
	EACH(rename_into_locked, "OK 100666 0:0", "OK 100666 0:0", "OK 100666 0:0", "OK 100666 0:0",
	     "OK 100666 0:0", "EROFS EACCES", "EROFS EACCES"),
	ANY(rename_directory),
	EACH(rename_fresh_directory, "OK 40755 0:0", "OK 40755 1000:1000", "OK 40755 0:0", "OK 40755 0:0",
	     "OK 40755 1000:1000", "EROFS ENOENT", "EROFS ENOENT"),
	EACH(rename_over_directory, "OK 40755 0:0", "OK 40755 1000:1000", "OK 40755 0:0", "OK 40755 0:0",
	     "OK 40755 1000:1000", "EROFS 40777 0:0", "EROFS 40777 0:0"),
	EACH(rename_over_full_directory, "ENOTEMPTY", "ENOTEMPTY", "ENOTEMPTY", "ENOTEMPTY", "ENOTEMPTY", "EROFS",
	     "EROFS"),
	EACH(rename_not_replacing, "EEXIST", "EEXIST", "EEXIST", "EEXIST", "EEXIST", "EROFS", "EROFS"),
	EACH(rename_exchanging, "OK 100666 0:0, 100600 1000:1000", "OK 100666 0:0, 100600 1000:1000",
	     "OK 100666 0:0, 100600 1000:1000", "EPERM 100600 1000:1000, 100666 0:0",
	     "EPERM 100600 1000:1000, 100666 0:0", "EROFS 100600 1000:1000, 100666 0:0",
	     "EROFS 100600 1000:1000, 100666 0:0"),
	ANY(rename_leaving_whiteout),
	ANY(nameless_file),
	EACH(nameless_file_in_closed, NULL, "EACCES", NULL, NULL, NULL, NULL, NULL),
	ANY(nameless_file_named),
};
GROUP(name_cases, table);
