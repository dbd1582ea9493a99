/* Layers on tmpfs. The lower ones are on a file system of their own and are made once; an upper one lives for a mount. */
#define _GNU_SOURCE
#include "layers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "acl.h"
#include "report.h"

enum { PATH_SIZE = 256, LISTING = 700 };

const struct configuration configurations[] = {
	{ "plain", "" },
	{ "nfs", ",index=on,nfs_export=on" },
	{ "meta", ",metacopy=on,redirect_dir=on" },
	{ "xino", ",xino=on" },
	{ "userxattr", ",userxattr" },
};
const int configuration_count = sizeof(configurations) / sizeof(configurations[0]);

static void must(int result, const char *what)
{
	if (result < 0)
		give_up(what);
}

static void make_directory(const char *path, mode_t mode, uid_t owner)
{
	must(mkdir(path, 0700), path);
	must(chown(path, owner, owner), path);
	must(chmod(path, mode), path);
}

static void make_file(const char *path, mode_t mode, uid_t owner, gid_t group)
{
	const char content[] = "the lower data\n";
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);

	must(fd, path);
	must(write(fd, content, sizeof(content) - 1), path);
	must(fchown(fd, owner, group), path);
	must(fchmod(fd, mode), path);
	close(fd);
}

/* The files of one case; the names say what the user (uid 1000) and the weak mounter may do with them. */
static void make_case_files(const char *name)
{
	struct acl acl;
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "/t/low/1/%s", name);
	make_directory(path, 0777, ROOT_UID);
	must(chdir(path), path);
	make_file("open", 0666, ROOT_UID, ROOT_UID);
	setxattr("open", "user.note", "n", 1, 0); /* tmpfs has them since Linux 6.6 */
	must(setxattr("open", "trusted.secret", "s", 1, 0), "trusted.secret");
	make_file("shut", 0600, ROOT_UID, ROOT_UID);
	make_file("group", 0640, ROOT_UID, TEAM_GID);
	make_file("mine", 0600, USER_UID, USER_UID);
	make_file("other", 0644, OTHER_UID, OTHER_UID);
	make_file("hidden", 0600, OTHER_UID, OTHER_UID);
	make_file("suid", 06777, OTHER_UID, OTHER_UID);
	make_file("granted", 0600, ROOT_UID, ROOT_UID);
	make_acl(&acl, 06, USER_UID, 04);
	must(setxattr("granted", ACL_ACCESS, &acl, sizeof(acl), 0), "an ACL");
	must(symlink("open", "link"), "symlink");
	must(symlink("a target that is not there", "dangling"), "symlink");
	make_directory("sub", 0777, ROOT_UID);
	make_file("sub/leaf", 0666, ROOT_UID, ROOT_UID);
	make_directory("sticky", 01777, ROOT_UID);
	make_file("sticky/leaf", 0666, OTHER_UID, OTHER_UID);
	make_directory("closed", 0700, ROOT_UID);
	make_file("closed/leaf", 0666, ROOT_UID, ROOT_UID);
	make_directory("locked", 0777, ROOT_UID); /* the layer below has it as 0700 of another user */
	make_directory("theirs", 0700, OTHER_UID);
	make_file("theirs/leaf", 0666, OTHER_UID, OTHER_UID);
	must(link("open", "twin"), "link");

	snprintf(path, sizeof(path), "/t/low/2/%s", name);
	make_directory(path, 0755, ROOT_UID);
	must(chdir(path), path);
	make_file("below", 0666, ROOT_UID, ROOT_UID);
	make_directory("locked", 0700, OTHER_UID);
	make_file("locked/leaf", 0666, OTHER_UID, OTHER_UID);
	must(chdir("/"), "/");
}

void make_lower_layers(const char *const *names, int count)
{
	make_directory("/t", 0755, ROOT_UID);
	make_directory("/t/low", 0755, ROOT_UID);
	make_directory("/t/up", 0755, ROOT_UID);
	make_directory(MERGED, 0755, ROOT_UID);
	make_file(OUTSIDE, 0600, ROOT_UID, ROOT_UID);
	must(mount("low", "/t/low", "tmpfs", 0, "mode=0755"), "tmpfs");
	make_directory("/t/low/1", 0777, ROOT_UID);
	make_directory("/t/low/2", 0755, ROOT_UID);
	for (int index = 0; index < count; index++)
		make_case_files(names[index]);
}

