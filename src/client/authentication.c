/* SPDX-License-Identifier: MIT */
#include "client/authentication.h"

#include <stdlib.h>
#include <string.h>
#include "auth/mechanisms.h"
#include "crypto/crypto.h"
#include "net/work.h"

/* What the worker thread works on: no other thread touches it while a step is under way, and an
 * abandoned step takes it along. */
struct authentication_exchange {
	struct auth_initiator *initiator;
	uint8_t *challenge;
	size_t challenge_bytes;
	struct authentication_result result;
};

struct authentication {
	struct net_loop *loop;
	struct authentication_exchange *exchange;
	struct net_work *work; /* NULL: no step is under way */
	bool asks_kdc;
	void (*stepped)(void *context, const struct authentication_result *result);
	void *context;
};

/* What net_work owns: hands the exchange back when the step is done. */
struct authentication_job {
	struct authentication *owner;
	struct authentication_exchange *exchange;
};

static void authentication_exchange_free(struct authentication_exchange *x)
{
	if (x == NULL)
		return;
	auth_initiator_free(x->initiator);
	free(x->challenge);
	crypto_wipe(&x->result.key, sizeof x->result.key);
	free(x);
}

_Static_assert(sizeof((struct smb2_session_key *)0)->data >= AUTH_MAX_KEY_BYTES,
               "every key that a log-on gives fits");

static void authentication_run_step(void *argument)
{
	struct authentication_exchange *x = ((struct authentication_job *)argument)->exchange;
	struct authentication_result *result = &x->result;

	result->progress = auth_initiator_step(x->initiator, x->challenge, x->challenge_bytes,
	                                       &result->token, &result->token_bytes, &result->err);
	if (result->progress == AUTH_COMPLETE &&
	    !auth_initiator_principal(x->initiator, result->principal))
		result->principal[0] = '\0';
	if (result->progress == AUTH_COMPLETE &&
	    auth_initiator_key(x->initiator, result->key.data, &result->key.bytes, &result->err) !=
	            NERR_Success)
		result->progress = AUTH_FAILED;
	if (result->progress == AUTH_COMPLETE)
		auth_initiator_end(x->initiator);
}

static void authentication_drop_job(void *argument)
{
	struct authentication_job *job = argument;

	authentication_exchange_free(job->exchange);
	free(job);
}

static void authentication_step_done(void *argument)
{
	struct authentication_job *job = argument;
	struct authentication *a = job->owner;

	a->exchange = job->exchange;
	job->exchange = NULL;
	a->work = NULL;
	a->stepped(a->context, &a->exchange->result);
}

struct authentication *
authentication_new(struct net_loop *loop, struct netsession_credentials *credentials,
                   enum netsession_authentication mode, const char *host,
                   void (*stepped)(void *context, const struct authentication_result *),
                   void *context)
{
	struct authentication *a = calloc(1, sizeof *a);
	struct authentication_exchange *x = calloc(1, sizeof *x);

	if (x != NULL)
		x->initiator = auth_initiator_new(credentials, mode, host);
	if (a == NULL || x == NULL || x->initiator == NULL) {
		free(a);
		authentication_exchange_free(x);
		return NULL;
	}
	*a = (struct authentication){
		.loop = loop,
		.exchange = x,
		.asks_kdc = auth_initiator_asks_kdc(x->initiator),
		.stepped = stepped,
		.context = context,
	};
	return a;
}

bool authentication_step(struct authentication *a, const uint8_t *token, size_t bytes)
{
	/* NTLM is quick; Kerberos may wait for a KDC, too long for the end of a program to wait for
	 * it. */
	static const struct net_work_job here = { authentication_run_step, authentication_step_done,
		                                  authentication_drop_job, .delays_exit_ms = 1000,
		                                  .queue = NET_WORK_LOG_ONS };
	static const struct net_work_job by_kdc = { authentication_run_step,
		                                    authentication_step_done,
		                                    authentication_drop_job, .delays_exit_ms = 200,
		                                    .queue = NET_WORK_LOG_ONS };
	struct authentication_job *job = calloc(1, sizeof *job);
	struct authentication_exchange *x = a->exchange;

	if (job == NULL)
		return false;
	free(x->challenge);
	x->challenge = NULL;
	x->challenge_bytes = bytes;
	if (bytes > 0) {
		x->challenge = malloc(bytes);
		if (x->challenge == NULL) {
			free(job);
			return false;
		}
		memcpy(x->challenge, token, bytes);
	}
	*job = (struct authentication_job){ .owner = a, .exchange = x };
	a->exchange = NULL;
	a->work = net_work_start(a->loop, a->asks_kdc ? &by_kdc : &here, job, job);
	return a->work != NULL;
}

bool authentication_is_busy(const struct authentication *a)
{
	return a->work != NULL;
}

const struct auth_hints *authentication_hints(const struct authentication *a)
{
	static const struct auth_hints none;

	/* A step that could not be begun has taken the exchange along. */
	return a->exchange != NULL ? auth_initiator_hints(a->exchange->initiator) : &none;
}

void authentication_free(struct authentication *a)
{
	if (a == NULL)
		return;
	net_work_abandon(a->work);
	authentication_exchange_free(a->exchange);
	free(a);
}

/* ---- whose tickets the caller has ---- */

/* What the thread works on; it outlives a cancelled look-up. */
struct ticket_job {
	char principal[AUTH_PRINCIPAL_BYTES];
};

struct ticket_lookup {
	struct net_work *work;
	struct ticket_job *job;
	void (*found)(void *context, const char *principal);
	void *context;
};

static void ticket_lookup_run(void *argument)
{
	struct ticket_job *job = argument;

	if (!auth_tickets_principal(job->principal))
		job->principal[0] = '\0';
}

static void ticket_lookup_done(void *context)
{
	struct ticket_lookup *lookup = context;
	void (*found)(void *, const char *) = lookup->found;
	const char *principal = lookup->job->principal;

	context = lookup->context;
	free(lookup);
	found(context, principal);
}

struct ticket_lookup *ticket_lookup_start(struct net_loop *loop,
                                          void (*found)(void *context, const char *principal),
                                          void *context)
{
	static const struct net_work_job kind = { ticket_lookup_run, ticket_lookup_done, free,
		                                  .delays_exit_ms = 200,
		                                  .queue = NET_WORK_LOG_ONS };
	struct ticket_lookup *lookup = calloc(1, sizeof *lookup);
	struct ticket_job *job = calloc(1, sizeof *job);

	if (lookup == NULL || job == NULL) {
		free(lookup);
		free(job);
		return NULL;
	}
	*lookup = (struct ticket_lookup){ .job = job, .found = found, .context = context };
	lookup->work = net_work_start(loop, &kind, job, lookup);
	if (lookup->work == NULL) {
		free(lookup);
		return NULL;
	}
	return lookup;
}

void ticket_lookup_cancel(struct ticket_lookup *lookup)
{
	if (lookup == NULL)
		return;
	net_work_abandon(lookup->work);
	free(lookup);
}
