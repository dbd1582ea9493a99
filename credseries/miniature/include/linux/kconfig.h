/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_KCONFIG_H
#define _LINUX_KCONFIG_H

/* What a .config would say; -DCONFIG_NONE turns all of it off. */
#ifndef CONFIG_NONE
#define CONFIG_FS_POSIX_ACL	1
#define CONFIG_FS_VERITY	1
#define CONFIG_OVERLAY_FS_DEBUG	1
#endif

#endif /* _LINUX_KCONFIG_H */
