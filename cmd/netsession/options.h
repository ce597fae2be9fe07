/* SPDX-License-Identifier: MIT */
/* The options of all commands: one table, from which parsing, --help, manual and completion
 * follow. */
#ifndef NETSESSION_OPTIONS_H
#define NETSESSION_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum exit_code { EXIT_ALL = 0, EXIT_SOME = 1, EXIT_USAGE = 2, EXIT_NONE = 3 };

/* For which commands an option is. */
enum command_bit {
	COMMAND_LIST = 1,
	COMMAND_INFO = 2,
	COMMAND_CLOSE = 4,
	COMMAND_WATCH = 8,
	COMMAND_DOCTOR = 16,
};

struct options {
	uint32_t level;
	const char *client, *user;
	uint32_t page_bytes; /* 0: all in one */
	const char *credentials_file;
	bool anonymous;
	bool kerberos;  /* and nothing else */
	const char *as; /* DOMAIN\user, whose password the terminal gives */
	uint16_t port;  /* 0: the server's name says it, or 445 */
	uint32_t timeout_ms;
	bool encrypt;
	const char *wins;   /* NULL: the environment says it */
	const char *output; /* a format's name */
	bool yes;
	uint32_t interval_ms; /* between two looks */
	uint32_t polls;       /* 0: without end */
	bool verbose, help;
	char **operands; /* ended by NULL */
	int operand_count;
};

/* argv[0] is the command's name. False: something is wrong with it, which was said on stderr. */
bool options_parse(int argc, char **argv, enum command_bit command, struct options *options);
void options_print_help(FILE *to, enum command_bit command);

/* What there is to know of an option. */
struct option_entry {
	char letter; /* '\0': it has none */
	const char *name;
	const char *argument; /* how --help calls it; NULL: it takes none */
	const char *choices;  /* its arguments, separated by blanks; NULL: any */
	unsigned commands;    /* enum command_bit */
	const char *help;
	bool (*take)(struct options *o, const char *argument);
};

extern const struct option_entry option_table[];
extern const size_t option_count;

#endif
