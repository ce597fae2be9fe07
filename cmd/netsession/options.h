/* SPDX-License-Identifier: MIT */
/* The options of all commands: one table, from which parsing and --help follow. */
#ifndef NETSESSION_OPTIONS_H
#define NETSESSION_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum exit_code { EXIT_ALL = 0, EXIT_SOME = 1, EXIT_USAGE = 2, EXIT_NONE = 3 };

struct options {
	uint32_t level;
	const char *client, *user;
	uint32_t page_bytes; /* 0: all in one */
	const char *credentials_file;
	uint16_t port; /* 0: the server's name says it, or 445 */
	uint32_t timeout_ms;
	bool encrypt;
	const char *wins;   /* NULL: the environment says it */
	const char *output; /* a format's name */
	bool verbose, help;
	char **operands;
	int operand_count;
};

/* argv[0] is the command's name. False: something is wrong with it, which was said on stderr. */
bool options_parse(int argc, char **argv, struct options *options);
void options_print_help(FILE *to);

#endif
