/* SPDX-License-Identifier: MIT */
/* Folders whose content changes. */
#ifndef NET_FOLDER_WATCH_H
#define NET_FOLDER_WATCH_H

#include "net/loop.h"

struct net_folder_watch;

/* changed: some time after names came to the folder at path or went from it, or it went itself.
 * Several changes may be told as one, and one several times; when there are too many of them some
 * are not told at all, so it is wise to look now and then. It does not keep the loop running. NULL:
 * it is not there, or cannot be watched. */
struct net_folder_watch *net_folder_watch_start(struct net_loop *loop, const char *path,
                                                void (*changed)(void *context), void *context);
/* changed will not be called. NULL is allowed. */
void net_folder_watch_stop(struct net_folder_watch *w);

#endif
