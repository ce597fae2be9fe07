/* SPDX-License-Identifier: MIT */
#include "daemon/smb_authentication.h"

#include <stdlib.h>
#include <string.h>
#include "crypto/crypto.h"
#include "daemon/log_on_queue.h"
#include "net/work.h"
#include "smb2/status.h"

/* What the thread works on. The loop does not touch it before the thread is done. */
struct smb_authentication_job {
	struct log_on_queue *queue;
	struct log_on_turn turn; /* of the loop alone */
	struct auth_acceptor *acceptor;
	uint8_t *token;
	size_t token_bytes;
	struct smb2_server_authentication result;
	bool has_run;
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
	job->has_run = true;
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

/* The guess counts also if nobody waits for the answer any more. */
static void smb_authentication_drop(void *argument)
{
	struct smb_authentication_job *job = argument;
	uint32_t nt = job->result.nt;

	if (job->has_run && nt != STATUS_INSUFFICIENT_RESOURCES)
		log_on_queue_judge(job->queue, &job->turn,
		                   nt == STATUS_SUCCESS || nt == STATUS_MORE_PROCESSING_REQUIRED);
	log_on_queue_leave(job->queue, &job->turn);
	auth_acceptor_free(job->acceptor);
	identity_release(job->result.identity);
	crypto_wipe(&job->result.key, sizeof job->result.key);
	if (job->token != NULL)
		crypto_wipe(job->token, job->token_bytes);
	free(job->token);
	free(job);
}

static void smb_authentication_on_turn(void *context)
{
	struct smb_authentication *step = context;

	net_pool_begin(step->pooled);
}

struct smb_authentication *
smb_authentication_start(struct log_on_queue *queue, const struct net_source *source,
                         struct auth_acceptor *acceptor, const uint8_t *token, size_t bytes,
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
	job->queue = queue;
	job->turn = (struct log_on_turn){ .source = *source,
		                          .start = smb_authentication_on_turn,
		                          .context = step };
	job->turn.is_guess = auth_acceptor_is_guess(acceptor, token, bytes, &job->turn.account);
	*step = (struct smb_authentication){ .job = job, .done = done_, .context = context };
	step->pooled = net_pool_new(log_on_queue_loop(queue), &kind, job, step);
	if (step->pooled != NULL && log_on_queue_enter(queue, &job->turn))
		return step;
	net_pool_abandon(step->pooled);
	free(step);
	return NULL;
}

void smb_authentication_abandon(struct smb_authentication *step)
{
	if (step == NULL)
		return;
	net_pool_abandon(step->pooled);
	free(step);
}
