/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What generated programs are compiled against: credentials that count their
 * references, objects that hold them, and calls whose only effect is an entry
 * in a trace. Everything here is in user space and for one task.
 */
#ifndef RUNTIME_H
#define RUNTIME_H

#include <stdbool.h>
#include <stddef.h>

#define EPERM	1
#define ENOENT	2
#define EIO	5
#define ENOMEM	12
#define EACCES	13
#define EINVAL	22

#define __init
#define __maybe_unused	__attribute__((__unused__))
#define __cleanup(func)	__attribute__((__cleanup__(func)))
#define fallthrough	__attribute__((__fallthrough__))
#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)

/* Errors as pointers: the last page of the address space. */
#define IS_ERR(p)	((unsigned long)(p) >= (unsigned long)-4095)
#define PTR_ERR(p)	((long)(p))
#define ERR_PTR(e)	((void *)(long)(e))

struct cred {
	long	usage;
	int	id;
};

struct task_struct {
	const struct cred	*cred;
	const struct cred	*real_cred;
};

struct mutex {
	int	id;
};

struct my_ctx {
	const struct cred	*cred;
	struct my_ctx		*next;
	struct mutex		lock;
	long			count;
	int			id;
};

struct file {
	const struct cred	*f_cred;
	long			count;
	int			id;
};

struct fs_info {
	const struct cred	*creator;
};

struct super_block {
	struct fs_info		*s_fs_info;
	const struct cred	*s_cred;
};

struct my_obj {
	int	count;
	int	id;
};

struct my_saved {
	const struct cred	*old;
	int			flags;
};

extern struct task_struct *current;
extern const struct cred *global_cred;

/* Every store to the credentials in force goes through this. */
void rt_install(const struct cred **where, const struct cred *new);
#define rcu_assign_pointer(p, v)	rt_install(&(p), (v))
#define rcu_replace_pointer(p, v, held) ({		\
	const struct cred *replaced = (p);		\
	(void)(held);					\
	rt_install(&(p), (v));				\
	replaced; })

/* include/linux/cred.h, as of 6.12: an override holds a reference */
const struct cred *override_creds(const struct cred *new);
void revert_creds(const struct cred *old);
const struct cred *get_cred(const struct cred *cred);
void put_cred(const struct cred *cred);
struct cred *prepare_creds(void);
void abort_creds(struct cred *new);
#define current_cred()	(current->cred)

/* objects that hold credentials, and objects that hold nothing */
struct my_ctx *ctx_get(struct my_ctx *ctx);
void ctx_put(struct my_ctx *ctx);
struct my_ctx *find_ctx(int n);
struct file *get_file(struct file *file);
void fput(struct file *file);
struct file *open_file(int n);
struct my_obj *get_obj(int n);
struct my_obj *find_obj(int n);
void put_obj(struct my_obj *obj);
int use_obj(struct my_obj *obj, int n);
void mutex_lock(struct mutex *lock);
void mutex_unlock(struct mutex *lock);

/*
 * Calls that are seen: n tells one place from another. act() and the voids
 * always do the same, the others ask for decisions.
 */
int act(int n);
void note(int n);
int look(const struct cred *cred, int n);
long pass(long value, int n);
int probe(int n);
int check(struct my_ctx *ctx, int n);
bool more(int n);
int pick(int n);

#define for_each_item(i, n)	for ((i) = 0; (i) < 3 && more(n); (i)++)
#define for_each_ctx(pos, head)	for ((pos) = (head); (pos); (pos) = (pos)->next)

/*
 * Scopes, with the interface and the structure of include/linux/cleanup.h: a
 * guard is a variable with a cleanup, scoped_guard() a "for" that runs once.
 */
#define RT_JOIN_(a, b)	a##b
#define RT_JOIN(a, b)	RT_JOIN_(a, b)
#define __UNIQUE_ID(prefix)	RT_JOIN(prefix##_, __COUNTER__)

#define DEFINE_FREE(_name, _type, _free)				\
static inline void __free_##_name(void *p)				\
{									\
	_type _T = *(_type *)p;						\
	_free;								\
}
#define __free(_name)	__cleanup(__free_##_name)

#define DEFINE_CLASS(_name, _type, _exit, _init, _init_args...)	\
typedef _type class_##_name##_t;					\
static inline void class_##_name##_destructor(_type *p)		\
{									\
	_type _T = *p;							\
	_exit;								\
}									\
static inline _type class_##_name##_constructor(_init_args)		\
{									\
	_type t = _init;						\
	return t;							\
}
#define CLASS(_name, var)						\
	class_##_name##_t var __cleanup(class_##_name##_destructor)	\
		__maybe_unused = class_##_name##_constructor

/* the unused declaration takes the semicolon that may follow */
#define DEFINE_GUARD(_name, _type, _lock, _unlock)			\
DEFINE_CLASS(_name, _type, if (_T) { _unlock; }, ({ _lock; _T; }), _type _T) \
extern int class_##_name##_is_defined
#define guard(_name)	CLASS(_name, __UNIQUE_ID(guard))

#define RT_SCOPED(_name, _label, args...)				\
	for (CLASS(_name, scope)(args); ; ({ goto _label; }))		\
		if (0) {						\
_label:									\
			break;						\
		} else
#define scoped_guard(_name, args...)	RT_SCOPED(_name, __UNIQUE_ID(scoped), args)

DEFINE_FREE(put_obj, struct my_obj *, if (_T) put_obj(_T))
DEFINE_FREE(put_cred, const struct cred *, if (_T) put_cred(_T))
DEFINE_FREE(fput, struct file *, if (!IS_ERR(_T)) fput(_T))
DEFINE_GUARD(mutex, struct mutex *, mutex_lock(_T), mutex_unlock(_T));

/* what the programs are called with; made anew for every run */
struct rt_arguments {
	struct my_ctx		*ctx;
	struct my_ctx		*other;
	const struct cred	*cred;
	struct file		*file;
	struct super_block	*sb;
	int			flag;
};
extern struct rt_arguments rt_arguments;

struct rt_version {
	const char	*name;
	long		(*run)(void);
};

/* A program: the original first, then its rewrites. */
struct rt_program {
	const char		*name;
	int			worlds;
	int			nr_versions;
	const struct rt_version	*versions;
};

long rt_pointer(const void *p);
int rt_main(int argc, char **argv, const struct rt_program *programs, int nr_programs);

#endif /* RUNTIME_H */
