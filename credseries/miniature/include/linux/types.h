/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_TYPES_H
#define _LINUX_TYPES_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

typedef uint32_t u32;
typedef uint64_t u64;
typedef unsigned short umode_t;
typedef unsigned int fmode_t;
typedef unsigned int gfp_t;

/* sparse annotations and section markers: no meaning outside the kernel */
#define __user
#define __rcu
#define __init
#define __exit
#define __cold
#define __acquires(x)
#define __releases(x)
#define __must_hold(x)
#define __must_check		__attribute__((__warn_unused_result__))
#define __maybe_unused		__attribute__((__unused__))

#define fallthrough		__attribute__((__fallthrough__))
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)

#define BUILD_BUG_ON(cond)	_Static_assert(!(cond), "BUILD_BUG_ON: " #cond)
#define WARN_ON(cond)		unlikely(cond)
#define WARN_ON_ONCE(cond)	unlikely(cond)
#define ARRAY_SIZE(arr)		(sizeof(arr) / sizeof((arr)[0]))

#define min_t(type, a, b) ({			\
	type __min_a = (a);			\
	type __min_b = (b);			\
	__min_a < __min_b ? __min_a : __min_b; })

#define container_of(ptr, type, member)		\
	((type *)((char *)(ptr) - offsetof(type, member)))

#define rcu_assign_pointer(p, v)	((p) = (v))
#define rcu_dereference(p)		(p)
#define rcu_replace_pointer(p, v, c) ({		\
	typeof(p) __rcu_old = (p);		\
	(void)(c);				\
	(p) = (v);				\
	__rcu_old; })

#endif /* _LINUX_TYPES_H */
