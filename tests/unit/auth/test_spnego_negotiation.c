/* SPDX-License-Identifier: MIT */
/* Both sides' decisions, branch by branch of RFC 4178 4 and 5, with no mechanism but what a test
 * says of one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "auth/spnego/acceptor.h"
#include "auth/spnego/initiator.h"
#include "auth/spnego/mechanism.h"
#include "group.h"
#include "recording.h"

#define SPAN(text) ((struct crypto_span){ (text), sizeof(text) - 1 })

#define INVALID_PARAMETER 0xC000000Du
#define NOT_SUPPORTED     0xC00000BBu

static const struct crypto_span kerberos = { KERBEROS_OID_BYTES, sizeof KERBEROS_OID_BYTES - 1 };
static const struct crypto_span windows_kerberos = { "\x2a\x86\x48\x82\xf7\x12\x01\x02\x02", 9 };
static const struct crypto_span ntlm = { NTLM_OID_BYTES, sizeof NTLM_OID_BYTES - 1 };
static const struct crypto_span negoex = { "\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x1e", 10 };

/* How far a mechanism is. */
static const struct spnego_mechanism_state continues = { .has_token = true }, no_token = { 0 },
					   last_token = { .is_complete = true,
	                                                  .has_token = true,
	                                                  .can_sign = true },
					   last_token_wants_mic = { .is_complete = true,
	                                                            .has_token = true,
	                                                            .can_sign = true,
	                                                            .wants_mic = true },
					   complete = { .is_complete = true, .can_sign = true },
					   unsigned_complete = { .is_complete = true },
					   unsigned_last = { .is_complete = true,
	                                                     .has_token = true };

static void expect_span(struct crypto_span expected, struct crypto_span found)
{
	assert_int_equal(found.bytes, expected.bytes);
	assert_memory_equal(found.data, expected.data, expected.bytes);
}

/* ---- the initiator ---- */

static struct spnego_initiator initiator;
static struct wire_writer message;
static struct spnego_received received;
static struct spnego_plan plan;
static struct err err;

static int set_up(void **state)
{
	(void)state;
	initiator = (struct spnego_initiator){ 0 };
	message = (struct wire_writer){ 0 };
	err = (struct err){ 0 };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	spnego_initiator_fini(&initiator);
	wire_writer_fini(&message);
	return 0;
}

static void offer_kerberos_and_ntlm(void)
{
	static const enum auth_mechanism both[] = { AUTH_KERBEROS, AUTH_NTLM };

	assert_true(spnego_initiator_offer(&initiator, both, 2));
}

static void offer_ntlm(void)
{
	static const enum auth_mechanism one[] = { AUTH_NTLM };

	assert_true(spnego_initiator_offer(&initiator, one, 1));
}

/* The acceptor's answer, as far as the message goes. */
static bool receive(struct spnego_response response)
{
	wire_writer_clear(&message);
	spnego_response_encode(&message, &response);
	return spnego_initiator_receive(
		&initiator, (struct crypto_span){ message.data, message.len }, &received, &err);
}

static bool make_plan(struct spnego_mechanism_state mechanism)
{
	return spnego_initiator_plan(&initiator, &received, &mechanism, &plan, &err);
}

/* The answer is accepted, and this is what follows: letters of v, m, s and d. */
static void expect_plan(struct spnego_response response, struct spnego_mechanism_state mechanism,
                        const char *expected)
{
	assert_true(receive(response));
	assert_true(make_plan(mechanism));
	assert_int_equal(plan.verifies_mic, strchr(expected, 'v') != NULL);
	assert_int_equal(plan.makes_mic, strchr(expected, 'm') != NULL);
	assert_int_equal(plan.sends, strchr(expected, 's') != NULL);
	assert_int_equal(plan.is_done, strchr(expected, 'd') != NULL);
	assert_int_equal(err.status, NERR_Success);
}

static void expect_failure(struct spnego_response response, struct spnego_mechanism_state mechanism,
                           NET_API_STATUS status)
{
	assert_false(receive(response) && make_plan(mechanism));
	assert_int_equal(err.status, status);
	assert_string_not_equal(err.text, "");
}

#define INCOMPLETE SPNEGO_ACCEPT_INCOMPLETE
#define COMPLETED  SPNEGO_ACCEPT_COMPLETED

/* The server accepts NTLM and sends its CHALLENGE. */
static void expect_answer_to_challenge(struct spnego_mechanism_state mechanism,
                                       const char *expected)
{
	expect_plan((struct spnego_response){ INCOMPLETE, ntlm, SPAN("CHALLENGE"), { 0 } },
	            mechanism, expected);
}

/* The server chooses NTLM instead of Kerberos. */
static void expect_reselection(void)
{
	expect_plan((struct spnego_response){ .state = SPNEGO_REQUEST_MIC, .mechanism = ntlm },
	            continues, "s");
}

