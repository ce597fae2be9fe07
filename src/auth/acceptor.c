/* SPDX-License-Identifier: MIT */
#include "auth/acceptor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "auth/acceptance.h"
#include "auth/ntlm_token.h"
#include "auth/whose.h"

/* [MS-ERREF] 2.3 */
#define STATUS_INVALID_PARAMETER      0xC000000Du
#define STATUS_ACCESS_DENIED          0xC0000022u
#define STATUS_LOGON_FAILURE          0xC000006Du
#define STATUS_INSUFFICIENT_RESOURCES 0xC000009Au
#define STATUS_NOT_SUPPORTED          0xC00000BBu
#define STATUS_TIME_DIFFERENCE_AT_DC  0xC0000133u

struct auth_acceptor {
	struct auth_acceptance *acceptance; /* held */
	gss_ctx_id_t context;
	gss_name_t name;
	gss_OID mechanism;
	gss_buffer_desc answer;
	struct wire_writer lengthened;
	uint32_t challenge_flags; /* 0: no NTLM CHALLENGE was given */
	enum auth_progress progress;
	bool is_anonymous;
	struct identity *who; /* held, of a log-on that is complete */
	char claim[2 * NTLM_NAME_BYTES];
	const char *why; /* static text, of a log-on that failed */
};

struct auth_acceptor *auth_acceptor_new(struct auth_acceptance *acceptance)
{
	struct auth_acceptor *a = calloc(1, sizeof *a);

	if (a != NULL)
		a->acceptance = auth_acceptance_hold(acceptance);
	return a;
}

void auth_acceptor_free(struct auth_acceptor *a)
{
	OM_uint32 minor;

	if (a == NULL)
		return;
	(void)gss_delete_sec_context(&minor, &a->context, GSS_C_NO_BUFFER);
	(void)gss_release_name(&minor, &a->name);
	(void)gss_release_buffer(&minor, &a->answer);
	wire_writer_fini(&a->lengthened);
	identity_release(a->who);
	auth_acceptance_release(a->acceptance);
	free(a);
}

static enum auth_progress refuse(struct err *err, uint32_t nt, NET_API_STATUS status,
                                 const char *why)
{
	err_set(err, status, AUTH_DOING, why);
	err->nt = nt;
	return AUTH_FAILED;
}

/* A wrong password and an unknown user are told apart to nobody. */
static enum auth_progress refuse_log_on(struct err *err)
{
	return refuse(err, STATUS_LOGON_FAILURE, ERROR_LOGON_FAILURE,
	              "an unknown user, or a wrong password");
}

static enum auth_progress refuse_token(struct err *err)
{
	return refuse(err, STATUS_INVALID_PARAMETER, ERROR_INVALID_PARAMETER,
	              "a token that does not hold");
}

/* What a Kerberos log-on failed by, RFC 4120 7.5.9. */
static const struct {
	uint32_t code, nt;
	NET_API_STATUS status;
	const char *why;
} ticket_stories[] = {
	{ 31, STATUS_LOGON_FAILURE, ERROR_LOGON_FAILURE,
	  "the keytab's key is not the one that the ticket is for" },
	{ 32, STATUS_LOGON_FAILURE, ERROR_LOGON_FAILURE, "the ticket has expired" },
	{ 33, STATUS_TIME_DIFFERENCE_AT_DC, ERROR_TIME_SKEW, "the ticket is not valid yet" },
	{ 34, STATUS_LOGON_FAILURE, ERROR_LOGON_FAILURE, "the ticket was shown once already" },
	{ 35, STATUS_LOGON_FAILURE, ERROR_LOGON_FAILURE,
	  "the keytab has no key for the server that the ticket is for" },
	{ 37, STATUS_TIME_DIFFERENCE_AT_DC, ERROR_TIME_SKEW,
	  "the caller's clock shows another time" },
	{ 44, STATUS_LOGON_FAILURE, ERROR_LOGON_FAILURE,
	  "the keytab's key is older or newer than the ticket" },
};

static enum auth_progress explain_ticket(uint32_t code, struct err *err)
{
	for (size_t i = 0; i < sizeof ticket_stories / sizeof *ticket_stories; i++)
		if (ticket_stories[i].code == code)
			return refuse(err, ticket_stories[i].nt, ticket_stories[i].status,
			              ticket_stories[i].why);
	return refuse(err, STATUS_LOGON_FAILURE, ERROR_LOGON_FAILURE,
	              "a ticket that does not hold");
}

