/* SPDX-License-Identifier: MIT */
/* Publishing: messages out of a stream that is cut anywhere, and what a publisher's changes come to
 * at the other end.
 * Input: kind (bit 0: changes, else a stream). A stream: cuts, then its bytes. Changes: pairs of
 * bytes: what is done, and a key or a number.
 * Must reach: publish_input_space publish_input_received publish_input_next publish_message_decode
 *   publish_message_encode publish_get_text publish_put_text publish_row_problem
 *   publish_text_problem publish_outbox_put publish_outbox_touch publish_outbox_remove
 *   publish_outbox_write publish_outbox_refused publish_outbox_has key_map_find key_map_set
 *   key_map_remove key_map_grow outbox_make_room outbox_forget_session outbox_dequeue
 *   outbox_enqueue
 * Holds: however a stream is cut, the same messages come out of it, and a message that decodes
 * encodes again and decodes to the same; when all is sent, the other end knows the sessions that
 * were put and not removed, and never more of them than agreed. */
#include <lmerr.h>
#include "fuzz.h"
#include "local/publish_message.h"
#include "local/publish_outbox.h"

#define CHANGES 1

/* ---- a stream ---- */

static void take(const struct publish_message *m, struct wire_writer *trace)
{
	struct wire_writer again = { 0 };
	struct publish_message back;
	struct wire_reader r;

	if (m->kind == PUBLISH_HELLO && !publish_version_is_known(m->version))
		return; /* its rest was not looked at */
	publish_message_encode(&again, m);
	wire_reader_init(&r, again.data, again.len);
	MUST(wire_get_u16(&r) == again.len - PUBLISH_HEADER_BYTES);
	publish_message_decode(&r, wire_get_u16(&r), &back);
	MUST(r.error == NULL && back.kind == m->kind && back.key == m->key);
	MUST(back.row.idle_s == m->row.idle_s && back.status == m->status);
	MUST(back.number == m->number && back.wants_refresh == m->wants_refresh &&
	     back.bytes == m->bytes && back.is_incomplete == m->is_incomplete);
	MUST(m->kind != PUBLISH_STATE || strcmp(back.warning, m->warning) == 0);
	if (m->kind == PUBLISH_PUT && publish_row_problem(&m->row) == NULL)
		MUST(m->row.client[0] != '\0' && strcmp(back.row.client, m->row.client) == 0);
	wire_put_bytes(trace, again.data, again.len);
	wire_writer_fini(&again);
}

static struct wire_writer run(const uint8_t *data, size_t bytes, const struct fuzz_cuts *cuts,
                              size_t most)
{
	struct publish_input *in = calloc(1, sizeof *in);
	struct wire_writer trace = { 0 };
	const char *error = NULL;

	for (size_t at = 0, end; at < bytes && error == NULL; at = end) {
		struct publish_message m;
		size_t room;
		uint8_t *space = publish_input_space(in, &room);

		MUST(room > 0);
		end = fuzz_cut_after(cuts, at, bytes);
		if (end - at > most)
			end = at + most;
		if (end - at > room)
			end = at + room;
		memcpy(space, data + at, end - at);
		publish_input_received(in, end - at);
		while (publish_input_next(in, &m, &error))
			take(&m, &trace);
	}
	wire_put_u8(&trace, error != NULL);
	free(in);
	return trace;
}

static void stream(struct fuzz_input *in)
{
	static const struct fuzz_cuts uncut;
	struct fuzz_cuts cuts = fuzz_cuts(in);
	size_t bytes;
	uint8_t *data = fuzz_rest(in, &bytes);
	struct wire_writer whole = run(data, bytes, &uncut, SIZE_MAX);
	struct wire_writer cut = run(data, bytes, &cuts, SIZE_MAX);
	struct wire_writer crumbs = run(data, bytes, &uncut, 1);

	MUST(whole.len == cut.len && memcmp(whole.data, cut.data, cut.len) == 0);
	MUST(whole.len == crumbs.len && memcmp(whole.data, crumbs.data, crumbs.len) == 0);
	wire_writer_fini(&whole);
	wire_writer_fini(&cut);
	wire_writer_fini(&crumbs);
	free(data);
}