static void the_first_message_offers_all_with_a_token_of_the_first(void **state)
{
	struct spnego_init init;

	(void)state;
	offer_kerberos_and_ntlm();
	spnego_initiator_begin(&initiator, SPAN("AP-REQ"), &message);
	assert_true(spnego_init_decode((struct crypto_span){ message.data, message.len }, &init));
	assert_int_equal(init.count, 2);
	expect_span(kerberos, init.mechanisms[0]);
	expect_span(ntlm, init.mechanisms[1]);
	expect_span(SPAN("AP-REQ"), init.token);
	assert_null(init.mic.data);
	expect_span(init.mechanism_list, spnego_initiator_list(&initiator));
}

static void a_mechanism_that_the_acceptor_ends_needs_no_mic(void **state)
{
	(void)state;
	offer_kerberos_and_ntlm();
	expect_plan((struct spnego_response){ COMPLETED, kerberos, SPAN("AP-REP"), { 0 } },
	            complete, "d");
	assert_false(received.selects_other);
	expect_span(SPAN("AP-REP"), received.token);
}

static void a_mechanism_that_the_initiator_ends_goes_on_without_a_mic(void **state)
{
	(void)state;
	offer_ntlm();
	expect_answer_to_challenge(last_token, "s");
	expect_plan((struct spnego_response){ .state = COMPLETED }, complete, "d");
}

static void a_mechanism_may_want_a_mic_of_its_own_accord(void **state)
{
	(void)state;
	offer_ntlm();
	expect_answer_to_challenge(last_token_wants_mic, "ms");
	expect_plan((struct spnego_response){ .state = COMPLETED, .mic = SPAN("mic") }, complete,
	            "vd");
}

static void a_server_may_answer_that_mic_with_none(void **state)
{
	(void)state;
	offer_ntlm();
	expect_answer_to_challenge(last_token_wants_mic, "ms");
	expect_plan((struct spnego_response){ .state = COMPLETED }, complete, "d");
}

static void a_server_may_end_without_a_message(void **state)
{
	(void)state;
	offer_ntlm();
	expect_answer_to_challenge(last_token_wants_mic, "ms");
	assert_true(spnego_initiator_receive(&initiator, (struct crypto_span){ NULL, 0 }, &received,
	                                     &err));
	assert_true(make_plan(complete));
	assert_true(plan.is_done && !plan.sends);
}

static void a_server_that_ends_at_once_is_refused(void **state)
{
	(void)state;
	offer_ntlm();
	assert_true(spnego_initiator_receive(&initiator, (struct crypto_span){ NULL, 0 }, &received,
	                                     &err));
	assert_false(make_plan(continues));
	assert_int_equal(err.status, ERROR_LOGON_FAILURE);
}

static void a_mechanism_with_more_turns_goes_on(void **state)
{
	(void)state;
	offer_ntlm();
	for (int turn = 0; turn < 5; turn++)
		expect_plan((struct spnego_response){ .state = INCOMPLETE, .token = SPAN("more") },
		            continues, "s");
}

static void the_other_mechanism_begins_anew_and_must_be_proven(void **state)
{
	(void)state;
	offer_kerberos_and_ntlm();
	expect_reselection();
	assert_true(received.selects_other);
	assert_int_equal(initiator.selected, AUTH_NTLM);
	expect_plan((struct spnego_response){ .state = INCOMPLETE, .token = SPAN("CHALLENGE") },
	            last_token, "ms");
	assert_false(received.selects_other);
	expect_plan((struct spnego_response){ .state = COMPLETED, .mic = SPAN("mic") }, complete,
	            "vd");
}

static void the_other_mechanism_without_request_mic_must_be_proven_as_well(void **state)
{
	(void)state;
	offer_kerberos_and_ntlm();
	expect_plan((struct spnego_response){ .state = INCOMPLETE, .mechanism = ntlm }, continues,
	            "s");
	expect_plan((struct spnego_response){ .state = INCOMPLETE, .token = SPAN("CHALLENGE") },
	            last_token, "ms");
	expect_failure((struct spnego_response){ .state = COMPLETED }, complete,
	               ERROR_DOWNGRADE_DETECTED);
}

static void the_other_mechanism_without_a_last_message_is_not_proven(void **state)
{
	(void)state;
	offer_kerberos_and_ntlm();
	expect_reselection();
	expect_plan((struct spnego_response){ .state = INCOMPLETE, .token = SPAN("CHALLENGE") },
	            last_token, "ms");
	assert_true(spnego_initiator_receive(&initiator, (struct crypto_span){ NULL, 0 }, &received,
	                                     &err));
	assert_false(make_plan(complete));
	assert_int_equal(err.status, ERROR_DOWNGRADE_DETECTED);
}

static void the_other_mechanism_must_be_able_to_prove_it(void **state)
{
	(void)state;
	offer_kerberos_and_ntlm();
	expect_reselection();
	expect_failure((struct spnego_response){ .state = INCOMPLETE, .token = SPAN("CHALLENGE") },
	               unsigned_last, ERROR_DOWNGRADE_DETECTED);
}