/* The answer that GSSAPI made says more than its status. */
static enum auth_progress explain(const struct auth_acceptor *a, OM_uint32 major, struct err *err)
{
	struct spnego_token answer;
	uint32_t code = 0;

	if (spnego_token_open(a->answer.value, a->answer.length, &answer))
		code = spnego_token_krb_error(&answer);
	if (code != 0)
		return explain_ticket(code, err);
	switch (GSS_ROUTINE_ERROR(major)) {
	case GSS_S_DEFECTIVE_TOKEN:
	case GSS_S_NO_CONTEXT:
		return refuse_token(err);
	case GSS_S_BAD_MECH:
	case GSS_S_NO_CRED:
		return refuse(err, STATUS_NOT_SUPPORTED, ERROR_NOT_SUPPORTED,
		              "a mechanism that is not served here");
	default:
		return refuse_log_on(err);
	}
}

static enum auth_progress exchange(struct auth_acceptor *a, const uint8_t *token, size_t bytes,
                                   struct err *err)
{
	gss_buffer_desc input = { bytes, (void *)(uintptr_t)token };
	struct ntlm_token answer;
	OM_uint32 major, minor;

	major = gss_accept_sec_context(&minor, &a->context, a->acceptance->credential, &input,
	                               GSS_C_NO_CHANNEL_BINDINGS, &a->name, &a->mechanism,
	                               &a->answer, NULL, NULL, NULL);
	if (GSS_ERROR(major))
		return explain(a, major, err);
	if ((major & GSS_S_CONTINUE_NEEDED) == 0)
		return AUTH_COMPLETE;
	answer = ntlm_token_find(a->answer.value, a->answer.length);
	a->challenge_flags = ntlm_token_challenge_flags(&answer);
	return AUTH_CONTINUE;
}

/* gss-ntlmssp 1.2.0 refuses null sessions: this is the end of such a log-on without it. */
static enum auth_progress let_nobody_in(struct auth_acceptor *a, bool is_bare, struct err *err)
{
	/* NegTokenResp, accept-completed: RFC 4178 4.2.2 */
	static const uint8_t completed[] = { 0xA1, 0x07, 0x30, 0x05, 0xA0, 0x03, 0x0A, 0x01, 0x00 };

	if (!a->acceptance->anonymous)
		return refuse(err, STATUS_ACCESS_DENIED, ERROR_ACCESS_DENIED,
		              "null sessions are not served here");
	a->is_anonymous = true;
	if (is_bare)
		return AUTH_COMPLETE;
	a->answer.value = malloc(sizeof completed);
	if (a->answer.value == NULL)
		return refuse(err, STATUS_INSUFFICIENT_RESOURCES, ERROR_NOT_ENOUGH_MEMORY, NULL);
	memcpy(a->answer.value, completed, sizeof completed);
	a->answer.length = sizeof completed;
	return AUTH_COMPLETE;
}

/* Whether the file has the user who is claimed. Nobody else gets as far as gss-ntlmssp, which would
 * ask winbind. */
static bool take_claim(struct auth_acceptor *a, const struct ntlm_token *t)
{
	struct ntlm_claim claim;

	if (!ntlm_token_claim(t, a->challenge_flags, &claim))
		return false;
	(void)snprintf(a->claim, sizeof a->claim, "%s%s%s", claim.domain,
	               claim.domain[0] != '\0' ? "\\" : "", claim.user);
	return a->acceptance->accounts != NULL &&
	       accounts_find(a->acceptance->accounts, claim.domain, claim.user) != NULL;
}

