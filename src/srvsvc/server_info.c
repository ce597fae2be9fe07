/* SPDX-License-Identifier: MIT */
/* [MS-SRVS] 3.1.4.17, 2.2.3.7, 2.2.4.40, 2.2.4.41:
 *   [in, string, unique] SRVSVC_HANDLE ServerName, [in] DWORD Level,
 *   [out, switch_is(Level)] LPSERVER_INFO InfoStruct; NET_API_STATUS */
#include "srvsvc/server_info.h"

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