static void a_mic_may_be_requested_for_the_first_mechanism_too(void **state)
{
	(void)state;
	offer_ntlm();
	expect_plan((struct spnego_response){ SPNEGO_REQUEST_MIC, ntlm, SPAN("CHALLENGE"), { 0 } },
	            last_token, "ms");
	expect_failure((struct spnego_response){ .state = COMPLETED }, complete,
	               ERROR_DOWNGRADE_DETECTED);
}

static void a_requested_mic_is_left_out_where_there_is_no_key(void **state)
{
	(void)state;
	offer_ntlm();
	expect_plan((struct spnego_response){ SPNEGO_REQUEST_MIC, ntlm, SPAN("CHALLENGE"), { 0 } },
	            unsigned_last, "s");
	expect_plan((struct spnego_response){ .state = COMPLETED }, unsigned_complete, "d");
}

static void the_acceptor_s_mic_with_its_last_token_is_answered(void **state)
{
	(void)state;
	offer_kerberos_and_ntlm();
	expect_plan((struct spnego_response){ INCOMPLETE, kerberos, SPAN("AP-REP"), SPAN("mic") },
	            complete, "vms");
	expect_plan((struct spnego_response){ .state = COMPLETED }, complete, "d");
}

static void the_acceptor_s_mic_with_its_last_message_is_not_answered(void **state)
{
	(void)state;
	offer_kerberos_and_ntlm();
	expect_plan((struct spnego_response){ COMPLETED, kerberos, SPAN("AP-REP"), SPAN("mic") },
	            complete, "vd");
}

static void a_mic_that_was_verified_need_not_come_again(void **state)
{
	(void)state;
	offer_kerberos_and_ntlm();
	expect_plan((struct spnego_response){ SPNEGO_REQUEST_MIC, kerberos, SPAN("AP-REP"),
	                                      SPAN("mic") },
	            complete, "vms");
	expect_plan((struct spnego_response){ .state = COMPLETED }, complete, "d");
}

static void a_mic_may_be_requested_late(void **state)
{
	(void)state;
	offer_ntlm();
	expect_answer_to_challenge(last_token, "s");
	expect_plan((struct spnego_response){ .state = SPNEGO_REQUEST_MIC }, complete, "ms");
	expect_plan((struct spnego_response){ .state = COMPLETED, .mic = SPAN("mic") }, complete,
	            "vd");
}

static void an_acceptor_that_waits_for_a_mic_gets_one(void **state)
{
	(void)state;
	offer_kerberos_and_ntlm();
	expect_plan((struct spnego_response){ INCOMPLETE, kerberos, SPAN("AP-REP"), { 0 } },
	            complete, "ms");
	expect_plan((struct spnego_response){ .state = COMPLETED, .mic = SPAN("mic") }, complete,
	            "vd");
}

static void an_acceptor_that_wants_more_than_there_is_is_refused(void **state)
{
	(void)state;
	offer_ntlm();
	expect_answer_to_challenge(last_token_wants_mic, "ms");
	expect_failure((struct spnego_response){ .state = INCOMPLETE }, complete,
	               ERROR_LOGON_FAILURE);
}

static void an_answer_may_be_a_token_alone(void **state)
{
	(void)state;
	offer_kerberos_and_ntlm();
	expect_plan((struct spnego_response){ .state = SPNEGO_NO_STATE, .token = SPAN("AP-REP") },
	            complete, "d");
}

static void kerberos_may_be_written_otherwise(void **state)
{
	(void)state;
	offer_kerberos_and_ntlm();
	expect_plan((struct spnego_response){ COMPLETED, windows_kerberos, SPAN("AP-REP"), { 0 } },
	            complete, "d");
	assert_false(received.selects_other);
}

static void a_mechanism_that_was_not_offered_is_refused(void **state)
{
	(void)state;
	offer_ntlm();
	expect_failure((struct spnego_response){ INCOMPLETE, kerberos, { 0 }, { 0 } }, continues,
	               ERROR_BAD_NET_RESP);
}

static void a_mechanism_that_is_not_known_is_refused(void **state)
{
	(void)state;
	offer_ntlm();
	expect_failure((struct spnego_response){ INCOMPLETE, negoex, { 0 }, { 0 } }, continues,
	               ERROR_BAD_NET_RESP);
}

static void a_mechanism_does_not_change_later(void **state)
{
	(void)state;
	offer_kerberos_and_ntlm();
	expect_plan((struct spnego_response){ INCOMPLETE, kerberos, SPAN("more"), { 0 } },
	            continues, "s");
	expect_plan((struct spnego_response){ INCOMPLETE, kerberos, SPAN("more"), { 0 } },
	            continues, "s");
	expect_failure((struct spnego_response){ INCOMPLETE, ntlm, SPAN("more"), { 0 } }, continues,
	               ERROR_BAD_NET_RESP);
}

