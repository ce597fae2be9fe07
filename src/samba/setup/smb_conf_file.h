/* SPDX-License-Identifier: MIT */
/* smb.conf as a file: read whole, and replaced in one step, so that every reader finds the old file
 * or the new one, also after an interruption. Blocks. */
#ifndef SAMBA_SETUP_SMB_CONF_FILE_H
#define SAMBA_SETUP_SMB_CONF_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include "base/err.h"

struct smb_conf_file {
	char path[PATH_MAX]; /* behind all symbolic links */
	char *text;
	size_t bytes;
	struct stat status;
	char backup[PATH_MAX]; /* made by smb_conf_file_replace; "": none */
};

/* False: see err. to is good for smb_conf_file_fini in any case. */
bool smb_conf_file_read(struct smb_conf_file *to, const char *path, struct err *err);
void smb_conf_file_fini(struct smb_conf_file *f);

/* Whether the file could be replaced, as far as can be told without doing it. False: see err. */
bool smb_conf_file_can_replace(const struct smb_conf_file *f, struct err *err);

/* Writes text to a new file beside the old one, with its owner, mode, ACLs and other extended
 * attributes; calls verify with the new file's path; keeps the old file as a backup, which
 * overwrites nothing; and renames the new file into the old one's place. False, and nothing has
 * changed: see err, which verify may have set. */
bool smb_conf_file_replace(struct smb_conf_file *f, const char *text, size_t bytes,
                           bool (*verify)(void *context, const char *path, struct err *err),
                           void *context, struct err *err);

#endif
