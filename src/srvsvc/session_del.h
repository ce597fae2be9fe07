/* SPDX-License-Identifier: MIT */
/* NetrSessionDel, opnum 13: its request and its answer, both directions. */
#ifndef SRVSVC_SESSION_DEL_H
#define SRVSVC_SESSION_DEL_H

#include <lmcons.h>
#include <lmerr.h>
#include "wire/ndr_reader.h"
#include "wire/ndr_writer.h"
#include "srvsvc/session_qualifiers.h"

/* Texts are UTF-8, NULL where the pointer on the wire is NULL. */
struct session_del_request {
	const char *server; /* ignored by servers; not decoded */
	const char *client;
	const char *user;
};

void session_del_request_encode(struct ndr_writer *w, const struct session_del_request *request);
/* request borrows texts. Ask r->error whether it decoded. */
void session_del_request_decode(struct wire_reader *r, struct session_del_request *request,
                                struct session_qualifier_texts *texts);

void session_del_answer_encode(struct ndr_writer *w, NET_API_STATUS status);
NET_API_STATUS session_del_answer_decode(struct wire_reader *r);

#endif
