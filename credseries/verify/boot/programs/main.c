/* The tests of a kernel whose overrides of credentials are to be proven right by running it. */
#include "battery.h"
#include "elsewhere.h"
#include "report.h"
#include "stress.h"

struct pair {
	enum person mounter, caller;
};

/* Every configuration; the first one, without options, with everybody; the last one also as in a container. */
static void run_batteries(void)
{
	static const struct pair pairs[] = {
		{ FULL_MOUNTER, ROOT_CALLER },
		{ FULL_MOUNTER, USER_CALLER },
		{ WEAK_MOUNTER, ROOT_CALLER },
	};
	static const struct pair more[] = {
		{ FULL_MOUNTER, PLAIN_CALLER },
		{ WEAK_MOUNTER, USER_CALLER },
		{ READING_MOUNTER, ROOT_CALLER },
		{ READING_MOUNTER, USER_CALLER },
	};

	for (int index = 0; index < configuration_count; index++)
		for (unsigned int pair = 0; pair < sizeof(pairs) / sizeof(pairs[0]); pair++)
			run_battery(&configurations[index], pairs[pair].mounter, pairs[pair].caller);
	for (unsigned int pair = 0; pair < sizeof(more) / sizeof(more[0]); pair++)
		run_battery(&configurations[0], more[pair].mounter, more[pair].caller);
	run_battery(&configurations[configuration_count - 1], NAMESPACE_ROOT, NAMESPACE_ROOT);
}

int main(void)
{
	prepare_batteries();
	run_batteries();
	for (int index = 0; index < configuration_count; index++) {
		run_stress(&configurations[index]);
		run_mounts(&configurations[index]);
	}
	run_elsewhere();
	report("end", "reached", "reached");
	return 0;
}
