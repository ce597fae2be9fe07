/* SPDX-License-Identifier: MIT */
/* The functions of <netsession.h>, but for pages. */
#include <netsession.h>

#include <stdlib.h>
#include "auth/credentials.h"
#include "client/call.h"
#include "client/story.h"
#include "net/loop.h"

struct netsession {
	struct net_loop *loop;
};

uint32_t netsession_credentials_read(const char *path, struct netsession_credentials **out,
                                     struct netsession_error *error)
{
	struct err err = { 0 };

	(void)credentials_read(path, out, &err);
	story_tell(error, &err, 0);
	return err.status;
}

void netsession_credentials_free(struct netsession_credentials *credentials)
{
	credentials_release(credentials);
}

struct netsession *netsession_new(void)
{
	struct netsession *session = calloc(1, sizeof *session);

	if (session != NULL)
		session->loop = net_loop_new();
	if (session != NULL && session->loop == NULL) {
		free(session);
		return NULL;
	}
	return session;
}

void netsession_free(struct netsession *session)
{
	if (session == NULL)
		return;
	net_loop_free(session->loop);
	free(session);
}

uint32_t netsession_start(struct netsession *session, const struct netsession_query *query,
                          const struct netsession_handler *handler, void *context,
                          struct netsession_call **call)
{
	struct netsession_call *started;

	started = call_start(session->loop, query, handler, context);
	if (call != NULL)
		*call = started;
	return started != NULL ? NERR_Success : ERROR_NOT_ENOUGH_MEMORY;
}

void netsession_run(struct netsession *session)
{
	net_loop_run(session->loop);
}

/* ---- one server, waited for ---- */

struct outcome {
	struct netsession_page *page;
	struct netsession_error error;
};

static void on_page(void *context, struct netsession_page *page)
{
	struct outcome *outcome = context;

	outcome->page = page;
}

static void on_end(void *context, const struct netsession_error *error)
{
	struct outcome *outcome = context;

	outcome->error = *error;
}

uint32_t netsession_enum(const struct netsession_query *query, struct netsession_page **page,
                         struct netsession_error *error)
{
	static const struct netsession_handler handler = { .on_page = on_page, .on_end = on_end };
	struct netsession_query one_page = *query;
	struct netsession *session = netsession_new();
	struct outcome outcome = { 0 };

	one_page.all_pages = 0;
	if (session != NULL &&
	    netsession_start(session, &one_page, &handler, &outcome, NULL) == NERR_Success)
		netsession_run(session);
	else
		story_tell(&outcome.error,
		           &(struct err){ .status = ERROR_NOT_ENOUGH_MEMORY, .doing = "query" }, 0);
	netsession_free(session);
	*page = outcome.page;
	if (error != NULL)
		*error = outcome.error;
	return outcome.error.status;
}
