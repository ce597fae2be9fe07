/* SPDX-License-Identifier: MIT */
/* Has a recorder write which sessions begin and end ([history] db). The recorder is a program of
 * its own, netsession-fleet, which has the database: netsessiond never waits for it. It is started
 * before netsessiond gives up the right to run programs, and starts itself again if it dies.
 *
 * At a Unix socket, the recorder sends a nonce when it is ready. From then on it gets lines of
 * JSON:
 *
 *   {"event":"begin","nonce":NONCE,"server":NAME,"numbering":TEXT,"at":MS,"reason":WHY,"lost":N}
 *   {"event":"session","session":ID,"client":..,"user":..,"started":S,"at":MS,...} of each session
 *   {"event":"seen","at":MS}  all that has happened before was sent: here, all sessions
 *   and then, as it happens:
 *   {"event":"session",...}  also when more is known of a session
 *   {"event":"ended","session":ID,"at":MS}
 *   {"event":"lost","session":ID,"at":MS}  its publisher is away, and it may be open
 *   {"event":"listed","at":MS}  publishers are back, or not waited for: what was not sent has ended
 *   {"event":"seen","at":MS}
 *   {"event":"stop","at":MS}
 *
 * Within one numbering, an ID means the same session behind each "begin". What a recorder does not
 * read in time is dropped, and counted; once it has read the rest, it gets "begin" with the reason,
 * and the list again. A recorder that sends another nonce gets them, too. Times are since 1970. */
#ifndef DAEMON_HISTORY_H
#define DAEMON_HISTORY_H

#include "base/err.h"
#include "daemon/refresh.h"
#include "net/loop.h"
#include "srvsvc/service.h"

/* Starts the recorder of the database db. Before there is a second thread, and before the sandbox.
 * Returns a socket; -1: see err. */
int history_start_recorder(const char *db, struct err *err);

struct history;

/* Records the sessions of service->table, under the name of the server. Takes socket, also after a
 * failure; keeps the rest, but for the name. NULL: out of memory. */
struct history *history_new(struct net_loop *loop, const struct srvsvc_server *service,
                            const char *server, int socket);
/* With it, history waits for publishers as a call does that lists sessions. NULL: it waits no more.
 * h may be NULL, too. */
void history_set_refresh(struct history *h, struct refresh *refresh);
/* Sends the recorder "stop", and lets the loop send what is left. NULL is allowed. */
void history_free(struct history *history);

#endif
