/* SPDX-License-Identifier: MIT */
/* netsessiond, from its command line to its end. */
#ifndef DAEMON_COMMAND_LINE_H
#define DAEMON_COMMAND_LINE_H

/* Returns the exit status: 0; 1 if netsessiond could not start, after a message on stderr; 2 for a
 * wrong command line. */
int daemon_main(int argc, char **argv);

#endif
