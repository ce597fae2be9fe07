/* SPDX-License-Identifier: MIT */
/* The calls of netsession_local and of the remote management interface, with any stubs.
 * Input: setting (bits 0-1: who calls; bit 2: a label and a warning are long), a label of the
 * caller, a warning, then calls: opnum (bits 0-2; bit 3: of the management interface; bit 7:
 * big-endian), the number of the stub's bytes, the stub.
 * Must reach: local_interface_call local_interface_who_am_i local_interface_get_counters
 *   local_interface_list_beside local_interface_list_warnings local_interface_add_beside
 *   local_interface_add_warning local_list_encode local_list_put_text local_list_decode
 *   local_list_next srvsvc_call_session_enum session_table_also_closed rpc_management_call
 *   rpc_management_inq_if_ids rpc_management_inq_stats rpc_management_is_server_listening
 *   rpc_management_stop_server_listening rpc_management_inq_princ_name session_sources_warn
 * Holds: our client decodes each answer to the end, in UTF-8; a caller without the right gets no
 * entry of what it must not see; an answer of the management interface is short; a stub that does
 * not decode is a fault. */
#include <lmerr.h>
#include "daemon/local_interface.h"
#include "fuzz.h"
#include "base/text.h"
#include "local/interface.h"
#include "local/local_list.h"
#include "rpc/call.h"
#include "rpc/management.h"
#include "srvsvc/interface.h"
#include "srvsvc/server.h"

enum { ADMINISTRATOR, STRANGER, ANONYMOUS };

enum { MAX_MANAGEMENT_BYTES = 256, MANAGEMENT_OPERATIONS = 5, REPEATS = 700 };

struct run {
	struct srvsvc_server service;
	struct srvsvc_caller caller;
	struct session_owner owner;
	struct session_source source;
	struct identity *who;
	bool is_administrator;
	char *warning;
	unsigned reported;
};

static int64_t now_ms(void *context)
{
	(void)context;
	return 1000;
}

static void report(void *context, const struct srvsvc_event *event)
{
	struct run *run = context;

	MUST(event->operation != NULL && event->entries <= event->total);
	run->reported++;
}

static void close_session(void *context, uint64_t key)
{
	(void)context;
	(void)key;
	MUST(false); /* nobody closes a session here */
}

/* Sessions 1 and 2, and 3 and 4 share a connection. */
static uint32_t group(void *context, uint64_t key)
{
	(void)context;
	return (uint32_t)(key + 1) / 2;
}

static void warn(void *context, session_warning_found *found, void *found_context)
{
	const struct run *run = context;

	found(found_context, &(struct session_warning){ run->warning, true, false });
}

static void check_list(const struct run *run, unsigned opnum, const struct wire_writer *answer)
{
	struct local_entry entry;
	struct local_list list;
	struct wire_reader r;
	unsigned count = 0;

	wire_reader_init(&r, answer->data, answer->len);
	local_list_decode(&list, &r);
	MUST(r.error == NULL && list.count <= LOCAL_LIST_MAX_ENTRIES);
	while (local_list_next(&list, &entry)) {
		MUST(entry.name == NULL || text_utf8_is_valid(entry.name));
		MUST(entry.help == NULL || text_utf8_is_valid(entry.help));
		count++;
	}
	MUST(r.error == NULL && wire_left(&r) == 0 && count == list.count);
	if (opnum == LOCAL_GET_CALLER)
		MUST(list.status == NERR_Success && count == identity_label_count(run->who));
	else if (!run->is_administrator)
		MUST(list.status == ERROR_ACCESS_DENIED && count == 0);
}

/* The next part of a call. */
static uint32_t call_local(struct run *run, unsigned opnum, const uint8_t *stub, size_t bytes,
                           bool is_big_endian, struct wire_writer *answer)
{
	struct wire_reader r;
	uint32_t fault;

	wire_reader_init(&r, stub, bytes);
	r.big_endian = is_big_endian;
	fault = local_interface.call(&run->caller, (uint16_t)opnum, &r, answer);
	MUST(fault != RPC_CALL_UNFINISHED || answer->len == 0);
	MUST(fault != 0 || r.error == NULL);
	return fault;
}

