/* Functions with cleanup scopes. Each is compiled and run (scope_runtime.h), and followed by the flow. */

static int falls_through(void)
{
	a();
	guard(one)(a());
	guard(two)(b());
	c();
	return e();
}

static int inner_block(void)
{
	{
		guard(one)(1);
		a();
	}
	b();
	return 0;
}

static int mixed_kinds(void)
{
	int *p __free(drop) = make();
	CLASS(one, var)(a());
	guard(two)(b());
	scoped_guard(three, c()) {
		int *q __free(lose) = make();
		e();
	}
	(void)p;
	return a();
}

static int every_way_out(void)
{
	guard(one)(1);
	while (ask()) {
		int *p __free(drop) = make();
		CLASS(two, var)(1);
		if (ask2())
			break;
		if (ask3())
			continue;
		if (ask2())
			goto out;
		if (ask3())
			return a();
		b();
	}
	c();
out:
	e();
	return 0;
}

static int back_over_a_guard(void)
{
again:
	a();
	{
		guard(one)(1);
		if (ask())
			goto again;
		b();
	}
	return 0;
}

static int out_of_two_blocks(void)
{
	{
		guard(one)(1);
		{
			guard(two)(2);
			if (ask())
				goto out;
			a();
		}
		b();
out:
		c();
	}
	return e();
}

static int do_while(void)
{
	do {
		guard(one)(1);
		if (ask2())
			continue;
		a();
	} while (ask());
	return 0;
}

static int scoped_call(void)
{
	scoped_guard(one, a())
		b();
	c();
	return 0;
}

static int scoped_return(void)
{
	scoped_guard(one, a())
		return b();
	return c();
}

static int scoped_class_return(void)
{
	scoped_class(one, var, a())
		return b();
	return c();
}

static int scoped_star(void)
{
	int x = 0, *p = &x;

	scoped_guard(one, a())
		*p = b();
	scoped_guard(two, 1)
		++x;
	return c();
}

static int scoped_if(void)
{
	scoped_guard(one, 1)
		if (ask())
			a();
		else
			b();
	return c();
}

static int scoped_loop(void)
{
	scoped_guard(one, 1)
		while (ask())
			if (ask2())
				break;
	return c();
}

static int directly_nested(void)
{
	scoped_guard(one, a()) scoped_guard(two, b()) {
		c();
	}
	return e();
}

static int nested(void)
{
	scoped_guard(one, a()) {
		guard(three)(1);
		scoped_guard(two, b()) {
			if (ask())
				break;
			c();
		}
		e();
	}
	return a();
}

static int body_of_if_and_else(void)
{
	if (ask())
		scoped_guard(one, 1)
			a();
	else
		scoped_guard(two, 1)
			b();
	return c();
}

static int else_binds_outside(void)
{
	if (ask())
		scoped_guard(one, 1)
			if (ask2())
				a();
			else
				b();
	return c();
}

static int body_of_for(void)
{
	for (a(); ask(); b())
		scoped_guard(one, 1)
			c();
	return 0;
}

static int break_ends_the_scope_alone(void)
{
	while (ask()) {
		scoped_guard(one, 1) {
			if (ask2())
				break;
			if (ask3())
				continue;
			a();
		}
		b();
	}
	return 0;
}

static int scoped_in_a_switch(void)
{
	switch (pick()) {
	case 0:
		scoped_guard(one, 1) {
			if (ask())
				break;
			a();
		}
		b();
		break;
	case 1:
		scoped_guard(two, 1)
			return c();
	default:
		e();
	}
	return a();
}

static int goto_out_of_scoped(void)
{
	scoped_guard(one, 1) {
		guard(two)(1);
		if (ask())
			goto out;
		a();
	}
	b();
out:
	return c();
}

static int may_be_skipped(void)
{
	scoped_guard(one_try, a()) {
		b();
		if (ask())
			return c();
	}
	return e();
}

static int skipped_inside(void)
{
	scoped_guard(one, 1) scoped_guard(one_try, 1)
		b();
	return e();
}

static int free_in_the_middle(void)
{
	if (ask())
		return a();
	int *p __free(drop) = make();
	if (ask2())
		return b();
	int *q __free(lose) = make();
	(void)p;
	(void)q;
	return c();
}

static int two_in_one_declaration(void)
{
	int *p __free(drop) = make(), *q __free(lose) = make();
	(void)p;
	(void)q;
	return a();
}

