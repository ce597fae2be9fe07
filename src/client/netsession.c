/* SPDX-License-Identifier: MIT */
/* The functions of <netsession.h>, but for pages, netsession_diagnose and the publisher. */
#include <netsession.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "auth/credentials.h"
#include "auth/mechanisms.h"
#include "client/call.h"
#include "client/connection_pool.h"
#include "client/error_message.h"
#include "client/idle_loops.h"
#include "client/local_query.h"
#include "client/request.h"
#include "client/server_name.h"
#include "net/loop.h"

struct netsession {
	struct net_loop *loop;
};

/* ---- the library ---- */

const char *netsession_version(void)
{
	return NETSESSION_VERSION;
}

uint32_t netsession_version_number(void)
{
	return NETSESSION_VERSION_NUMBER;
}

static bool feature_has_kerberos(void)
{
	return auth_has_mechanism(AUTH_KERBEROS);
}

static bool feature_has_ntlm(void)
{
	return auth_has_mechanism(AUTH_NTLM);
}

static bool feature_is_built_in(void)
{
	return true;
}

int netsession_has_feature(const char *name)
{
	static const struct {
		const char *name;
		bool (*is_there)(void);
	} features[] = {
		{ "kerberos", feature_has_kerberos },
		{ "ntlm", feature_has_ntlm },
		{ "nbns", feature_is_built_in },
		{ "idle-connections", feature_is_built_in },
		{ "local-service", feature_is_built_in },
	};

	for (size_t i = 0; i < sizeof features / sizeof *features; i++)
		if (strcmp(features[i].name, name) == 0)
			return features[i].is_there();
	return 0;
}

/* ---- credentials ---- */

uint32_t netsession_credentials_read(const char *path, struct netsession_credentials **out,
                                     struct netsession_error *error)
{
	struct err err = { 0 };

	(void)credentials_read(path, out, &err);
	error_message_write(error, &err, 0);
	return err.status;
}

uint32_t netsession_credentials_new(const char *user, const char *domain, const char *password,
                                    struct netsession_credentials **out,
                                    struct netsession_error *error)
{
	struct err err = { 0 };

	(void)credentials_new(user, domain, password, out, &err);
	error_message_write(error, &err, 0);
	return err.status;
}

uint32_t netsession_credentials_new_anonymous(struct netsession_credentials **out,
                                              struct netsession_error *error)
{
	struct err err = { 0 };

	(void)credentials_new_anonymous(out, &err);
	error_message_write(error, &err, 0);
	return err.status;
}

void netsession_credentials_free(struct netsession_credentials *credentials)
{
	credentials_release(credentials);
}

/* ---- many servers at once ---- */

static struct netsession *netsession_make(struct net_loop *loop)
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
	return netsession_make(net_loop_new());
}

struct netsession *netsession_new_on_loop(struct uv_loop_s *loop)
{
	return netsession_make(net_loop_new_on(loop));
}

void netsession_free(struct netsession *session)
{
	if (session == NULL)
		return;
	net_loop_free(session->loop);
	free(session);
}

static uint32_t call_begin(struct net_loop *loop, enum call_kind kind,
                           const struct netsession_query *query,
                           const struct netsession_handler *handler, void *context,
                           struct netsession_call **call)
{
	struct netsession_call *started = call_start(loop, kind, query, handler, context);

	if (call != NULL)
		*call = started;
	return started != NULL ? NERR_Success : ERROR_NOT_ENOUGH_MEMORY;
}

uint32_t netsession_start(struct netsession *session, const struct netsession_query *query,
                          const struct netsession_handler *handler, void *context,
                          struct netsession_call **call)
{
	return call_begin(session->loop, CALL_ENUM, query, handler, context, call);
}

uint32_t netsession_start_del(struct netsession *session, const struct netsession_query *query,
                              const struct netsession_handler *handler, void *context,
                              struct netsession_call **call)
{
	return call_begin(session->loop, CALL_DEL, query, handler, context, call);
}

void netsession_run(struct netsession *session)
{
	net_loop_run(session->loop);
}

void netsession_close_idle(const char *server)
{
	struct server_name name;
	struct err err = { 0 };

	if (server == NULL) {
		connection_pool_close(NULL);
		idle_loops_free();
	} else if (server_name_is_local(server))
		connection_pool_close("");
	else if (server_name_parse(server, &name, &err))
		connection_pool_close(name.host);
}

/* ---- one server, waited for ---- */

struct call_outcome {
	struct netsession_page *page;
	struct netsession_error error;
};

static void outcome_on_page(void *context, struct netsession_page *page)
{
	struct call_outcome *outcome = context;

	outcome->page = page;
}

static void outcome_on_end(void *context, const struct netsession_error *error)
{
	struct call_outcome *outcome = context;

	outcome->error = *error;
}

static struct call_outcome outcome_wait_for(enum call_kind kind,
                                            const struct netsession_query *query)
{
	static const struct netsession_handler handler = { .on_page = outcome_on_page,
		                                           .on_end = outcome_on_end };
	struct net_loop *loop = idle_loops_take();
	struct call_outcome outcome = { 0 };

	if (loop == NULL || !call_run(loop, kind, query, &handler, &outcome))
		error_message_write(
			&outcome.error,
			&(struct err){ .status = ERROR_NOT_ENOUGH_MEMORY, .step = "query" }, 0);
	idle_loops_put(loop);
	return outcome;
}

static uint32_t outcome_give(const struct call_outcome *outcome, struct netsession_error *error)
{
	if (error != NULL)
		*error = outcome->error;
	return outcome->error.status;
}

uint32_t netsession_enum(const struct netsession_query *query, struct netsession_page **page,
                         struct netsession_error *error)
{
	struct netsession_query one_page = *query;
	struct call_outcome outcome;

	one_page.all_pages = 0;
	outcome = outcome_wait_for(CALL_ENUM, &one_page);
	*page = outcome.page;
	return outcome_give(&outcome, error);
}

uint32_t netsession_del(const struct netsession_query *query, struct netsession_error *error)
{
	struct call_outcome outcome = outcome_wait_for(CALL_DEL, query);

	return outcome_give(&outcome, error);
}

uint32_t netsession_connect(const struct netsession_query *query, struct netsession_error *error)
{
	struct call_outcome outcome = outcome_wait_for(CALL_CONNECT, query);

	return outcome_give(&outcome, error);
}

/* ---- sessions that end together ---- */

struct also_closed {
	void (*found)(void *context, const struct netsession_row *row);
	void *context;
};

static void also_closed_give_row(void *context, const struct local_entry *entry)
{
	const struct also_closed *also_closed = context;

	also_closed->found(also_closed->context,
	                   &(struct netsession_row){ .client = entry->name, .user = entry->help });
}

uint32_t netsession_del_also_closes(const struct netsession_query *query,
                                    void (*found)(void *context, const struct netsession_row *row),
                                    void *context, struct netsession_error *error)
{
	struct also_closed also_closed = { found, context };
	struct deletion deletion;
	struct err err = { 0 };

	if (query->server != NULL && query->server[0] != '\0')
		err_set(&err, ERROR_NOT_SUPPORTED, "query",
		        "only netsessiond on this computer knows which sessions are closed too");
	else if (deletion_init(&deletion, query, false, &err) == NERR_Success) {
		local_query_run(LOCAL_LIST_ALSO_CLOSED, &deletion.request, call_timeout_ms(query),
		                also_closed_give_row, &also_closed, &err);
		deletion_fini(&deletion);
	}
	error_message_write(error, &err, 0);
	return err.status;
}
