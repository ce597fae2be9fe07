/* SPDX-License-Identifier: MIT */
/* PDUs: their codecs, the reader that finds them in a pipe's bytes, and what refusals mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <lmerr.h>
#include "group.h"
#include "recording.h"
#include "rpc/client_association.h"
#include "rpc/call.h"
#include "rpc/pdu.h"
#include "rpc/status.h"
#include "srvsvc/interface.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* clang-format off */
static const struct rpc_bind rpcclient_bind = {
	.max_xmit_frag = 4280, .max_recv_frag = 4280, .context_count = 1,
	.contexts = { {
		.interface = { SRVSVC_INTERFACE_UUID, SRVSVC_INTERFACE_VERSION, 0 },
		.transfers = { { { 0x8a885d04, 0x1ceb, 0x11c9,
		                   { 0x9f, 0xe8, 8, 0, 0x2b, 0x10, 0x48, 0x60 } }, 2, 0 } },
		.transfer_count = 1,
	} },
};
/* clang-format on */

/* A recorded PDU and a reader that stands behind its header. */
struct sample {
	struct recording pdu;
	struct rpc_header header;
	struct wire_reader r;
};

static struct sample sample_load(const char *name)
{
	struct sample s = { .pdu = recording_load(name) };

	wire_reader_init(&s.r, s.pdu.data, s.pdu.bytes);
	rpc_header_decode(&s.r, &s.header);
	assert_null(s.r.error);
	assert_int_equal(s.header.frag_length, s.pdu.bytes);
	assert_int_equal(s.header.auth_length, 0);
	return s;
}

/* Compares what was encoded with the sample, frees both. */
static void assert_encoded_as(struct wire_writer *w, struct sample *s)
{
	assert_int_equal(w->len, s->pdu.bytes);
	assert_memory_equal(w->data, s->pdu.data, w->len);
	wire_writer_fini(w);
	recording_free(&s->pdu);
}

static void a_bind_is_rpcclients_with_larger_fragments(void **state)
{
	struct sample s = sample_load("rpcclient-4.17-bind");
	struct wire_writer w = { 0 };
	struct rpc_association a;

	(void)state;
	rpc_association_init(&a);
	rpc_association_bind(&a, &w, &rpcclient_bind.contexts[0].interface, RPC_MAX_FRAG_BYTES);
	memcpy(s.pdu.data + 16, "\xF8\xFF\xF8\xFF", 4); /* max_xmit_frag, max_recv_frag: 65528 */
	assert_encoded_as(&w, &s);
	rpc_association_fini(&a);
}

static void a_bind_decodes_to_its_contexts(void **state)
{
	struct sample s = sample_load("rpcclient-4.17-bind");
	struct rpc_bind bind;

	(void)state;
	rpc_bind_decode(&s.r, &bind);
	assert_null(s.r.error);
	assert_int_equal(wire_left(&s.r), 0);
	assert_int_equal(s.header.ptype, RPC_BIND);
	assert_int_equal(s.header.call_id, 1);
	assert_memory_equal(&bind, &rpcclient_bind, sizeof bind);
	recording_free(&s.pdu);
}

static void a_big_endian_bind_decodes_to_both_its_contexts(void **state)
{
	struct sample s = sample_load("samba-4.17-python-bind-big-endian");
	struct rpc_bind bind;

	(void)state;
	rpc_bind_decode(&s.r, &bind);
	assert_null(s.r.error);
	assert_true(s.r.big_endian);
	assert_int_equal(s.header.call_id, 1);
	assert_int_equal(bind.max_xmit_frag, 4280);
	assert_int_equal(bind.context_count, 2);
	assert_memory_equal(&bind.contexts[0], &rpcclient_bind.contexts[0], sizeof *bind.contexts);
	assert_int_equal(bind.contexts[1].id, 1);
	assert_int_equal(bind.contexts[1].transfers[0].uuid.time_low, 0x6cb71c2c); /* features */
	recording_free(&s.pdu);
}

/* A bind's body of zeros but for two counts: of contexts, and of the first one's transfers. */
static const char *decode_bind_of(uint8_t contexts, uint8_t transfers)
{
	uint8_t body[1024] = { [8] = contexts, [14] = transfers };
	struct wire_reader r;
	struct rpc_bind bind;

	wire_reader_init(&r, body, sizeof body);
	rpc_bind_decode(&r, &bind);
	return r.error;
}

