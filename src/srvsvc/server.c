/* SPDX-License-Identifier: MIT */
#include "srvsvc/server.h"

#include <lmerr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "rpc/call.h"
#include "srvsvc/interface.h"
#include "srvsvc/serve_session_enum.h"
#include "srvsvc/server_messages.h"
#include "srvsvc/session_levels.h"
#include "srvsvc/session_messages.h"

/* ---- operations: each runs a call, and returns what rpc_interface.call returns ---- */

/* NetrSessionDel: [MS-SRVS] 3.1.4.6. Access is checked first, as Windows and Samba do it. */

static NET_API_STATUS srvsvc_check_session_del(const struct srvsvc_call *c,
                                               const struct session_del_request *request)
{
	bool has_client = session_qualifier_is_given(request->client);

	/* "The server SHOULD enforce security measures", <54>, <55>. */
	if (!srvsvc_allows(c, ACCESS_DELETE))
		return ERROR_ACCESS_DENIED;
	/* "If a ClientName is specified, it MUST start with "\\"; otherwise [...]" */
	if (has_client && strncmp(request->client, "\\\\", 2) != 0)
		return NERR_ClientNameNotFound;
	if (session_qualifier_is_too_long(request->client) ||
	    session_qualifier_is_too_long(request->user))
		return ERROR_INVALID_PARAMETER;
	/* "If both ClientName and UserName are unspecified [...] NERR_ClientNameNotFound or an
	 * ERROR_INVALID_PARAMETER": the latter, because no client was searched for. */
	if (!has_client && !session_qualifier_is_given(request->user))
		return ERROR_INVALID_PARAMETER;
	return NERR_Success;
}

/* Sessions that end because they share a connection with a deleted session. */
enum { MAX_ALSO = 32, ALSO_BYTES = 192 };

struct also_closed {
	char texts[MAX_ALSO][ALSO_BYTES]; /* longer ones are cut */
	const char *also[MAX_ALSO];
	uint32_t count;
};

static void srvsvc_add_also_closed(void *context, const struct netsession_row *row)
{
	struct also_closed *b = context;

	if (b->count == MAX_ALSO)
		return;
	(void)snprintf(b->texts[b->count], ALSO_BYTES, "%s from %s",
	               row->user != NULL ? row->user : "", row->client);
	b->also[b->count] = b->texts[b->count];
	b->count++;
}

static uint32_t srvsvc_serve_session_del(struct srvsvc_call *c)
{
	struct also_closed beside = { .count = 0 };
	struct session_qualifier_texts texts;
	struct session_del_request request;
	struct session_filter filter;

	session_del_request_decode(c->stub, &request, &texts);
	if (c->stub->error != NULL)
		return RPC_FAULT_BAD_STUB_DATA;
	filter = (struct session_filter){ request.client, request.user };
	c->event.client = request.client;
	c->event.user = request.user;
	c->event.status = srvsvc_check_session_del(c, &request);
	/* Without memory to name all that end, none is closed. */
	if (c->event.status == NERR_Success &&
	    !session_table_also_closed(c->caller->service->table, &filter, srvsvc_add_also_closed,
	                               &beside, &c->event.also_total))
		c->event.status = ERROR_NOT_ENOUGH_MEMORY;
	if (c->event.status == NERR_Success) {
		c->event.also_count = beside.count;
		c->event.also = beside.also;
		/* "The server MUST [...] close all the matching sessions." */
		c->event.total = session_table_close(c->caller->service->table, &filter);
		c->event.entries = c->event.total;
		/* "If no matching session is found with the ClientName and UserName [...]" */
		if (c->event.total == 0)
			c->event.status = NERR_ClientNameNotFound;
	}
	session_del_answer_encode(&c->answer, c->event.status);
	srvsvc_report(c);
	return 0;
}

/* NetrShareEnum: [MS-SRVS] 3.1.4.8, levels 0 and 1. IPC$ is the only share. */

/* [MS-SRVS] 2.2.2.4 */
#define STYPE_IPC     0x00000003
#define STYPE_SPECIAL 0x80000000

static const struct share_info shares[] = {
	{ "IPC$", STYPE_IPC | STYPE_SPECIAL, "Remote IPC" },
};

#define SHARE_COUNT ((uint32_t)(sizeof shares / sizeof *shares))

static NET_API_STATUS srvsvc_check_share_enum(const struct srvsvc_call *c,
                                              const struct share_enum_request *request)
{
	/* "If the Level member is not equal to one of the valid values [...] ERROR_INVALID_LEVEL."
	 * Levels 2, 501, 502 and 503 have members that IPC$ does not have. */
	if (request->level > 1)
		return ERROR_INVALID_LEVEL;
	/* "The server SHOULD enforce security measures", <58>, <59>. */
	return srvsvc_allows(c, ACCESS_SHARE_ENUM) ? NERR_Success : ERROR_ACCESS_DENIED;
}

/* PreferedMaximumLength does not matter: one entry is always returned, and there are no more. */
static void srvsvc_fill_shares(const struct share_enum_request *request,
                               struct share_enum_answer *answer)
{
	/* "If the value of the ResumeHandle is greater than or equal to the size of the ShareList,
	 * the server MUST return NERR_Success and zero entries." */
	if (request->resume_handle >= SHARE_COUNT)
		return;
	answer->shares = shares + request->resume_handle;
	answer->entries = SHARE_COUNT - request->resume_handle;
	answer->total_entries = answer->entries;
	answer->resume_handle = SHARE_COUNT;
}