/* ---- changes ---- */

enum { KEYS = 64, MOST = 40 };

/* What a side knows: a session's opens and more, 0: it does not know it. */
struct picture {
	uint32_t opens[KEYS];
	unsigned count;
};

static void set(struct picture *p, uint64_t key, uint32_t opens)
{
	MUST(key < KEYS);
	p->count += opens != 0;
	p->count -= p->opens[key] != 0;
	p->opens[key] = opens;
}

/* Tells the other end. Each session whose opens are refuse is refused there: it gives their keys.
 */
static void tell(struct publish_outbox *o, struct picture *there, size_t max_bytes, uint32_t refuse,
                 struct picture *refused)
{
	struct wire_writer w = { 0 };
	struct wire_reader r;

	publish_outbox_write(o, &w, max_bytes, 0);
	MUST(!w.failed && w.len <= max_bytes);
	wire_reader_init(&r, w.data, w.len);
	while (wire_left(&r) > 0) {
		uint16_t bytes = wire_get_u16(&r), kind = wire_get_u16(&r);
		struct wire_reader body = wire_part(&r, (size_t)(r.at - r.start), bytes);
		struct publish_message m;

		wire_skip(&r, bytes);
		publish_message_decode(&body, kind, &m);
		MUST(body.error == NULL && m.key < KEYS);
		if (kind == PUBLISH_PUT && m.row.num_opens == refuse) {
			set(there, m.key, 0);
			set(refused, m.key, 1);
		} else if (kind == PUBLISH_PUT ||
		           (kind == PUBLISH_TOUCH && there->opens[m.key] != 0)) {
			set(there, m.key, m.row.num_opens);
		} else if (kind == PUBLISH_REMOVE) {
			set(there, m.key, 0);
		}
		MUST(there->count <= MOST);
	}
	wire_writer_fini(&w);
}

static void tell_some(struct publish_outbox *o, struct picture *here, struct picture *there,
                      uint8_t byte)
{
	struct picture refused = { 0 };

	tell(o, there, PUBLISH_MAX_FRAME_BYTES + byte, byte & 7, &refused);
	for (unsigned key = 0; key < KEYS; key++)
		if (refused.opens[key] != 0 && publish_outbox_refused(o, key))
			set(here, key, 0);
}

static void put(struct publish_outbox *o, struct picture *here, unsigned key, uint32_t opens)
{
	struct netsession_row row = { .client = "c", .num_opens = opens };
	NET_API_STATUS status = publish_outbox_put(o, key, 0, &row, 0);

	MUST(status == 0 || (status == ERROR_TOO_MANY_SESS && here->opens[key] == 0));
	if (status == 0)
		set(here, key, opens);
}

static void changes(struct fuzz_input *in)
{
	struct publish_outbox *o = publish_outbox_new(MOST, true);
	struct picture here = { 0 }, there = { 0 };

	while (in->left > 0) {
		uint8_t what = fuzz_u8(in), byte = fuzz_u8(in);
		unsigned key = byte % KEYS;
		uint32_t opens = 1 + (what >> 2);

		switch (what & 3) {
		case 0:
			put(o, &here, key, opens);
			break;
		case 1:
			publish_outbox_touch(o, key, opens, 0, 0);
			if (here.opens[key] != 0)
				set(&here, key, opens);
			break;
		case 2:
			publish_outbox_remove(o, key);
			set(&here, key, 0);
			break;
		default:
			tell_some(o, &here, &there, byte);
		}
		MUST(publish_outbox_has(o, key) == (here.opens[key] != 0));
	}
	tell(o, &there, (size_t)(KEYS + 1) * PUBLISH_MAX_FRAME_BYTES, UINT32_MAX,
	     &(struct picture){ 0 });
	MUST(memcmp(&here, &there, sizeof here) == 0);
	publish_outbox_free(o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input in = { data, bytes };

	if ((fuzz_u8(&in) & CHANGES) != 0)
		changes(&in);
	else
		stream(&in);
	return 0;
}
