/* SPDX-License-Identifier: MIT */
/* What a client can add to the failure of a log-on: whether the clocks are the reason, and which
 * mechanism was tried before. */
#ifndef CLIENT_LOG_ON_FAILURE_H
#define CLIENT_LOG_ON_FAILURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "auth/initiator.h"
#include "base/err.h"

/* The clocks of the server and of this computer at the same moment, in seconds since 1970. All
 * zero: the server's is not known. */
struct clock_reading {
	int64_t server_s, here_s;
};

/* What Kerberos allows by default (clockskew in krb5.conf, RFC 4120 7.5.9), and the least that a
 * Windows allows NTLMv2 (MSV1_0_MAX_NTLM3_LIFE of ntsecapi.h; gss-ntlmssp allows 36 hours). */
enum { CLOCK_KERBEROS_S = 5 * 60, CLOCK_NTLM_S = 30 * 60 };

/* Clocks that differ by less are not what a server refuses a log-on for. */
enum { CLOCK_AGREE_S = 60 };

/* Reads this computer's clock beside the server's: SystemTime of NEGOTIATE, a FILETIME; 0: not
 * sent. */
struct clock_reading clock_reading_take(uint64_t system_time);

bool clock_reading_is_known(const struct clock_reading *reading);

/* By how much this computer's clock is ahead of the server's; below 0: behind. */
int64_t clock_reading_ahead_s(const struct clock_reading *reading);

#define CLOCK_READING_BYTES 256

/* Writes "this computer's clock is 2 days ahead of the server's (... here, ... there)". */
void clock_reading_text(const struct clock_reading *reading, char to[CLOCK_READING_BYTES]);

/* Adds to err, the failure of a log-on, what the hints and the clocks explain. A ticket that has
 * expired by this computer's clock only becomes ERROR_TIME_SKEW. Other failures stay. */
void log_on_failure_explain(const struct auth_hints *hints, const struct clock_reading *clocks,
                            struct err *err);

#endif
