/* SPDX-License-Identifier: MIT */
#include "client/whose_tickets.h"

#include <stdlib.h>
#include "auth/tickets.h"
#include "net/work.h"

/* What the thread works on; it outlives a cancelled question. */
struct job {
	char principal[AUTH_PRINCIPAL_BYTES];
};

struct whose_tickets {
	struct net_work *work;
	struct job *job;
	void (*told)(void *context, const char *principal);
	void *context;
};

static void run(void *argument)
{
	struct job *job = argument;

	if (!auth_tickets_principal(job->principal))
		job->principal[0] = '\0';
}

static void done(void *context)
{
	struct whose_tickets *question = context;
	void (*told)(void *, const char *) = question->told;
	const char *principal = question->job->principal;

	context = question->context;
	free(question);
	told(context, principal);
}

struct whose_tickets *whose_tickets_ask(struct net_loop *loop,
                                        void (*told)(void *context, const char *principal),
                                        void *context)
{
	static const struct net_work_job kind = { run, done, free, .delays_exit_ms = 200 };
	struct whose_tickets *question = calloc(1, sizeof *question);
	struct job *job = calloc(1, sizeof *job);

	if (question == NULL || job == NULL) {
		free(question);
		free(job);
		return NULL;
	}
	*question = (struct whose_tickets){ .job = job, .told = told, .context = context };
	question->work = net_work_start(loop, &kind, job, question);
	if (question->work == NULL) {
		free(question);
		return NULL;
	}
	return question;
}

void whose_tickets_cancel(struct whose_tickets *question)
{
	if (question == NULL)
		return;
	net_work_abandon(question->work);
	free(question);
}
