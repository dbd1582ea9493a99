/* Overrides of credentials in other places than overlayfs. */
#ifndef ELSEWHERE_H
#define ELSEWHERE_H

void run_elsewhere(void);

#endif