static void a_token_with_the_other_mechanism_is_refused(void **state)
{
	(void)state;
	offer_kerberos_and_ntlm();
	expect_failure(
		(struct spnego_response){ SPNEGO_REQUEST_MIC, ntlm, SPAN("CHALLENGE"), { 0 } },
		continues, ERROR_BAD_NET_RESP);
	(void)tear_down(state);
	(void)set_up(state);
	offer_kerberos_and_ntlm();
	expect_failure((struct spnego_response){ SPNEGO_REQUEST_MIC, ntlm, SPAN("C"), { 0 } },
	               continues, ERROR_BAD_NET_RESP);
}

static void an_empty_token_with_the_other_mechanism_is_none(void **state)
{
	(void)state;
	offer_kerberos_and_ntlm();
	expect_plan((struct spnego_response){ SPNEGO_REQUEST_MIC, ntlm, SPAN(""), { 0 } },
	            continues, "s");
	assert_true(received.selects_other);
}

static void a_rejection_ends_it(void **state)
{
	(void)state;
	offer_ntlm();
	expect_failure((struct spnego_response){ .state = SPNEGO_REJECT }, continues,
	               ERROR_LOGON_FAILURE);
}

static void a_mechanism_that_is_not_done_must_not_be_ended(void **state)
{
	(void)state;
	offer_ntlm();
	expect_failure((struct spnego_response){ COMPLETED, ntlm, SPAN("CHALLENGE"), { 0 } },
	               continues, ERROR_LOGON_FAILURE);
}

static void a_mic_before_the_key_is_refused(void **state)
{
	(void)state;
	offer_ntlm();
	expect_failure((struct spnego_response){ INCOMPLETE, ntlm, SPAN("more"), SPAN("mic") },
	               continues, ERROR_BAD_NET_RESP);
}

static void a_mic_without_a_key_is_refused(void **state)
{
	(void)state;
	offer_ntlm();
	expect_failure((struct spnego_response){ INCOMPLETE, ntlm, SPAN("more"), SPAN("mic") },
	               unsigned_last, ERROR_BAD_NET_RESP);
}

static void a_second_mic_is_refused(void **state)
{
	(void)state;
	offer_kerberos_and_ntlm();
	expect_plan((struct spnego_response){ INCOMPLETE, kerberos, SPAN("AP-REP"), SPAN("mic") },
	            complete, "vms");
	expect_failure((struct spnego_response){ .state = COMPLETED, .mic = SPAN("mic") }, complete,
	               ERROR_BAD_NET_RESP);
}

static void an_answer_without_the_token_that_is_due_is_refused(void **state)
{
	(void)state;
	offer_ntlm();
	expect_failure((struct spnego_response){ .state = INCOMPLETE, .mechanism = ntlm }, no_token,
	               ERROR_BAD_NET_RESP);
}

static void an_answer_that_is_no_spnego_is_refused(void **state)
{
	(void)state;
	offer_ntlm();
	assert_false(spnego_initiator_receive(&initiator, SPAN("N"), &received, &err));
	assert_int_equal(err.status, ERROR_BAD_NET_RESP);
}

/* ---- the acceptor ---- */

static struct spnego_acceptor acceptor;
static bool serves[AUTH_MECHANISMS];

static int set_up_acceptor(void **state)
{
	acceptor = (struct spnego_acceptor){ 0 };
	serves[AUTH_KERBEROS] = serves[AUTH_NTLM] = true;
	return set_up(state);
}

static int tear_down_acceptor(void **state)
{
	spnego_acceptor_fini(&acceptor);
	return tear_down(state);
}

static void put_list(struct wire_writer *list, const struct crypto_span mechanisms[], size_t count)
{
	struct wire_writer oids = { 0 };

	for (size_t i = 0; i < count; i++) {
		uint8_t header[] = { 0x06, (uint8_t)mechanisms[i].bytes };

		wire_put_bytes(&oids, header, sizeof header);
		wire_put_bytes(&oids, mechanisms[i].data, mechanisms[i].bytes);
	}
	wire_put_u8(list, 0x30);
	wire_put_u8(list, (uint8_t)oids.len);
	wire_put_bytes(list, oids.data, oids.len);
	wire_writer_fini(&oids);
}

/* An initiator's first message. */
static bool receive_init(const struct crypto_span mechanisms[], size_t count,
                         struct crypto_span token)
{
	struct wire_writer list = { 0 };
	bool is_received;

	put_list(&list, mechanisms, count);
	wire_writer_clear(&message);
	spnego_init_encode(&message, (struct crypto_span){ list.data, list.len }, token);
	is_received = spnego_acceptor_receive(&acceptor,
	                                      (struct crypto_span){ message.data, message.len },
	                                      serves, &received, &err);
	if (is_received)
		expect_span((struct crypto_span){ list.data, list.len },
		            spnego_acceptor_list(&acceptor));
	wire_writer_fini(&list);
	return is_received;
}

static bool receive_response(struct spnego_response response)
{
	wire_writer_clear(&message);
	spnego_response_encode(&message, &response);
	return spnego_acceptor_receive(&acceptor, (struct crypto_span){ message.data, message.len },
	                               serves, &received, &err);
}

