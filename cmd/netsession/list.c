/* SPDX-License-Identifier: MIT */
/* netsession list: the sessions of servers, which are all asked at the same time. netsession info:
 * the sessions of one user from one client. */
#include <stdlib.h>
#include "commands.h"
#include "credentials.h"
#include "output.h"
#include "query.h"
#include "targets.h"
#include "terminal/terminal.h"

struct list_stream {
	const struct options *options;
	bool is_good; /* the output could be written so far */
};

/* Writes an answer when it has arrived, and frees its sessions: an interruption loses the answers
 * that are missing, and no other. */
static void list_on_answered(void *context, struct server_result *result)
{
	struct list_stream *stream = context;

	stream->is_good = stream->is_good && query_write_results(stream->options, result, 1);
	query_print_messages(stream->options, result);
	server_result_drop_sessions(result);
}

static int list_in_order_of_answers(const struct options *options,
                                    struct netsession_credentials *credentials,
                                    struct server_result results[], size_t count)
{
	struct list_stream stream = { options, true };

	return query_servers(options, credentials, results, count, list_on_answered, &stream) &&
	                       stream.is_good
	               ? query_exit_code(results, count)
	               : EXIT_NONE;
}

static int list_in_order_of_servers(const struct options *options,
                                    struct netsession_credentials *credentials,
                                    struct server_result results[], size_t count)
{
	if (!query_servers(options, credentials, results, count, NULL, NULL) ||
	    !query_write_results(options, results, count))
		return EXIT_NONE;
	for (size_t i = 0; i < count; i++)
		query_print_messages(options, &results[i]);
	return query_exit_code(results, count);
}

/* Asks the servers of results, writes the sessions, and frees the results' pages. */
static int list_sessions(const struct options *options, struct server_result results[],
                         size_t count)
{
	struct netsession_credentials *credentials;
	int code;

	if (!credentials_from_options(options, &credentials))
		return EXIT_USAGE;
	code = output_format_find(options->output)->streams
	               ? list_in_order_of_answers(options, credentials, results, count)
	               : list_in_order_of_servers(options, credentials, results, count);
	for (size_t i = 0; i < count; i++)
		server_result_fini(&results[i]);
	netsession_credentials_free(credentials);
	return code;
}

int command_list(const struct options *options)
{
	struct target_list targets = { 0 };
	struct server_result *results = NULL;
	int code = EXIT_USAGE;
	size_t count;

	if (!targets_collect(options, &targets))
		goto out;
	count = targets.names.count > 0 ? targets.names.count : 1;
	results = calloc(count, sizeof *results);
	if (results == NULL) {
		terminal_print_line(stderr, "netsession: out of memory");
		code = EXIT_NONE;
		goto out;
	}
	for (size_t i = 0; i < targets.names.count; i++)
		results[i].server = targets.names.texts[i];
	code = list_sessions(options, results, count);
	if (code == EXIT_ALL && targets.refused > 0)
		code = EXIT_SOME;
out:
	free(results);
	target_list_fini(&targets);
	return code;
}

int command_info(const struct options *options)
{
	const struct cli_operands *operands = &options->operands;
	struct server_result result = { .server = operands->count > 2 ? operands->list[0] : NULL };
	struct options selection = *options;

	selection.client = operands->list[operands->count - 2];
	selection.user = operands->list[operands->count - 1];
	if (selection.client[0] == '\0' || selection.user[0] == '\0') {
		terminal_print_line(
			stderr, "netsession: info requires a CLIENT and a USER that are not empty");
		return EXIT_USAGE;
	}
	return list_sessions(&selection, &result, 1);
}
