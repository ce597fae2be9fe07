/* SPDX-License-Identifier: MIT */
/* Where the store of sweeps is. */
#ifndef NETSESSION_STORE_PATH_H
#define NETSESSION_STORE_PATH_H

#include "options.h"

/* Returns the path of the store, to be freed by the caller. NULL, after a message on stderr: the
 * options name none, and the user has no home directory. */
char *store_path_from_options(const struct options *options);

#endif