/* What follows, letters of v, m and d, and the answer's state; gives the answer. */
static struct spnego_response expect_answer(struct spnego_mechanism_state mechanism,
                                            const char *expected, enum spnego_state state)
{
	struct crypto_span token = mechanism.has_token ? SPAN("token") : (struct crypto_span){ 0 };
	struct crypto_span mic = { 0 };
	struct spnego_response answer;

	assert_true(spnego_acceptor_plan(&acceptor, &received, &mechanism, &plan, &err));
	assert_true(plan.sends);
	assert_int_equal(plan.verifies_mic, strchr(expected, 'v') != NULL);
	assert_int_equal(plan.makes_mic, strchr(expected, 'm') != NULL);
	assert_int_equal(plan.is_done, strchr(expected, 'd') != NULL);
	if (plan.makes_mic)
		mic = SPAN("mic");
	wire_writer_clear(&message);
	spnego_acceptor_encode(&acceptor, token, mic, &message);
	assert_true(
		spnego_response_decode((struct crypto_span){ message.data, message.len }, &answer));
	assert_int_equal(answer.state, state);
	assert_int_equal(answer.token.data != NULL, mechanism.has_token);
	assert_int_equal(answer.mic.data != NULL, plan.makes_mic);
	return answer;
}

static void expect_refusal(struct spnego_mechanism_state mechanism, uint32_t nt)
{
	assert_false(spnego_acceptor_plan(&acceptor, &received, &mechanism, &plan, &err));
	assert_int_equal(err.nt_status, nt);
	assert_string_not_equal(err.text, "");
}

/* The initiator begins NTLM after the choice. */
static void expect_challenge(void)
{
	assert_true(receive_response(
		(struct spnego_response){ .state = SPNEGO_NO_STATE, .token = SPAN("NEGOTIATE") }));
	(void)expect_answer(continues, "", INCOMPLETE);
}

static void kerberos_is_complete_with_the_first_answer(void **state)
{
	const struct crypto_span offered[] = { kerberos, ntlm };

	(void)state;
	assert_true(receive_init(offered, 2, SPAN("AP-REQ")));
	expect_span(SPAN("AP-REQ"), received.token);
	expect_span(kerberos, expect_answer(last_token, "d", COMPLETED).mechanism);
}

static void ntlm_takes_two_answers_and_names_the_mechanism_in_the_first(void **state)
{
	(void)state;
	assert_true(receive_init(&ntlm, 1, SPAN("NEGOTIATE")));
	expect_span(ntlm, expect_answer(continues, "", INCOMPLETE).mechanism);
	assert_true(receive_response((struct spnego_response){ .state = SPNEGO_NO_STATE,
	                                                       .token = SPAN("AUTHENTICATE") }));
	expect_span(SPAN("AUTHENTICATE"), received.token);
	assert_null(expect_answer(complete, "d", COMPLETED).mechanism.data);
}

static void a_mic_with_the_last_token_is_verified_and_answered(void **state)
{
	(void)state;
	assert_true(receive_init(&ntlm, 1, SPAN("NEGOTIATE")));
	(void)expect_answer(continues, "", INCOMPLETE);
	assert_true(receive_response((struct spnego_response){
		SPNEGO_NO_STATE, { 0 }, SPAN("AUTHENTICATE"), SPAN("mic") }));
	(void)expect_answer(complete, "vmd", COMPLETED);
}

static void a_mic_with_the_first_token_is_verified_and_answered(void **state)
{
	(void)state;
	assert_true(spnego_acceptor_receive(
		&acceptor,
		SPAN("\x60\x2c\x06\x06" SPNEGO_OID_BYTES
	             "\xa0\x22\x30\x20\xa0\x0d\x30\x0b\x06\x09" KERBEROS_OID_BYTES
	             "\xa2\x08\x04\x06"
	             "AP-REQ\xa3\x05\x04\x03mic"),
		serves, &received, &err));
	expect_span(SPAN("mic"), received.mic);
	(void)expect_answer(last_token, "vmd", COMPLETED);
}

static void kerberos_is_named_as_the_initiator_names_it(void **state)
{
	const struct crypto_span offered[] = { windows_kerberos, kerberos, ntlm };

	(void)state;
	assert_true(receive_init(offered, 3, SPAN("AP-REQ")));
	expect_span(windows_kerberos, expect_answer(last_token, "d", COMPLETED).mechanism);
}

static void a_first_mechanism_that_is_not_served_costs_a_turn_and_a_mic(void **state)
{
	const struct crypto_span offered[] = { negoex, windows_kerberos, ntlm };

	(void)state;
	serves[AUTH_KERBEROS] = false;
	assert_true(receive_init(offered, 3, SPAN("of NegoEx")));
	assert_null(received.token.data);
	expect_span(ntlm, expect_answer(no_token, "", SPNEGO_REQUEST_MIC).mechanism);
	expect_challenge();
	assert_true(receive_response((struct spnego_response){
		SPNEGO_NO_STATE, { 0 }, SPAN("AUTHENTICATE"), SPAN("mic") }));
	(void)expect_answer(complete, "vmd", COMPLETED);
}

