// SPDX-License-Identifier: GPL-2.0
/* Credentials of the one task that this tree has. */
#include <linux/cred.h>
#include <linux/module.h>

#include "../tools/credtrace/credtrace.h"

#define NR_CREDS	32

/* Never handed back to an allocator: a stale pointer stays recognisable. */
static struct cred cred_jar[NR_CREDS];
static unsigned int nr_creds;

struct task_struct init_task;

/**
 * creds_are_invalid - look for credentials that nobody may use any more
 * @cred: what is about to be used
 *
 * Reports what it finds. Returns true if touching @cred makes things worse.
 */
bool creds_are_invalid(const struct cred *cred)
{
	if (cred < cred_jar || cred >= cred_jar + nr_creds) {
		credtrace_bug("not a cred");
		return true;
	}
	if (cred->usage <= 0) {
		credtrace_bug(cred->name);
		return true;
	}
	return false;
}

void __put_cred(struct cred *cred)
{
	if (cred == current->cred)
		credtrace_bug("last reference to the credentials in force");
}
EXPORT_SYMBOL(__put_cred);

struct cred *cred_alloc(const char *name)
{
	struct cred *new = &cred_jar[nr_creds++];

	new->usage = 1;
	new->name = name;
	return new;
}

const struct cred *cred_nth(unsigned int n)
{
	return n < nr_creds ? &cred_jar[n] : NULL;
}

/**
 * prepare_creds - copy the credentials in force, to change the copy
 *
 * The copy belongs to the caller, who either hands it to override_creds() and
 * drops the reference of its own with put_cred(), or gives up on it with
 * abort_creds().
 */
struct cred *prepare_creds(void)
{
	struct cred *new;

	if (nr_creds == NR_CREDS || credtrace_bool("prepare_creds"))
		return NULL;
	new = cred_alloc("prepared");
	new->fsuid = current_fsuid();
	return new;
}
EXPORT_SYMBOL(prepare_creds);

void abort_creds(struct cred *new)
{
	put_cred(new);
}
EXPORT_SYMBOL(abort_creds);

/**
 * override_creds - put other credentials in force
 * @new: whom to act as
 *
 * Takes a reference on @new for as long as it is in force. Returns the old
 * credentials, which the caller must give to revert_creds().
 */
const struct cred *override_creds(const struct cred *new)
{
	const struct cred *old = current->cred;

	get_new_cred((struct cred *)new);
	rcu_assign_pointer(current->cred, new);
	return old;
}
EXPORT_SYMBOL(override_creds);

/**
 * revert_creds - end what override_creds() began
 * @old: what it returned
 *
 * Drops the reference that override_creds() took.
 */
void revert_creds(const struct cred *old)
{
	const struct cred *override = current->cred;

	rcu_assign_pointer(current->cred, old);
	put_cred(override);
}
EXPORT_SYMBOL(revert_creds);

void __init cred_init(void)
{
	nr_creds = 0;
	memset(cred_jar, 0, sizeof(cred_jar));
	current->cred = cred_alloc("task");
	current->real_cred = current->cred;
}
