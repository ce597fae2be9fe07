/* SPDX-License-Identifier: MIT */
/* NetrShareEnum and NetrServerGetInfo, the server's side: requests are decoded, answers encoded.
 * Texts are UTF-8; NULL stands for a NULL pointer on the wire. */
#ifndef SRVSVC_SERVER_MESSAGES_H
#define SRVSVC_SERVER_MESSAGES_H

#include <lmcons.h>
#include <stdbool.h>
#include "wire/ndr_reader.h"
#include "wire/ndr_writer.h"

/* ---- NetrShareEnum, opnum 15, levels 0 and 1 ---- */

struct share_enum_request {
	uint32_t level;
	uint32_t preferred_bytes; /* 0xFFFFFFFF: all */
	bool has_resume_handle;
	uint32_t resume_handle;
};

/* Fails r if the request is malformed. If the level does not exist, what follows the level is not
 * read. */
void share_enum_request_decode(struct wire_reader *r, struct share_enum_request *request);

/* SHARE_INFO_1; SHARE_INFO_0 is a part of it. */
struct share_info {
	const char *name;
	uint32_t type;
	const char *remark;
};

struct share_enum_answer {
	uint32_t level;
	const struct share_info *shares;
	uint32_t entries; /* in shares */
	uint32_t total_entries;
	bool has_resume_handle;
	uint32_t resume_handle;
	NET_API_STATUS status;
};

/* If there are entries, the level must be 0 or 1. */
void share_enum_answer_encode(struct ndr_writer *w, const struct share_enum_answer *answer);

/* ---- NetrServerGetInfo, opnum 21, levels 100 and 101 ---- */

/* The longest name without its terminator, [MS-SRVS] 3.1.4.17. */
#define SERVER_INFO_MAX_NAME_UNITS 1023

struct server_info_request {
	const char *server; /* borrows text */
	uint32_t level;
	char text[NDR_TEXT_BYTES(SERVER_INFO_MAX_NAME_UNITS)];
};

/* Fails r if the request is malformed. */
void server_info_request_decode(struct wire_reader *r, struct server_info_request *request);

/* SERVER_INFO_101; SERVER_INFO_100 is a part of it. */
struct server_info {
	uint32_t platform_id;
	const char *name;
	uint32_t version_major, version_minor;
	uint32_t type;
	const char *comment;
};

/* info: NULL if the call failed; otherwise the level must be 100 or 101. */
void server_info_answer_encode(struct ndr_writer *w, uint32_t level, const struct server_info *info,
                               NET_API_STATUS status);

#endif
