/* SPDX-License-Identifier: MIT */
/* The text of smb.conf, and one block in it that is ours: what says external_rpc_pipe:socket_dir.
 * Put in and taken out again it leaves every other byte as it is. The text is read as Samba reads
 * it (lib/util/tini.c): sections, comments, lines that a backslash continues. */
#ifndef SAMBA_SETUP_SMB_CONF_H
#define SAMBA_SETUP_SMB_CONF_H

#include <stdbool.h>
#include <stddef.h>

#define SMB_CONF_PARAMETER "external_rpc_pipe:socket_dir"

enum smb_conf_state {
	SMB_CONF_WITHOUT,  /* it is not said */
	SMB_CONF_WITH,     /* by our block, which is whole */
	SMB_CONF_CHANGED,  /* our block is not as we make it, or not alone, or not in [global] */
	SMB_CONF_FOREIGN,  /* somebody else says it */
	SMB_CONF_UNUSABLE, /* there is nowhere to put a block */
};

/* Bytes are counted from the text's beginning, lines from 1. */
struct smb_conf {
	enum smb_conf_state state;
	size_t line;       /* where that was found, or where a block would begin */
	size_t begin, end; /* bytes: our block; or the same twice, where it would be put */
	char *directory;   /* WITH and FOREIGN: what is said; else NULL */
	const char *fault; /* UNUSABLE: static text */
	/* How a block would be put there. */
	bool brings_section; /* with a [global] of its own, at the text's beginning */
	bool has_crlf;
};

/* Whether smb.conf can say it, and Unix sockets can be below it. NULL: it can; else why not (static
 * text, to go behind the directory's name). */
const char *smb_conf_directory_fault(const char *directory);

/* Borrows text, which has no terminator. False: out of memory. */
bool smb_conf_read(struct smb_conf *to, const char *text, size_t bytes);
void smb_conf_fini(struct smb_conf *c);

/* The block itself, as it would be put in; the directory has no fault. Gives it; NULL: out of
 * memory. */
char *smb_conf_block(const struct smb_conf *c, const char *directory);

/* WITHOUT: the text with a block. WITH: the text without it. Give *made_bytes of it, NULL: out of
 * memory. */
char *smb_conf_insert(const struct smb_conf *c, const char *text, size_t bytes, const char *block,
                      size_t *made_bytes);
char *smb_conf_remove(const struct smb_conf *c, const char *text, size_t bytes, size_t *made_bytes);

#endif