static void a_bind_with_more_contexts_or_transfers_than_fit_is_refused(void **state)
{
	(void)state;
	assert_null(decode_bind_of(RPC_MAX_CONTEXTS, RPC_MAX_TRANSFERS));
	assert_non_null(decode_bind_of(RPC_MAX_CONTEXTS + 1, RPC_MAX_TRANSFERS));
	assert_non_null(decode_bind_of(RPC_MAX_CONTEXTS, RPC_MAX_TRANSFERS + 1));
}

static void a_bind_ack_decodes_and_is_encoded_as_samba_does(void **state)
{
	struct sample s = sample_load("samba-4.17-bind-ack-to-rpcclient");
	struct wire_writer w = { 0 };
	struct rpc_bind_ack ack;

	(void)state;
	rpc_bind_ack_decode(&s.r, &ack);
	assert_null(s.r.error);
	assert_int_equal(wire_left(&s.r), 0);
	assert_int_equal(s.header.ptype, RPC_BIND_ACK);
	assert_int_equal(ack.max_xmit_frag, 4280);
	assert_int_equal(ack.max_recv_frag, 4280);
	assert_int_equal(ack.assoc_group, 0x7769);
	assert_int_equal(ack.result_count, 1);
	assert_int_equal(ack.results[0].result, RPC_ACCEPTANCE);
	assert_memory_equal(&ack.results[0].transfer, &rpc_ndr_syntax, sizeof rpc_ndr_syntax);

	ack.secondary_address = "\\pipe\\srvsvc";
	rpc_bind_ack_encode(&w, 1, &ack);
	assert_encoded_as(&w, &s);
}

static void a_bind_ack_may_have_several_results_and_any_address(void **state)
{
	struct sample s = sample_load("samba-4.17-bind-ack-to-big-endian");
	struct rpc_bind_ack ack = { 0 };

	(void)state;
	rpc_bind_ack_decode(&s.r, &ack);
	assert_null(s.r.error);
	assert_int_equal(ack.result_count, 2);
	assert_int_equal(ack.results[1].result, 3); /* negotiate_ack */
	recording_free(&s.pdu);
	for (const char *address = "\\pipe"; *address != '\0'; address++) {
		struct wire_writer w = { 0 };
		struct rpc_bind_ack decoded;
		struct rpc_header h;
		struct wire_reader r;

		ack.secondary_address = address;
		rpc_bind_ack_encode(&w, 7, &ack);
		wire_reader_init(&r, w.data, w.len);
		rpc_header_decode(&r, &h);
		rpc_bind_ack_decode(&r, &decoded);
		assert_null(r.error);
		assert_int_equal(wire_left(&r), 0);
		assert_int_equal(h.frag_length, w.len);
		assert_memory_equal(decoded.results, ack.results, sizeof ack.results);
		wire_writer_fini(&w);
	}
}

static void a_bind_nak_decodes_to_its_reason_and_is_encoded_as_samba_does(void **state)
{
	struct sample s = sample_load("samba-4.17-bind-nak-version");
	struct wire_writer w = { 0 };
	uint16_t reason;

	(void)state;
	rpc_bind_nak_decode(&s.r, &reason);
	assert_int_equal(s.header.ptype, RPC_BIND_NAK);
	assert_int_equal(reason, 4);
	rpc_bind_nak_encode(&w, 1, reason);
	assert_memory_equal(w.data + RPC_HEADER_BYTES, s.pdu.data + RPC_HEADER_BYTES,
	                    w.len - RPC_HEADER_BYTES); /* Samba pads it to 24 bytes */
	assert_int_in_range(w.len, 21, 24);
	wire_writer_fini(&w);
	recording_free(&s.pdu);
}

