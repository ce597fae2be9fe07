/* SPDX-License-Identifier: MIT */
#ifndef SAMBA_SOCKET_DIR_FOLDER_OWNER_H
#define SAMBA_SOCKET_DIR_FOLDER_OWNER_H

#include <limits.h>
#include <stdbool.h>

/* Whether nobody but root and who runs this can put something else at an absolute path: by its own
 * folders, and by those behind its links, as far as they are there. False: gives one that others
 * can change. */
bool folder_owner_path_is_safe(const char *path, char changeable[PATH_MAX]);

#endif
