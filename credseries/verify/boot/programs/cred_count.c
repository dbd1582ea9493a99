/* A reference that nobody drops keeps its credentials for ever: their slab grows. */
#include "cred_count.h"

#include <stdio.h>
#include <time.h>

enum { TRIES = 40, WAIT = 5 * 1000 * 1000 /* nanoseconds */ };

long cred_count(void)
{
	FILE *file = fopen("/proc/slabinfo", "r");
	char line[512];
	long active = -1;

	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "cred_jar %ld", &active) == 1)
			break;
	fclose(file);
	return active;
}

/* Credentials are freed after an RCU grace period, and those of a closed file after its last work. */
long cred_growth(long before)
{
	long growth = cred_count() - before;

	for (int try = 0; try < TRIES && growth > 0; try++) {
		nanosleep(&(struct timespec){ .tv_nsec = WAIT }, NULL);
		growth = cred_count() - before;
	}
	return growth;
}
