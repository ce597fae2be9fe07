/* SPDX-License-Identifier: MIT */
/* smb.conf on its disk: read whole, and replaced in one step, so that whoever reads it, and
 * whatever breaks off, finds the old one or the new one. Blocks. */
#ifndef SAMBA_SETUP_SMB_CONF_FILE_H
#define SAMBA_SETUP_SMB_CONF_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct smb_conf_file {
	char path[PATH_MAX]; /* behind all symbolic links */
	char *text;
	size_t bytes;
	struct stat status;
	char backup[PATH_MAX];  /* made by smb_conf_file_replace; "": none */
	char message[PATH_MAX]; /* what went wrong */
};

/* False: see story. to is good for smb_conf_file_fini in any case. */
bool smb_conf_file_read(struct smb_conf_file *to, const char *path);
void smb_conf_file_fini(struct smb_conf_file *f);

/* Whether it could be replaced, as far as can be seen without doing it. False: see story. */
bool smb_conf_file_can_replace(struct smb_conf_file *f);

/* Writes text beside it, with its owner, mode, ACLs and other extended attributes; asks verify,
 * which gets that file's path and may write the story; keeps the old one as backup, which nothing
 * is overwritten by; and puts the new one into its place. False, and nothing has changed: see
 * story.
 */
bool smb_conf_file_replace(struct smb_conf_file *f, const char *text, size_t bytes,
                           bool (*verify)(void *context, const char *path, char story[PATH_MAX]),
                           void *context);

#endif
