/* SPDX-License-Identifier: MIT */
/* A program that works for this one as long as this one runs. */
#ifndef SYSTEM_COMPANION_H
#define SYSTEM_COMPANION_H

#include "base/err.h"

/* Starts a program with a Unix socket as its standard input; what the program writes goes to our
 * standard error. It has a session of its own, so that signals from the terminal do not end it: it
 * ends when the socket does. No program that it runs has more rights than it has. Before there is a
 * second thread, and before a sandbox is entered.
 * argv     argv[0] is the program's path, NULL is the last; borrowed
 * Returns  our end of the socket; -1: see err. */
int companion_start(const char *const argv[], struct err *err);

#endif
