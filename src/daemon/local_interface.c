/* SPDX-License-Identifier: MIT */
#include "daemon/local_interface.h"

#include <lmerr.h>
#include <stdlib.h>
#include <string.h>
#include "local/local_list.h"
#include "local/interface.h"
#include "rpc/call.h"
#include "daemon/counters.h"
#include "srvsvc/server.h"
#include "srvsvc/session_messages.h"

#define NCA_OP_RNG_ERROR 0x1C010002u /* C706 N.2 */

static struct local_entry local_interface_label_entry(const void *context, size_t i)
{
	return (struct local_entry){ .name = identity_label(context, i) };
}

static void local_interface_who_am_i(const struct srvsvc_caller *caller, struct ndr_writer *w)
{
	local_list_encode(w, NERR_Success, identity_label_count(caller->identity),
	                  local_interface_label_entry, caller->identity);
}

static struct local_entry local_interface_counter_entry(const void *context, size_t i)
{
	enum counter which = (enum counter)i;

	(void)context;
	return (struct local_entry){ .name = counters_name(which),
		                     .help = counters_help(which),
		                     .value = counters_value(which) };
}

static void local_interface_get_counters(const struct srvsvc_caller *caller, struct ndr_writer *w)
{
	struct srvsvc_server *service = caller->service;
	bool allowed = access_policy_allows(service->policy, caller->identity, ACCESS_COUNTERS);
	struct srvsvc_event event = {
		.operation = "LocalGetCounters",
		.identity = caller->identity,
		.address = caller->address,
		.endpoint = caller->endpoint,
		.level = -1,
		.entries = allowed ? COUNTER_COUNT : 0,
		.total = allowed ? COUNTER_COUNT : 0,
		.status = allowed ? NERR_Success : ERROR_ACCESS_DENIED,
	};

	counters_set(COUNTER_SESSIONS_NOW, session_table_count(service->table));
	local_list_encode(w, event.status, event.entries, local_interface_counter_entry, NULL);
	service->report(service->context, &event);
}

struct also_closed {
	struct local_entry entries[LOCAL_LIST_MAX_ENTRIES];
	size_t count;
};

static void local_interface_add_beside(void *context, const struct netsession_row *row)
{
	struct also_closed *b = context;

	if (b->count < LOCAL_LIST_MAX_ENTRIES)
		b->entries[b->count++] = (struct local_entry){ .name = row->client,
			                                       .help = row->user };
}

static struct local_entry local_interface_beside_entry(const void *context, size_t i)
{
	return ((const struct also_closed *)context)->entries[i];
}

/* False: the stub does not decode. */
static bool local_interface_list_beside(const struct srvsvc_caller *caller,
                                        struct wire_reader *stub, struct ndr_writer *w)
{
	struct srvsvc_server *service = caller->service;
	bool allowed = access_policy_allows(service->policy, caller->identity, ACCESS_DELETE);
	struct session_qualifier_texts texts;
	struct session_del_request request;
	struct also_closed beside = { .count = 0 };
	struct srvsvc_event event = {
		.operation = "LocalListBeside",
		.identity = caller->identity,
		.address = caller->address,
		.endpoint = caller->endpoint,
		.level = -1,
		.status = allowed ? NERR_Success : ERROR_ACCESS_DENIED,
	};

	session_del_request_decode(stub, &request, &texts);
	if (stub->error != NULL)
		return false;
	event.client = request.client;
	event.user = request.user;
	if (allowed && (session_qualifier_is_given(request.client) ||
	                session_qualifier_is_given(request.user))) {
		const struct session_filter filter = { request.client, request.user };

		if (!session_table_also_closed(service->table, &filter, local_interface_add_beside,
		                               &beside, &event.total))
			event.status = ERROR_NOT_ENOUGH_MEMORY;
		event.entries = (uint32_t)beside.count;
	}
	local_list_encode(w, event.status, beside.count, local_interface_beside_entry, &beside);
	service->report(service->context, &event);
	return true;
}

/* ---- warnings ---- */

struct local_warnings {
	struct local_entry entries[LOCAL_LIST_MAX_ENTRIES];
	size_t count;
	bool has_memory;
};

static void local_interface_add_warning(void *context, const struct session_warning *warning)
{
	struct local_warnings *w = context;
	char *text;

	if (w->count == LOCAL_LIST_MAX_ENTRIES || !w->has_memory)
		return;
	text = strdup(warning->text);
	w->has_memory = text != NULL;
	if (text != NULL)
		w->entries[w->count++] = (struct local_entry){
			.name = text,
			.value = (warning->is_incomplete ? LOCAL_WARNING_INCOMPLETE : 0) |
			         (warning->is_lost ? LOCAL_WARNING_LOST_SOURCE : 0),
		};
}

static struct local_entry local_interface_warning_entry(const void *context, size_t i)
{
	return ((const struct local_warnings *)context)->entries[i];
}

/* Who may not list sessions has no use for warnings about lists. */
static void local_interface_list_warnings(const struct srvsvc_caller *caller, struct ndr_writer *w)
{
	struct srvsvc_server *service = caller->service;
	struct local_warnings warnings = { .has_memory = true };
	bool allowed = srvsvc_may_list_sessions(service, caller->identity);

	if (allowed)
		session_sources_warn(&service->sources, local_interface_add_warning, &warnings);
	local_list_encode(w,
	                  !allowed              ? ERROR_ACCESS_DENIED
	                  : warnings.has_memory ? NERR_Success
	                                        : ERROR_NOT_ENOUGH_MEMORY,
	                  warnings.count, local_interface_warning_entry, &warnings);
	for (size_t i = 0; i < warnings.count; i++)
		free((char *)warnings.entries[i].name);
}

static uint32_t local_interface_call(void *context, uint16_t opnum, struct wire_reader *stub,
                                     struct wire_writer *answer)
{
	static void (*const operations[])(const struct srvsvc_caller *, struct ndr_writer *) = {
		[LOCAL_GET_CALLER] = local_interface_who_am_i,
		[LOCAL_GET_COUNTERS] = local_interface_get_counters,
		[LOCAL_LIST_WARNINGS] = local_interface_list_warnings,
	};
	struct ndr_writer w;

	ndr_writer_init(&w, answer);
	if (opnum == LOCAL_LIST_ALSO_CLOSED)
		return local_interface_list_beside(context, stub, &w) ? 0 : RPC_FAULT_BAD_STUB_DATA;
	if (opnum == LOCAL_ENUM_SESSIONS)
		return srvsvc_call_session_enum(context, stub, answer);
	if (opnum >= sizeof operations / sizeof *operations || operations[opnum] == NULL)
		return NCA_OP_RNG_ERROR;
	operations[opnum](context, &w);
	return 0;
}

const struct rpc_interface local_interface = {
	.syntax = { .uuid = LOCAL_INTERFACE_UUID, .version = LOCAL_INTERFACE_VERSION },
	.call = local_interface_call,
};
