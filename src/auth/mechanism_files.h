/* SPDX-License-Identifier: MIT */
/* The files that GSSAPI and its mechanisms use while they accept log-ons. */
#ifndef AUTH_MECHANISM_FILES_H
#define AUTH_MECHANISM_FILES_H

#include <stdbool.h>

enum mechanism_file {
	MECHANISM_FILE_READ,
	MECHANISM_FILE_WRITTEN,
	MECHANISM_FOLDER_READ,
	MECHANISM_FOLDER_WRITTEN,
};

/* Calls add for each path that the environment and krb5.conf name, which is valid during the call;
 * what is always in /etc and /usr is left out. keytab is as the configuration has it; "": the
 * system's. */
void mechanism_files_list(const char *keytab,
                          void (*add)(void *context, enum mechanism_file kind, const char *path),
                          void *context);

#endif
