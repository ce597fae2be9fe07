/* SPDX-License-Identifier: MIT */
/* The functions of <netsession.h>, but for pages. */
#include <netsession.h>

#include <stdlib.h>
#include "auth/credentials.h"
#include "client/call.h"
#include "client/kept.h"
#include "client/server_name.h"
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

uint32_t netsession_credentials_new(const char *user, const char *domain, const char *password,
                                    struct netsession_credentials **out,
                                    struct netsession_error *error)
{
	struct err err = { 0 };

	(void)credentials_new(user, domain, password, out, &err);
	story_tell(error, &err, 0);
	return err.status;
}

uint32_t netsession_credentials_new_anonymous(struct netsession_credentials **out,
                                              struct netsession_error *error)
{
	struct err err = { 0 };

	(void)credentials_new_anonymous(out, &err);
	story_tell(error, &err, 0);
	return err.status;
}

void netsession_credentials_free(struct netsession_credentials *credentials)
{
	credentials_release(credentials);
}

static struct netsession *make(struct net_loop *loop)
{
	struct netsession *session = calloc(1, sizeof *session);

	if (session == NULL || loop == NULL) {
		net_loop_free(loop);
		free(session);
		return NULL;
	}
	session->loop = loop;
	return session;
}

struct netsession *netsession_new(void)
{
	return make(net_loop_new());
}

struct netsession *netsession_new_on_loop(struct uv_loop_s *loop)
{
	return make(net_loop_new_on(loop));
}

void netsession_free(struct netsession *session)
{
	if (session == NULL)
		return;
	net_loop_free(session->loop);
	free(session);
}

static uint32_t start(struct netsession *session, enum call_kind kind,
                      const struct netsession_query *query,
                      const struct netsession_handler *handler, void *context,
                      struct netsession_call **call)
{
	struct netsession_call *started;

	started = call_start(session->loop, kind, query, handler, context);
	if (call != NULL)
		*call = started;
	return started != NULL ? NERR_Success : ERROR_NOT_ENOUGH_MEMORY;
}

uint32_t netsession_start(struct netsession *session, const struct netsession_query *query,
                          const struct netsession_handler *handler, void *context,
                          struct netsession_call **call)
{
	return start(session, CALL_ENUM, query, handler, context, call);
}

uint32_t netsession_start_del(struct netsession *session, const struct netsession_query *query,
                              const struct netsession_handler *handler, void *context,
                              struct netsession_call **call)
{
	return start(session, CALL_DEL, query, handler, context, call);
}

void netsession_run(struct netsession *session)
{
	net_loop_run(session->loop);
}

void netsession_close_kept(const char *server)
{
	struct server_name name;

	if (server == NULL)
		kept_close(NULL);
	else if (server_name_is_local(server))
		kept_close("");
	else if (server_name_parse(server, &name))
		kept_close(name.host);
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

static struct outcome wait_for(enum call_kind kind, const struct netsession_query *query)
{
	static const struct netsession_handler handler = { .on_page = on_page, .on_end = on_end };
	struct netsession *session = netsession_new();
	struct outcome outcome = { 0 };

	if (session != NULL && start(session, kind, query, &handler, &outcome, NULL) == 0)
		netsession_run(session);
	else
		story_tell(&outcome.error,
		           &(struct err){ .status = ERROR_NOT_ENOUGH_MEMORY, .step = "query" }, 0);
	netsession_free(session);
	return outcome;
}

static uint32_t tell(const struct outcome *outcome, struct netsession_error *error)
{
	if (error != NULL)
		*error = outcome->error;
	return outcome->error.status;
}

uint32_t netsession_enum(const struct netsession_query *query, struct netsession_page **page,
                         struct netsession_error *error)
{
	struct netsession_query one_page = *query;
	struct outcome outcome;

	one_page.all_pages = 0;
	outcome = wait_for(CALL_ENUM, &one_page);
	*page = outcome.page;
	return tell(&outcome, error);
}

uint32_t netsession_del(const struct netsession_query *query, struct netsession_error *error)
{
	struct outcome outcome = wait_for(CALL_DEL, query);

	return tell(&outcome, error);
}

uint32_t netsession_connect(const struct netsession_query *query, struct netsession_error *error)
{
	struct outcome outcome = wait_for(CALL_CONNECT, query);

	return tell(&outcome, error);
}