static void call(struct run *run, struct fuzz_input *in)
{
	static const struct rpc_interface *const interfaces[] = { &srvsvc_interface,
		                                                  &local_interface };
	static const struct rpc_endpoint endpoint = { .interfaces = interfaces,
		                                      .interface_count = 2 };
	unsigned what = fuzz_u8(in), opnum = what & 7;
	size_t bytes = fuzz_u8(in);
	uint8_t *stub = fuzz_copy(in, &bytes);
	struct wire_writer answer = { 0 };
	struct wire_reader r;
	uint32_t fault;

	wire_reader_init(&r, stub, bytes);
	r.big_endian = (what & 0x80) != 0;
	if ((what & 8) != 0) {
		fault = rpc_management_call(&endpoint, (uint16_t)opnum, &r, &answer);
		MUST((fault == RPC_FAULT_OP_RNG_ERROR) == (opnum >= MANAGEMENT_OPERATIONS));
		MUST(answer.len <= MAX_MANAGEMENT_BYTES);
	} else {
		do
			fault = call_local(run, opnum, stub, bytes, (what & 0x80) != 0, &answer);
		while (fault == RPC_CALL_UNFINISHED);
		if (fault == 0 && opnum != LOCAL_ENUM_SESSIONS)
			check_list(run, opnum, &answer);
		MUST(fault != 0 || opnum <= LOCAL_LIST_WARNINGS);
	}
	MUST(!answer.failed);
	wire_writer_fini(&answer);
	free(stub);
}

/* The text as often as makes it longer than a list's. */
static char *repeat(char *text, bool is_long)
{
	size_t bytes = strlen(text), count = is_long ? REPEATS : 1;
	char *all = calloc(count * bytes + 1, 1);

	for (size_t i = 0; i < count; i++)
		memcpy(all + i * bytes, text, bytes);
	free(text);
	return all;
}

static void begin(struct run *run, struct fuzz_input *in)
{
	static const char *const users[] = { "root", "root", "stranger" };
	static const char *const clients[] = { "10.0.0.1", "pc1", "10.0.0.1", "\\\\[::1]" };
	unsigned setting = fuzz_u8(in), who = (setting & 3) % 3;
	char *label = repeat(fuzz_text(in), (setting & 4) != 0);
	struct err err = { 0 };

	run->warning = repeat(fuzz_text(in), (setting & 4) != 0);
	run->service = (struct srvsvc_server){ .table = session_table_new(8),
		                               .policy = access_policy_new("hardened"),
		                               .netbios_name = "FS",
		                               .comment = "",
		                               .max_answer_bytes = 65536,
		                               .max_held_bytes = 1 << 20,
		                               .part_visits = 2,
		                               .now_ms = now_ms,
		                               .report = report,
		                               .context = run };
	MUST(access_policy_set_group(run->service.policy, "administrators", "root", &err));
	run->is_administrator = who == ADMINISTRATOR;
	run->who = who == ANONYMOUS ? identity_new_anonymous()
	                            : identity_new(users[who + (who == STRANGER)], "");
	/* Names come out of files and tickets as UTF-8. */
	text_utf8_make_valid(label);
	text_utf8_make_valid(run->warning);
	if (!text_equal_nocase(label, "root"))
		MUST(identity_add_label(run->who, label));
	free(label);
	run->caller = (struct srvsvc_caller){ .service = &run->service,
		                              .identity = run->who,
		                              .address = "local",
		                              .endpoint = "local" };
	run->owner =
		(struct session_owner){ .close = close_session, .group = group, .name = "fuzz" };
	for (unsigned i = 0; i < 4; i++) {
		const struct session_facts facts = { .client = clients[i],
			                             .user = i < 2 ? "alice" : "bob" };

		MUST(session_table_add(run->service.table, &facts, &run->owner, i + 1) != 0);
	}
	run->source = (struct session_source){ .warn = warn, .context = run };
	LIST_INSERT_HEAD(&run->service.sources, &run->source, entry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input in = { data, bytes };
	struct run run = { 0 };

	begin(&run, &in);
	while (in.left > 0)
		call(&run, &in);
	session_table_free(run.service.table);
	access_policy_release(run.service.policy);
	identity_release(run.who);
	free(run.warning);
	return 0;
}
