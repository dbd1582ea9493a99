/* Permissions: who may look up, read, list and change what. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "cases.h"
#include "layers.h"
#include "report.h"

TEST(read_open) { return content_of("open"); }
TEST(read_shut) { return content_of("shut"); }
TEST(read_group) { return content_of("group"); }
TEST(read_mine) { return content_of("mine"); }
TEST(read_other) { return content_of("other"); }
TEST(read_hidden) { return content_of("hidden"); }
TEST(read_granted) { return content_of("granted"); }
TEST(read_below) { return content_of("below"); }
TEST(read_closed) { return content_of("closed/leaf"); }
TEST(read_locked) { return content_of("locked/leaf"); }
TEST(read_theirs) { return content_of("theirs/leaf"); }
TEST(read_absent) { return content_of("absent"); }

TEST(write_open) { return overwrite("open"); }
TEST(write_shut) { return overwrite("shut"); }
TEST(write_group) { return overwrite("group"); }
TEST(write_mine) { return overwrite("mine"); }
TEST(write_other) { return overwrite("other"); }
TEST(write_hidden) { return overwrite("hidden"); }
TEST(write_granted) { return overwrite("granted"); }
TEST(write_below) { return overwrite("below"); }
TEST(write_closed) { return overwrite("closed/leaf"); }
TEST(write_locked) { return overwrite("locked/leaf"); }
TEST(write_theirs) { return overwrite("theirs/leaf"); }

/* A refusal must leave the caller who he was, so what comes after it is refused too. */
TEST(outside_after_refusal)
{
	touch_open("shut", O_RDONLY);
	return content_of(OUTSIDE);
}

TEST(outside_after_success)
{
	touch_open("open", O_RDWR);
	return content_of(OUTSIDE);
}

TEST(outside_after_mounter_refusal)
{
	touch_open("hidden", O_RDWR);
	return content_of(OUTSIDE);
}

TEST(access_read_shut) { return says(access("shut", R_OK)); }
TEST(access_write_hidden) { return says(access("hidden", W_OK)); }
TEST(access_write_other) { return says(access("other", W_OK)); }
TEST(access_execute_open) { return says(access("open", X_OK)); }
TEST(access_group) { return says(access("group", R_OK)); }
TEST(access_effective) { return says(faccessat(AT_FDCWD, "mine", R_OK | W_OK, AT_EACCESS)); }

TEST(truncate_open) { return says(truncate("open", 3)); }
TEST(truncate_shut) { return says(truncate("shut", 3)); }
TEST(truncate_hidden) { return says(truncate("hidden", 3)); }
TEST(open_truncating) { return says(touch_open("below", O_WRONLY | O_TRUNC)); }
TEST(open_truncating_other) { return says(touch_open("other", O_WRONLY | O_TRUNC)); }
TEST(open_appending) { return says(touch_open("granted", O_WRONLY | O_APPEND)); }
TEST(open_path) { return says(touch_open("shut", O_PATH)); }
TEST(open_noatime) { return says(touch_open("open", O_RDONLY | O_NOATIME)); }
TEST(open_noatime_mine) { return says(touch_open("mine", O_RDONLY | O_NOATIME)); }
TEST(open_direct) { return says(touch_open("open", O_RDONLY | O_DIRECT)); }
TEST(open_written_twice)
{
	const char *first = overwrite("open");

	return text("%s %s", first, content_of("open"));
}

TEST(enter_closed) { return says(chdir("closed")); }
TEST(enter_theirs) { return says(chdir("theirs")); }
TEST(enter_locked) { return says(chdir("locked")); }

TEST(status_open) { return status_of("open"); }
TEST(status_locked) { return status_of("locked/leaf"); }
TEST(status_theirs) { return status_of("theirs/leaf"); }
TEST(status_closed) { return status_of("closed/leaf"); }
TEST(status_suid) { return status_of("suid"); }

TEST(list_all) { return names_in("."); }
TEST(list_sub) { return names_in("sub"); }
TEST(list_closed) { return names_in("closed"); }
TEST(list_locked) { return names_in("locked"); }
TEST(list_theirs) { return names_in("theirs"); }
TEST(list_changed)
{
	unlink("below");
	touch_open("fresh", O_CREAT | O_WRONLY);
	return names_in(".");
}

