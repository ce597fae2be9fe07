/* SPDX-License-Identifier: MIT */
#include "server/rpc_log_on.h"

#include <stdlib.h>
#include "auth/protection.h"
#include "server/smb_log_on.h"
#include "smb2/status.h"

struct rpc_log_on {
	struct net_loop *loop;
	struct auth_acceptance *acceptance; /* held */
	struct rpc_service *rpc;
	const struct rpc_log_on_handler *handler;
	void *context;
	struct auth_acceptor *acceptor; /* NULL: it has not begun, or a step is under way */
	struct smb_log_on_step *step;
	const struct smbserver_log_on *result; /* while the handler is told of it */
};

static bool takes(void *context, uint8_t auth_type, uint8_t auth_level)
{
	const struct auth_acceptance *a = ((struct rpc_log_on *)context)->acceptance;
	bool ntlm = auth_acceptance_takes(a, AUTH_NTLM),
	     kerberos = auth_acceptance_takes(a, AUTH_KERBEROS);

	switch (auth_type) {
	case RPC_AUTH_SPNEGO:
		return ntlm || kerberos;
	case RPC_AUTH_NTLM: /* which does not seal: see auth/protection.h */
		return ntlm && auth_level != RPC_LEVEL_PRIVACY;
	case RPC_AUTH_KERBEROS:
		return kerberos;
	default:
		return false;
	}
}

static void on_step(void *context, struct auth_acceptor *acceptor,
                    const struct smbserver_log_on *result)
{
	struct rpc_log_on *l = context;

	l->step = NULL;
	l->acceptor = acceptor;
	l->result = result;
	if (result->nt != STATUS_MORE_PROCESSING_REQUIRED)
		l->handler->ended(l->context, acceptor, result->who, result->nt);
	l->handler->judged(l->context);
}

void rpc_log_on_answer(struct rpc_log_on *l)
{
	const struct smbserver_log_on *result = l->result;
	enum rpc_auth_progress progress = RPC_AUTH_FAILED;

	l->result = NULL;
	if (result->nt == STATUS_MORE_PROCESSING_REQUIRED)
		progress = RPC_AUTH_CONTINUES;
	else if (result->nt == STATUS_SUCCESS)
		progress = RPC_AUTH_COMPLETE;
	rpc_service_authenticated(l->rpc, progress, result->token, result->token_bytes);
}

static bool step(void *context, const uint8_t *token, size_t bytes)
{
	struct rpc_log_on *l = context;
	struct auth_acceptor *acceptor = l->acceptor != NULL ? l->acceptor
	                                                     : auth_acceptor_new(l->acceptance);

	l->acceptor = NULL;
	if (acceptor != NULL)
		l->step = smb_log_on_start(l->loop, acceptor, token, bytes, on_step, l);
	return l->step != NULL;
}

/* ---- what it protects ---- */

static size_t token_bytes(void *context, bool seals)
{
	return auth_protection_bytes(((struct rpc_log_on *)context)->acceptor, seals);
}

static struct auth_message message(const struct rpc_message *m)
{
	return (struct auth_message){ m->data, m->bytes, m->body_at, m->body_bytes, m->signs_all };
}

static bool sign(void *context, const struct rpc_message *m, uint8_t *token)
{
	struct auth_message of_auth = message(m);

	return auth_protection_sign(((struct rpc_log_on *)context)->acceptor, &of_auth, token);
}

static bool verify(void *context, const struct rpc_message *m, const uint8_t *token, size_t bytes)
{
	struct auth_message of_auth = message(m);

	return auth_protection_verify(((struct rpc_log_on *)context)->acceptor, &of_auth, token,
	                              bytes);
}

static bool seal(void *context, const struct rpc_message *m, uint8_t *token)
{
	struct auth_message of_auth = message(m);

	return auth_protection_seal(((struct rpc_log_on *)context)->acceptor, &of_auth, token);
}

static bool unseal(void *context, const struct rpc_message *m, const uint8_t *token, size_t bytes)
{
	struct auth_message of_auth = message(m);

	return auth_protection_unseal(((struct rpc_log_on *)context)->acceptor, &of_auth, token,
	                              bytes);
}

struct rpc_log_on *rpc_log_on_new(struct net_loop *loop, struct auth_acceptance *acceptance,
                                  struct rpc_service *rpc, const struct rpc_log_on_handler *handler,
                                  void *context)
{
	static const struct rpc_security security = { takes,  step, token_bytes, sign,
		                                      verify, seal, unseal };
	struct rpc_log_on *l = calloc(1, sizeof *l);

	if (l == NULL)
		return NULL;
	*l = (struct rpc_log_on){ .loop = loop,
		                  .acceptance = auth_acceptance_hold(acceptance),
		                  .rpc = rpc,
		                  .handler = handler,
		                  .context = context };
	rpc_service_secure(rpc, &security, l);
	return l;
}

void rpc_log_on_free(struct rpc_log_on *l)
{
	if (l == NULL)
		return;
	smb_log_on_abandon(l->step);
	auth_acceptor_free(l->acceptor);
	auth_acceptance_release(l->acceptance);
	free(l);
}
