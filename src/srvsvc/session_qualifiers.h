/* SPDX-License-Identifier: MIT */
/* The client and the user by which NetrSessionEnum and NetrSessionDel are narrowed. */
#ifndef SRVSVC_SESSION_QUALIFIERS_H
#define SRVSVC_SESSION_QUALIFIERS_H

#include <stdbool.h>
#include "wire/ndr_reader.h"

/* The longest text without its terminator, [MS-SRVS] 3.1.4.5 and 3.1.4.6: 1,024 with it. */
#define SESSION_QUALIFIER_MAX_UNITS 1023

/* What a decoded request's texts live in. A longer one is cut just so far that
 * session_qualifier_is_too_long still says so. */
struct session_qualifier_texts {
	char client[NDR_TEXT_BYTES(SESSION_QUALIFIER_MAX_UNITS)];
	char user[NDR_TEXT_BYTES(SESSION_QUALIFIER_MAX_UNITS)];
};

/* Not NULL and not empty: impacket and others send an empty name for "none". */
bool session_qualifier_is_given(const char *utf8);
bool session_qualifier_is_too_long(const char *utf8);

/* Whether two client names are the same computer's: without regard to case, each with or
 * without its leading \\. */
bool session_client_equal(const char *a, const char *b);

/* Whether a session's user is the one asked for, without regard to case. A server may put a
 * domain before it (Samba does on a domain controller, [MS-SRVS] 2.2.4.15 knows none): who asks
 * without one means them all. */
bool session_user_equal(const char *asked, const char *user);

#endif
