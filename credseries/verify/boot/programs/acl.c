/* Access lists, without a library. */
#include "acl.h"

#include <string.h>

enum { VERSION = 2, OWNER = 0x01, USER = 0x02, GROUP = 0x04, MASK = 0x10, OTHERS = 0x20 };

void make_acl(struct acl *acl, unsigned int owner, uint32_t uid, unsigned int user)
{
	const struct acl_entry entries[] = {
		{ OWNER, owner, UINT32_MAX }, { USER, user, uid },	    { GROUP, 0, UINT32_MAX },
		{ MASK, 07, UINT32_MAX },     { OTHERS, 0, UINT32_MAX },
	};

	acl->version = VERSION;
	memcpy(acl->entries, entries, sizeof(entries));
}
