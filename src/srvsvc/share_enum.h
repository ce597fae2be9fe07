/* SPDX-License-Identifier: MIT */
/* NetrShareEnum, opnum 15: the server's side of it, of levels 0 and 1. */
#ifndef SRVSVC_SHARE_ENUM_H
#define SRVSVC_SHARE_ENUM_H

#include <stdbool.h>
#include <lmcons.h>
#include "wire/ndr_reader.h"
#include "wire/ndr_writer.h"

struct share_enum_request {
	uint32_t level;
	uint32_t preferred_bytes; /* 0xFFFFFFFF: all */
	bool has_resume_handle;
	uint32_t resume_handle;
};

/* Ask r->error whether it decoded. Of a level that does not exist, nothing behind it is read. */
void share_enum_request_decode(struct wire_reader *r, struct share_enum_request *request);

/* SHARE_INFO_1, of which SHARE_INFO_0 is a part. Texts are UTF-8. */
struct share_info {
	const char *name;
	uint32_t type;
	const char *remark;
};

struct share_enum_answer {
	uint32_t level;
	const struct share_info *shares;
	uint32_t entries; /* of shares */
	uint32_t total_entries;
	bool has_resume_handle;
	uint32_t resume_handle;
	NET_API_STATUS status;
};

/* Entries are of level 0 or 1. */
void share_enum_answer_encode(struct ndr_writer *w, const struct share_enum_answer *answer);

#endif
