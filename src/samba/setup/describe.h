/* SPDX-License-Identifier: MIT */
/* netsession-samba described for others, out of the tables of its commands and options. */
#ifndef SAMBA_SETUP_DESCRIBE_H
#define SAMBA_SETUP_DESCRIBE_H

#include <stdbool.h>
#include <stdio.h>
#include "samba/setup/commands.h"

/* What --help shows, without a command and with one. */
void setup_describe_all(FILE *to);
void setup_describe_command(const struct setup_command *command);

/* Prints "man8". False: there is no such form, which was said on stderr. */
bool setup_describe(const char *form);

#endif
