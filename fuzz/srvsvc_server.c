/* SPDX-License-Identifier: MIT */
/* srvsvc's operations over a real table and policy: raw stubs, and requests that decode.
 * Input: setting (bit 0: "documented", else "hardened"; bit 1: answers of 2 KB at most), then
 * steps, each a kind and what it needs: a session comes, changes, goes; any stub for any opnum;
 * NetrSessionEnum, one page or all of them; NetrSessionDel.
 * Must reach: srvsvc_interface_call srvsvc_serve_session_enum srvsvc_serve_session_del
 *   srvsvc_serve_share_enum srvsvc_serve_server_get_info srvsvc_allows srvsvc_report
 *   srvsvc_add_row srvsvc_explain_no_match srvsvc_max_answer_bytes srvsvc_fill_answer
 *   srvsvc_encode_sessions srvsvc_count_sessions srvsvc_describe_server session_enum_request_decode
 *   session_enum_answer_encode session_del_request_decode session_del_answer_encode
 *   share_enum_request_decode share_enum_answer_encode server_info_request_decode
 *   server_info_answer_encode enum_container_decode_empty session_walk_begin session_walk_next
 *   session_table_close session_table_knows_client access_policy_allows identity_has_label
 * Holds: a call is reported once, or faults; a call without access shows no session; our client
 * decodes the answer, which agrees with the report and is no longer than it may be; the pages of
 * an enumeration are together what the table has, in its order; a deletion removes the sessions
 * it names and no other. */
#include "fuzz.h"
#include "rpc/call.h"
#include "srvsvc/server.h"
#include "srvsvc/interface.h"
#include "srvsvc/session_messages.h"

#define MAX_SESSIONS    64
#define SMALL_ANSWER    2048
#define LARGE_ANSWER    (1u << 20)
#define ANSWER_OVERHEAD 64 /* what is not of its entries */
#define MANY_PAGES      (2 * MAX_SESSIONS)

enum { COMES, CHANGES, GOES, RAW, ENUM, ENUM_ALL, DEL, AGES, STEP_COUNT };
enum { ADMINISTRATOR, STRANGER, ANONYMOUS, WHO_COUNT };

