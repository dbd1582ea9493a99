/* An access list as the system calls take it (linux/posix_acl_xattr.h): owner, one user, group, mask, others. */
#ifndef ACL_H
#define ACL_H

#include <stdint.h>

#define ACL_ACCESS "system.posix_acl_access"
#define ACL_DEFAULT "system.posix_acl_default"

struct acl_entry {
	uint16_t tag;
	uint16_t permission;
	uint32_t id;
};

struct acl {
	uint32_t version;
	struct acl_entry entries[5];
};

/* Read, write and execute bits for the owner and for the user `uid`; nothing for group and others. */
void make_acl(struct acl *acl, unsigned int owner, uint32_t uid, unsigned int user);

#endif
