/* SPDX-License-Identifier: MIT */
/* netsessiond --nt-hash: a line of the NTLM users' file without a password. */
#ifndef DAEMON_NT_HASH_H
#define DAEMON_NT_HASH_H

/* Reads the password of name, DOMAIN:user, from the terminal or else from standard input, and
 * prints the line. Returns the exit status. */
int nt_hash_print(const char *name);

#endif
