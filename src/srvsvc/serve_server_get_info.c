/* SPDX-License-Identifier: MIT */
/* NetrServerGetInfo: [MS-SRVS] 3.1.4.17, levels 100 and 101. */
#include <lmerr.h>
#include <stdlib.h>
#include "base/text.h"
#include "rpc/call.h"
#include "srvsvc/operations.h"
#include "srvsvc/server_info.h"

#define PLATFORM_ID_NT 500 /* [MS-SRVS] 2.2.2.6 */

/* What those mean to callers: the protocol as it is since Windows 10. */
#define VERSION_MAJOR 10
#define VERSION_MINOR 0

/* [MS-SRVS] 2.2.2.7 */
#define SV_TYPE_WORKSTATION  0x00000001
#define SV_TYPE_SERVER       0x00000002
#define SV_TYPE_XENIX_SERVER 0x00000800
#define SV_TYPE_NT           0x00001000
#define SV_TYPE_SERVER_NT    0x00008000

static NET_API_STATUS srvsvc_check_server_get_info(const struct srvsvc_call *c,
                                                   const struct server_info_request *request)
{
	/* "If the Level parameter has any other value [...] ERROR_INVALID_LEVEL." Of those that it
	 * names, 102, 502 and 503 tell of what this server is not. */
	if (request->level != 100 && request->level != 101)
		return ERROR_INVALID_LEVEL;
	if (!srvsvc_allows(c, ACCESS_SERVER_INFO))
		return ERROR_ACCESS_DENIED;
	/* "If it is non-NULL, the length of the string MUST be less than 1,024." */
	if (request->server != NULL &&
	    text_utf16_units(request->server) > SERVER_INFO_MAX_NAME_UNITS)
		return ERROR_INVALID_PARAMETER;
	return NERR_Success;
}

/* "If the ServerName parameter is NULL, sv101_name MUST be [its own]. Otherwise, sv101_name MUST be
 * set to the value of ServerName": without its \\, as Windows has it. */
static const char *srvsvc_server_name(const struct srvsvc_server *s, const char *asked)
{
	if (asked == NULL || asked[0] == '\0')
		return s->netbios_name;
	while (asked[0] == '\\')
		asked++;
	return asked;
}

static struct server_info srvsvc_describe_server(const struct srvsvc_server *s, const char *asked)
{
	return (struct server_info){
		.platform_id = PLATFORM_ID_NT,
		.name = srvsvc_server_name(s, asked),
		.version_major = VERSION_MAJOR,
		.version_minor = VERSION_MINOR,
		.type = SV_TYPE_WORKSTATION | SV_TYPE_SERVER | SV_TYPE_XENIX_SERVER | SV_TYPE_NT |
		        SV_TYPE_SERVER_NT,
		.comment = s->comment,
	};
}

uint32_t srvsvc_serve_server_get_info(struct srvsvc_call *c)
{
	struct server_info_request request;
	struct server_info info;

	server_info_request_decode(c->stub, &request);
	if (c->stub->error != NULL)
		return RPC_FAULT_BAD_STUB_DATA;
	info = srvsvc_describe_server(c->caller->service, request.server);
	c->event.level = request.level;
	c->event.status = srvsvc_check_server_get_info(c, &request);
	server_info_answer_encode(&c->answer, request.level,
	                          c->event.status == NERR_Success ? &info : NULL, c->event.status);
	srvsvc_report(c);
	return 0;
}
