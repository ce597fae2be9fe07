/* SPDX-License-Identifier: MIT */
#include "auth/acceptor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <krb5.h>
#include "auth/acceptor_settings.h"
#include "auth/accounts.h"
#include "auth/context.h"
#include "auth/mechanism_error.h"
#include "auth/ntlm_message.h"
#include "auth/spnego/acceptor.h"
#include "auth/spnego/mechanism.h"
#include "auth/spnego/message.h"
#include "auth/identify.h"
#include "base/locale.h"
#include "base/nt_status.h"
#include "base/text.h"

/* How the tokens of a log-on are wrapped, as the first one shows. */
enum wrapping { NOT_KNOWN, IN_SPNEGO, BARE };

struct auth_acceptor {
	struct auth_acceptor_settings *settings; /* held */
	enum wrapping wrapping;
	struct spnego_acceptor spnego;
	struct auth_context context;
	struct wire_writer answer, lengthened;
	uint32_t challenge_flags; /* 0: no NTLM CHALLENGE was given */
	enum auth_progress progress;
	bool is_anonymous;
	struct identity *identity; /* held, of a log-on that is complete */
	char claim[2 * NTLM_NAME_BYTES];
	struct err failure; /* of a log-on that failed */
};

struct auth_acceptor *auth_acceptor_new(struct auth_acceptor_settings *settings)
{
	struct auth_acceptor *a = calloc(1, sizeof *a);

	if (a != NULL)
		a->settings = auth_acceptor_settings_hold(settings);
	return a;
}

void auth_acceptor_free(struct auth_acceptor *a)
{
	if (a == NULL)
		return;
	auth_context_fini(&a->context);
	spnego_acceptor_fini(&a->spnego);
	wire_writer_fini(&a->answer);
	wire_writer_fini(&a->lengthened);
	identity_release(a->identity);
	auth_acceptor_settings_release(a->settings);
	free(a);
}

static enum auth_progress acceptor_refuse_with(struct err *err, uint32_t nt, NET_API_STATUS status,
                                               const char *text)
{
	err_set(err, status, AUTH_STEP, text);
	err->nt_status = nt;
	return AUTH_FAILED;
}

/* The client does not learn whether the user or the password was wrong. */
static enum auth_progress acceptor_refuse_log_on(struct err *err)
{
	return acceptor_refuse_with(err, STATUS_LOGON_FAILURE, ERROR_LOGON_FAILURE,
	                            "unknown user or wrong password");
}

static enum auth_progress acceptor_refuse_token(struct err *err)
{
	return acceptor_refuse_with(err, STATUS_INVALID_PARAMETER, ERROR_INVALID_PARAMETER,
	                            "invalid token");
}

static enum auth_progress acceptor_refuse_mechanism(enum auth_mechanism mechanism, struct err *err)
{
	return acceptor_refuse_with(err, STATUS_NOT_SUPPORTED, ERROR_NOT_SUPPORTED,
	                            mechanism == AUTH_NTLM
	                                    ? "this server does not accept NTLM"
	                                    : "this server does not accept Kerberos");
}

static enum auth_progress acceptor_refuse_memory(struct err *err)
{
	return acceptor_refuse_with(err, STATUS_INSUFFICIENT_RESOURCES, ERROR_NOT_ENOUGH_MEMORY,
	                            NULL);
}

