/* SPDX-License-Identifier: MIT */
/* The arrivals that a transport gives to the state machine. A transport turns bytes of the network
 * into arrivals and requests into bytes. It knows no socket and no step of the state machine, and
 * it has no callbacks: its user asks for the next arrival. */
#ifndef CLIENT_TRANSPORT_H
#define CLIENT_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>
#include "smb2/client_connection.h"

enum transport_event {
	TRANSPORT_WANTS_BYTES, /* no arrival is complete: more bytes have to be received first */
	TRANSPORT_OPENED,      /* SMB2: the NetBIOS session is open */
	TRANSPORT_REPLY,       /* SMB2: the reply to a request of the state machine's own */
	TRANSPORT_PIPE_DATA,   /* the next bytes of the pipe */
	TRANSPORT_WRITTEN,     /* SMB2: the server took the fragment of a WRITE */
	TRANSPORT_EXPIRED,     /* SMB2: the session has expired, and the request was not executed */
	TRANSPORT_PROGRESS,    /* SMB2: nothing for the state machine, but there may be room for
	                          requests now */
	TRANSPORT_FAILED,      /* the connection is of no more use: see err */
};

/* One arrival. Its members are borrowed until the next call of the same transport. */
struct transport_arrival {
	enum transport_event event;
	struct smb2_reply reply; /* of TRANSPORT_REPLY */
	const uint8_t *data;     /* of TRANSPORT_PIPE_DATA */
	size_t bytes;
};

#endif
