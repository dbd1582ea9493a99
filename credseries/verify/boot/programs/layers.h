/* The directories below an overlay, and the overlay on top of them. */
#ifndef LAYERS_H
#define LAYERS_H

#include "person.h"

#define OUTSIDE "/t/outside" /* a file outside of every overlay that only root may read */
#define MERGED "/t/merged"

struct configuration {
	const char *name;
	const char *options; /* after lowerdir=, upperdir= and workdir= */
};

extern const struct configuration configurations[];
extern const int configuration_count;

/* The lower layers: a directory of files for every name. They are the same for every mount. */
void make_lower_layers(const char *const *names, int count);

/* A fresh upper layer, then the overlay, mounted by a process of its own that is `mounter`. 0, or -1 and errno. */
int mount_overlay(const struct configuration *configuration, enum person mounter);

void unmount_overlay(void);

/* What the upper layer has below a directory of this name: kinds, modes, owners, sizes, names of attributes.
 * NULL when there is no such directory. */
const char *upper_listing(const char *name);

/* How many entries the overlay left in its work directory and in its index. */
const char *work_listing(void);

#endif
