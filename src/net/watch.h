/* SPDX-License-Identifier: MIT */
/* What a program watches on its loop: descriptors of others, folders, signals. */
#ifndef NET_WATCH_H
#define NET_WATCH_H

#include "net/loop.h"

/* A descriptor that somebody else owns, and that is watched until it can be read. */
struct net_readable;

/* readable  called from the loop for as long as there is something to read, or the end of it. fd
 * must stay open until net_readable_stop has returned. NULL: out of memory, or fd cannot be
 * watched. */
struct net_readable *net_readable_start(struct net_loop *loop, int fd,
                                        void (*readable)(void *context), void *context);
/* NULL is allowed. */
void net_readable_stop(struct net_readable *r);

/* A folder whose names change. */
struct net_folder_watch;

/* changed: called some time after a name was added to the folder at path or removed, or after the
 * folder itself was removed. Several changes may cause one call, and one change several. When there
 * are too many of them some cause none, so the owner looks by itself now and then. A watch does not
 * keep the loop running. NULL: there is no such folder, or it cannot be watched. */
struct net_folder_watch *net_folder_watch_start(struct net_loop *loop, const char *path,
                                                void (*changed)(void *context), void *context);
/* changed is not called any more. NULL is allowed. */
void net_folder_watch_stop(struct net_folder_watch *w);

/* Signals that a program handles on its loop. */
struct net_signals;

/* numbers: ended by 0. received: called on the loop, some time after the signal. They keep the loop
 * running. NULL: out of memory. */
struct net_signals *net_signals_new(struct net_loop *loop, const int *numbers,
                                    void (*received)(void *context, int number), void *context);
/* The signals do again what they did before. NULL is allowed. */
void net_signals_free(struct net_signals *s);

#endif
