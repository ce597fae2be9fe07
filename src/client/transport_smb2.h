/* SPDX-License-Identifier: MIT */
/* The pipe over SMB2. Fragments of a request go out in WRITEs, the last one in an IOCTL
 * FSCTL_PIPE_TRANSCEIVE. The first bytes of the answer come with the IOCTL's reply, the rest in
 * READs of which several are in flight. */
#ifndef CLIENT_TRANSPORT_SMB2_H
#define CLIENT_TRANSPORT_SMB2_H

#include "base/err.h"
#include "client/transport.h"
#include "smb2/read_write.h"

#define TRANSPORT_VALIDATE_STEP "VALIDATE_NEGOTIATE_INFO"

/* READs in flight at once for a long answer. */
#define TRANSPORT_MAX_READS 8

/* All zero but for connection, which smb2_connection_init makes. */
struct transport_smb2 {
	struct smb2_connection connection;
	struct smb2_file_id pipe;
	unsigned ignored; /* replies to abandoned requests */

	/* The NEGOTIATE response, until the server has confirmed that it was not changed on the
	 * way. */
	struct smb2_negotiate_request offered;
	struct smb2_negotiate_response negotiated;
	enum { VALIDATION_NONE, VALIDATION_DUE, VALIDATION_SENT } validation;
	bool must_validate_again; /* an expired session refused it */

	/* READs. The pipe's bytes are in the order of the requests, whatever the order of the
	 * replies. */
	uint32_t reads_sent, reads_taken;              /* sequence numbers */
	struct wire_writer early[TRANSPORT_MAX_READS]; /* replies that came before their turn */
	bool is_early[TRANSPORT_MAX_READS];
	size_t write_bytes;     /* of the WRITE in flight */
	uint32_t reads_expired; /* that an expired session refused */
};

void transport_smb2_init(struct transport_smb2 *t);
void transport_smb2_fini(struct transport_smb2 *t);

/* Each of these appends one request to the message that is being built; smb2_connection_flush ends
 * the message. tag comes back with the reply. A transceive in the compound of a CREATE uses the
 * pipe that the CREATE opens. */
void transport_smb2_write(struct transport_smb2 *t, uint32_t tag,
                          const struct wire_writer *fragment);
void transport_smb2_transceive(struct transport_smb2 *t, uint32_t tag, bool in_compound,
                               const struct wire_writer *fragment);

/* Sends the READs that the rest of an answer needs, one a fragment: as many as remaining_bytes, the
 * server's alloc_hint, tells of; where the server tells nothing (0), one after another.
 * fragment_bytes is the longest fragment so far. False: no READ is in flight, and there is no
 * credit for one. */
bool transport_smb2_read(struct transport_smb2 *t, uint32_t remaining_bytes,
                         uint32_t fragment_bytes);

/* Sends VALIDATE_NEGOTIATE_INFO, in a message of its own. */
void transport_smb2_validate(struct transport_smb2 *t);

/* The session was authenticated again: what was refused meanwhile, but for the request of the state
 * machine itself, is to be sent again, VALIDATE_NEGOTIATE_INFO at once, READs by
 * transport_smb2_read. No reply may be outstanding. False: the server has executed READs out of
 * their order. */
bool transport_smb2_resume(struct transport_smb2 *t);

/* The replies that are still to come are not wanted any more. */
void transport_smb2_ignore_outstanding(struct transport_smb2 *t);

/* No request waits for its reply; one does. */
bool transport_smb2_is_idle(const struct transport_smb2 *t);
bool transport_smb2_awaits_one(const struct transport_smb2 *t);

/* READs are in flight that would take the bytes of the next answer: the fragments of an answer were
 * longer than those before them, or the server's alloc_hint was too high. */
bool transport_smb2_is_spent(const struct transport_smb2 *t);

/* The next arrival. tag is that of the request to be answered next: a reply to a later request
 * fails the connection. err, and step in it, are set with TRANSPORT_FAILED. */
enum transport_event transport_smb2_next(struct transport_smb2 *t, uint32_t tag, const char *step,
                                         struct transport_arrival *arrival, struct err *err);

#endif