static void a_required_mic_that_is_left_out_is_refused(void **state)
{
	const struct crypto_span offered[] = { kerberos, ntlm };

	(void)state;
	serves[AUTH_KERBEROS] = false;
	assert_true(receive_init(offered, 2, SPAN("AP-REQ")));
	(void)expect_answer(no_token, "", SPNEGO_REQUEST_MIC);
	expect_challenge();
	assert_true(receive_response((struct spnego_response){ .state = SPNEGO_NO_STATE,
	                                                       .token = SPAN("AUTHENTICATE") }));
	expect_refusal(complete, INVALID_PARAMETER);
}

static void a_required_mic_is_left_out_where_there_is_no_key(void **state)
{
	const struct crypto_span offered[] = { kerberos, ntlm };

	(void)state;
	serves[AUTH_KERBEROS] = false;
	assert_true(receive_init(offered, 2, SPAN("AP-REQ")));
	(void)expect_answer(no_token, "", SPNEGO_REQUEST_MIC);
	expect_challenge();
	assert_true(receive_response((struct spnego_response){ .state = SPNEGO_NO_STATE,
	                                                       .token = SPAN("AUTHENTICATE") }));
	(void)expect_answer(unsigned_complete, "d", COMPLETED);
}

static void kerberos_behind_another_mechanism_is_proven_by_both_sides(void **state)
{
	const struct crypto_span offered[] = { negoex, kerberos };

	(void)state;
	assert_true(receive_init(offered, 2, SPAN("of NegoEx")));
	(void)expect_answer(no_token, "", SPNEGO_REQUEST_MIC);
	assert_true(receive_response(
		(struct spnego_response){ .state = SPNEGO_NO_STATE, .token = SPAN("AP-REQ") }));
	(void)expect_answer(last_token, "m", INCOMPLETE);
	assert_true(receive_response(
		(struct spnego_response){ .state = SPNEGO_NO_STATE, .mic = SPAN("mic") }));
	(void)expect_answer(complete, "vd", COMPLETED);
}

static void an_initiator_may_offer_without_a_token(void **state)
{
	(void)state;
	assert_true(receive_init(&ntlm, 1, (struct crypto_span){ 0 }));
	expect_span(ntlm, expect_answer(no_token, "", INCOMPLETE).mechanism);
	expect_challenge();
}

static void mechanisms_that_are_not_served_are_named(void **state)
{
	const struct crypto_span offered[] = { negoex, windows_kerberos, kerberos, ntlm };

	(void)state;
	serves[AUTH_KERBEROS] = serves[AUTH_NTLM] = false;
	assert_false(receive_init(offered, 4, SPAN("token")));
	assert_int_equal(err.nt_status, NOT_SUPPORTED);
	assert_int_equal(err.status, ERROR_NOT_SUPPORTED);
	assert_string_equal(err.text, "this server accepts neither Kerberos nor NTLM");
	err = (struct err){ 0 };
	assert_false(receive_init(&ntlm, 1, SPAN("token")));
	assert_string_equal(err.text, "this server does not accept NTLM");
	err = (struct err){ 0 };
	assert_false(receive_init(&windows_kerberos, 1, SPAN("token")));
	assert_string_equal(err.text, "this server does not accept Kerberos");
	err = (struct err){ 0 };
	assert_false(receive_init(&negoex, 1, SPAN("token")));
	assert_string_equal(err.text, "this server supports none of the offered mechanisms");
}

static void a_first_message_that_is_an_answer_is_refused(void **state)
{
	(void)state;
	assert_false(receive_response((struct spnego_response){ .token = SPAN("token") }));
	assert_int_equal(err.nt_status, INVALID_PARAMETER);
	assert_int_equal(err.status, ERROR_INVALID_PARAMETER);
}

static void a_second_offer_is_refused(void **state)
{
	(void)state;
	assert_true(receive_init(&ntlm, 1, SPAN("NEGOTIATE")));
	(void)expect_answer(continues, "", INCOMPLETE);
	assert_false(spnego_acceptor_receive(
		&acceptor,
		SPAN("\x60\x1c\x06\x06" SPNEGO_OID_BYTES
	             "\xa0\x12\x30\x10\xa0\x0e\x30\x0c\x06\x0a" NTLM_OID_BYTES),
		serves, &received, &err));
	assert_int_equal(err.nt_status, INVALID_PARAMETER);
}

static void later_messages_that_do_not_fit_are_refused(void **state)
{
	const struct spnego_response messages[] = {
		{ SPNEGO_REJECT, { 0 }, SPAN("token"), { 0 } },
		{ SPNEGO_NO_STATE, { 0 }, { 0 }, { 0 } },
		{ SPNEGO_NO_STATE, kerberos, SPAN("token"), { 0 } },
		{ SPNEGO_NO_STATE, negoex, SPAN("token"), { 0 } },
	};

	for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
		assert_true(receive_init(&ntlm, 1, SPAN("NEGOTIATE")));
		(void)expect_answer(continues, "", INCOMPLETE);
		assert_false(receive_response(messages[i]));
		assert_int_equal(err.nt_status, INVALID_PARAMETER);
		(void)tear_down_acceptor(state);
		(void)set_up_acceptor(state);
	}
}

