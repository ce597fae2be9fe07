/* SPDX-License-Identifier: MIT */
#include "auth/initiator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "auth/context.h"
#include "auth/credentials.h"
#include "auth/kerberos_message.h"
#include "auth/mechanism_error.h"
#include "auth/ntlm_message.h"
#include "auth/spnego/initiator.h"
#include "auth/ticket_cache.h"
#include "base/clock_text.h"
#include "base/locale.h"

struct auth_initiator {
	struct netsession_credentials *credentials; /* held; NULL: the caller's tickets */
	enum netsession_authentication mode;
	char *host;
	gss_name_t target;
	struct auth_handle *kerberos; /* NULL until it is needed; NTLM's is the credentials' */
	struct spnego_initiator spnego;
	struct auth_context context; /* of the mechanism that is selected */
	struct wire_writer answer;
	struct auth_hints hints;
	bool has_begun;
	enum auth_progress progress;
};

struct auth_initiator *auth_initiator_new(struct netsession_credentials *credentials,
                                          enum netsession_authentication mode, const char *host)
{
	struct auth_initiator *a = calloc(1, sizeof *a);
	gss_buffer_desc service;
	char name[300];
	OM_uint32 minor;

	if (a == NULL)
		return NULL;
	a->credentials = credentials_hold(credentials);
	a->mode = mode;
	a->host = strdup(host);
	service.length = (size_t)snprintf(name, sizeof name, "cifs@%s", host);
	service.value = name;
	if (a->host == NULL || service.length >= sizeof name ||
	    GSS_ERROR(gss_import_name(&minor, &service, GSS_C_NT_HOSTBASED_SERVICE, &a->target))) {
		auth_initiator_free(a);
		return NULL;
	}
	return a;
}

void auth_initiator_end(struct auth_initiator *a)
{
	OM_uint32 minor;

	auth_context_fini(&a->context);
	(void)gss_release_name(&minor, &a->target);
	auth_handle_free(a->kerberos);
	a->kerberos = NULL;
	spnego_initiator_fini(&a->spnego);
}

void auth_initiator_free(struct auth_initiator *a)
{
	if (a == NULL)
		return;
	auth_initiator_end(a);
	wire_writer_fini(&a->answer);
	credentials_release(a->credentials);
	free(a->host);
	free(a);
}

/* A domain with a dot is a realm, too. Its KDC may be asked; no other KDC learns the user's name.
 */
static bool initiator_has_realm(const struct netsession_credentials *c)
{
	const char *at = strrchr(c->user, '@');

	return c->realm[0] != '\0' || strchr(c->domain, '.') != NULL ||
	       (c->domain[0] == '\0' && at != NULL && strchr(at, '.') != NULL);
}

bool auth_initiator_asks_kdc(const struct auth_initiator *a)
{
	return a->credentials == NULL ||
	       (a->mode == NETSESSION_AUTHENTICATION_KERBEROS && !a->credentials->is_anonymous) ||
	       (a->mode == NETSESSION_AUTHENTICATION_ANY && initiator_has_realm(a->credentials));
}

static bool initiator_is_anonymous(const struct auth_initiator *a)
{
	return a->credentials != NULL && a->credentials->is_anonymous;
}

/* ---- the mechanisms ---- */

static OM_uint32 initiator_step_context(struct auth_initiator *a, gss_cred_id_t credential,
                                        struct crypto_span token, OM_uint32 *minor)
{
	/* Not GSS_C_CONF_FLAG: SMB encrypts by keys of its own, and a server need not grant it. */
	OM_uint32 wanted = initiator_is_anonymous(a) ? GSS_C_ANON_FLAG
	                                             : GSS_C_MUTUAL_FLAG | GSS_C_INTEG_FLAG;

	return auth_context_initiate(&a->context, credential, a->target, wanted, token, minor);
}

/* One step by NTLM, the first one where token has no data. False: see err. */
static bool initiator_step_ntlm(struct auth_initiator *a, struct crypto_span token, struct err *err)
{
	struct auth_handle *handle = auth_handle_ntlm(a->credentials, err);
	OM_uint32 major, minor;

	if (handle == NULL)
		return false;
	if (token.data != NULL && !ntlm_challenge_check(token, !initiator_is_anonymous(a), err))
		return false;
	if (ntlm_challenge_time(token) != 0)
		a->hints.server_time_s = clock_of_filetime(ntlm_challenge_time(token));
	major = initiator_step_context(a, auth_handle_credential(handle), token, &minor);
	if (!GSS_ERROR(major))
		return true;
	a->hints.compared_times = ntlm_error_is_about_time(minor);
	ntlm_error_set(major, minor, err);
	return false;
}

/* The first step by Kerberos. False: *minor tells why. */
static bool initiator_begin_kerberos(struct auth_initiator *a, OM_uint32 *minor)
{
	a->context.mechanism = AUTH_KERBEROS;
	a->kerberos = auth_handle_kerberos(a->credentials, minor);
	return a->kerberos != NULL &&
	       !GSS_ERROR(initiator_step_context(a, auth_handle_credential(a->kerberos),
	                                         (struct crypto_span){ 0 }, minor));
}

