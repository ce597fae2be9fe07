/* SPDX-License-Identifier: MIT */
#include "daemon/smb_rpc_authentication.h"

#include <stdlib.h>
#include "auth/protection.h"
#include "daemon/smb_authentication.h"
#include "smb2/status.h"

struct smb_rpc_authentication {
	struct smb_connections *all;
	struct net_source source;
	struct rpc_server *rpc;
	void (*done)(void *context, struct auth_acceptor *acceptor,
	             const struct smb2_server_authentication *result);
	void *context;
	struct auth_acceptor *acceptor; /* NULL: no log-on has begun, or a step is running */
	struct smb_authentication *step;
};

static bool smb_rpc_security_accepts(void *context, uint8_t auth_type, uint8_t auth_level)
{
	const struct auth_acceptor_settings *a =
		((struct smb_rpc_authentication *)context)->all->acceptor_settings;
	bool ntlm = auth_acceptor_settings_serve(a, AUTH_NTLM),
	     kerberos = auth_acceptor_settings_serve(a, AUTH_KERBEROS);

	switch (auth_type) {
	case RPC_AUTH_SPNEGO:
		return ntlm || kerberos;
	case RPC_AUTH_NTLM: /* without sealing: see auth/protection.h */
		return ntlm && auth_level != RPC_LEVEL_PRIVACY;
	case RPC_AUTH_KERBEROS:
		return kerberos;
	default:
		return false;
	}
}

static void smb_rpc_security_on_step(void *context, struct auth_acceptor *acceptor,
                                     const struct smb2_server_authentication *result)
{
	struct smb_rpc_authentication *l = context;

	l->step = NULL;
	l->acceptor = acceptor;
	l->done(l->context, acceptor, result);
}

void smb_rpc_authentication_answer(struct smb_rpc_authentication *l,
                                   const struct smb2_server_authentication *result)
{
	enum rpc_auth_progress progress = RPC_AUTH_FAILED;

	if (result->nt == STATUS_MORE_PROCESSING_REQUIRED)
		progress = RPC_AUTH_CONTINUES;
	else if (result->nt == STATUS_SUCCESS)
		progress = RPC_AUTH_COMPLETE;
	rpc_server_authenticated(l->rpc, progress, result->token, result->token_bytes);
}

void smb_rpc_authentication_start(struct smb_rpc_authentication *l, const uint8_t *token,
                                  size_t bytes)
{
	struct auth_acceptor *acceptor;

	if (l->step != NULL)
		return;
	acceptor = l->acceptor != NULL ? l->acceptor : auth_acceptor_new(l->all->acceptor_settings);
	l->acceptor = NULL;
	if (acceptor != NULL)
		l->step = smb_authentication_start(l->all->log_ons, &l->source, acceptor, token,
		                                   bytes, smb_rpc_security_on_step, l);
	if (l->step == NULL)
		rpc_server_authenticated(l->rpc, RPC_AUTH_FAILED, NULL, 0);
}

/* ---- protection of calls ---- */

static size_t smb_rpc_security_token_bytes(void *context, bool seals)
{
	return auth_protection_bytes(((struct smb_rpc_authentication *)context)->acceptor, seals);
}

static struct auth_message smb_rpc_security_message(const struct rpc_message *m)
{
	return (struct auth_message){ m->data, m->bytes, m->body_at, m->body_bytes, m->signs_all };
}

static bool smb_rpc_security_sign(void *context, const struct rpc_message *m, uint8_t *token)
{
	struct auth_message of_auth = smb_rpc_security_message(m);

	return auth_protection_sign(((struct smb_rpc_authentication *)context)->acceptor, &of_auth,
	                            token);
}

static bool smb_rpc_security_verify(void *context, const struct rpc_message *m,
                                    const uint8_t *token, size_t bytes)
{
	struct auth_message of_auth = smb_rpc_security_message(m);

	return auth_protection_verify(((struct smb_rpc_authentication *)context)->acceptor,
	                              &of_auth, token, bytes);
}

static bool smb_rpc_security_seal(void *context, const struct rpc_message *m, uint8_t *token)
{
	struct auth_message of_auth = smb_rpc_security_message(m);

	return auth_protection_seal(((struct smb_rpc_authentication *)context)->acceptor, &of_auth,
	                            token);
}

static bool smb_rpc_security_unseal(void *context, const struct rpc_message *m,
                                    const uint8_t *token, size_t bytes)
{
	struct auth_message of_auth = smb_rpc_security_message(m);

	return auth_protection_unseal(((struct smb_rpc_authentication *)context)->acceptor,
	                              &of_auth, token, bytes);
}

struct smb_rpc_authentication *
smb_rpc_authentication_new(struct smb_connections *all, const struct net_source *source,
                           struct rpc_server *rpc,
                           void (*done)(void *context, struct auth_acceptor *acceptor,
                                        const struct smb2_server_authentication *result),
                           void *context)
{
	static const struct rpc_security_provider security = {
		smb_rpc_security_accepts, smb_rpc_security_token_bytes, smb_rpc_security_sign,
		smb_rpc_security_verify,  smb_rpc_security_seal,        smb_rpc_security_unseal
	};
	struct smb_rpc_authentication *l = calloc(1, sizeof *l);

	if (l == NULL)
		return NULL;
	*l = (struct smb_rpc_authentication){
		.all = all, .source = *source, .rpc = rpc, .done = done, .context = context
	};
	rpc_server_set_security(rpc, &security, l);
	return l;
}

void smb_rpc_authentication_free(struct smb_rpc_authentication *l)
{
	if (l == NULL)
		return;
	smb_authentication_abandon(l->step);
	auth_acceptor_free(l->acceptor);
	free(l);
}
