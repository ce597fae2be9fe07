/* SPDX-License-Identifier: MIT */
/* Failures in words: one line that says what happened, where, and what to do about it. */
#ifndef CLIENT_ERROR_MESSAGE_H
#define CLIENT_ERROR_MESSAGE_H

#include <netsession.h>
#include "base/err.h"

#define PUBLISHER_STEP "publisher" /* the step of every failure of a publisher */

/* level is the one that was asked for, or NETSESSION_LEVEL_AUTO. to may be NULL. */
void error_message_write(struct netsession_error *to, const struct err *err, uint32_t level);

#endif
