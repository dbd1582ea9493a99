/* A reference that nobody drops keeps its credentials for ever: their slab grows. */
#include "cred_count.h"

#include <stdio.h>
#include <time.h>

#include "report.h"

enum { TRIES = 40, WAIT = 5 * 1000 * 1000 /* nanoseconds */ };

long cred_count(void)
{
	FILE *file = fopen("/proc/slabinfo", "r");
	char line[512];
	long active = -1;

	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		/* "cred" since Linux 6.8 */
		if (sscanf(line, "cred_jar %ld", &active) == 1 || sscanf(line, "cred %ld", &active) == 1)
			break;
	fclose(file);
	return active;
}

/* Credentials are freed after an RCU grace period, and those of a closed file after its last work. */
static long growth_since(long before)
{
	long growth = cred_count() - before;

	for (int try = 0; try < TRIES && growth > 0; try++) {
		nanosleep(&(struct timespec){ .tv_nsec = WAIT }, NULL);
		growth = cred_count() - before;
	}
	return growth;
}

void report_credentials(const char *name, long before)
{
	long growth = growth_since(before);

	report(name, before < 0 ? "not counted" : growth > 0 ? text("%ld are never freed", growth) : "all freed",
	       "all freed");
}