/* The server's answer to a ticket. */
static bool initiator_step_kerberos(struct auth_initiator *a, struct crypto_span token,
                                    struct err *err)
{
	OM_uint32 minor;

	a->hints.server_time_s = kerberos_error_time(token);
	if (!GSS_ERROR(
		    initiator_step_context(a, auth_handle_credential(a->kerberos), token, &minor)))
		return true;
	a->hints.compared_times = kerberos_error_is_about_time(minor);
	kerberos_error_set_answer(minor, err);
	return false;
}

/* A context of the mechanism from its beginning. */
static bool initiator_begin_ntlm(struct auth_initiator *a, struct err *err)
{
	auth_context_fini(&a->context);
	a->context.mechanism = AUTH_NTLM;
	a->hints.used_ticket = false;
	return initiator_step_ntlm(a, (struct crypto_span){ 0 }, err);
}

/* ---- the negotiation ---- */

static bool initiator_fail_with(struct err *err, NET_API_STATUS status, const char *text)
{
	err_set(err, status, AUTH_STEP, text);
	return false;
}

static bool initiator_writer_is_good(const struct wire_writer *w, struct err *err)
{
	return !w->failed || initiator_fail_with(err, ERROR_NOT_ENOUGH_MEMORY, NULL);
}

/* The first message, which offers these mechanisms with the token of the first one. */
static bool initiator_offer_mechanisms(struct auth_initiator *a,
                                       const enum auth_mechanism mechanisms[], size_t count,
                                       struct err *err)
{
	struct crypto_span token = auth_context_token(&a->context);

	if (token.bytes > SPNEGO_MAX_TOKEN_BYTES)
		return initiator_fail_with(err, ERROR_NOT_SUPPORTED,
		                           "the Kerberos ticket is too large for SMB");
	if (!spnego_initiator_offer(&a->spnego, mechanisms, count))
		return initiator_fail_with(err, ERROR_NOT_ENOUGH_MEMORY, NULL);
	spnego_initiator_begin(&a->spnego, token, &a->answer);
	return initiator_writer_is_good(&a->answer, err);
}

static bool initiator_offer_ntlm(struct auth_initiator *a, struct err *err)
{
	static const enum auth_mechanism ntlm_only[] = { AUTH_NTLM };

	return initiator_begin_ntlm(a, err) && initiator_offer_mechanisms(a, ntlm_only, 1, err);
}

/* Explains why there is no ticket. */
static void initiator_explain_kerberos(struct auth_initiator *a, OM_uint32 minor, struct err *err)
{
	a->hints.compared_times = kerberos_error_is_about_time(minor);
	if (a->credentials == NULL && kerberos_error_is_about_cache(minor) &&
	    ticket_cache_explain(&a->hints.ticket_until_s, err))
		a->hints.compared_times = a->hints.ticket_until_s != 0;
	else
		kerberos_error_set(minor, a->host, a->credentials != NULL, err);
}

/* Kerberos, and NTLM where the password may be used by both: the server chooses. Where Kerberos
 * cannot be had, and is not required, NTLM alone. */
static bool initiator_offer_kerberos(struct auth_initiator *a, struct err *err)
{
	static const enum auth_mechanism both[] = { AUTH_KERBEROS, AUTH_NTLM };
	bool allows_ntlm = a->credentials != NULL && a->mode == NETSESSION_AUTHENTICATION_ANY &&
	                   auth_has_mechanism(AUTH_NTLM);
	struct err why = { 0 };
	OM_uint32 minor;

	if (a->credentials == NULL && !ticket_cache_is_readable(err))
		return false;
	a->hints.used_ticket = initiator_begin_kerberos(a, &minor);
	if (a->hints.used_ticket)
		return initiator_offer_mechanisms(a, both, allows_ntlm ? 2 : 1, err);
	initiator_explain_kerberos(a, minor, &why);
	if (allows_ntlm && kerberos_error_allows_other(minor)) {
		(void)snprintf(a->hints.no_kerberos, sizeof a->hints.no_kerberos, "%s",
		               err_text(&why));
		return initiator_offer_ntlm(a, err);
	}
	*err = why;
	return false;
}

static bool initiator_begin_exchange(struct auth_initiator *a, struct err *err)
{
	if (auth_initiator_asks_kdc(a) &&
	    (a->credentials != NULL || a->mode != NETSESSION_AUTHENTICATION_NTLM))
		return initiator_offer_kerberos(a, err);
	if (initiator_is_anonymous(a) && a->mode == NETSESSION_AUTHENTICATION_KERBEROS)
		return initiator_fail_with(err, ERROR_NOT_SUPPORTED,
		                           "Kerberos knows no null session");
	if (a->credentials == NULL)
		return initiator_fail_with(err, ERROR_NO_SUCH_LOGON_SESSION,
		                           "NTLM needs a password");
	return initiator_offer_ntlm(a, err);
}

