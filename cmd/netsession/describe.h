/* SPDX-License-Identifier: MIT */
/* The command described for others, out of its own tables: manual and completion. */
#ifndef NETSESSION_DESCRIBE_H
#define NETSESSION_DESCRIBE_H

#include <stdbool.h>

/* Prints one of "man", "bash", "zsh" and "fish". False: there is no such form. */
bool daemon_describe(const char *form);

#endif
