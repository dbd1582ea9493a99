/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_MODULE_H
#define _LINUX_MODULE_H

#define EXPORT_SYMBOL(sym)		_Static_assert(1, #sym)
#define EXPORT_SYMBOL_GPL(sym)		_Static_assert(1, #sym)
#define MODULE_AUTHOR(name)		_Static_assert(1, name)
#define MODULE_DESCRIPTION(text)	_Static_assert(1, text)
#define MODULE_LICENSE(license)		_Static_assert(1, license)
#define module_init(fn)			_Static_assert(1, #fn)

#endif /* _LINUX_MODULE_H */
