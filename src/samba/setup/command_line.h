/* SPDX-License-Identifier: MIT */
/* netsession-samba, from its command line to its end. */
#ifndef SAMBA_SETUP_COMMAND_LINE_H
#define SAMBA_SETUP_COMMAND_LINE_H

/* Returns the exit status: 0; 1 if the command failed, after a message on stderr; 2 for a wrong
 * command line; 3 as the help of "status" says. */
int samba_main(int argc, char **argv);

#endif
