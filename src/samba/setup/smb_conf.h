/* SPDX-License-Identifier: MIT */
/* The text of smb.conf with a block of ours, which sets external_rpc_pipe:socket_dir. The block
 * stands first, in a [global] of its own: so it needs no place found in the text, and Samba reads
 * the rest as before. Whether Samba then does is for testparm to say, not for us. */
#ifndef SAMBA_SETUP_SMB_CONF_H
#define SAMBA_SETUP_SMB_CONF_H

#include <stdbool.h>
#include <stddef.h>

#define SMB_CONF_PARAMETER "external_rpc_pipe:socket_dir"

/* The address of a Unix socket has 108 bytes with its NUL; this leaves 20 for a pipe's name behind
 * "/np/". */
enum { SMB_CONF_DIRECTORY_BYTES = 108 - 20 - 4 };

enum smb_conf_state {
	SMB_CONF_WITHOUT,  /* there is no block of ours */
	SMB_CONF_WITH,     /* there is one, and it is whole */
	SMB_CONF_CHANGED,  /* there are marks of ours that are no whole block, or several blocks */
	SMB_CONF_UNUSABLE, /* no block can be put in */
};

/* Bytes are counted from the text's beginning, lines from 1. */
struct smb_conf {
	enum smb_conf_state state;
	size_t line;       /* of the block, of what was changed, or where a block would go */
	size_t begin, end; /* bytes: the block; WITHOUT: the same twice, where a block would go */
	size_t other_line; /* the first line outside the block that sets the parameter; 0: none */
	char directory[SMB_CONF_DIRECTORY_BYTES]; /* WITH: what the block sets; else "" */
	const char *fault;                        /* UNUSABLE: why, static text */
	bool has_crlf;                            /* lines end in CR LF */
};

/* Whether smb.conf can hold this directory's name, and paths of Unix sockets below it fit. NULL:
 * yes; else why not (static text, to stand behind the name). */
const char *smb_conf_directory_fault(const char *directory);

/* Borrows text, which has no terminator. */
void smb_conf_read(struct smb_conf *to, const char *text, size_t bytes);

/* Whether a line sets the parameter, as Samba compares names: without their blanks and without
 * regard to case. */
bool smb_conf_line_sets_parameter(const char *line, size_t bytes);

/* The block as it would be put in; directory has no fault. Gives it; NULL: out of memory. */
char *smb_conf_block(const struct smb_conf *c, const char *directory);

/* WITHOUT: the text with a block. WITH: the text without the block. Give *made_bytes of it; NULL:
 * out of memory. Every other byte stays as it is. */
char *smb_conf_insert(const struct smb_conf *c, const char *text, size_t bytes, const char *block,
                      size_t *made_bytes);
char *smb_conf_remove(const struct smb_conf *c, const char *text, size_t bytes, size_t *made_bytes);

#endif
