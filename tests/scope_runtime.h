/* Traces calls and scopes, built like include/linux/cleanup.h in both ways that kernels have had it. */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

static unsigned int tape, left;
static char said[4096];
static jmp_buf over;

static int decide(void)
{
	if (!left)
		longjmp(over, 1);
	left--;
	int bit = tape & 1;
	tape >>= 1;
	return bit;
}

static int say(const char *mark, const char *name)
{
	if (strlen(said) > sizeof(said) - 64)
		longjmp(over, 1);
	strcat(strcat(strcat(said, " "), mark), name);
	return 0;
}

static int ask(void) { say("", "ask"); return decide(); }
static int ask2(void) { say("", "ask2"); return decide(); }
static int ask3(void) { say("", "ask3"); return decide(); }
static int pick(void) { say("", "pick"); int high = decide(); return 2 * high + decide(); }
static int a(void) { return say("", "a"); }
static int b(void) { return say("", "b"); }
static int c(void) { return say("", "c"); }
static int e(void) { return say("", "e"); }
static int thing;
static int *make(void) { say("", "make"); return &thing; }

#define __cleanup(function) __attribute__((__cleanup__(function)))
#define __free(name) __cleanup(__free_##name)
#define DEFINE_FREE(name, type, free) \
	static inline void __free_##name(void *p) { type _T = *(type *)p; free; }
#define DEFINE_CLASS(name, type, exit, init, args...) \
	typedef type class_##name##_t; \
	static inline void class_##name##_destructor(type *p) { type _T = *p; exit; } \
	static inline type class_##name##_constructor(args) { type t = init; return t; }
#define CLASS(name, var) \
	class_##name##_t var __cleanup(class_##name##_destructor) = class_##name##_constructor
#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#define __UNIQUE_ID(prefix) JOIN(prefix, __COUNTER__)
#define guard(name) CLASS(name, __UNIQUE_ID(guard))
#define no_free_ptr(p) ({ __auto_type __value = (p); (p) = NULL; __value; })
#define return_ptr(p) return no_free_ptr(p)

/* what trying to enter gives: NULL when it fails */
#define may_enter(name) class_##name##_may_skip
#ifdef WITH_FLAG
#define __scoped(name, var, args...) \
	for (CLASS(name, var)(args), *done = NULL; !done && (var || !may_enter(name)); done = (void *)1)
#define scoped_class(name, var, args...) __scoped(name, var, args)
#define scoped_guard(name, args...) __scoped(name, scope, args)
#else
#define __scoped(name, var, label, args...) \
	for (CLASS(name, var)(args); var || !may_enter(name); ({ goto label; })) \
		if (0) { \
label: \
			break; \
		} else
#define scoped_class(name, var, args...) __scoped(name, var, __UNIQUE_ID(label), args)
#define scoped_guard(name, args...) __scoped(name, scope, __UNIQUE_ID(label), args)
#endif

#define DEFINE_TRACED(name) \
	enum { class_##name##_may_skip = 0 }; \
	DEFINE_CLASS(name, void *, say("~", #name), ({ say("+", #name); (void)x; (void *)&thing; }), int x)
DEFINE_TRACED(one)
DEFINE_TRACED(two)
DEFINE_TRACED(three)
enum { class_one_try_may_skip = 1 };
DEFINE_CLASS(one_try, void *, say("~", "one_try"), ({ (void)x; say("+", "one_try"); decide() ? &thing : NULL; }), int x)
DEFINE_FREE(drop, int *, say("~", "drop"))
DEFINE_FREE(lose, int *, say("~", "lose"))
