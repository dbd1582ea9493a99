/* How many credentials the kernel holds. */
#ifndef CRED_COUNT_H
#define CRED_COUNT_H

/* The objects of the kernel's slab of credentials, or -1 when it does not say. */
long cred_count(void);

/* By how many they have grown since there were `before` of them. Those that are about to be freed get some time. */
long cred_growth(long before);

#endif