TEST(follow_link) { return content_of("link"); }
TEST(follow_dangling) { return content_of("dangling"); }
TEST(read_link)
{
	char target[64];
	ssize_t length = readlink("link", target, sizeof(target));

	return length < 0 ? errno_name(errno) : text("%.*s", (int)length, target);
}

TEST(file_system_status)
{
	struct statfs st;

	return statfs("open", &st) ? errno_name(errno) : text("%lx", (long)st.f_type);
}

static const struct test_case table[] = {
	ALL(read_open, "read the lower data"),
	EACH(read_shut, "read the lower data", "EACCES", "read the lower data", "read the lower data", "EACCES",
	     "read the lower data", "EACCES"),
	ALL(read_group, "read the lower data"),
	EACH(read_mine, "read the lower data", "read the lower data", "read the lower data", "read the lower data",
	     "read the lower data", "EACCES", "EACCES"),
	ALL(read_other, "read the lower data"),
	EACH(read_hidden, "read the lower data", "EACCES", "read the lower data", "read the lower data", "EACCES",
	     "EACCES", "EACCES"),
	ALL(read_granted, "read the lower data"),
	ALL(read_below, "read the lower data"),
	EACH(read_closed, "read the lower data", "EACCES", "read the lower data", "read the lower data", "EACCES",
	     "read the lower data", "EACCES"),
	EACH(read_locked, "read the lower data", "read the lower data", "read the lower data",
	     "read the lower data", "read the lower data", "EACCES", "EACCES"),
	EACH(read_theirs, "read the lower data", "EACCES", "read the lower data", "read the lower data", "EACCES",
	     "EACCES", "EACCES"),
	ALL(read_absent, "ENOENT"),
	EACH(write_open, "OK", "OK", "OK", "OK", "OK", "EROFS", "EROFS"),
	EACH(write_shut, "OK", "EACCES", "OK", "OK", "EACCES", "EROFS", "EROFS"),
	EACH(write_group, "OK", "EACCES", "OK", "EPERM", "EACCES", "EROFS", "EROFS"),
	EACH(write_mine, "OK", "OK", "OK", "EPERM", "EPERM", "EROFS", "EROFS"),
	EACH(write_other, "OK", "EACCES", "OK", "EPERM", "EACCES", "EROFS", "EROFS"),
	EACH(write_hidden, "OK", "EACCES", "OK", "EPERM", "EACCES", "EROFS", "EROFS"),
	EACH(write_granted, "OK", "EACCES", "OK", "OK", "EACCES", "EROFS", "EROFS"),
	EACH(write_below, "OK", "OK", "OK", "OK", "OK", "EROFS", "EROFS"),
	EACH(write_closed, "OK", "EACCES", "OK", "OK", "EACCES", "EROFS", "EACCES"),
	EACH(write_locked, "OK", "OK", "OK", "EPERM", "EPERM", "EACCES", "EACCES"),
	EACH(write_theirs, "OK", "EACCES", "OK", "EPERM", "EACCES", "EACCES", "EACCES"),
	EACH(outside_after_refusal, "read the lower data", "EACCES", "read the lower data", "read the lower data",
	     "EACCES", "read the lower data", "EACCES"),
	EACH(outside_after_success, "read the lower data", "EACCES", "read the lower data", "read the lower data",
	     "EACCES", "read the lower data", "EACCES"),
	EACH(outside_after_mounter_refusal, "read the lower data", "EACCES", "read the lower data",
	     "read the lower data", "EACCES", "read the lower data", "EACCES"),
	EACH(access_read_shut, "OK", "EACCES", "OK", "OK", "EACCES", "OK", "EACCES"),
	EACH(access_write_hidden, "OK", "EACCES", "OK", "OK", "EACCES", "EROFS", "EROFS"),
	EACH(access_write_other, "OK", "EACCES", "OK", "OK", "EACCES", "EROFS", "EROFS"),
	ALL(access_execute_open, "EACCES"),
	ALL(access_group, "OK"),
	EACH(access_effective, "OK", "OK", "OK", "OK", "OK", "EROFS", "EROFS"),
	EACH(truncate_open, "OK", "OK", "OK", "OK", "OK", "EROFS", "EROFS"),
	EACH(truncate_shut, "OK", "EACCES", "OK", "OK", "EACCES", "EROFS", "EROFS"),
	EACH(truncate_hidden, "OK", "EACCES", "OK", "EPERM", "EACCES", "EROFS", "EROFS"),
	EACH(open_truncating, "OK", "OK", "OK", "OK", "OK", "EROFS", "EROFS"),
	EACH(open_truncating_other, "OK", "EACCES", "OK", "EPERM", "EACCES", "EROFS", "EROFS"),
	EACH(open_appending, "OK", "EACCES", "OK", "OK", "EACCES", "EROFS", "EROFS"),
	ALL(open_path, "OK"),
	EACH(open_noatime, "OK", "EPERM", "OK", "OK", "EPERM", "OK", "EPERM"),
	EACH(open_noatime_mine, "OK", "OK", "OK", "OK", "OK", "EACCES", "EACCES"),
	ANY(open_direct),
	EACH(open_written_twice, "OK read new lower data", "OK read new lower data", "OK read new lower data",
	     "OK read new lower data", "OK read new lower data", "EROFS read the lower data",
	     "EROFS read the lower data"),
	EACH(enter_closed, "OK", "EACCES", "OK", "OK", "EACCES", "OK", "EACCES"),
	EACH(enter_theirs, "OK", "EACCES", "OK", "OK", "EACCES", "EACCES", "EACCES"),
	ALL(enter_locked, "OK"),
	ALL(status_open, "100666 0:0"),
	EACH(status_locked, "100666 500:500", "100666 500:500", "100666 500:500", "100666 500:500",
	     "100666 500:500", "EACCES", "EACCES"),
	EACH(status_theirs, "100666 500:500", "EACCES", "100666 500:500", "100666 500:500", "EACCES", "EACCES",
	     "EACCES"),
	EACH(status_closed, "100666 0:0", "EACCES", "100666 0:0", "100666 0:0", "EACCES", "100666 0:0", "EACCES"),
	ANY(status_suid),
	ALL(list_all, "below,closed,dangling,granted,group,hidden,link,locked,mine,open,other,shut,sticky,sub,suid,theirs,twin"),
	ALL(list_sub, "leaf"),
	EACH(list_closed, "leaf", "EACCES", "leaf", "leaf", "EACCES", "leaf", "EACCES"),
	EACH(list_locked, "leaf", "leaf", "leaf", "leaf", "leaf", "EACCES", "EACCES"),
	EACH(list_theirs, "leaf", "EACCES", "leaf", "leaf", "EACCES", "EACCES", "EACCES"),
	EACH(list_changed,
	     "closed,dangling,fresh,granted,group,hidden,link,locked,mine,open,other,shut,sticky,sub,suid,theirs,twin",
	     "closed,dangling,fresh,granted,group,hidden,link,locked,mine,open,other,shut,sticky,sub,suid,theirs,twin",
	     "closed,dangling,fresh,granted,group,hidden,link,locked,mine,open,other,shut,sticky,sub,suid,theirs,twin",
	     "closed,dangling,fresh,granted,group,hidden,link,locked,mine,open,other,shut,sticky,sub,suid,theirs,twin",
	     "closed,dangling,fresh,granted,group,hidden,link,locked,mine,open,other,shut,sticky,sub,suid,theirs,twin",
	     "below,closed,dangling,granted,group,hidden,link,locked,mine,open,other,shut,sticky,sub,suid,theirs,twin",
	     "below,closed,dangling,granted,group,hidden,link,locked,mine,open,other,shut,sticky,sub,suid,theirs,twin"),
	ALL(follow_link, "read the lower data"),
	ALL(follow_dangling, "ENOENT"),
	ALL(read_link, "open"),
	ANY(file_system_status),
};
GROUP(access_cases, table);
