/* SPDX-License-Identifier: MIT */
/* netsession-samba check. */
#include "samba/setup/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "samba/setup/preflight.h"
#include "system/log.h"

enum { CONTEXT_LINES = 2, LINE_BYTES = 400 };

static void check_print_line(char mark, const char *line, size_t bytes)
{
	char text[LINE_BYTES], escaped[2 * LINE_BYTES];

	if (bytes > 0 && line[bytes - 1] == '\r')
		bytes--;
	snprintf(text, sizeof text, "%.*s", (int)(bytes < LINE_BYTES ? bytes : LINE_BYTES), line);
	for (char *at = text; *at != '\0'; at++)
		if (*at == '\t')
			*at = ' ';
	log_escape(escaped, sizeof escaped, text);
	printf("    %c%s\n", mark, escaped);
}

/* Up to so many lines. Returns the byte behind them. */
static const char *check_print_lines(char mark, const char *from, const char *end, size_t most)
{
	for (; from < end && most > 0; most--) {
		const char *line_end = memchr(from, '\n', (size_t)(end - from));
		size_t bytes = (size_t)((line_end != NULL ? line_end : end) - from);

		check_print_line(mark, from, bytes);
		from += bytes + (line_end != NULL);
	}
	return from;
}

/* Begins so many lines before it. */
static const char *check_lines_before(const char *text, const char *at, size_t lines)
{
	while (at > text && (at[-1] != '\n' || lines-- > 0))
		at--;
	return at;
}

/* What enable would put in, as diff shows it. */
static void check_print_change(const struct preflight *x)
{
	const char *text = x->file.text, *at = text + x->conf.begin;
	char *block = smb_conf_block(&x->conf, x->directory);

	if (block == NULL)
		return;
	printf("\nenable would change %s at line %zu:\n", x->file.path, x->conf.line);
	check_print_lines(' ', check_lines_before(text, at, CONTEXT_LINES), at, SIZE_MAX);
	check_print_lines('+', block, block + strlen(block), SIZE_MAX);
	check_print_lines(' ', at, text + x->file.bytes, CONTEXT_LINES);
	free(block);
}

int setup_check(const struct samba_options *options)
{
	struct doctor_report findings = { 0 };
	struct preflight x;

	if (preflight_read(&x, options, &findings)) {
		preflight_check_all(&x, &findings);
		if (!x.samba.uses_registry && x.conf.state == SMB_CONF_WITHOUT &&
		    smb_conf_directory_fault(x.directory) == NULL)
			check_print_change(&x);
	}
	if (findings.wrong > 0)
		printf("\nenable would change nothing before what is wrong is put right.\n");
	else if (x.is_enabled)
		printf("\nIt is enabled.\n");
	else
		printf("\nNothing is in the way of netsession-samba enable.\n");
	preflight_fini(&x);
	return findings.wrong > 0 ? SETUP_FAILED : SETUP_DONE;
}
