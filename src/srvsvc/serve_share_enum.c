/* SPDX-License-Identifier: MIT */
/* NetrShareEnum: [MS-SRVS] 3.1.4.8, levels 0 and 1, of the one share that there is. */
#include <lmerr.h>
#include "rpc/call.h"
#include "srvsvc/operations.h"
#include "srvsvc/share_enum.h"

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
	 * Of those, 2, 501, 502 and 503 tell what an IPC$ has none of. */
	if (request->level > 1)
		return ERROR_INVALID_LEVEL;
	/* "The server SHOULD enforce security measures", <58>, <59>. */
	return srvsvc_allows(c, ACCESS_SHARE_ENUM) ? NERR_Success : ERROR_ACCESS_DENIED;
}

/* Whatever PreferedMaximumLength is, one entry is always given, and there are no more. */
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

uint32_t srvsvc_serve_share_enum(struct srvsvc_call *c)
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
