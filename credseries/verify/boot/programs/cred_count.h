/* How many credentials the kernel holds. */
#ifndef CRED_COUNT_H
#define CRED_COUNT_H

/* The objects of the kernel's slab of credentials, or -1 when it does not say. */
long cred_count(void);

/* A case whose outcome is how many more there are than `before`. Those that are about to be freed get some time. */
void report_credentials(const char *name, long before);

#endif
