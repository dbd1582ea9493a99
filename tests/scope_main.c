/* Runs every example for every combination of decisions. */
#include "scope_runtime.h"
#include "scope_examples.c"

static const struct {
	const char *name;
	int (*run)(void);
} all[] = {
#define EXAMPLE(name) { #name, name },
#include EXAMPLES
};

int main(void)
{
	for (unsigned int function = 0; function < sizeof(all) / sizeof(*all); function++) {
		for (unsigned int bits = 0; bits < 1u << MOST; bits++) {
			tape = bits;
			left = MOST;
			*said = 0;
			if (!setjmp(over)) {
				all[function].run();
				printf("%s%s\n", all[function].name, said);
			}
		}
	}
	return 0;
}
