/* SPDX-License-Identifier: MIT */
#include "client/ticket_lookup.h"

#include <stdlib.h>
#include "auth/tickets.h"
#include "net/work.h"

/* What the thread works on; it outlives a cancelled question. */
struct ticket_job {
	char principal[AUTH_PRINCIPAL_BYTES];
};

struct ticket_lookup {
	struct net_work *work;
	struct ticket_job *job;
	void (*told)(void *context, const char *principal);
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
	struct ticket_lookup *question = context;
	void (*told)(void *, const char *) = question->told;
	const char *principal = question->job->principal;

	context = question->context;
	free(question);
	told(context, principal);
}

struct ticket_lookup *ticket_lookup_start(struct net_loop *loop,
                                          void (*told)(void *context, const char *principal),
                                          void *context)
{
	static const struct net_work_job kind = { ticket_lookup_run, ticket_lookup_done, free,
		                                  .delays_exit_ms = 200 };
	struct ticket_lookup *question = calloc(1, sizeof *question);
	struct ticket_job *job = calloc(1, sizeof *job);

	if (question == NULL || job == NULL) {
		free(question);
		free(job);
		return NULL;
	}
	*question = (struct ticket_lookup){ .job = job, .told = told, .context = context };
	question->work = net_work_start(loop, &kind, job, question);
	if (question->work == NULL) {
		free(question);
		return NULL;
	}
	return question;
}

void ticket_lookup_cancel(struct ticket_lookup *question)
{
	if (question == NULL)
		return;
	net_work_abandon(question->work);
	free(question);
}
