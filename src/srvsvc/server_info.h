/* SPDX-License-Identifier: MIT */
/* NetrServerGetInfo, opnum 21: the server's side of it. */
#ifndef SRVSVC_SERVER_INFO_H
#define SRVSVC_SERVER_INFO_H

#include <stdbool.h>
#include <lmcons.h>
#include "wire/ndr_reader.h"
#include "wire/ndr_writer.h"

/* The longest name without its terminator, [MS-SRVS] 3.1.4.17. */
#define SERVER_INFO_MAX_NAME_UNITS 1023

struct server_info_request {
	const char *server; /* UTF-8; NULL where the pointer on the wire is NULL */
	uint32_t level;
	char text[NDR_TEXT_BYTES(SERVER_INFO_MAX_NAME_UNITS)]; /* what server lives in */
};

/* Ask r->error whether it decoded. */
void server_info_request_decode(struct wire_reader *r, struct server_info_request *request);

/* SERVER_INFO_101, of which SERVER_INFO_100 is a part. Texts are UTF-8. */
struct server_info {
	uint32_t platform_id;
	const char *name;
	uint32_t version_major, version_minor;
	uint32_t type;
	const char *comment;
};

/* info: NULL for none. It is of level 100 or 101. */
void server_info_answer_encode(struct ndr_writer *w, uint32_t level, const struct server_info *info,
                               NET_API_STATUS status);

#endif
