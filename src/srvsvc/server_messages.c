/* SPDX-License-Identifier: MIT */
/* [MS-SRVS] 3.1.4.8, 2.2.3.5, 2.2.4.22, 2.2.4.23, 2.2.4.38:
 *   [in, string, unique] SRVSVC_HANDLE ServerName, [in, out] LPSHARE_ENUM_STRUCT InfoStruct,
 *   [in] DWORD PreferedMaximumLength, [out] DWORD *TotalEntries,
 *   [in, out, unique] DWORD *ResumeHandle; NET_API_STATUS */
#include "srvsvc/server_messages.h"

#include "srvsvc/session_messages.h"

/* The server's name is ignored, so it may be cut. */
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
		wire_reader_fail(r, "the tag of the union differs from Level");
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

/* [MS-SRVS] 3.1.4.17, 2.2.3.7, 2.2.4.40, 2.2.4.41:
 *   [in, string, unique] SRVSVC_HANDLE ServerName, [in] DWORD Level,
 *   [out, switch_is(Level)] LPSERVER_INFO InfoStruct; NET_API_STATUS */

/* The union's arms, each a pointer. */
static bool server_info_is_arm(uint32_t level)
{
	static const uint32_t arms[] = {
		100,  101,  102,  103,  502,  503,  599,  1005, 1010, 1016, 1017, 1018, 1107,
		1501, 1502, 1503, 1506, 1510, 1511, 1512, 1513, 1514, 1515, 1516, 1518, 1523,
		1528, 1529, 1530, 1533, 1534, 1535, 1536, 1538, 1539, 1540, 1541, 1542, 1543,
		1544, 1545, 1546, 1547, 1548, 1549, 1550, 1552, 1553, 1554, 1555, 1556,
	};

	for (size_t i = 0; i < sizeof arms / sizeof *arms; i++)
		if (arms[i] == level)
			return true;
	return false;
}

void server_info_request_decode(struct wire_reader *r, struct server_info_request *request)
{
	request->server = ndr_get_unique_wstring(r, request->text, SERVER_INFO_MAX_NAME_UNITS);
	request->level = ndr_get_u32(r);
}

static void server_info_encode(struct ndr_writer *w, uint32_t level, const struct server_info *info)
{
	ndr_put_u32(w, info->platform_id);
	ndr_put_pointer(w, info->name);
	if (level == 101) {
		ndr_put_u32(w, info->version_major);
		ndr_put_u32(w, info->version_minor);
		ndr_put_u32(w, info->type);
		ndr_put_pointer(w, info->comment);
	}
	ndr_put_wstring(w, info->name);
	if (level == 101)
		ndr_put_wstring(w, info->comment);
}

void server_info_answer_encode(struct ndr_writer *w, uint32_t level, const struct server_info *info,
                               NET_API_STATUS status)
{
	ndr_put_u32(w, level); /* the union's tag */
	if (server_info_is_arm(level))
		ndr_put_pointer(w, info);
	if (info != NULL)
		server_info_encode(w, level, info);
	ndr_put_u32(w, status);
}
