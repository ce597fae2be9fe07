/* SPDX-License-Identifier: MIT */
/* The message of a failure: one line that says what happened, in which step, why, and what to do.
 */
#ifndef CLIENT_ERROR_MESSAGE_H
#define CLIENT_ERROR_MESSAGE_H

#include <netsession.h>
#include "base/err.h"

#define PUBLISHER_STEP "publisher" /* the step of every failure of a publisher */

/* Fills *to, which may be NULL, with the text escaped as a message (base/escape.h). level: of the
 * query, or NETSESSION_LEVEL_AUTO. */
void error_message_write(struct netsession_error *to, const struct err *err, uint32_t level);

#endif