static uint32_t srvsvc_serve_share_enum(struct srvsvc_call *c)
{
	struct share_enum_request request;
	struct share_enum_answer answer;

	share_enum_request_decode(c->stub, &request);
	if (c->stub->error != NULL)
		return RPC_FAULT_BAD_STUB_DATA;
	answer = (struct share_enum_answer){
		.level = request.level,
		.has_resume_handle = request.has_resume_handle,
		.resume_handle = request.resume_handle,
		.status = srvsvc_check_share_enum(c, &request),
	};
	if (answer.status == NERR_Success)
		srvsvc_fill_shares(&request, &answer);
	share_enum_answer_encode(&c->answer, &answer);
	c->event.level = request.level;
	c->event.entries = answer.entries;
	c->event.total = answer.total_entries;
	c->event.status = answer.status;
	srvsvc_report(c);
	return 0;
}

/* NetrServerGetInfo: [MS-SRVS] 3.1.4.17, levels 100 and 101. */

#define PLATFORM_ID_NT 500 /* [MS-SRVS] 2.2.2.6 */

/* What clients take for the protocol since Windows 10 */
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
	/* "If the Level parameter has any other value [...] ERROR_INVALID_LEVEL." The levels
	 * 102, 502 and 503 have members that this server does not have. */
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
 * set to the value of ServerName": without leading \\, as Windows does it. */
static const char *srvsvc_server_name(const struct srvsvc_server *s, const char *requested)
{
	if (requested == NULL || requested[0] == '\0')
		return s->netbios_name;
	while (requested[0] == '\\')
		requested++;
	return requested;
}

static struct server_info srvsvc_describe_server(const struct srvsvc_server *s,
                                                 const char *requested)
{
	return (struct server_info){
		.platform_id = PLATFORM_ID_NT,
		.name = srvsvc_server_name(s, requested),
		.version_major = VERSION_MAJOR,
		.version_minor = VERSION_MINOR,
		.type = SV_TYPE_WORKSTATION | SV_TYPE_SERVER | SV_TYPE_XENIX_SERVER | SV_TYPE_NT |
		        SV_TYPE_SERVER_NT,
		.comment = s->comment,
	};
}

static uint32_t srvsvc_serve_server_get_info(struct srvsvc_call *c)
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

/* ---- the interface ---- */

static uint32_t (*const run[])(struct srvsvc_call *) = {
	[SRVSVC_NETR_SESSION_ENUM] = srvsvc_serve_session_enum,
	[SRVSVC_NETR_SESSION_DEL] = srvsvc_serve_session_del,
	[SRVSVC_NETR_SHARE_ENUM] = srvsvc_serve_share_enum,
	[SRVSVC_NETR_SERVER_GET_INFO] = srvsvc_serve_server_get_info,
};

static const char *const names[] = {
#define O(OPERATION, OPNUM, NAME) [OPERATION] = NAME,
	SRVSVC_OPERATIONS(O)
#undef O
};

static struct srvsvc_call srvsvc_call_begin(struct srvsvc_caller *caller, uint16_t opnum,
                                            struct wire_reader *stub, struct wire_writer *answer)
{
	struct srvsvc_call c = {
		.caller = caller,
		.stub = stub,
		.event = { .operation = names[opnum],
		           .identity = caller->identity,
		           .address = caller->address,
		           .endpoint = caller->endpoint,
		           .level = -1 },
	};

	ndr_writer_init(&c.answer, answer);
	return c;
}

/* A new call of an account that holds as much as it may. */
static bool srvsvc_is_refused(const struct srvsvc_caller *caller)
{
	return caller->enumeration == NULL &&
	       srvsvc_account_is_full(caller->service, caller->account);
}

uint32_t srvsvc_call_session_enum(struct srvsvc_caller *caller, struct wire_reader *stub,
                                  struct wire_writer *answer)
{
	struct srvsvc_call c = srvsvc_call_begin(caller, SRVSVC_NETR_SESSION_ENUM, stub, answer);

	if (srvsvc_is_refused(caller))
		return RPC_FAULT_REMOTE_NO_MEMORY;
	c.shows_unknown = true;
	return srvsvc_serve_session_enum(&c);
}

static uint32_t srvsvc_interface_call(void *context, uint16_t opnum, struct wire_reader *stub,
                                      struct wire_writer *answer)
{
	struct srvsvc_call c;

	if (opnum >= sizeof run / sizeof *run || run[opnum] == NULL)
		return RPC_FAULT_OP_RNG_ERROR;
	if (srvsvc_is_refused(context))
		return RPC_FAULT_REMOTE_NO_MEMORY;
	c = srvsvc_call_begin(context, opnum, stub, answer);
	return run[opnum](&c);
}

const struct rpc_interface srvsvc_interface = {
	.syntax = { SRVSVC_INTERFACE_UUID, SRVSVC_INTERFACE_VERSION, 0 },
	.call = srvsvc_interface_call,
	.wants_protection = true,
};

/* ---- for hosts ---- */

bool srvsvc_may_list_sessions(const struct srvsvc_server *s, const struct identity *identity)
{
	for (size_t i = 0; i < SESSION_LEVEL_COUNT; i++)
		if (access_policy_allows(s->policy, identity,
		                         access_right_of_level(session_levels[i].number)))
			return true;
	return access_policy_allows(s->policy, identity, ACCESS_DELETE);
}

void srvsvc_caller_abandon(struct srvsvc_caller *caller)
{
	srvsvc_abandon_session_enum(caller);
}
