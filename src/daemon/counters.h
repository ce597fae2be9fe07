/* SPDX-License-Identifier: MIT */
/* What the daemon counts, once for the whole process: shown at SIGUSR1 and over the local endpoint.
 * Only the loop's thread may use it. */
#ifndef DAEMON_COUNTERS_H
#define DAEMON_COUNTERS_H

#include <stdint.h>

struct srvsvc_event;

/* Listed once: the counter, its name, and its meaning. Counters that end in "_now" also go down.
 * The names, with labels behind them where there are some, are those that `netsession metrics`
 * prints behind its prefix. */
#define COUNTERS(C)                                                                               \
	C(COUNTER_SESSIONS_NOW, "sessions_now", "sessions in the table")                          \
	C(COUNTER_SMB_CONNECTIONS_NOW, "smb_connections_now", "open SMB connections")             \
	C(COUNTER_SMB_CONNECTIONS, "smb_connections", "SMB connections since the start")          \
	C(COUNTER_SMB_REFUSED, "smb_refused", "SMB connections closed as soon as they were made") \
	C(COUNTER_SMB_EVICTED, "smb_evicted",                                                     \
	  "SMB connections without a log-on that were closed to make room for another address")   \
	C(COUNTER_SMB_TIMED_OUT, "smb_timed_out", "SMB connections closed by a timeout")          \
	C(COUNTER_SMB_REQUESTS, "smb_requests", "SMB2 requests")                                  \
	C(COUNTER_SMB_MALFORMED, "smb_malformed",                                                 \
	  "SMB connections closed because of invalid messages")                                   \
	C(COUNTER_SMB_BYTES_IN, "smb_bytes_in", "bytes received over SMB connections")            \
	C(COUNTER_SMB_BYTES_OUT, "smb_bytes_out", "bytes sent over SMB connections")              \
	C(COUNTER_SMB_2_0_2_CLEAR_NOW, "smb_sessions_now{dialect=\"2.0.2\",encrypted=\"no\"}",    \
	  "open SMB sessions, by dialect and encryption of the last request")                     \
	C(COUNTER_SMB_2_1_CLEAR_NOW, "smb_sessions_now{dialect=\"2.1\",encrypted=\"no\"}",        \
	  "open SMB sessions, by dialect and encryption of the last request")                     \
	C(COUNTER_SMB_3_0_CLEAR_NOW, "smb_sessions_now{dialect=\"3.0\",encrypted=\"no\"}",        \
	  "open SMB sessions, by dialect and encryption of the last request")                     \
	C(COUNTER_SMB_3_0_ENCRYPTED_NOW, "smb_sessions_now{dialect=\"3.0\",encrypted=\"yes\"}",   \
	  "open SMB sessions, by dialect and encryption of the last request")                     \
	C(COUNTER_SMB_3_0_2_CLEAR_NOW, "smb_sessions_now{dialect=\"3.0.2\",encrypted=\"no\"}",    \
	  "open SMB sessions, by dialect and encryption of the last request")                     \
	C(COUNTER_SMB_3_0_2_ENCRYPTED_NOW,                                                        \
	  "smb_sessions_now{dialect=\"3.0.2\",encrypted=\"yes\"}",                                \
	  "open SMB sessions, by dialect and encryption of the last request")                     \
	C(COUNTER_SMB_3_1_1_CLEAR_NOW, "smb_sessions_now{dialect=\"3.1.1\",encrypted=\"no\"}",    \
	  "open SMB sessions, by dialect and encryption of the last request")                     \
	C(COUNTER_SMB_3_1_1_ENCRYPTED_NOW,                                                        \
	  "smb_sessions_now{dialect=\"3.1.1\",encrypted=\"yes\"}",                                \
	  "open SMB sessions, by dialect and encryption of the last request")                     \
	C(COUNTER_LOG_ONS, "log_ons", "log-ons that succeeded")                                   \
	C(COUNTER_LOG_ONS_REFUSED, "log_ons_refused", "log-ons that were refused")                \
	C(COUNTER_LOG_ONS_DELAYED, "log_ons_delayed",                                             \
	  "log-ons that had to wait after refused ones")                                          \
	C(COUNTER_SESSIONS_EXPIRED, "sessions_expired",                                           \
	  "SMB sessions whose Kerberos ticket has ended")                                         \
	C(COUNTER_SESSIONS_REVOKED, "sessions_revoked",                                           \
	  "SMB sessions closed because a reload has removed or changed their account")            \
	C(COUNTER_LOCAL_CONNECTIONS_NOW, "local_connections_now", "open local connections")       \
	C(COUNTER_LOCAL_CONNECTIONS, "local_connections", "local connections since the start")    \
	C(COUNTER_LOCAL_REFUSED, "local_refused",                                                 \
	  "local connections refused because their user had too many")                            \
	C(COUNTER_LOCAL_TIMED_OUT, "local_timed_out", "local connections closed by a timeout")    \
	C(COUNTER_LOCAL_MALFORMED, "local_malformed",                                             \
	  "local connections closed because of invalid messages")                                 \
	C(COUNTER_LOCAL_BYTES_IN, "local_bytes_in", "bytes received over local connections")      \
	C(COUNTER_LOCAL_BYTES_OUT, "local_bytes_out", "bytes sent over local connections")        \
	C(COUNTER_ENUMERATIONS, "enumerations", "session lists that were returned")               \
	C(COUNTER_DELETIONS, "deletions", "requests to close sessions that succeeded")            \
	C(COUNTER_DENIED, "denied", "requests that the access policy denied")                     \
	C(COUNTER_FAILED, "failed", "requests that failed for another reason")                    \
	C(COUNTER_PUBLISHERS_NOW, "publishers_now", "connected publishers")                       \
	C(COUNTER_PUBLISHERS, "publishers", "publisher connections since the start")              \
	C(COUNTER_PUBLISHERS_REFUSED, "publishers_refused", "publishers that were refused")       \
	C(COUNTER_PUBLISHERS_MALFORMED, "publisher_malformed",                                    \
	  "publishers disconnected because of invalid messages")                                  \
	C(COUNTER_PUBLISHED_CHANGES, "published_changes", "changes that publishers made")         \
	C(COUNTER_PUBLISHED_SESSIONS_NOW, "published_sessions_now",                               \
	  "sessions of publishers in the table")                                                  \
	C(COUNTER_AUDIT_LINES, "audit_lines", "lines written to the audit log")                   \
	C(COUNTER_AUDIT_REPEATED, "audit_repeated",                                               \
	  "refusals without an audit line of their own: one line counts them")                    \
	C(COUNTER_AUDIT_LOST, "audit_lost", "lines that could not be written to the audit log")   \
	C(COUNTER_RELOADS, "reloads", "reloads of the configuration")

enum counter {
#define C(COUNTER, KEY, HELP) COUNTER,
	COUNTERS(C)
#undef C
		COUNTER_COUNT
};

void counters_add(enum counter counter, uint64_t by);
/* Not below 0. */
void counters_sub(enum counter counter, uint64_t by);
/* For a number that is known elsewhere: the table's sessions. */
void counters_set(enum counter counter, uint64_t value);

/* Of each counter below COUNTER_COUNT; static texts. */
uint64_t counters_value(enum counter counter);
const char *counters_name(enum counter counter);
const char *counters_help(enum counter counter);

/* Adds 1 to the counter that a request's outcome belongs to. Log-ons are counted by the SMB
 * endpoint. */
void counters_add_event(const struct srvsvc_event *event);
/* Logs all counters in one line. */
void counters_log(void);

#endif
