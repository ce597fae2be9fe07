/* SPDX-License-Identifier: MIT */
/* netsession doctor: the way to a server, step by step, in plain words. */
#include <string.h>
#include <unistd.h>
#include "ask.h"
#include "commands.h"
#include "findings.h"
#include "who.h"

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
