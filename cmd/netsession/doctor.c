/* SPDX-License-Identifier: MIT */
/* netsession doctor: checks each step of connecting to a server and explains what fails. */
#include <stdio.h>
#include <string.h>
#include <jansson.h>
#include "commands.h"
#include "credentials.h"
#include "output_forms.h"
#include "query.h"
#include "targets.h"
#include "terminal/terminal.h"

struct doctor_report {
	const char *server; /* as the user wrote it; NULL: the local computer */
	json_t *list;       /* NULL: each finding is written at once */
};

struct doctor_format {
	const char *name;
	/* Returns false if memory ran out. */
	bool (*begin)(struct doctor_report *report, const char *server);
	void (*put)(void *report, const struct netsession_report *finding);
	void (*end)(struct doctor_report *report, const struct netsession_error *error);
};

static const struct {
	const char *json, *text;
} verdicts[] = {
	[NETSESSION_GOOD] = { "good", "ok" },
	[NETSESSION_NOTICE] = { "notice", "note" },
	[NETSESSION_BAD] = { "bad", "FAIL" },
};

/* ---- text ---- */

static bool doctor_text_begin(struct doctor_report *report, const char *server)
{
	*report = (struct doctor_report){ .server = server };
	return true;
}

static void doctor_text_put(void *context, const struct netsession_report *finding)
{
	(void)context;
	terminal_print_line(stdout, "%-4s  %-10s  %s", verdicts[finding->verdict].text,
	                    finding->step, finding->text);
	/* The text of a failure ends with the advice. */
	if (finding->advice != NULL && finding->verdict != NETSESSION_BAD)
		terminal_print_line(stdout, "%-18s%s", "", finding->advice);
	fflush(stdout);
}

static void doctor_text_end(struct doctor_report *report, const struct netsession_error *error)
{
	const char *server = report->server != NULL ? report->server : LOCAL_COMPUTER;

	if (error->status == 0)
		terminal_print_line(stdout, "Sessions of %s can be listed.", server);
	else
		terminal_print_line(stderr, "netsession: %s: %s", server, error->text);
}

/* ---- JSON ---- */

static bool doctor_json_begin(struct doctor_report *report, const char *server)
{
	*report = (struct doctor_report){ .server = server, .list = json_array() };
	return report->list != NULL;
}

static void doctor_json_put(void *context, const struct netsession_report *finding)
{
	struct doctor_report *report = context;

	json_array_append_new(report->list,
	                      json_pack("{s:s, s:s, s:I, s:s, s:s?}", "step", finding->step,
	                                "verdict", verdicts[finding->verdict].json, "status",
	                                (json_int_t)finding->status, "text", finding->text,
	                                "advice", finding->advice));
}

static void doctor_json_end(struct doctor_report *report, const struct netsession_error *error)
{
	json_t *object =
		json_pack("{s:i, s:o, s:I, s:s?, s:o}", "schema", 1, "server",
	                  report->server != NULL ? output_json_text(report->server) : json_null(),
	                  "status", (json_int_t)error->status, "error",
	                  error->status != 0 ? error->text : NULL, "findings", report->list);

	(void)output_json_write_line(stdout, object, JSON_INDENT(1));
}

/* ---- the command ---- */

static const struct doctor_format formats[] = {
	{ "table", doctor_text_begin, doctor_text_put, doctor_text_end },
	{ "json", doctor_json_begin, doctor_json_put, doctor_json_end },
};

enum { FORMAT_COUNT = sizeof formats / sizeof *formats };

const char *doctor_format_name(size_t index)
{
	return index < FORMAT_COUNT ? formats[index].name : NULL;
}

/* name is that of a format. */
static const struct doctor_format *doctor_format_find(const char *name)
{
	size_t i = 0;

	while (i < FORMAT_COUNT - 1 && strcmp(formats[i].name, name) != 0)
		i++;
	return &formats[i];
}

/* Returns false if memory ran out. */
static bool doctor_check_server(const struct options *options,
                                struct netsession_credentials *credentials, const char *server,
                                struct netsession_error *error)
{
	const struct doctor_format *format = doctor_format_find(options->output);
	struct netsession_query query;
	struct server_operand room;
	struct doctor_report report;

	if (!format->begin(&report, server)) {
		terminal_print_line(stderr, "netsession: out of memory");
		return false;
	}
	if (query_from_options(options, credentials, server, &room, &query, error))
		(void)netsession_diagnose(&query, format->put, &report, error);
	else
		format->put(&report, &(struct netsession_report){ .step = "name",
		                                                  .verdict = NETSESSION_BAD,
		                                                  .status = error->status,
		                                                  .text = error->text,
		                                                  .advice = error->advice });
	format->end(&report, error);
	return true;
}

/* names: at least one; a NULL is the local computer. */
static int doctor_check_servers(const struct options *options, char *const names[], size_t count)
{
	struct netsession_credentials *credentials;
	struct netsession_error error;
	size_t failed = 0;
	bool is_good = true;

	if (!credentials_from_options(options, &credentials))
		return EXIT_USAGE;
	for (size_t i = 0; i < count && is_good; i++) {
		is_good = doctor_check_server(options, credentials, names[i], &error);
		failed += !is_good || error.status != 0;
	}
	netsession_credentials_free(credentials);
	if (!is_good)
		return EXIT_NONE;
	if (fflush(stdout) != 0 || ferror(stdout) || output_json_has_failed()) {
		query_print_write_error();
		return EXIT_NONE;
	}
	return failed == 0 ? EXIT_ALL : failed < count ? EXIT_SOME : EXIT_NONE;
}

int command_doctor(const struct options *options)
{
	char *here[] = { NULL };
	struct target_list targets = { 0 };
	int code = EXIT_USAGE;

	if (targets_collect(options, &targets)) {
		code = targets.names.count > 0 ? doctor_check_servers(options, targets.names.texts,
		                                                      targets.names.count)
		                               : doctor_check_servers(options, here, 1);
		if (code == EXIT_ALL && targets.refused > 0)
			code = EXIT_SOME;
	}
	target_list_fini(&targets);
	return code;
}
