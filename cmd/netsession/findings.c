/* SPDX-License-Identifier: MIT */
#include "findings.h"

#include <stdio.h>
#include <string.h>
#include "output.h"
#include "results.h"

static const char *const verdicts[] = {
	[NETSESSION_GOOD] = "good",
	[NETSESSION_NOTICE] = "notice",
	[NETSESSION_BAD] = "bad",
};

/* ---- for people ---- */

static bool begin_text(struct findings *findings, const char *server)
{
	*findings = (struct findings){ .server = server };
	return true;
}

static void put_text(void *context, const struct netsession_finding *finding)
{
	static const char *const marks[] = {
		[NETSESSION_GOOD] = "ok",
		[NETSESSION_NOTICE] = "note",
		[NETSESSION_BAD] = "FAIL",
	};

	(void)context;
	printf("%-4s  %-10s  ", marks[finding->verdict], finding->step);
	output_put_clean(stdout, finding->text);
	fputc('\n', stdout);
	/* A failure's text ends with its advice. */
	if (finding->advice != NULL && finding->verdict != NETSESSION_BAD)
		printf("%-18s%s\n", "", finding->advice);
	fflush(stdout);
}

static void end_text(struct findings *findings, const struct netsession_error *error)
{
	const char *server = findings->server != NULL ? findings->server : LOCAL_COMPUTER;

	if (error->status == 0)
		printf("Sessions of %s can be listed.\n", server);
	else
		fprintf(stderr, "netsession: %s: %s\n", server, error->text);
}

/* ---- for programs ---- */

static bool begin_json(struct findings *findings, const char *server)
{
	*findings = (struct findings){ .server = server, .list = json_array() };
	return findings->list != NULL;
}

static void put_json(void *context, const struct netsession_finding *finding)
{
	struct findings *findings = context;

	json_array_append_new(findings->list,
	                      json_pack("{s:s, s:s, s:I, s:s, s:s?}", "step", finding->step,
	                                "verdict", verdicts[finding->verdict], "status",
	                                (json_int_t)finding->status, "text", finding->text,
	                                "advice", finding->advice));
}

static void end_json(struct findings *findings, const struct netsession_error *error)
{
	json_t *object = json_pack("{s:s?, s:I, s:s?, s:o}", "server", findings->server, "status",
	                           (json_int_t)error->status, "error",
	                           error->status != 0 ? error->text : NULL, "findings",
	                           findings->list);

	json_dumpf(object, stdout, JSON_INDENT(1));
	fputc('\n', stdout);
	json_decref(object);
}

static const struct findings_format formats[] = {
	{ "table", begin_text, put_text, end_text },
	{ "json", begin_json, put_json, end_json },
};

const struct findings_format *findings_format_find(const char *name)
{
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}
