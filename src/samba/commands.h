/* SPDX-License-Identifier: MIT */
/* netsession-samba, from its command line to its end. */
#ifndef SAMBA_COMMANDS_H
#define SAMBA_COMMANDS_H

/* Returns the exit status: 0; 1 when it could not be done, which was said on stderr; 2 for a wrong
 * command line; of "check" and "status" as their help says. */
int samba_main(int argc, char **argv);

#endif