/* Why a ticket was refused, RFC 4120 7.5.9. */
static const struct ticket_meaning {
	krb5_error_code code;
	uint32_t nt;
	NET_API_STATUS status;
	const char *text;
	bool is_whole; /* libkrb5's text has nothing to add */
} ticket_meanings[] = {
	{ KRB5KRB_AP_ERR_BAD_INTEGRITY, STATUS_LOGON_FAILURE, ERROR_LOGON_FAILURE,
	  "the keytab's key is not the key that the ticket is encrypted with", false },
	{ KRB5KRB_AP_ERR_MODIFIED, STATUS_LOGON_FAILURE, ERROR_LOGON_FAILURE,
	  "the keytab's key is not the key that the ticket is encrypted with", false },
	{ KRB5KRB_AP_ERR_NOT_US, STATUS_LOGON_FAILURE, ERROR_LOGON_FAILURE,
	  "the keytab has no key for the server that the ticket is for", false },
	{ KRB5KRB_AP_ERR_BADKEYVER, STATUS_LOGON_FAILURE, ERROR_LOGON_FAILURE,
	  "the keytab has no key of the version and the encryption type that the ticket has",
	  false },
	{ KRB5KRB_AP_ERR_NOKEY, STATUS_LOGON_FAILURE, ERROR_LOGON_FAILURE,
	  "the keytab has no key for the ticket", false },
	{ KRB5_KT_NOTFOUND, STATUS_LOGON_FAILURE, ERROR_LOGON_FAILURE,
	  "the keytab has no key for the ticket", false },
	{ KRB5KRB_AP_ERR_TKT_EXPIRED, STATUS_LOGON_FAILURE, ERROR_LOGON_FAILURE,
	  "the ticket has expired", true },
	{ KRB5KRB_AP_ERR_TKT_NYV, STATUS_TIME_DIFFERENCE_AT_DC, ERROR_TIME_SKEW,
	  "the ticket is not valid yet", true },
	{ KRB5KRB_AP_ERR_REPEAT, STATUS_LOGON_FAILURE, ERROR_LOGON_FAILURE,
	  "the ticket was used before: a replay", true },
	{ KRB5KRB_AP_ERR_SKEW, STATUS_TIME_DIFFERENCE_AT_DC, ERROR_TIME_SKEW,
	  "the client's clock differs too much", true },
};

static const struct ticket_meaning *acceptor_ticket_meaning(OM_uint32 minor)
{
	static const struct ticket_meaning unknown = { 0, STATUS_LOGON_FAILURE, ERROR_LOGON_FAILURE,
		                                       "invalid ticket", false };

	for (size_t i = 0; i < sizeof ticket_meanings / sizeof *ticket_meanings; i++)
		if (ticket_meanings[i].code == (krb5_error_code)minor)
			return &ticket_meanings[i];
	return &unknown;
}

/* For this server's administrator: libkrb5's text names principal, version and encryption type. */
static enum auth_progress acceptor_explain_ticket(OM_uint32 minor, struct err *err)
{
	const struct ticket_meaning *meaning = acceptor_ticket_meaning(minor);
	char detail[MECHANISM_TEXT_BYTES];

	if (meaning->is_whole)
		return acceptor_refuse_with(err, meaning->nt, meaning->status, meaning->text);
	mechanism_error_text(AUTH_KERBEROS, minor, detail);
	err_format(err, meaning->status, AUTH_STEP, "%s: %s", meaning->text, detail);
	err->nt_status = meaning->nt;
	return AUTH_FAILED;
}

#define MIC_IS_WRONG "the MIC of the NTLM message is wrong"

static enum auth_progress acceptor_explain_failure(const struct auth_acceptor *a, OM_uint32 major,
                                                   OM_uint32 minor, struct err *err)
{
	bool is_kerberos = a->context.mechanism == AUTH_KERBEROS;

	switch (GSS_ROUTINE_ERROR(major)) {
	case GSS_S_DEFECTIVE_TOKEN:
		if (!is_kerberos && minor == EACCES)
			return acceptor_refuse_with(err, STATUS_INVALID_PARAMETER,
			                            ERROR_INVALID_PARAMETER, MIC_IS_WRONG);
		return acceptor_refuse_token(err);
	case GSS_S_NO_CONTEXT:
		return acceptor_refuse_token(err);
	case GSS_S_BAD_MECH:
	case GSS_S_NO_CRED:
		return acceptor_refuse_mechanism(a->context.mechanism, err);
	default:
		return is_kerberos ? acceptor_explain_ticket(minor, err)
		                   : acceptor_refuse_log_on(err);
	}
}

/* The mechanism's step. */
static enum auth_progress acceptor_step_context(struct auth_acceptor *a, struct crypto_span token,
                                                struct err *err)
{
	OM_uint32 major, minor;

	major = auth_context_accept(
		&a->context, auth_acceptor_settings_credential(a->settings, a->context.mechanism),
		token, &minor);
	if (GSS_ERROR(major))
		return acceptor_explain_failure(a, major, minor, err);
	return a->context.is_complete ? AUTH_COMPLETE : AUTH_CONTINUE;
}

/* gss-ntlmssp 1.2.0 refuses null sessions, so such a log-on is completed without it. */
static enum auth_progress acceptor_accept_anonymous(struct auth_acceptor *a, struct err *err)
{
	if (!auth_acceptor_settings_allow_anonymous(a->settings))
		return acceptor_refuse_with(err, STATUS_ACCESS_DENIED, ERROR_ACCESS_DENIED,
		                            "this server does not accept null sessions");
	/* The context that gave the CHALLENGE never becomes complete: nothing may use it. */
	auth_context_fini(&a->context);
	a->context.mechanism = AUTH_NTLM;
	a->is_anonymous = a->context.is_complete = true;
	return AUTH_COMPLETE;
}