/* In a child, for the overlay keeps the credentials of the process that mounts it. */
static int mount_as(enum person mounter, const char *options)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		become(mounter);
		_exit(mount("overlay", MERGED, "overlay", 0, options) ? errno : 0);
	}
	must(waitpid(child, &status, 0), "waitpid");
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
	return errno ? -1 : 0;
}

int mount_overlay(const struct configuration *configuration, enum person mounter)
{
	char options[512];

	must(mount("up", "/t/up", "tmpfs", 0, "mode=0755"), "tmpfs");
	make_directory("/t/up/upper", 0777, ROOT_UID);
	make_directory("/t/up/work", 0755, ROOT_UID);
	snprintf(options, sizeof(options), "lowerdir=/t/low/1:/t/low/2%s%s",
		 mounter == READING_MOUNTER ? "" : ",upperdir=/t/up/upper,workdir=/t/up/work", configuration->options);
	if (mount_as(mounter, options)) {
		int error = errno;

		umount("/t/up");
		errno = error;
		return -1;
	}
	return 0;
}

void unmount_overlay(void)
{
	must(umount(MERGED), "the end of the overlay");
	must(umount("/t/up"), "the end of the upper layer");
}

static int add(char *to, int used, const char *words)
{
	int length = strlen(words);

	if (used + length + 1 >= LISTING)
		return used;
	memcpy(to + used, words, length + 1);
	return used + length;
}

static int by_name(const void *left, const void *right)
{
	return strcmp(left, right);
}

/* Names only, in order: tmpfs lists attributes in the order in which they were set. */
static int list_attributes(const char *path, char *to, int used)
{
	char list[512], names[16][64];
	ssize_t length = llistxattr(path, list, sizeof(list));
	int count = 0;

	for (const char *name = list; name < list + length && count < 16; name += strlen(name) + 1)
		snprintf(names[count++], sizeof(names[0]), "%.63s", name);
	qsort(names, count, sizeof(names[0]), by_name);
	for (int index = 0; index < count; index++)
		used = add(to, used, text("+%s", names[index]));
	return used;
}

static int list_entry(const char *path, const char *shown, char *to, int used)
{
	struct stat st;

	if (lstat(path, &st))
		return add(to, used, text(" %s:%s", shown, errno_name(errno)));
	used = add(to, used, text(" %s:%o:%d:%d", shown, st.st_mode, st.st_uid, st.st_gid));
	if (S_ISREG(st.st_mode))
		used = add(to, used, text(":%lld", (long long)st.st_size));
	return list_attributes(path, to, used);
}

static int list_directory(const char *path, const char *shown, char *to, int used)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);

	for (int index = 0; index < count; index++) {
		const char *name = entries[index]->d_name;
		char below[PATH_SIZE * 2], words[PATH_SIZE * 2];

		if (strcmp(name, ".") && strcmp(name, "..")) {
			snprintf(below, sizeof(below), "%.200s/%.200s", path, name);
			snprintf(words, sizeof(words), "%.200s%s%.200s", shown, *shown ? "/" : "", name);
			used = list_entry(below, words, to, used);
			if (entries[index]->d_type == DT_DIR)
				used = list_directory(below, words, to, used);
		}
		free(entries[index]);
	}
	if (count >= 0)
		free(entries);
	return used;
}

const char *upper_listing(const char *name)
{
	static char listing[LISTING];
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "/t/up/upper/%s", name);
	if (access(path, F_OK))
		return NULL;
	list_directory(path, "", listing, list_entry(path, ".", listing, 0));
	return listing + 1; /* without the first blank */
}

static int count_entries(const char *path)
{
	DIR *directory = opendir(path);
	int count = 0;

	if (!directory)
		return -1;
	while (readdir(directory))
		count++;
	closedir(directory);
	return count - 2; /* without . and .. */
}

const char *work_listing(void)
{
	return text("work %d, index %d", count_entries("/t/up/work/work"), count_entries("/t/up/work/index"));
}
