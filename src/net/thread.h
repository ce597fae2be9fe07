/* SPDX-License-Identifier: MIT */
/* Threads of the library's own, which nobody joins. */
#ifndef NET_THREAD_H
#define NET_THREAD_H

#include <stdbool.h>

/* Starts one with all signals blocked: they are the program's, and go to its own threads. False:
 * there is no room for it. */
bool net_thread_start(void *(*main)(void *argument), void *argument);

#endif
