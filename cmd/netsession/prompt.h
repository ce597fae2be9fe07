/* SPDX-License-Identifier: MIT */
/* A password from the terminal, unseen. */
#ifndef NETSESSION_PROMPT_H
#define NETSESSION_PROMPT_H

#include <stdbool.h>

#define PROMPT_MAX_BYTES 512

/* Fills password, which the caller wipes. False: there is no terminal, or it was interrupted or is
 * too long, which was said on stderr. */
bool prompt_password(const char *user, char password[PROMPT_MAX_BYTES]);

#endif
