/* SPDX-License-Identifier: MIT */
/* The rights with which netsessiond runs: its user, and the files and system calls that are left to
 * it. */
#ifndef DAEMON_CONFINEMENT_H
#define DAEMON_CONFINEMENT_H

#include <stdbool.h>
#include "base/err.h"
#include "daemon/options.h"

/* What is in force. */
struct confinement {
	char user[256]; /* that root became; "": root did not start it */
	bool restricts_files, restricts_calls;
	int recorder; /* the socket of the history's recorder; -1: nothing is recorded */
};

/* Reads the configuration, becomes the user that it names if this is root, and gives up all files
 * and system calls that netsessiond does not need; the right to listen at ports below 1024 is kept.
 * So whatever is read later, at the start and at a reload, is read with the same rights. There must
 * be no second thread. False: see err. */
bool confinement_enter(const struct daemon_options *options, struct confinement *c,
                       struct err *err);
/* Gives up the right to listen at ports below 1024. */
void confinement_finish(void);

/* Logs what is in force. */
void confinement_log(const struct confinement *c);
/* Adds to the text of err, where a permission is missing, what this may have to do with it. */
void confinement_explain(const struct confinement *c, bool has_started, struct err *err);

#endif