static int free_in_a_case(void)
{
	switch (pick()) {
	case 0:
		a();
		break;
	default:
		b();
		int *p __free(drop) = make();
		(void)p;
		if (ask())
			break;
		c();
	}
	return e();
}

static int free_in_a_for(void)
{
	for (int *p __free(drop) = make(); ask(); a()) {
		int *q __free(lose) = make();
		(void)p;
		(void)q;
		if (ask2())
			continue;
		if (ask3())
			break;
		b();
	}
	return c();
}

static int leaving_a_for(void)
{
	for (int *p __free(drop) = make(); ask(); a()) {
		(void)p;
		if (ask2())
			return b();
		if (ask3())
			goto out;
	}
	c();
out:
	return e();
}

static int by_attribute(void)
{
	int *p __attribute__((__cleanup__(__free_drop))) = make();
	(void)p;
	return a();
}

static int given_away(void)
{
	int *p __free(drop) = make();

	if (ask())
		return no_free_ptr(p) != NULL;
	return a();
}

static int returned(void)
{
	int *p __free(drop) = make();

	if (ask())
		return_ptr(*&p) != NULL;
	a();
	return_ptr(p) != NULL;
}

#define with_one() scoped_guard(one, 1)
#define in_class(name, what...) \
	scoped_class(name, __UNIQUE_ID(v), what)
#define with_two(what) in_class(two, what)
static int macro_on_macro(void)
{
	with_two(b()) {
		if (ask())
			break;
		c();
	}
	with_one()
		e();
	return a();
}
#undef with_one
#undef in_class
#undef with_two

#define enter_one(x) guard(one)(x)
static int guard_by_macro(void)
{
	enter_one(a());
	b();
	return c();
}
#undef enter_one

#define enter_one(x) CLASS(one, __UNIQUE_ID(v))(x);
static int class_by_macro(void)
{
	enter_one(a());
	b();
	return c();
}
#undef enter_one

#define KERNEL_SCOPE scoped_guard(one, 1)
#define ENTER_TWO guard(two)(1)
static int macro_without_brackets(void)
{
	KERNEL_SCOPE {
		a();
	}
	ENTER_TWO;
	return b();
}
#undef KERNEL_SCOPE
#undef ENTER_TWO

#define in_both(x) scoped_guard(one, x) scoped_guard(two, 1)
static int two_scopes_in_one_macro(void)
{
	while (ask()) {
		in_both(a()) {
			if (ask2())
				break;
			b();
		}
		c();
	}
	return 0;
}
#undef in_both

#define with_one(x) \
	for (class_one_t scope __cleanup(class_one_destructor) = \
	     class_one_constructor(x), *done = NULL; !done; done = (void *)1)
static int by_hand_with_a_flag(void)
{
	with_one(a()) {
		if (ask())
			break;
		if (ask2())
			continue;
		b();
	}
	return c();
}
#undef with_one

#define scoped_tracer(x) for (; x; )
static int looks_like_a_scope_but_loops(void)
{
	while (ask()) {
		scoped_tracer(ask2()) {
			if (ask3())
				break;
			a();
		}
		b();
	}
	return 0;
}
#undef scoped_tracer

#define scoped_tracer(x) if (x)
static int looks_like_a_scope_but_branches(void)
{
	while (ask()) {
		scoped_tracer(ask2()) {
			if (ask3())
				break;
			a();
		}
		b();
	}
	return 0;
}
#undef scoped_tracer

#define scoped_tracer(x) if (x)
static int branches_and_takes_the_else(void)
{
	if (ask())
		scoped_tracer(ask2())
			a();
		else
			b();
	return c();
}
#undef scoped_tracer

#define scoped_tracer(x) if (!(x)) {} else
static int branches_and_leaves_the_else(void)
{
	if (ask())
		scoped_tracer(ask2())
			a();
	else
		b();
	return c();
}
#undef scoped_tracer

#define scoped_tracer(x)
static int does_nothing(void)
{
	while (ask()) {
		scoped_tracer(1) {
			if (ask2())
				break;
		}
		b();
	}
	return 0;
}
#undef scoped_tracer

#define for_each_owned(p, more) for (int *p __free(drop) = &thing; more; )
static int loop_with_a_cleanup(void)
{
	for_each_owned(p, ask()) {
		if (ask2())
			break;
		if (ask3())
			return a();
		b();
	}
	return c();
}
#undef for_each_owned
