/* Thousands of operations of several people at once on one overlay. */
#ifndef STRESS_H
#define STRESS_H

#include "layers.h"

/* Only what must hold in every order of events is looked at: everybody stays who he is, and credentials are freed. */
void run_stress(const struct configuration *configuration);

/* Mounts that succeed and mounts that fail, many times over. */
void run_mounts(const struct configuration *configuration);

#endif
