/* SPDX-License-Identifier: MIT */
#include "daemon/smb_authentication.h"

#include <stdlib.h>
#include <string.h>
#include "crypto/crypto.h"
#include "net/work.h"
#include "smb2/status.h"

/* What the thread works on. The loop does not touch it before the thread is done. */
struct smb_authentication_job {
	struct auth_acceptor *acceptor;
	uint8_t *token;
	size_t token_bytes;
	struct smb2_server_authentication result;
};

struct smb_authentication {
	struct net_pooled *pooled;
	struct smb_authentication_job *job;
	void (*done)(void *context, struct auth_acceptor *acceptor,
	             const struct smb2_server_authentication *result);
	void *context;
};

static void smb_authentication_finish(struct smb_authentication_job *job, struct err *err)
{
	struct smb2_server_authentication *result = &job->result;

	if (auth_acceptor_finish(job->acceptor, &result->identity, result->key.data,
	                         &result->key.bytes, err) == NERR_Success)
		result->nt = STATUS_SUCCESS;
	else
		result->nt = err->nt_status != 0 ? err->nt_status : STATUS_LOGON_FAILURE;
}

static void smb_authentication_run(void *argument)
{
	struct smb_authentication_job *job = argument;
	struct smb2_server_authentication *result = &job->result;
	struct err err = { 0 };

	_Static_assert(sizeof result->key.data >= AUTH_MAX_KEY_BYTES, "a key must fit");
	switch (auth_acceptor_step(job->acceptor, job->token, job->token_bytes, &result->token,
	                           &result->token_bytes, &err)) {
	case AUTH_CONTINUE:
		result->nt = STATUS_MORE_PROCESSING_REQUIRED;
		break;
	case AUTH_COMPLETE:
		smb_authentication_finish(job, &err);
		break;
	case AUTH_FAILED:
		result->nt = err.nt_status != 0 ? err.nt_status : STATUS_LOGON_FAILURE;
		break;
	}
}

static void smb_authentication_done(void *context)
{
	struct smb_authentication *step = context;
	struct smb_authentication_job *job = step->job;
	struct auth_acceptor *acceptor = job->acceptor;
	void (*then)(void *, struct auth_acceptor *,
	             const struct smb2_server_authentication *) = step->done;
	void *its_context = step->context;

	job->acceptor = NULL;
	free(step);
	then(its_context, acceptor, &job->result);
}

static void smb_authentication_drop(void *argument)
{
	struct smb_authentication_job *job = argument;

	auth_acceptor_free(job->acceptor);
	identity_release(job->result.identity);
	crypto_wipe(&job->result.key, sizeof job->result.key);
	if (job->token != NULL)
		crypto_wipe(job->token, job->token_bytes);
	free(job->token);
	free(job);
}

struct smb_authentication *
smb_authentication_start(struct net_loop *loop, struct auth_acceptor *acceptor,
                         const uint8_t *token, size_t bytes,
                         void (*done_)(void *context, struct auth_acceptor *acceptor,
                                       const struct smb2_server_authentication *result),
                         void *context)
{
	static const struct net_pool_job kind = { smb_authentication_run, smb_authentication_done,
		                                  smb_authentication_drop };
	struct smb_authentication *step = malloc(sizeof *step);
	struct smb_authentication_job *job = calloc(1, sizeof *job);

	if (step == NULL || job == NULL || (job->token = malloc(bytes + 1)) == NULL) {
		auth_acceptor_free(acceptor);
		free(step);
		free(job);
		return NULL;
	}
	if (bytes > 0)
		memcpy(job->token, token, bytes);
	job->token_bytes = bytes;
	job->acceptor = acceptor;
	*step = (struct smb_authentication){ .job = job, .done = done_, .context = context };
	step->pooled = net_pool_start(loop, &kind, job, step);
	if (step->pooled == NULL) {
		free(step);
		return NULL;
	}
	return step;
}

void smb_authentication_abandon(struct smb_authentication *step)
{
	if (step == NULL)
		return;
	net_pool_abandon(step->pooled);
	free(step);
}
