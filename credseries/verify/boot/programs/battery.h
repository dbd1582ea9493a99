/* All the cases, done by one person on one overlay. */
#ifndef BATTERY_H
#define BATTERY_H

#include "layers.h"

/* Makes the layers that every battery stands on. */
void prepare_batteries(void);

/* Mounts, does every case, looks at the upper layer, unmounts, and counts the credentials that are left. */
void run_battery(const struct configuration *configuration, enum person mounter, enum person caller);

#endif
