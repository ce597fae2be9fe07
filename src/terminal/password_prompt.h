/* SPDX-License-Identifier: MIT */
/* A password that a person enters on the terminal of a program, or that another program writes. */
#ifndef TERMINAL_PASSWORD_PROMPT_H
#define TERMINAL_PASSWORD_PROMPT_H

#include <stdbool.h>

#define PASSWORD_BYTES 512 /* the terminator included */

enum password_result {
	PASSWORD_READ,
	PASSWORD_NO_TERMINAL,
	PASSWORD_BAD_LINE,    /* too long, or without an end */
	PASSWORD_INTERRUPTED, /* by a signal that did not end the program */
};

/* Asks for the password of user on the terminal, which does not show it. Fills password, which the
 * caller wipes, or leaves it empty. A signal that ends the program does so after the terminal shows
 * again what is typed. */
enum password_result password_prompt(const char *user, char password[PASSWORD_BYTES]);

/* Reads one line, which is the password. False: it is too long or has no end; password is empty. */
bool password_read_line(int fd, char password[PASSWORD_BYTES]);

#endif
