/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_CLEANUP_H
#define _LINUX_CLEANUP_H

#include <linux/types.h>

/*
 * Scope-based cleanup, with the kernel's interface:
 *
 *	DEFINE_FREE(name, type, free)		free sees the variable as _T
 *	DEFINE_CLASS(name, type, exit, init, init_args...)
 *	DEFINE_GUARD(name, type, lock, unlock)	both see the argument as _T
 *	CLASS(name, var)(args...)		declares var, cleaned up at scope end
 *	guard(name)(args...)			the same without a name
 *	scoped_guard(name, args...) stmt	the guard lasts as long as stmt
 *	scoped_class(name, var, args...) stmt
 *
 * Both scoped forms are loops underneath: a break or continue in stmt ends
 * them and does not reach the loop around them. Do not mix any of this with
 * "goto"-style unwinding in one function.
 */

#define __cleanup(func)		__attribute__((__cleanup__(func)))

#define __PASTE_(a, b)		a##b
#define __PASTE(a, b)		__PASTE_(a, b)
#define __UNIQUE_ID(prefix)	__PASTE(__PASTE(prefix, _), __COUNTER__)

#define DEFINE_FREE(_name, _type, _free)				\
static inline void __free_##_name(void *p)				\
{									\
	_type _T = *(_type *)p;						\
	_free;								\
}

#define __free(_name)		__cleanup(__free_##_name)

#define no_free_ptr(p) ({						\
	typeof(p) __kept = (p);						\
	(p) = NULL;							\
	__kept; })

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

/* The cast through uintptr_t is for guards of pointers to const. */
#define DEFINE_GUARD(_name, _type, _lock, _unlock)			\
DEFINE_CLASS(_name, _type, if (_T) { _unlock; }, ({ _lock; _T; }), _type _T) \
static inline void *class_##_name##_lock_ptr(class_##_name##_t *_T)	\
{									\
	return (void *)(uintptr_t)*_T;					\
}

#define guard(_name)		CLASS(_name, __UNIQUE_ID(guard))

#define __scoped_class(_name, var, _label, args...)			\
	for (CLASS(_name, var)(args); ; ({ goto _label; }))		\
		if (1) {						\
			goto __PASTE(_label, _body);			\
_label:									\
			break;						\
		} else							\
__PASTE(_label, _body):

#define scoped_class(_name, var, args...)				\
	__scoped_class(_name, var, __UNIQUE_ID(scoped), args)
#define scoped_guard(_name, args...)					\
	__scoped_class(_name, scope, __UNIQUE_ID(scoped), args)

#endif /* _LINUX_CLEANUP_H */