static const char *const clients[] = {
	"",  "\\\\10.0.0.1", "10.0.0.1", "\\\\PC1", "pc1", "\\\\[fe80::1]", "\\\\\xC3\x89t\xC3\xA9",
	"x",
};
static const char *const users[] = {
	"", "alice", "ALICE", "bob", "\xF0\x9F\x98\x80", "\xC3\xA9mile", "\xC3\x89MILE", "nobody",
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct bench {
	struct srvsvc_server service;
	struct session_owner owner;
	struct identity *who[WHO_COUNT];
	bool is_hardened;
	uint32_t ids[256]; /* by key; 0: removed */
	uint8_t added;     /* the last key */
	int64_t now_ms;
	unsigned told;
	struct srvsvc_event event; /* the last one; its texts are freed */
};

static int64_t now_ms(void *context)
{
	return ((struct bench *)context)->now_ms;
}

static void tell(void *context, const struct srvsvc_event *event)
{
	struct bench *b = context;

	MUST(event->operation != NULL && event->identity != NULL && event->entries <= event->total);
	b->told++;
	b->event = *event;
}

static void close_session(void *context, uint64_t key)
{
	struct bench *b = context;

	MUST(b->ids[key] != 0);
	session_table_remove(b->service.table, b->ids[key]);
	b->ids[key] = 0;
}

static void bench_init(struct bench *b, unsigned setting)
{
	struct err err = { 0 };

	*b = (struct bench){ .now_ms = 1000, .is_hardened = (setting & 1) == 0 };
	b->service = (struct srvsvc_server){
		.table = session_table_new(MAX_SESSIONS),
		.policy = access_policy_new(b->is_hardened ? "hardened" : "documented"),
		.netbios_name = "FILESRV",
		.comment = "a comment",
		.max_answer_bytes = (setting & 2) != 0 ? SMALL_ANSWER : LARGE_ANSWER,
		.max_held_bytes = LARGE_ANSWER,
		.part_visits = 7,
		.now_ms = now_ms,
		.report = tell,
		.context = b,
	};
	MUST(access_policy_set_group(b->service.policy, "administrators", "LAB\\root", &err));
	b->owner = (struct session_owner){ .close = close_session, .context = b, .name = "fuzz" };
	b->who[ADMINISTRATOR] = identity_new("root", "LAB");
	b->who[STRANGER] = identity_new("root", "OTHER");
	b->who[ANONYMOUS] = identity_new_anonymous();
}

static void bench_fini(struct bench *b)
{
	session_table_free(b->service.table);
	access_policy_release(b->service.policy);
	for (size_t i = 0; i < WHO_COUNT; i++)
		identity_release(b->who[i]);
}

/* ---- sessions ---- */

static struct session_facts get_facts(struct fuzz_input *in, const struct bench *b)
{
	unsigned which = fuzz_u8(in), numbers = fuzz_u8(in);

	return (struct session_facts){
		.client = clients[which % COUNT(clients)],
		.user = users[which / COUNT(clients) % COUNT(users)],
		.client_type = (numbers & 1) != 0 ? "a client's type" : "",
		.transport = (numbers & 2) != 0 ? "\\Device\\NetbiosSmb" : NULL,
		.num_opens = numbers,
		.user_flags = numbers & 3,
		.created_ms = b->now_ms - (int64_t)numbers * 1000,
		.used_ms = b->now_ms,
	};
}

static void come(struct bench *b, struct fuzz_input *in)
{
	struct session_facts facts = get_facts(in, b);
	uint8_t key = (uint8_t)(b->added + 1);

	if (b->ids[key] != 0)
		return;
	b->ids[key] = session_table_add(b->service.table, &facts, &b->owner, key);
	if (b->ids[key] != 0)
		b->added = key;
}

static void change(struct bench *b, struct fuzz_input *in)
{
	uint8_t key = fuzz_u8(in);
	struct session_facts facts = get_facts(in, b);

	(void)session_table_update(b->service.table, b->ids[key], &facts);
}

static void go(struct bench *b, struct fuzz_input *in)
{
	uint8_t key = fuzz_u8(in);

	session_table_remove(b->service.table, b->ids[key]);
	b->ids[key] = 0;
}

/* ---- calls ---- */

/* Returns the fault; answer is what was answered. */
static uint32_t make_call(struct bench *b, unsigned who, uint16_t opnum, const uint8_t *stub,
                          size_t bytes, bool is_big, struct wire_writer *answer)
{
	struct srvsvc_caller caller = { .service = &b->service,
		                        .identity = b->who[who],
		                        .address = "192.0.2.1",
		                        .endpoint = "smb" };
	unsigned told = b->told;
	struct wire_reader r;
	uint32_t fault;

	do {
		wire_reader_init(&r, stub, bytes);
		r.big_endian = is_big;
		fault = srvsvc_interface.call(&caller, opnum, &r, answer);
		MUST(fault != RPC_CALL_UNFINISHED || answer->len == 0);
	} while (fault == RPC_CALL_UNFINISHED);
	MUST(!answer->failed);
	MUST(fault == 0 || fault == RPC_FAULT_OP_RNG_ERROR || fault == RPC_FAULT_BAD_STUB_DATA);
	MUST(b->told == told + (fault == 0) && (fault == 0 || answer->len == 0));
	if (fault == 0) {
		MUST(b->event.identity == b->who[who]);
		MUST(who != ANONYMOUS || b->event.status != NERR_Success);
	}
	return fault;
}

static unsigned get_who(unsigned flags)
{
	return (flags & 0x0F) == 0 ? STRANGER : (flags & 0x0F) == 1 ? ANONYMOUS : ADMINISTRATOR;
}

static void call_raw(struct bench *b, struct fuzz_input *in)
{
	static const uint16_t opnums[] = { SRVSVC_NETR_SESSION_ENUM, SRVSVC_NETR_SESSION_DEL,
		                           SRVSVC_NETR_SHARE_ENUM, SRVSVC_NETR_SERVER_GET_INFO };
	unsigned flags = fuzz_u8(in), which = fuzz_u8(in);
	size_t bytes = fuzz_u16(in);
	uint8_t *stub = fuzz_copy(in, &bytes);
	struct wire_writer answer = { 0 };
	uint16_t opnum = which < 0x80 ? opnums[which % COUNT(opnums)] : (uint16_t)(which - 0x80);

	(void)make_call(b, get_who(flags), opnum, stub, bytes, (flags & 0x80) != 0, &answer);
	wire_writer_fini(&answer);
	free(stub);
}

static bool is_same_text(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static void check_row(uint32_t level, const struct netsession_row *expected,
                      const struct netsession_row *row)
{
	MUST(is_same_text(row->client, expected->client));
	if (level == 0)
		return;
	MUST(is_same_text(row->user, expected->user));
	MUST(row->active_s == expected->active_s && row->idle_s == expected->idle_s);
	if (level == 10)
		return;
	MUST(row->num_opens == expected->num_opens && row->user_flags == expected->user_flags);
	if (level == 1)
		return;
	MUST(is_same_text(row->client_type, expected->client_type));
	MUST(level == 2 || is_same_text(row->transport, expected->transport));
}

static bool may_enumerate(const struct bench *b, unsigned who, uint32_t level)
{
	return who == ADMINISTRATOR ||
	       (who == STRANGER && !b->is_hardened && (level == 0 || level == 10));
}

/* One page: its answer, whose entries are those that stand in the table behind request's resume
 * handle. */
static struct session_enum_answer call_enum(struct bench *b, unsigned who,
                                            const struct session_enum_request *request)
{
	const struct session_level *level = session_level_find(request->level);
	const struct session_filter filter = { request->client, request->user };
	struct wire_writer stub = { 0 }, answer = { 0 };
	struct session_enum_answer got = { 0 };
	struct session_enum_decoder d;
	struct session_walk walk;
	struct ndr_writer w;
	void *infos = NULL;
	char *scratch = NULL;
	size_t scratch_bytes = 0;

	ndr_writer_init(&w, &stub);
	session_enum_request_encode(&w, request);
	MUST(make_call(b, who, SRVSVC_NETR_SESSION_ENUM, stub.data, stub.len, false, &answer) == 0);
	MUST(answer.len <= b->service.max_answer_bytes + LARGE_ANSWER);
	session_enum_decoder_init(&d, level);
	session_enum_decoder_feed(&d, answer.data, answer.len, false);
	MUST(session_enum_decoder_finish(&d, &got, &infos) == NERR_Success);
	MUST(got.status == b->event.status && got.entries == b->event.entries);
	MUST(got.total_entries == b->event.total && got.entries <= got.total_entries);
	MUST(got.has_resume_handle == request->has_resume_handle);
	MUST((got.status != ERROR_ACCESS_DENIED) == may_enumerate(b, who, request->level));
	MUST((infos != NULL) == (got.entries > 0));
	if (got.status == NERR_Success || got.status == ERROR_MORE_DATA) {
		MUST((got.status == ERROR_MORE_DATA) == (got.entries < got.total_entries));
		MUST(got.total_entries == 0 || got.entries > 0);
		MUST(got.entries <= 1 ||
		     answer.len <= b->service.max_answer_bytes + ANSWER_OVERHEAD);
		session_walk_begin(&walk, b->service.table, &filter,
		                   request->has_resume_handle ? request->resume_handle : 0);
		MUST(session_walk_total(&walk) == got.total_entries);
		for (uint32_t i = 0; i < got.entries; i++) {
			struct netsession_row expected, row;
			uint32_t id;

			MUST(session_walk_next(&walk, b->now_ms, &expected, &id));
			MUST(session_infos_row(level, infos, i, &row, &scratch, &scratch_bytes));
			check_row(request->level, &expected, &row);
			if (i + 1 == got.entries && got.has_resume_handle)
				MUST(got.resume_handle == id);
		}
	} else {
		MUST(got.entries == 0 && got.total_entries == 0);
		MUST(!got.has_resume_handle || got.resume_handle == request->resume_handle);
	}
	free(scratch);
	free(infos);
	session_enum_decoder_fini(&d);
	wire_writer_fini(&stub);
	wire_writer_fini(&answer);
	return got;
}

static struct session_enum_request get_enum(struct fuzz_input *in)
{
	static const uint32_t levels[] = { 0, 1, 2, 10, 502 };
	unsigned level = fuzz_u8(in), which = fuzz_u8(in), preferred = fuzz_u8(in);

	return (struct session_enum_request){
		.level = levels[level % COUNT(levels)],
		.client = (level & 0x80) != 0 ? clients[which % COUNT(clients)] : NULL,
		.user = (level & 0x40) != 0 ? users[which / COUNT(clients) % COUNT(users)] : NULL,
		.preferred_bytes = preferred == 255 ? MAX_PREFERRED_LENGTH : preferred * 16u,
		.has_resume_handle = true,
	};
}

static void enum_one(struct bench *b, struct fuzz_input *in)
{
	unsigned flags = fuzz_u8(in);
	struct session_enum_request request = get_enum(in);

	request.has_resume_handle = (flags & 0x80) != 0;
	if (request.has_resume_handle)
		request.resume_handle = fuzz_u8(in);
	(void)call_enum(b, get_who(flags), &request);
}

/* An enumeration ends and gives all sessions, however long its pages are. */
static void enum_all(struct bench *b, struct fuzz_input *in)
{
	struct session_enum_request request = get_enum(in);
	const struct session_filter filter = { request.client, request.user };
	struct session_enum_answer got;
	struct session_walk walk;
	uint32_t entries = 0;
	unsigned pages = 0;

	session_walk_begin(&walk, b->service.table, &filter, 0);
	do {
		got = call_enum(b, ADMINISTRATOR, &request);
		entries += got.entries;
		request.resume_handle = got.resume_handle;
		MUST(++pages < MANY_PAGES);
	} while (got.status == ERROR_MORE_DATA);
	if (got.status == NERR_Success)
		MUST(entries == session_walk_total(&walk));
}

static void call_del(struct bench *b, struct fuzz_input *in)
{
	unsigned flags = fuzz_u8(in), which = fuzz_u8(in), who = get_who(flags);
	const struct session_del_request request = {
		.client = (flags & 0x80) != 0 ? clients[which % COUNT(clients)] : NULL,
		.user = (flags & 0x40) != 0 ? users[which / COUNT(clients) % COUNT(users)] : NULL,
	};
	const struct session_filter filter = { request.client, request.user };
	uint32_t before = session_table_count(b->service.table);
	struct wire_writer stub = { 0 }, answer = { 0 };
	struct session_walk walk;
	struct wire_reader r;
	struct ndr_writer w;
	uint32_t meant;

	session_walk_begin(&walk, b->service.table, &filter, 0);
	meant = session_walk_total(&walk);
	ndr_writer_init(&w, &stub);
	session_del_request_encode(&w, &request);
	MUST(make_call(b, who, SRVSVC_NETR_SESSION_DEL, stub.data, stub.len, false, &answer) == 0);
	wire_reader_init(&r, answer.data, answer.len);
	MUST(session_del_answer_decode(&r) == b->event.status && r.error == NULL);
	MUST((b->event.status == ERROR_ACCESS_DENIED) == (who != ADMINISTRATOR));
	session_walk_begin(&walk, b->service.table, &filter, 0);
	if (b->event.status == NERR_Success) {
		MUST(meant > 0 && b->event.entries == meant && session_walk_total(&walk) == 0);
		MUST(session_table_count(b->service.table) == before - meant);
	} else {
		MUST(session_table_count(b->service.table) == before);
	}
	wire_writer_fini(&stub);
	wire_writer_fini(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input in = { data, bytes };
	struct bench b;

	bench_init(&b, fuzz_u8(&in));
	while (in.left > 0)
		switch (fuzz_u8(&in) % STEP_COUNT) {
		case COMES:
			come(&b, &in);
			break;
		case CHANGES:
			change(&b, &in);
			break;
		case GOES:
			go(&b, &in);
			break;
		case RAW:
			call_raw(&b, &in);
			break;
		case ENUM:
			enum_one(&b, &in);
			break;
		case ENUM_ALL:
			enum_all(&b, &in);
			break;
		case DEL:
			call_del(&b, &in);
			break;
		default:
			b.now_ms += fuzz_u16(&in);
		}
	bench_fini(&b);
	return 0;
}
