/* SPDX-License-Identifier: MIT */
/* netsession doctor: the way to a server, step by step, in plain words. */
#include <stdio.h>
#include <string.h>
#include <jansson.h>
#include "commands.h"
#include "credentials.h"
#include "output.h"
#include "query.h"

struct doctor_report {
	const char *server; /* as the user wrote it; NULL: the local computer */
	json_t *list;       /* NULL: each finding is written as it comes */
};

struct doctor_report_format {
	const char *name;
	bool (*begin)(struct doctor_report *findings,
	              const char *server); /* false: out of memory */
	void (*put)(void *findings, const struct netsession_report *finding);
	void (*end)(struct doctor_report *findings, const struct netsession_error *error);
};

static const char *const verdicts[] = {
	[NETSESSION_GOOD] = "good",
	[NETSESSION_NOTICE] = "notice",
	[NETSESSION_BAD] = "bad",
};

/* ---- for people ---- */

static bool doctor_report_text_begin(struct doctor_report *findings, const char *server)
{
	*findings = (struct doctor_report){ .server = server };
	return true;
}

static void doctor_report_text_put(void *context, const struct netsession_report *finding)
{
	static const char *const marks[] = {
		[NETSESSION_GOOD] = "ok",
		[NETSESSION_NOTICE] = "note",
		[NETSESSION_BAD] = "FAIL",
	};

	(void)context;
	printf("%-4s  %-10s  ", marks[finding->verdict], finding->step);
	output_put_printable(stdout, finding->text);
	fputc('\n', stdout);
	/* A failure's text ends with its advice. */
	if (finding->advice != NULL && finding->verdict != NETSESSION_BAD)
		printf("%-18s%s\n", "", finding->advice);
	fflush(stdout);
}

static void doctor_report_text_end(struct doctor_report *findings,
                                   const struct netsession_error *error)
{
	const char *server = findings->server != NULL ? findings->server : LOCAL_COMPUTER;

	if (error->status == 0)
		printf("Sessions of %s can be listed.\n", server);
	else
		fprintf(stderr, "netsession: %s: %s\n", server, error->text);
}

/* ---- for programs ---- */

static bool doctor_report_json_begin(struct doctor_report *findings, const char *server)
{
	*findings = (struct doctor_report){ .server = server, .list = json_array() };
	return findings->list != NULL;
}

static void doctor_report_json_put(void *context, const struct netsession_report *finding)
{
	struct doctor_report *findings = context;

	json_array_append_new(findings->list,
	                      json_pack("{s:s, s:s, s:I, s:s, s:s?}", "step", finding->step,
	                                "verdict", verdicts[finding->verdict], "status",
	                                (json_int_t)finding->status, "text", finding->text,
	                                "advice", finding->advice));
}

static void doctor_report_json_end(struct doctor_report *findings,
                                   const struct netsession_error *error)
{
	json_t *object = json_pack("{s:s?, s:I, s:s?, s:o}", "server", findings->server, "status",
	                           (json_int_t)error->status, "error",
	                           error->status != 0 ? error->text : NULL, "findings",
	                           findings->list);

	json_dumpf(object, stdout, JSON_INDENT(1));
	fputc('\n', stdout);
	json_decref(object);
}

static const struct doctor_report_format formats[] = {
	{ "table", doctor_report_text_begin, doctor_report_text_put, doctor_report_text_end },
	{ "json", doctor_report_json_begin, doctor_report_json_put, doctor_report_json_end },
};

static const struct doctor_report_format *doctor_report_format_find(const char *name)
{
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

int command_doctor(const struct options *options)
{
	const struct doctor_report_format *format = doctor_report_format_find(options->output);
	struct netsession_credentials *credentials;
	struct netsession_query query;
	struct netsession_error error;
	struct doctor_report findings;

	if (format == NULL) {
		fprintf(stderr, "netsession: doctor writes table or json, not %s\n",
		        options->output);
		return EXIT_USAGE;
	}
	if (!credentials_from_options(options, &credentials))
		return EXIT_USAGE;
	query = query_from_options(options, credentials, options->operands[0]);
	if (!format->begin(&findings, options->operands[0])) {
		fprintf(stderr, "netsession: out of memory\n");
		return EXIT_NONE;
	}
	(void)netsession_diagnose(&query, format->put, &findings, &error);
	format->end(&findings, &error);
	netsession_credentials_free(credentials);
	return error.status == 0 ? EXIT_ALL : EXIT_NONE;
}
