/* Who mounts and who calls: the credentials of the test's processes, and whether they are still those. */
#ifndef PERSON_H
#define PERSON_H

enum { ROOT_UID = 0, USER_UID = 1000, OTHER_UID = 500, TEAM_GID = 2000, MOUNTER_GID = 7777 };

enum person {
	FULL_MOUNTER, /* root with every capability, and a group by which it is known */
	WEAK_MOUNTER, /* uid 0 that may mount and read everything, but change nothing of what others own */
	READING_MOUNTER, /* uid 0 that may mount, and reads only what root owns or everybody may read; no upper layer */
	ROOT_CALLER,  /* root with every capability */
	USER_CALLER,  /* uid 1000 and one more group */
	PLAIN_CALLER, /* uid 0 without the capabilities that mounting and trusted attributes ask for */
	NAMESPACE_ROOT, /* the user, as root of a user namespace of its own; mounts and calls */
};

const char *person_name(enum person who);

/* Makes this process that person, for good. */
void become(enum person who);

/* Makes this process the user as root of new user and mount namespaces. 0, or -1 and errno. */
int enter_namespace(void);

/* All that a process can ask the kernel about the credentials that are in force for itself. */
struct identity {
	char words[256];
};

void take_identity(struct identity *identity);

/* NULL when the credentials in force are still those, else what is in force now. */
const char *changed_identity(const struct identity *before);

/* The kernel itself checks that no other credentials are in force (BUG_ON in commit_creds). */
void commit_same_credentials(void);

#endif