/* Verifies an AUTHENTICATE. gss-ntlmssp gets an account of that name in any case, so that a user
 * who is not in the file takes as long as one who is; and it gets that one account alone, because
 * it walks through all of them, and would ask winbind for one that it has not got. */
static enum auth_progress acceptor_verify_ntlm(struct auth_acceptor *a, struct crypto_span message,
                                               const struct ntlm_claim *claim, struct err *err)
{
	enum auth_progress progress;
	const struct account *account;

	if (!accounts_may_exist(claim->domain, claim->user))
		return acceptor_refuse_log_on(err);
	account = auth_acceptor_settings_account(a->settings, claim->domain, claim->user);
	if (!accounts_lend(auth_acceptor_settings_accounts(a->settings), account, claim->domain,
	                   claim->user))
		return acceptor_refuse_memory(err);
	progress = acceptor_step_context(a, message, err);
	accounts_take_back();
	if (account == NULL)
		return acceptor_refuse_log_on(err);
	/* A message that gss-ntlmssp cannot decode is refused like one for a user who is not there.
	 * It verifies the message's MIC behind the response: who fails there has the password. */
	if (progress == AUTH_FAILED && err->status != ERROR_NOT_ENOUGH_MEMORY &&
	    strcmp(err->text, MIC_IS_WRONG) != 0)
		return acceptor_refuse_log_on(err);
	return progress;
}

static enum auth_progress acceptor_step_ntlm(struct auth_acceptor *a, struct crypto_span message,
                                             struct err *err)
{
	enum ntlm_verdict verdict = ntlm_message_judge(message, a->challenge_flags);
	enum auth_progress progress;
	struct ntlm_claim claim = { 0 };

	if (verdict != NTLM_NOT_AUTHENTICATE) {
		if (!ntlm_message_claim(message, a->challenge_flags, &claim))
			return acceptor_refuse_log_on(err);
		(void)snprintf(a->claim, sizeof a->claim, "%s%s%s", claim.domain,
		               claim.domain[0] != '\0' ? "\\" : "", claim.user);
	}
	if (verdict == NTLM_WRONG || (verdict != NTLM_NOT_AUTHENTICATE && a->challenge_flags == 0))
		return acceptor_refuse_token(err);
	if (verdict == NTLM_ANONYMOUS)
		return acceptor_accept_anonymous(a, err);
	if (verdict == NTLM_WEAK)
		return acceptor_refuse_with(err, STATUS_LOGON_FAILURE, ERROR_LOGON_FAILURE,
		                            "this server does not accept LM and NTLMv1");
	if (verdict == NTLM_V2)
		return acceptor_verify_ntlm(a, message, &claim, err);
	if (ntlm_message_is_short(message)) {
		wire_writer_clear(&a->lengthened);
		ntlm_message_lengthen(message, &a->lengthened);
		if (a->lengthened.failed)
			return acceptor_refuse_memory(err);
		message = (struct crypto_span){ a->lengthened.data, a->lengthened.len };
	}
	progress = acceptor_step_context(a, message, err);
	if (progress == AUTH_CONTINUE)
		a->challenge_flags = ntlm_message_challenge_flags(auth_context_token(&a->context));
	return progress;
}

/* GSSAPI chooses the mechanism of a context by its first token, so that must be of the selected
 * one. */
static enum auth_progress acceptor_step_mechanism(struct auth_acceptor *a, struct crypto_span token,
                                                  struct err *err)
{
	enum auth_mechanism mechanism = a->context.mechanism;

	if (a->context.is_complete ||
	    (a->context.gss == GSS_C_NO_CONTEXT && !spnego_token_is_of(token, mechanism)))
		return acceptor_refuse_token(err);
	return mechanism == AUTH_NTLM ? acceptor_step_ntlm(a, token, err)
	                              : acceptor_step_context(a, token, err);
}

/* ---- without SPNEGO: in DCE/RPC, and for SMB2 clients that do so ---- */

static enum auth_progress acceptor_receive_bare(struct auth_acceptor *a, struct crypto_span token,
                                                struct err *err)
{
	struct crypto_span answer;
	enum auth_progress progress;

