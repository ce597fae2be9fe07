/* SPDX-License-Identifier: MIT */
/* [MS-SRVS] 3.1.4.8, 2.2.3.5, 2.2.4.22, 2.2.4.23, 2.2.4.38:
 *   [in, string, unique] SRVSVC_HANDLE ServerName, [in, out] LPSHARE_ENUM_STRUCT InfoStruct,
 *   [in] DWORD PreferedMaximumLength, [out] DWORD *TotalEntries,
 *   [in, out, unique] DWORD *ResumeHandle; NET_API_STATUS */
#include "srvsvc/share_enum.h"

#include "srvsvc/enum_container.h"

/* A server's name is not looked at: of any length will do. */
#define NAME_UNITS 255

/* The union's arms, each a pointer to a container. */
static bool share_enum_is_arm(uint32_t level)
{
	return level <= 2 || (level >= 501 && level <= 503);
}

void share_enum_request_decode(struct wire_reader *r, struct share_enum_request *request)
{
	char server[NDR_TEXT_BYTES(NAME_UNITS)];

	*request = (struct share_enum_request){ 0 };
	(void)ndr_get_unique_wstring(r, server, NAME_UNITS);
	request->level = ndr_get_u32(r);
	if (ndr_get_u32(r) != request->level)
		wire_reader_fail(r, "union tag differs from Level");
	if (!share_enum_is_arm(request->level))
		return;
	enum_container_decode_empty(r);
	request->preferred_bytes = ndr_get_u32(r);
	request->has_resume_handle = ndr_get_u32(r) != 0;
	if (request->has_resume_handle)
		request->resume_handle = ndr_get_u32(r);
}

static void share_enum_encode_shares(struct ndr_writer *w, const struct share_enum_answer *answer)
{
	ndr_put_u32(w, answer->entries);
	for (uint32_t i = 0; i < answer->entries; i++) {
		ndr_put_pointer(w, answer->shares[i].name);
		if (answer->level == 1) {
			ndr_put_u32(w, answer->shares[i].type);
			ndr_put_pointer(w, answer->shares[i].remark);
		}
	}
	for (uint32_t i = 0; i < answer->entries; i++) {
		ndr_put_wstring(w, answer->shares[i].name);
		if (answer->level == 1)
			ndr_put_wstring(w, answer->shares[i].remark);
	}
}

void share_enum_answer_encode(struct ndr_writer *w, const struct share_enum_answer *answer)
{
	ndr_put_u32(w, answer->level);
	ndr_put_u32(w, answer->level); /* the union's tag */
	if (share_enum_is_arm(answer->level)) {
		ndr_put_pointer(w, answer); /* the container */
		ndr_put_u32(w, answer->entries);
		ndr_put_pointer(w, answer->entries > 0 ? answer : NULL);
	}
	if (answer->entries > 0)
		share_enum_encode_shares(w, answer);
	ndr_put_u32(w, answer->total_entries);
	ndr_put_pointer(w, answer->has_resume_handle ? answer : NULL);
	if (answer->has_resume_handle)
		ndr_put_u32(w, answer->resume_handle);
	ndr_put_u32(w, answer->status);
}
