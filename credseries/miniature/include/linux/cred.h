/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_CRED_H
#define _LINUX_CRED_H

#include <linux/cleanup.h>
#include <linux/sched.h>
#include <linux/types.h>

/**
 * struct cred - the security context of a task
 * @usage: number of references, 0 once the last one is gone
 * @fsuid: user id for filesystem access
 * @name: what a trace calls it
 *
 * A task's own credentials never change; to act as someone else it puts other
 * credentials in force with override_creds() and goes back with revert_creds().
 */
struct cred {
	long		usage;
	unsigned int	fsuid;
	const char	*name;
};

extern bool creds_are_invalid(const struct cred *cred);
extern void __put_cred(struct cred *cred);
extern struct cred *prepare_creds(void) __must_check;
extern struct cred *prepare_kernel_cred(struct task_struct *daemon);
extern void abort_creds(struct cred *new);
extern const struct cred *override_creds(const struct cred *new) __must_check;
extern void revert_creds(const struct cred *old);
extern void __init cred_init(void);

/**
 * get_new_cred - one more reference to credentials that may still change
 * @cred: what to hold
 */
static inline struct cred *get_new_cred(struct cred *cred)
{
	creds_are_invalid(cred);
	cred->usage++;
	return cred;
}

/**
 * get_cred - one more reference to credentials
 * @cred: what to hold, may be NULL
 */
static inline const struct cred *get_cred(const struct cred *cred)
{
	if (!cred)
		return cred;
	return get_new_cred((struct cred *)cred);
}

/**
 * put_cred - one reference less
 * @cred: what to let go of, may be NULL
 */
static inline void put_cred(const struct cred *cred)
{
	if (cred && !creds_are_invalid(cred) && --((struct cred *)cred)->usage == 0)
		__put_cred((struct cred *)cred);
}

#define current_cred()		rcu_dereference(current->cred)
#define current_fsuid()		(current_cred()->fsuid)

#endif /* _LINUX_CRED_H */
