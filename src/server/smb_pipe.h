/* SPDX-License-Identifier: MIT */
/* Inside the SMB door: what the pipes of a connection carry. */
#ifndef SERVER_SMB_PIPE_H
#define SERVER_SMB_PIPE_H

#include "service/service.h"

/* The pipes of a connection. */
struct smb_pipes {
	struct service *service; /* kept, as is from */
	const char *from;        /* the caller's address */
	struct smb_pipe *first;
};

/* Opens srvsvc for who, who is held. NULL, and *nt says why: there is no other pipe, or no memory.
 */
struct smb_pipe *smb_pipe_open(struct smb_pipes *pipes, struct identity *who, const char *name,
                               uint32_t *nt);

/* As a struct smbserver_host has them: pipe is a struct smb_pipe. */
bool smb_pipe_write(void *pipe, const uint8_t *data, size_t bytes);
size_t smb_pipe_pending(void *pipe);
size_t smb_pipe_read(void *pipe, struct wire_writer *to, size_t max_bytes, size_t *left);
bool smb_pipe_is_over(void *pipe);
void smb_pipe_close(void *pipe);

/* Whether nothing waits in any of them to be read. */
bool smb_pipes_are_answered(const struct smb_pipes *pipes);

#endif
