/* SPDX-License-Identifier: MIT */
/* What the daemon counts, once for the whole process: shown at SIGUSR1 and over the local door. Of
 * the loop's thread alone. */
#ifndef DAEMON_COUNTERS_H
#define DAEMON_COUNTERS_H

#include <stdint.h>

/* Listed once: the counter, its name, and what it says. Those that end in "_now" also go down. */
#define COUNTERS(C)                                                                                \
	C(COUNTER_SESSIONS_NOW, "sessions_now", "sessions in the table")                           \
	C(COUNTER_SMB_CONNECTIONS_NOW, "smb_connections_now", "connections at the SMB door")       \
	C(COUNTER_SMB_CONNECTIONS, "smb_connections", "connections that came to the SMB door")     \
	C(COUNTER_SMB_REFUSED, "smb_refused",                                                      \
	  "connections to the SMB door beyond max_connections")                                    \
	C(COUNTER_SMB_TIMED_OUT, "smb_timed_out", "connections to the SMB door closed as idle")    \
	C(COUNTER_SMB_REQUESTS, "smb_requests", "SMB2 requests")                                   \
	C(COUNTER_SMB_MALFORMED, "smb_malformed", "SMB2 connections closed for what they sent")    \
	C(COUNTER_SMB_BYTES_IN, "smb_bytes_in", "bytes received at the SMB door")                  \
	C(COUNTER_SMB_BYTES_OUT, "smb_bytes_out", "bytes sent from the SMB door")                  \
	C(COUNTER_LOG_ONS, "log_ons", "log-ons that succeeded")                                    \
	C(COUNTER_LOG_ONS_REFUSED, "log_ons_refused", "log-ons that were refused")                 \
	C(COUNTER_LOCAL_CONNECTIONS_NOW, "local_connections_now", "connections at the local door") \
	C(COUNTER_LOCAL_CONNECTIONS, "local_connections",                                          \
	  "connections that came to the local door")                                               \
	C(COUNTER_LOCAL_REFUSED, "local_refused",                                                  \
	  "connections to the local door beyond its bound")                                        \
	C(COUNTER_LOCAL_TIMED_OUT, "local_timed_out",                                              \
	  "connections to the local door closed as idle")                                          \
	C(COUNTER_LOCAL_MALFORMED, "local_malformed",                                              \
	  "local connections closed for what they sent")                                           \
	C(COUNTER_LOCAL_BYTES_IN, "local_bytes_in", "bytes received at the local door")            \
	C(COUNTER_LOCAL_BYTES_OUT, "local_bytes_out", "bytes sent from the local door")            \
	C(COUNTER_ENUMERATIONS, "enumerations", "enumerations that were answered")                 \
	C(COUNTER_DELETIONS, "deletions", "deletions that were done")                              \
	C(COUNTER_DENIED, "denied", "questions that the access policy denied")                     \
	C(COUNTER_FAILED, "failed", "questions that ended otherwise than asked")                   \
	C(COUNTER_PUBLISHERS_NOW, "publishers_now", "file servers at the feed door")               \
	C(COUNTER_PUBLISHERS, "publishers", "connections that came to the feed door")              \
	C(COUNTER_PUBLISHERS_REFUSED, "publishers_refused",                                        \
	  "connections that the feed door refused")                                                \
	C(COUNTER_PUBLISHERS_MALFORMED, "publisher_malformed",                                     \
	  "feeders cut off for what they sent")                                                    \
	C(COUNTER_PUBLISHED_CHANGES, "published_changes", "changes that feeders made")             \
	C(COUNTER_PUBLISHED_SESSIONS_NOW, "published_sessions_now",                                \
	  "sessions of feeders in the table")                                                      \
	C(COUNTER_AUDIT_LINES, "audit_lines", "lines written to the audit log")                    \
	C(COUNTER_AUDIT_LOST, "audit_lost", "lines that the audit log could not take")             \
	C(COUNTER_RELOADS, "reloads", "configurations that were loaded anew")

enum counter {
#define C(COUNTER, KEY, HELP) COUNTER,
	COUNTERS(C)
#undef C
		COUNTER_COUNT
};

void counters_add(enum counter counter, uint64_t by);
/* Down to 0 and no further. */
void counters_sub(enum counter counter, uint64_t by);
/* For what is counted elsewhere: the table's sessions. */
void counters_set(enum counter counter, uint64_t value);

/* For each counter below COUNTER_COUNT. Static texts. */
uint64_t counters_value(enum counter counter);
const char *counters_name(enum counter counter);
const char *counters_help(enum counter counter);

#endif
