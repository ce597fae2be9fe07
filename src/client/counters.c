/* SPDX-License-Identifier: MIT */
/* netsession_counters: what netsessiond on this computer counts. */
#include <netsession.h>
#include "client/call.h"
#include "client/error_message.h"
#include "client/local_query.h"

struct counters_reader {
	void (*found)(void *context, const struct netsession_counter *counter);
	void *context;
};

static void counters_on_found(void *context, const struct local_entry *entry)
{
	const struct counters_reader *reader = context;
	const struct netsession_counter counter = {
		.name = entry->name != NULL ? entry->name : "",
		.help = entry->help != NULL ? entry->help : "",
		.value = entry->value,
	};

	reader->found(reader->context, &counter);
}

uint32_t netsession_counters(const struct netsession_query *query,
                             void (*found)(void *context, const struct netsession_counter *counter),
                             void *context, struct netsession_error *error)
{
	struct counters_reader reader = { found, context };
	struct err err = { 0 };

	(void)local_query_run(LOCAL_GET_COUNTERS, NULL, call_timeout_ms(query), counters_on_found,
	                      &reader, &err);
	error_message_write(error, &err, NETSESSION_LEVEL_AUTO);
	return err.status;
}