	progress = acceptor_step_mechanism(a, token, err);
	answer = auth_context_token(&a->context);
	wire_put_bytes(&a->answer, answer.data, answer.bytes);
	return progress;
}

static enum auth_progress acceptor_begin_bare(struct auth_acceptor *a,
                                              enum auth_mechanism mechanism,
                                              struct crypto_span token, struct err *err)
{
	if (!auth_acceptor_settings_accepted(a->settings)[mechanism])
		return acceptor_refuse_mechanism(mechanism, err);
	a->wrapping = BARE;
	a->context.mechanism = mechanism;
	return acceptor_receive_bare(a, token, err);
}

/* ---- in SPNEGO ---- */

static enum auth_progress acceptor_send_planned(struct auth_acceptor *a,
                                                const struct spnego_plan *plan, struct err *err)
{
	gss_buffer_desc made = GSS_C_EMPTY_BUFFER;
	struct crypto_span mic = { 0 };
	OM_uint32 minor;

	if (plan->makes_mic) {
		if (!auth_context_make_mic(&a->context, spnego_acceptor_list(&a->spnego), &made))
			return acceptor_refuse_with(err, STATUS_LOGON_FAILURE, ERROR_LOGON_FAILURE,
			                            "no mechListMIC can be made");
		mic = (struct crypto_span){ made.value, made.length };
	}
	spnego_acceptor_encode(&a->spnego, auth_context_token(&a->context), mic, &a->answer);
	(void)gss_release_buffer(&minor, &made);
	return plan->is_done ? AUTH_COMPLETE : AUTH_CONTINUE;
}

static enum auth_progress acceptor_receive_spnego(struct auth_acceptor *a, struct crypto_span token,
                                                  struct err *err)
{
	struct spnego_mechanism_state state;
	struct spnego_received received;
	struct spnego_plan plan;

	if (!spnego_acceptor_receive(&a->spnego, token,
	                             auth_acceptor_settings_accepted(a->settings), &received, err))
		return AUTH_FAILED;
	a->context.mechanism = a->spnego.oid->mechanism;
	auth_context_discard_token(&a->context);
	if (received.token.bytes > 0 &&
	    acceptor_step_mechanism(a, received.token, err) == AUTH_FAILED)
		return AUTH_FAILED;
	state = auth_context_state(&a->context);
	if (a->is_anonymous) /* Samba's clients sign the list with a key of zeros */
		received.mic = (struct crypto_span){ 0 };
	if (!spnego_acceptor_plan(&a->spnego, &received, &state, &plan, err))
		return AUTH_FAILED;
	if (plan.verifies_mic &&
	    !auth_context_verify_mic(&a->context, spnego_acceptor_list(&a->spnego), received.mic))
		return acceptor_refuse_with(
			err, STATUS_LOGON_FAILURE, ERROR_LOGON_FAILURE,
			"the mechListMIC is not that of the offered mechanisms");
	return acceptor_send_planned(a, &plan, err);
}

static enum auth_progress acceptor_begin_exchange(struct auth_acceptor *a, struct crypto_span token,
                                                  struct err *err)
{
	const bool *serves = auth_acceptor_settings_accepted(a->settings);

	if (!serves[AUTH_KERBEROS] && !serves[AUTH_NTLM])
		return acceptor_refuse_with(
			err, STATUS_NOT_SUPPORTED, ERROR_NOT_SUPPORTED,
			"no keytab and no NTLM users are configured, so all log-ons are refused");
	switch (spnego_token_kind(token)) {
	case SPNEGO_TOKEN_NEGOTIATION:
		a->wrapping = IN_SPNEGO;
		return acceptor_receive_spnego(a, token, err);
	case SPNEGO_TOKEN_KERBEROS:
		return acceptor_begin_bare(a, AUTH_KERBEROS, token, err);
	case SPNEGO_TOKEN_NTLM:
		return acceptor_begin_bare(a, AUTH_NTLM, token, err);
	case SPNEGO_TOKEN_UNKNOWN:
		break;
	}
	return acceptor_refuse_token(err);
}

static enum auth_progress acceptor_receive_token(struct auth_acceptor *a, struct crypto_span token,
                                                 struct err *err)
{
	if (a->progress != AUTH_CONTINUE || token.bytes == 0 || token.bytes > UINT16_MAX)
		return acceptor_refuse_token(err);
	switch (a->wrapping) {
	case NOT_KNOWN:
		return acceptor_begin_exchange(a, token, err);
	case IN_SPNEGO:
		return acceptor_receive_spnego(a, token, err);
	case BARE:
		break;
	}
	return acceptor_receive_bare(a, token, err);
}

