/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_SCHED_H
#define _LINUX_SCHED_H

struct cred;

struct task_struct {
	const struct cred *real_cred;	/* objective */
	const struct cred *cred;	/* subjective, what override_creds() sets */
};

extern struct task_struct init_task;

#define current		(&init_task)

#endif /* _LINUX_SCHED_H */
