/* SPDX-License-Identifier: MIT */
/* Tells a recorder which sessions begin and end ([history] db). The recorder is a program of its
 * own, netsession-fleet, which has the database: netsessiond never waits for it. It is started
 * before netsessiond gives up the right to run programs, and starts itself again if it dies.
 *
 * At a Unix socket, the recorder sends a word when it is ready. From then on it gets lines of JSON:
 *
 *   {"event":"begin","for":WORD,"server":NAME,"at":MS,"reason":WHY,"lost":N}
 *   {"event":"session","session":ID,"client":..,"user":..,"started":S,"at":MS,...} of each session
 *   {"event":"listed","at":MS}  these are all
 *   and then, as it happens:
 *   {"event":"session",...}  {"event":"ended","session":ID,"at":MS}
 *   {"event":"lost","session":ID,"at":MS}  nobody tells of it any more
 *   {"event":"seen","at":MS}  all that has happened before was told
 *   {"event":"stop","at":MS}
 *
 * What a recorder does not read in time is dropped, and counted; once it has read the rest, it gets
 * "begin" with the reason, and the list again. Times are since 1970. */
#ifndef DAEMON_HISTORY_H
#define DAEMON_HISTORY_H

#include "base/err.h"
#include "net/loop.h"
#include "srvsvc/service.h"

/* Starts the recorder of the database db. Before there is a second thread, and before the sandbox.
 * Returns a socket; -1: see err. */
int history_start_recorder(const char *db, struct err *err);

struct history;

/* Tells of the sessions of service->table, under the name of the server. Takes socket, also after a
 * failure; keeps the rest, but for the name. NULL: out of memory. */
struct history *history_new(struct net_loop *loop, const struct srvsvc_server *service,
                            const char *server, int socket);
/* Tells the recorder that this is all, and lets the loop send what is left. NULL is allowed. */
void history_free(struct history *history);

#endif