/* The mechanism's turn, if the message has one for it. */
static bool initiator_step_mechanism(struct auth_initiator *a,
                                     const struct spnego_received *received, struct err *err)
{
	if (received->selects_other) /* Kerberos is offered first, or not at all */
		return initiator_begin_ntlm(a, err);
	auth_context_discard_token(&a->context);
	if (received->token.bytes == 0) /* some servers send an empty one */
		return true;
	if (a->context.is_complete)
		return initiator_fail_with(
			err, ERROR_BAD_NET_RESP,
			"the server sent a token to a mechanism that is complete");
	return a->context.mechanism == AUTH_KERBEROS
	               ? initiator_step_kerberos(a, received->token, err)
	               : initiator_step_ntlm(a, received->token, err);
}

/* Puts what the plan wants to be sent. */
static bool initiator_send_planned(struct auth_initiator *a, const struct spnego_plan *plan,
                                   struct err *err)
{
	struct crypto_span token = auth_context_token(&a->context), mic = { 0 };
	gss_buffer_desc made = GSS_C_EMPTY_BUFFER;
	OM_uint32 minor;

	/* NTLM's AUTHENTICATE repeats the names that the server chose. */
	if (token.bytes > SPNEGO_MAX_TOKEN_BYTES)
		return initiator_fail_with(
			err, ERROR_BAD_NET_RESP,
			"the answer to the server's NTLM challenge is too large for SMB");
	if (plan->makes_mic) {
		if (!auth_context_make_mic(&a->context, spnego_initiator_list(&a->spnego), &made))
			return initiator_fail_with(err, ERROR_LOGON_FAILURE,
			                           "no mechListMIC can be made");
		mic = (struct crypto_span){ made.value, made.length };
	}
	if (plan->sends)
		spnego_initiator_encode(token, mic, &a->answer);
	(void)gss_release_buffer(&minor, &made);
	return initiator_writer_is_good(&a->answer, err);
}

static enum auth_progress initiator_receive_token(struct auth_initiator *a,
                                                  struct crypto_span bytes, struct err *err)
{
	struct spnego_mechanism_state state;
	struct spnego_received received;
	struct spnego_plan plan;

	if (!spnego_initiator_receive(&a->spnego, bytes, &received, err) ||
	    !initiator_step_mechanism(a, &received, err))
		return AUTH_FAILED;
	state = auth_context_state(&a->context);
	if (!spnego_initiator_plan(&a->spnego, &received, &state, &plan, err))
		return AUTH_FAILED;
	if (plan.verifies_mic &&
	    !auth_context_verify_mic(&a->context, spnego_initiator_list(&a->spnego),
	                             received.mic)) {
		initiator_fail_with(err, ERROR_DOWNGRADE_DETECTED,
		                    "the server's mechListMIC is wrong");
		return AUTH_FAILED;
	}
	if (!initiator_send_planned(a, &plan, err))
		return AUTH_FAILED;
	return plan.is_done ? AUTH_COMPLETE : AUTH_CONTINUE;
}

enum auth_progress auth_initiator_step(struct auth_initiator *a, const uint8_t *token, size_t bytes,
                                       const uint8_t **answer, size_t *answer_bytes,
                                       struct err *err)
{
	locale_t previous = locale_enter();

	wire_writer_clear(&a->answer);
	if (a->progress == AUTH_CONTINUE && a->has_begun)
		a->progress = initiator_receive_token(a, (struct crypto_span){ token, bytes }, err);
	else if (a->has_begun || !initiator_begin_exchange(a, err))
		a->progress = AUTH_FAILED;
	if (a->progress == AUTH_FAILED)
		(void)initiator_fail_with(err, ERROR_LOGON_FAILURE,
		                          "the log-on has ended"); /* unless err says why */
	a->has_begun = true;
	*answer = a->answer.data;
	*answer_bytes = a->answer.len;
	locale_leave(previous);
	return a->progress;
}

const struct auth_hints *auth_initiator_hints(const struct auth_initiator *a)
{
	return &a->hints;
}

bool auth_initiator_principal(const struct auth_initiator *a, char to[AUTH_PRINCIPAL_BYTES])
{
	gss_name_t name = GSS_C_NO_NAME;
	OM_uint32 major, minor;
	bool known;

	if (a->credentials != NULL)
		return false;
	major = gss_inquire_context(&minor, a->context.gss, &name, NULL, NULL, NULL, NULL, NULL,
	                            NULL);
	known = !GSS_ERROR(major) && auth_name_text(name, to);
	/* GSSAPI does not say whose a ticket is that ends in this very second. */
	if (GSS_ROUTINE_ERROR(major) == GSS_S_CONTEXT_EXPIRED)
		known = auth_tickets_principal(to);
	(void)gss_release_name(&minor, &name);
	return known;
}

NET_API_STATUS auth_initiator_key(struct auth_initiator *a, uint8_t key[AUTH_MAX_KEY_BYTES],
                                  size_t *bytes, struct err *err)
{
	*bytes = 0;
	return initiator_is_anonymous(a) ? NERR_Success
	                                 : auth_context_key(&a->context, key, bytes, err);
}