/* A token with an NTLM message in it. */
static enum auth_progress take_ntlm(struct auth_acceptor *a, const struct ntlm_token *t,
                                    const uint8_t *token, size_t bytes, struct err *err)
{
	const struct auth_acceptance *acceptance = a->acceptance;
	enum ntlm_verdict verdict = ntlm_token_judge(t, a->challenge_flags);
	bool is_known = verdict != NTLM_NOT_AUTHENTICATE && take_claim(a, t);

	if (acceptance->accounts == NULL && !acceptance->anonymous)
		return refuse(err, STATUS_NOT_SUPPORTED, ERROR_NOT_SUPPORTED,
		              "NTLM is not served here");
	if (verdict == NTLM_WRONG || (verdict != NTLM_NOT_AUTHENTICATE && a->challenge_flags == 0))
		return refuse_token(err);
	if (verdict == NTLM_ANONYMOUS)
		return let_nobody_in(a, t->is_bare, err);
	if (verdict == NTLM_WEAK)
		return refuse(err, STATUS_LOGON_FAILURE, ERROR_LOGON_FAILURE,
		              "LM and NTLMv1 are not served here");
	if (verdict == NTLM_V2 && !is_known)
		return refuse_log_on(err);
	if (!ntlm_token_is_short(t))
		return exchange(a, token, bytes, err);
	wire_writer_clear(&a->lengthened);
	ntlm_token_lengthen(t, &a->lengthened);
	if (a->lengthened.failed)
		return refuse(err, STATUS_INSUFFICIENT_RESOURCES, ERROR_NOT_ENOUGH_MEMORY, NULL);
	return exchange(a, a->lengthened.data, a->lengthened.len, err);
}

static enum auth_progress take(struct auth_acceptor *a, const uint8_t *token, size_t bytes,
                               struct err *err)
{
	struct ntlm_token t;

	if (a->progress != AUTH_CONTINUE || bytes == 0)
		return refuse_token(err);
	if (a->acceptance->credential == GSS_C_NO_CREDENTIAL)
		return refuse(err, STATUS_NOT_SUPPORTED, ERROR_NOT_SUPPORTED,
		              "neither a keytab nor NTLM users: nobody can log on");
	t = ntlm_token_find(token, bytes);
	return t.message != NULL ? take_ntlm(a, &t, token, bytes, err)
	                         : exchange(a, token, bytes, err);
}

static bool is_by_kerberos(const struct auth_acceptor *a)
{
	return a->mechanism != GSS_C_NO_OID && a->mechanism->length == auth_krb5.length &&
	       memcmp(a->mechanism->elements, auth_krb5.elements, auth_krb5.length) == 0;
}

/* Who it is, and with that whether it comes in. */
static enum auth_progress identify(struct auth_acceptor *a, struct err *err)
{
	if (a->is_anonymous)
		a->who = identity_new_anonymous();
	else if (is_by_kerberos(a))
		a->who = whose_kerberos(a->acceptance, a->name, err);
	else
		a->who = whose_ntlm(a->acceptance, a->name, err);
	if (a->who != NULL)
		return AUTH_COMPLETE;
	return err->status == ERROR_LOGON_FAILURE
	               ? refuse(err, STATUS_LOGON_FAILURE, ERROR_LOGON_FAILURE, NULL)
	               : refuse(err, STATUS_INSUFFICIENT_RESOURCES, ERROR_NOT_ENOUGH_MEMORY, NULL);
}

enum auth_progress auth_acceptor_step(struct auth_acceptor *a, const uint8_t *token, size_t bytes,
                                      const uint8_t **answer, size_t *answer_bytes, struct err *err)
{
	OM_uint32 minor;

	(void)gss_release_buffer(&minor, &a->answer);
	a->progress = take(a, token, bytes, err);
	if (a->progress == AUTH_COMPLETE)
		a->progress = identify(a, err);
	if (a->progress == AUTH_FAILED) {
		a->why = err->why;
		(void)gss_release_buffer(&minor, &a->answer);
	}
	*answer = a->answer.value;
	*answer_bytes = a->answer.length;
	return a->progress;
}

NET_API_STATUS auth_acceptor_finish(struct auth_acceptor *a, struct identity **who,
                                    uint8_t key[AUTH_MAX_KEY_BYTES], size_t *key_bytes,
                                    struct err *err)
{
	NET_API_STATUS status = NERR_Success;

	*key_bytes = 0;
	*who = NULL;
	if (!a->is_anonymous)
		status = auth_session_key(a->context, key, key_bytes, err);
	if (status == NERR_Success) {
		*who = a->who;
		a->who = NULL;
	}
	return status;
}

gss_ctx_id_t auth_acceptor_context(const struct auth_acceptor *a)
{
	return a->context;
}

const char *auth_acceptor_mechanism(const struct auth_acceptor *a)
{
	return a->is_anonymous ? "anonymous" : is_by_kerberos(a) ? "kerberos" : "ntlm";
}

const char *auth_acceptor_claim(const struct auth_acceptor *a)
{
	return a->claim;
}

const char *auth_acceptor_why(const struct auth_acceptor *a)
{
	return a->why;
}
