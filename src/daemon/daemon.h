/* SPDX-License-Identifier: MIT */
/* netsessiond, from its command line to its end: settings, doors, signals. */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

/* Returns the program's exit status: 0; 1 when it could not start; 2 for a wrong option. */
int daemon_main(int argc, char **argv);

#endif
