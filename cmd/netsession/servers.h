/* SPDX-License-Identifier: MIT */
/* What the names of the servers say beside the servers. */
#ifndef NETSESSION_SERVERS_H
#define NETSESSION_SERVERS_H

#include "client/server_operand.h"
#include "command_line.h"
#include "options.h"

/* Hides passwords in the operands that name servers. Sets options->as to the user that these
 * operands name, unless other options say who logs on. With --verbose, reports on standard error
 * which parts of the operands are ignored. Returns false after a message on stderr: the operands
 * and the options name several users. */
bool servers_prepare(struct options *options, enum command command);

#endif
