/* SPDX-License-Identifier: MIT */
#ifndef NETSESSION_COMMANDS_H
#define NETSESSION_COMMANDS_H

#include "options.h"

/* Each command: its options are parsed, its operands are in them. Returns enum exit_code. */
int command_list(const struct options *options);

#endif