static void a_mic_that_comes_too_early_is_refused(void **state)
{
	(void)state;
	assert_true(receive_init(&ntlm, 1, SPAN("NEGOTIATE")));
	(void)expect_answer(continues, "", INCOMPLETE);
	assert_true(receive_response(
		(struct spnego_response){ .state = SPNEGO_NO_STATE, .mic = SPAN("mic") }));
	expect_refusal(no_token, INVALID_PARAMETER);
}

static void a_mic_that_nothing_can_verify_is_refused(void **state)
{
	(void)state;
	assert_true(receive_init(&ntlm, 1, SPAN("NEGOTIATE")));
	(void)expect_answer(continues, "", INCOMPLETE);
	assert_true(receive_response((struct spnego_response){
		SPNEGO_NO_STATE, { 0 }, SPAN("AUTHENTICATE"), SPAN("mic") }));
	expect_refusal(unsigned_complete, INVALID_PARAMETER);
}

static void an_empty_token_later_is_refused(void **state)
{
	(void)state;
	assert_true(receive_init(&ntlm, 1, SPAN("NEGOTIATE")));
	(void)expect_answer(continues, "", INCOMPLETE);
	assert_true(receive_response(
		(struct spnego_response){ .state = SPNEGO_NO_STATE, .token = SPAN("") }));
	expect_refusal(no_token, INVALID_PARAMETER);
}

/* ---- recorded log-ons ---- */

/* Of each file: the hint, the client's and the server's messages in turn. */
enum { HINT, NEGOTIATE, CHALLENGE, AUTHENTICATE, SUCCESS, MESSAGES };

struct log_on {
	struct recording file;
	struct crypto_span tokens[MESSAGES];
};

/* Where the security buffer begins in a message without the length before it, by its field:
 * [MS-SMB2] 2.2.4, 2.2.5, 2.2.6. */
static const size_t offset_at[MESSAGES] = { 64 + 56, 64 + 12, 64 + 4, 64 + 12, 64 + 4 };

static struct log_on load_log_on(const char *name)
{
	struct log_on l = { recording_load(name), { { 0 } } };
	const uint8_t *at = l.file.data;

