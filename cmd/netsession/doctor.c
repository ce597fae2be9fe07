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
	const struct findings_format *format = findings_format_find(options->output);
	struct netsession_credentials *credentials;
	struct netsession_query query;
	struct netsession_error error;
	struct findings findings;

	if (format == NULL) {
		fprintf(stderr, "netsession: doctor writes table or json, not %s\n",
		        options->output);
		return EXIT_USAGE;
	}
	if (!who_asks(options, &credentials))
		return EXIT_USAGE;
	query = ask_query(options, credentials, options->operands[0]);
	if (!format->begin(&findings, options->operands[0])) {
		fprintf(stderr, "netsession: out of memory\n");
		return EXIT_NONE;
	}
	(void)netsession_examine(&query, format->put, &findings, &error);
	format->end(&findings, &error);
	netsession_credentials_free(credentials);
	return error.status == 0 ? EXIT_ALL : EXIT_NONE;
}
