/* SPDX-License-Identifier: MIT */
/* netsession_del_also_closes: who would be closed too. */
#include <netsession.h>

#include "client/deletion.h"
#include "client/local_query.h"
#include "client/error_message.h"

enum { DEFAULT_TIMEOUT_MS = 30000 };

struct also_closed {
	void (*found)(void *context, const struct netsession_row *row);
	void *context;
};

static void give_row(void *context, const struct local_entry *entry)
{
	const struct also_closed *b = context;

	b->found(b->context,
	         &(struct netsession_row){ .client = entry->name, .user = entry->help });
}

uint32_t netsession_del_also_closes(const struct netsession_query *query,
                                    void (*found)(void *context, const struct netsession_row *row),
                                    void *context, struct netsession_error *error)
{
	struct also_closed beside = { found, context };
	struct deletion deletion;
	struct err err = { 0 };

	if (query->server != NULL && query->server[0] != '\0')
		err_set(&err, ERROR_NOT_SUPPORTED, "query",
		        "only netsessiond on this computer can tell who is closed too");
	else if (deletion_init(&deletion, query, &err) == NERR_Success) {
		local_query_run(LOCAL_LIST_ALSO_CLOSED, &deletion.request,
		                query->timeout_ms != 0 ? query->timeout_ms : DEFAULT_TIMEOUT_MS,
		                give_row, &beside, &err);
		deletion_fini(&deletion);
	}
	error_message_write(error, &err, 0);
	return err.status;
}
