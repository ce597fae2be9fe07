/* SPDX-License-Identifier: MIT */
/* netsession-samba described for others, out of the tables of its commands and options. */
#ifndef SAMBA_DESCRIBE_H
#define SAMBA_DESCRIBE_H

#include <stdbool.h>
#include <stdio.h>
#include "samba/commands.h"

/* What --help shows, without a command and with one. */
void samba_describe_all(FILE *to);
void samba_describe_command(const struct samba_command *command);

/* Prints "man8". False: there is no such form, which was said on stderr. */
bool samba_describe(const char *form);

#endif
