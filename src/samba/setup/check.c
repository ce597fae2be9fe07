/* SPDX-License-Identifier: MIT */
/* netsession-samba check. */
#include "samba/setup/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "samba/setup/preflight.h"
#include "terminal/terminal.h"

enum { CONTEXT_LINES = 2, LINE_BYTES = 400 };

static void check_print_line(char mark, const char *line, size_t bytes)
{
	char text[LINE_BYTES];

	if (bytes > 0 && line[bytes - 1] == '\r')
		bytes--;
	snprintf(text, sizeof text, "%.*s", (int)(bytes < LINE_BYTES ? bytes : LINE_BYTES), line);
	for (char *at = text; *at != '\0'; at++)
		if (*at == '\t')
			*at = ' ';
	terminal_print_line(stdout, "    %c%s", mark, text);
}

/* Prints up to `most` lines. Returns the byte behind them. */
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

/* Returns the beginning of the line that stands `lines` lines before at. */
static const char *check_lines_before(const char *text, const char *at, size_t lines)
{
	while (at > text && (at[-1] != '\n' || lines-- > 0))
		at--;
	return at;
}

/* What enable would put in, as diff prints it. */
static void check_print_change(const struct preflight *p)
{
	const char *text = p->file.text, *at = text + p->conf.begin;
	char *block = smb_conf_block(&p->conf, p->directory);

	if (block == NULL)
		return;
	putchar('\n');
	terminal_print_line(stdout, "enable would change %s at line %zu:", p->file.path,
	                    p->conf.line);
	check_print_lines(' ', check_lines_before(text, at, CONTEXT_LINES), at, SIZE_MAX);
	check_print_lines('+', block, block + strlen(block), SIZE_MAX);
	check_print_lines(' ', at, text + p->file.bytes, CONTEXT_LINES);
	free(block);
}

int setup_check(const struct samba_options *options)
{
	struct preflight_report report = { 0 };
	struct preflight p;

	if (preflight_read(&p, options, &report)) {
		preflight_check_all(&p, &report);
		if (!p.samba.uses_registry && p.conf.state == SMB_CONF_WITHOUT &&
		    !preflight_is_set_by_others(&p) &&
		    smb_conf_directory_fault(p.directory) == NULL)
			check_print_change(&p);
	}
	if (report.wrong > 0)
		printf("\nenable changes nothing until these problems are fixed.\n");
	else if (p.is_enabled)
		printf("\nEnabled.\n");
	else
		printf("\nReady for netsession-samba enable.\n");
	preflight_fini(&p);
	return report.wrong > 0 ? SETUP_FAILED : SETUP_DONE;
}