/* Finds out whose log-on it is. A log-on without an identity is refused. */
static enum auth_progress acceptor_identify_initiator(struct auth_acceptor *a, struct err *err)
{
	if (a->is_anonymous)
		a->identity = identity_new_anonymous();
	else if (a->context.mechanism == AUTH_KERBEROS)
		a->identity = identify_kerberos(a->settings, a->context.initiator, err);
	else
		a->identity = identify_ntlm(a->settings, a->context.initiator, err);
	if (a->identity != NULL)
		return AUTH_COMPLETE;
	return err->status == ERROR_LOGON_FAILURE
	               ? acceptor_refuse_with(err, STATUS_LOGON_FAILURE, ERROR_LOGON_FAILURE, NULL)
	               : acceptor_refuse_memory(err);
}

enum auth_progress auth_acceptor_step(struct auth_acceptor *a, const uint8_t *token, size_t bytes,
                                      const uint8_t **answer, size_t *answer_bytes, struct err *err)
{
	locale_t previous = locale_enter();

	wire_writer_clear(&a->answer);
	a->progress = acceptor_receive_token(a, (struct crypto_span){ token, bytes }, err);
	if (a->progress != AUTH_FAILED && a->answer.failed)
		a->progress = acceptor_refuse_memory(err);
	if (a->progress == AUTH_COMPLETE)
		a->progress = acceptor_identify_initiator(a, err);
	if (a->progress == AUTH_FAILED) {
		a->failure = *err;
		wire_writer_clear(&a->answer);
	}
	*answer = a->answer.data;
	*answer_bytes = a->answer.len;
	locale_leave(previous);
	return a->progress;
}

bool auth_acceptor_is_guess(const struct auth_acceptor *a, const uint8_t *token, size_t bytes,
                            uint32_t *account)
{
	struct crypto_span message = { token, bytes };
	struct spnego_response response;
	struct account_name name;
	struct ntlm_claim claim;

	if (a->wrapping == IN_SPNEGO) {
		if (!spnego_response_decode(message, &response))
			return false;
		message = response.token;
	}
	/* It follows a CHALLENGE; at other times it is refused unread. */
	if (a->challenge_flags == 0 || ntlm_message_judge(message, a->challenge_flags) != NTLM_V2 ||
	    !ntlm_message_claim(message, a->challenge_flags, &claim))
		return false;
	account_name_read(&name, claim.domain, claim.user);
	return text_hash_nocase(name.user, account);
}

NET_API_STATUS auth_acceptor_finish(struct auth_acceptor *a, struct identity **who,
                                    uint8_t key[AUTH_MAX_KEY_BYTES], size_t *key_bytes,
                                    struct err *err)
{
	NET_API_STATUS status = NERR_Success;

	*key_bytes = 0;
	*who = NULL;
	if (!a->is_anonymous)
		status = auth_context_key(&a->context, key, key_bytes, err);
	if (status == NERR_Success) {
		*who = a->identity;
		a->identity = NULL;
	}
	return status;
}

gss_ctx_id_t auth_acceptor_context(const struct auth_acceptor *a)
{
	return a->context.gss;
}

const char *auth_acceptor_mechanism(const struct auth_acceptor *a)
{
	if (a->is_anonymous)
		return "anonymous";
	return a->context.mechanism == AUTH_KERBEROS ? "kerberos" : "ntlm";
}

uint32_t auth_acceptor_lifetime_s(const struct auth_acceptor *a)
{
	_Static_assert(AUTH_NO_END == GSS_C_INDEFINITE, "the same number");
	return a->context.mechanism == AUTH_KERBEROS ? a->context.lifetime_s : AUTH_NO_END;
}

const struct auth_acceptor_settings *auth_acceptor_settings_of(const struct auth_acceptor *a)
{
	return a->settings;
}

enum auth_mechanism auth_acceptor_mechanism_of(const struct auth_acceptor *a)
{
	return a->context.mechanism;
}

const char *auth_acceptor_claim(const struct auth_acceptor *a)
{
	return a->claim;
}

const char *auth_acceptor_reason(const struct auth_acceptor *a)
{
	return a->failure.text[0] != '\0' ? a->failure.text : NULL;
}
