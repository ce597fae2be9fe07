/* SPDX-License-Identifier: MIT */
/* The recorder of netsessiond. */
#ifndef NETSESSION_RECORD_H
#define NETSESSION_RECORD_H

/* Writes into the store what netsessiond tells at standard input, a Unix socket, until netsessiond
 * has ended. Returns an exit code. */
int recorder_run(const char *db_name);

#endif