	for (size_t i = 0; i < MESSAGES; i++) {
		size_t bytes = (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
		const uint8_t *buffer = at + 4 + offset_at[i];

		assert_true(at + 4 + bytes <= l.file.data + l.file.bytes);
		l.tokens[i] = (struct crypto_span){ at + 4 + (buffer[0] | buffer[1] << 8),
			                            (size_t)(buffer[2] | buffer[3] << 8) };
		at += 4 + bytes;
	}
	assert_ptr_equal(at, l.file.data + l.file.bytes);
	return l;
}

static const struct {
	const char *name;
	bool has_mic;
} log_ons[] = {
	{ "spnego-rpcclient-4.17", true },
	{ "spnego-rpcclient-4.22", true },
	{ "spnego-rpcclient-4.25", true },
	{ "spnego-python-samba-4.17", true },
	{ "spnego-python-samba-4.22", true },
	{ "spnego-impacket-0.10-to-samba-4.17", false },
	{ "spnego-impacket-0.12-to-samba-4.22", false },
};

static void a_recorded_server_is_understood_by_our_initiator(void **state)
{
	for (size_t i = 0; i < sizeof log_ons / sizeof *log_ons; i++) {
		struct log_on l = load_log_on(log_ons[i].name);

		assert_int_equal(spnego_hint_mechanisms(l.tokens[HINT]) & 1u << AUTH_NTLM,
		                 1u << AUTH_NTLM);
		offer_ntlm();
		assert_true(
			spnego_initiator_receive(&initiator, l.tokens[CHALLENGE], &received, &err));
		assert_true(make_plan(log_ons[i].has_mic ? last_token_wants_mic : last_token));
		assert_true(plan.sends && plan.makes_mic == log_ons[i].has_mic);
		assert_true(
			spnego_initiator_receive(&initiator, l.tokens[SUCCESS], &received, &err));
		assert_true(make_plan(complete));
		assert_true(plan.is_done && plan.verifies_mic == log_ons[i].has_mic);
		recording_free(&l.file);
		(void)tear_down(state);
		(void)set_up(state);
	}
}

static void a_recorded_client_is_understood_by_our_acceptor(void **state)
{
	for (size_t i = 0; i < sizeof log_ons / sizeof *log_ons; i++) {
		struct log_on l = load_log_on(log_ons[i].name);

		assert_true(spnego_acceptor_receive(&acceptor, l.tokens[NEGOTIATE], serves,
		                                    &received, &err));
		assert_true(spnego_token_is_of(received.token, AUTH_NTLM));
		(void)expect_answer(continues, "", INCOMPLETE);
		assert_true(spnego_acceptor_receive(&acceptor, l.tokens[AUTHENTICATE], serves,
		                                    &received, &err));
		(void)expect_answer(complete, log_ons[i].has_mic ? "vmd" : "d", COMPLETED);
		recording_free(&l.file);
		(void)tear_down_acceptor(state);
		(void)set_up_acceptor(state);
	}
}

#define OF_INITIATOR(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define OF_ACCEPTOR(test)  cmocka_unit_test_setup_teardown(test, set_up_acceptor, tear_down_acceptor)

TEST_GROUP(spnego_negotiation)
{
	const struct CMUnitTest tests[] = {
		OF_INITIATOR(the_first_message_offers_all_with_a_token_of_the_first),
		OF_INITIATOR(a_mechanism_that_the_acceptor_ends_needs_no_mic),
		OF_INITIATOR(a_mechanism_that_the_initiator_ends_goes_on_without_a_mic),
		OF_INITIATOR(a_mechanism_may_want_a_mic_of_its_own_accord),
		OF_INITIATOR(a_server_may_answer_that_mic_with_none),
		OF_INITIATOR(a_server_may_end_without_a_message),
		OF_INITIATOR(a_server_that_ends_at_once_is_refused),
		OF_INITIATOR(a_mechanism_with_more_turns_goes_on),
		OF_INITIATOR(the_other_mechanism_begins_anew_and_must_be_proven),
		OF_INITIATOR(the_other_mechanism_without_request_mic_must_be_proven_as_well),
		OF_INITIATOR(the_other_mechanism_without_a_last_message_is_not_proven),
		OF_INITIATOR(the_other_mechanism_must_be_able_to_prove_it),
		OF_INITIATOR(a_mic_may_be_requested_for_the_first_mechanism_too),
		OF_INITIATOR(a_requested_mic_is_left_out_where_there_is_no_key),
		OF_INITIATOR(the_acceptor_s_mic_with_its_last_token_is_answered),
		OF_INITIATOR(the_acceptor_s_mic_with_its_last_message_is_not_answered),
		OF_INITIATOR(a_mic_that_was_verified_need_not_come_again),
		OF_INITIATOR(a_mic_may_be_requested_late),
		OF_INITIATOR(an_acceptor_that_waits_for_a_mic_gets_one),
		OF_INITIATOR(an_acceptor_that_wants_more_than_there_is_is_refused),
		OF_INITIATOR(an_answer_may_be_a_token_alone),
		OF_INITIATOR(kerberos_may_be_written_otherwise),
		OF_INITIATOR(a_mechanism_that_was_not_offered_is_refused),
		OF_INITIATOR(a_mechanism_that_is_not_known_is_refused),
		OF_INITIATOR(a_mechanism_does_not_change_later),
		OF_INITIATOR(a_token_with_the_other_mechanism_is_refused),
		OF_INITIATOR(an_empty_token_with_the_other_mechanism_is_none),
		OF_INITIATOR(a_rejection_ends_it),
		OF_INITIATOR(a_mechanism_that_is_not_done_must_not_be_ended),
		OF_INITIATOR(a_mic_before_the_key_is_refused),
		OF_INITIATOR(a_mic_without_a_key_is_refused),
		OF_INITIATOR(a_second_mic_is_refused),
		OF_INITIATOR(an_answer_without_the_token_that_is_due_is_refused),
		OF_INITIATOR(an_answer_that_is_no_spnego_is_refused),
		OF_ACCEPTOR(kerberos_is_complete_with_the_first_answer),
		OF_ACCEPTOR(ntlm_takes_two_answers_and_names_the_mechanism_in_the_first),
		OF_ACCEPTOR(a_mic_with_the_last_token_is_verified_and_answered),
		OF_ACCEPTOR(a_mic_with_the_first_token_is_verified_and_answered),
		OF_ACCEPTOR(kerberos_is_named_as_the_initiator_names_it),
		OF_ACCEPTOR(a_first_mechanism_that_is_not_served_costs_a_turn_and_a_mic),
		OF_ACCEPTOR(a_required_mic_that_is_left_out_is_refused),
		OF_ACCEPTOR(a_required_mic_is_left_out_where_there_is_no_key),
		OF_ACCEPTOR(kerberos_behind_another_mechanism_is_proven_by_both_sides),
		OF_ACCEPTOR(an_initiator_may_offer_without_a_token),
		OF_ACCEPTOR(mechanisms_that_are_not_served_are_named),
		OF_ACCEPTOR(a_first_message_that_is_an_answer_is_refused),
		OF_ACCEPTOR(a_second_offer_is_refused),
		OF_ACCEPTOR(later_messages_that_do_not_fit_are_refused),
		OF_ACCEPTOR(a_mic_that_comes_too_early_is_refused),
		OF_ACCEPTOR(a_mic_that_nothing_can_verify_is_refused),
		OF_ACCEPTOR(an_empty_token_later_is_refused),
		OF_INITIATOR(a_recorded_server_is_understood_by_our_initiator),
		OF_ACCEPTOR(a_recorded_client_is_understood_by_our_acceptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