static void a_fault_decodes_to_its_status(void **state)
{
	static const struct {
		const char *name;
		uint32_t status;
	} cases[] = {
		{ "samba-4.17-fault-unknown-opnum", 0x1C010002 },
		{ "samba-4.17-fault-malformed-stub", 0x6F7 },
		{ "samba-4.17-fault-level-differs-from-tag", 0x6F7 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sample s = sample_load(cases[i].name);
		struct wire_writer w = { 0 };
		struct rpc_fault fault;

		rpc_fault_decode(&s.r, &s.header, &fault);
		assert_null(s.r.error);
		assert_int_equal(s.header.ptype, RPC_FAULT);
		assert_int_equal(fault.status, cases[i].status);
		assert_int_equal(fault.context_id, 0);
		rpc_fault_encode(&w, 1, &fault);
		s.pdu.data[16] = 32; /* Samba's alloc_hint is 24, of a stub that is not there */
		assert_encoded_as(&w, &s);
	}
}

/* Splits stub into fragments of at most max_frag and puts them together again. */
static void check_split(const uint8_t *stub, size_t bytes, uint16_t max_frag)
{
	struct wire_writer pdus = { 0 }, whole = { 0 };
	struct rpc_pdu_reader reader;
	struct rpc_header h = { 0 };
	struct wire_reader r;
	size_t at = 0, fragments = 0;

	do {
		rpc_request_encode(&pdus, 9, &(struct rpc_request){ .context_id = 5, .opnum = 12 },
		                   stub, bytes, &at, max_frag);
	} while (at < bytes);
	rpc_pdu_reader_init(&reader, max_frag);
	rpc_pdu_reader_feed(&reader, pdus.data, pdus.len);
	for (; rpc_pdu_reader_next(&reader, &h, &r); fragments++) {
		struct rpc_request request;

		rpc_request_decode(&r, &h, &request);
		assert_int_equal(request.context_id, 5);
		assert_int_equal(request.opnum, 12);
		assert_int_equal(request.alloc_hint, bytes - whole.len);
		assert_int_equal(h.call_id, 9);
		assert_int_equal((h.pfc_flags & RPC_PFC_FIRST_FRAG) != 0, fragments == 0);
		wire_put_bytes(&whole, r.at, wire_left(&r));
		assert_int_equal((h.pfc_flags & RPC_PFC_LAST_FRAG) != 0, whole.len == bytes);
		assert_true(whole.len == bytes || wire_left(&r) % 8 == 0);
	}
	assert_null(reader.error);
	assert_int_equal(whole.len, bytes);
	assert_int_equal(fragments, at == 0 ? 1 : (bytes - 1) / ((max_frag - 24u) / 8 * 8) + 1);
	if (bytes > 0)
		assert_memory_equal(whole.data, stub, bytes);
	rpc_pdu_reader_fini(&reader);
	wire_writer_fini(&pdus);
	wire_writer_fini(&whole);
}

static void a_request_is_split_and_put_together_at_any_fragment_size(void **state)
{
	static const size_t sizes[] = { 0, 1, 7, 1408, 1409, 6000, 20000 };
	uint8_t *stub = malloc(20000);

	(void)state;
	for (size_t i = 0; i < 20000; i++)
		stub[i] = (uint8_t)(i * 7 + i / 256);
	for (size_t i = 0; i < COUNT(sizes); i++)
		for (uint16_t max_frag = RPC_MIN_FRAG_BYTES; max_frag <= 5840; max_frag++)
			check_split(stub, sizes[i], max_frag);
	free(stub);
}

/* Takes the stub out of recorded fragments and splits it once more at 4280 bytes. */
static void check_fragments(const char *name, uint32_t call_id)
{
	struct recording pdus = recording_load(name);
	struct wire_writer stub = { 0 }, w = { 0 };
	struct rpc_pdu_reader reader;
	struct rpc_header h;
	struct wire_reader r;
	struct rpc_request request;
	struct rpc_response response;
	size_t at = 0;

	rpc_pdu_reader_init(&reader, 4280);
	rpc_pdu_reader_feed(&reader, pdus.data, pdus.bytes);
	while (rpc_pdu_reader_next(&reader, &h, &r)) {
		assert_int_equal(h.call_id, call_id);
		if (h.ptype == RPC_REQUEST)
			rpc_request_decode(&r, &h, &request);
		else
			rpc_response_decode(&r, &response);
		wire_put_bytes(&stub, r.at, wire_left(&r));
	}
	while (at < stub.len && h.ptype == RPC_REQUEST)
		rpc_request_encode(&w, call_id, &request, stub.data, stub.len, &at, 4280);
	while (at < stub.len)
		rpc_response_encode(&w, call_id, &response, stub.data, stub.len, &at, 4280);
	assert_int_equal(w.len, pdus.bytes);
	assert_memory_equal(w.data, pdus.data, pdus.bytes);
	rpc_pdu_reader_fini(&reader);
	wire_writer_fini(&stub);
	wire_writer_fini(&w);
	recording_free(&pdus);
}

static void fragments_are_encoded_as_samba_does(void **state)
{
	(void)state;
	check_fragments("rpcclient-4.17-session-enum-request-2-fragments", 2);
	check_fragments("samba-4.17-session-enum-response-level1-130", 2);
	check_fragments("samba-4.17-session-enum-response-level1-130-to-impacket", 1);
}

static void an_object_uuid_before_the_stub_of_a_request_is_skipped(void **state)
{
	static const uint8_t behind_header[] = { 0, 0, 0, 0, 1, 0, 12, 0, [24] = 77 };
	struct rpc_header h = { .pfc_flags = RPC_PFC_OBJECT_UUID };
	struct rpc_request request;
	struct wire_reader r;

	(void)state;
	wire_reader_init(&r, behind_header, sizeof behind_header);
	rpc_request_decode(&r, &h, &request);
	assert_int_equal(request.opnum, 12);
	assert_int_equal(wire_get_u8(&r), 77);
}

static const char *decode_header_of(uint8_t version, uint8_t minor, uint8_t bytes)
{
	uint8_t header[RPC_HEADER_BYTES] = { version, minor, RPC_FAULT, 3, 0x10, [8] = bytes };
	struct rpc_header h;
	struct wire_reader r;

	wire_reader_init(&r, header, sizeof header);
	rpc_header_decode(&r, &h);
	return r.error;
}

static void a_pdu_of_another_version_than_5_is_refused(void **state)
{
	(void)state;
	assert_null(decode_header_of(5, 0, RPC_HEADER_BYTES));
	assert_null(decode_header_of(5, 1, RPC_HEADER_BYTES));
	assert_non_null(decode_header_of(4, 0, RPC_HEADER_BYTES));
	assert_non_null(decode_header_of(5, 2, RPC_HEADER_BYTES));
	assert_non_null(decode_header_of(5, 0, RPC_HEADER_BYTES - 1));
}

static void refusals_have_a_status_and_a_message(void **state)
{
	(void)state;
	assert_int_equal(rpc_fault_refusal(0x1C010002).status, RPC_S_PROCNUM_OUT_OF_RANGE);
	assert_int_equal(rpc_fault_refusal(0x1C010003).status, RPC_S_UNKNOWN_IF);
	assert_int_equal(rpc_fault_refusal(0x6F7).status, RPC_X_BAD_STUB_DATA);
	assert_int_equal(rpc_fault_refusal(5).status, ERROR_ACCESS_DENIED);
	assert_int_equal(rpc_fault_refusal(0xC0000022).status, 0xC0000022); /* as it was received */
	assert_int_equal(rpc_fault_refusal(0).status, RPC_S_CALL_FAILED);   /* never success */
	assert_int_equal(rpc_bind_nak_refusal(4).status, RPC_S_PROTOCOL_ERROR);
	assert_int_equal(rpc_bind_nak_refusal(999).status, RPC_S_CALL_FAILED_DNE);
	assert_int_equal(rpc_rejection_refusal(1).status, RPC_S_UNKNOWN_IF);
	assert_int_equal(rpc_rejection_refusal(2).status, RPC_S_UNSUPPORTED_TRANS_SYN);
	assert_int_equal(rpc_rejection_refusal(999).status, RPC_S_UNKNOWN_IF);
	assert_non_null(rpc_fault_refusal(0).detail);
	assert_non_null(rpc_bind_nak_refusal(4).detail);
	assert_non_null(rpc_rejection_refusal(1).detail);
}

TEST_GROUP(rpc_pdu)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bind_is_rpcclients_with_larger_fragments),
		cmocka_unit_test(a_bind_decodes_to_its_contexts),
		cmocka_unit_test(a_big_endian_bind_decodes_to_both_its_contexts),
		cmocka_unit_test(a_bind_with_more_contexts_or_transfers_than_fit_is_refused),
		cmocka_unit_test(a_bind_ack_decodes_and_is_encoded_as_samba_does),
		cmocka_unit_test(a_bind_ack_may_have_several_results_and_any_address),
		cmocka_unit_test(a_bind_nak_decodes_to_its_reason_and_is_encoded_as_samba_does),
		cmocka_unit_test(a_fault_decodes_to_its_status),
		cmocka_unit_test(a_request_is_split_and_put_together_at_any_fragment_size),
		cmocka_unit_test(fragments_are_encoded_as_samba_does),
		cmocka_unit_test(an_object_uuid_before_the_stub_of_a_request_is_skipped),
		cmocka_unit_test(a_pdu_of_another_version_than_5_is_refused),
		cmocka_unit_test(refusals_have_a_status_and_a_message),
	};

	return cmocka_run_group_tests_name("rpc_pdu", tests, NULL, NULL);
}
