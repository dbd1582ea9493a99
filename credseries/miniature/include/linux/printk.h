/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_PRINTK_H
#define _LINUX_PRINTK_H

int _printk(const char *fmt, ...) __attribute__((__format__(printf, 1, 2)));

/* type-checked, never printed */
static inline __attribute__((__format__(printf, 1, 2)))
int no_printk(const char *fmt, ...)
{
	(void)fmt;
	return 0;
}

#define pr_debug(fmt, ...)		no_printk(fmt, ##__VA_ARGS__)
#define pr_warn(fmt, ...)		_printk(fmt, ##__VA_ARGS__)
#define pr_warn_ratelimited(fmt, ...)	_printk(fmt, ##__VA_ARGS__)

#endif /* _LINUX_PRINTK_H */
