/* SPDX-License-Identifier: MIT */
/* When processes were started, as the kernel says. */
#ifndef SAMBA_SMBSTATUS_PROCESS_START_H
#define SAMBA_SMBSTATUS_PROCESS_START_H

#include <stdint.h>

/* Returns the start of a process of this computer (Unix time), by clocks that are read now. 0:
 * there is no such process. */
int64_t process_start_s(uint64_t pid);

#endif
