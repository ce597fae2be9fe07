/* SPDX-License-Identifier: MIT */
/* The kinds of entries that journalctl finds by MESSAGE_ID= and explains with --catalog. The texts
 * are in packaging/systemd, netsessiond.catalog and netsession-samba.catalog, for each id. */
#ifndef SYSTEM_LOG_MESSAGES_H
#define SYSTEM_LOG_MESSAGES_H

/* Listed once: the kind, its id, and what has happened. */
#define LOG_MESSAGES(M)                                                                           \
	M(LOG_MESSAGE_LOG_ON, "e89729d241594948930dc9a5bc1a60f6", "a user has logged on")         \
	M(LOG_MESSAGE_LOG_ON_REFUSED, "20677e20ee104d39a9a829fa51fe6e49", "a log-on was refused") \
	M(LOG_MESSAGE_REQUEST_SERVED, "96bc3a90dfd44de68675ba4da6035f2e", "a request was served") \
	M(LOG_MESSAGE_REQUEST_DENIED, "77336bbd802a497e9fd3e85813e14c13",                         \
	  "the access policy has denied a request")                                               \
	M(LOG_MESSAGE_REQUEST_FAILED, "bcfd8c3f6acc4578962c077370c5e789",                         \
	  "a request has failed for another reason")                                              \
	M(LOG_MESSAGE_SESSION_ENDED, "1f5ff4738d4a407589e8994e44c091fa",                          \
	  "a session has expired or was closed")                                                  \
	M(LOG_MESSAGE_CONNECTION_CLOSED, "f0106429a1e749ae8e0182f9b86c82ab",                      \
	  "a connection was closed")                                                              \
	M(LOG_MESSAGE_CONNECTION_REFUSED, "462de2100bb746cab912d60538e27fe5",                     \
	  "a connection was refused")                                                             \
	M(LOG_MESSAGE_SAMBA_CLOSING, "fa876bdf9ea046b5bc527f8acd88a804",                          \
	  "netsession-samba asks Samba to close sessions")                                        \
	M(LOG_MESSAGE_LIST_DOUBTFUL, "7af404b47e1e4519bbb6dc733d0fb25e",                          \
	  "sessions may be missing in Samba's list")                                              \
	M(LOG_MESSAGE_SOCKET_LOST, "092b0d3468774ce3b0f8df43ca71d459",                            \
	  "smbd cannot reach the relay")

enum log_message {
	LOG_MESSAGE_NONE,
#define M(MESSAGE, ID, WHAT) MESSAGE,
	LOG_MESSAGES(M)
#undef M
		LOG_MESSAGE_COUNT
};

#endif
