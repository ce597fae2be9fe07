/* SPDX-License-Identifier: MIT */
/* A program's command line, described once. From one struct cli_program follow the parser and its
 * error messages, --help, --version, the manual page, and the completions of bash, zsh and fish.
 *
 * All texts are ASCII. A word between backquotes is bold in the manual page; the other outputs
 * leave the backquotes out. An empty line separates paragraphs. The help of an option and the
 * summary of a command begin with a small letter and have no full stop at the end: each output adds
 * what it needs. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The exit status of every program for a wrong command line, and its row in a list of exits. */
enum { CLI_EXIT_USAGE = 2 };
#define CLI_USAGE_ROW { CLI_EXIT_USAGE, "the command line was wrong" }

/* What an option's argument is, and the type of the member that receives it. Texts are kept. */
enum cli_kind {
	CLI_FLAG,      /* there is no argument: bool, set to true */
	CLI_TEXT,      /* const char *, of at least min bytes */
	CLI_FILE,      /* const char *, the name of a file or socket; not empty */
	CLI_DIRECTORY, /* const char *, an absolute path */
	CLI_NUMBER,    /* uint32_t, from min to max */
	CLI_SECONDS,   /* uint32_t, in milliseconds; the argument is 0.001 to 86400 seconds */
	CLI_CHOICE,    /* const char *, one of the choices */
	CLI_PARSED,    /* what parse makes of it */
};

struct cli_option {
	const char *name; /* without the "--" */
	char letter;      /* of the short form; '\0': there is none */
	enum cli_kind kind;
	const char *argument; /* its name in --help, in capitals; NULL for CLI_FLAG */
	size_t member;        /* offset in the program's options */
	uint32_t min, max;    /* see enum cli_kind */
	unsigned commands;    /* which commands take the option: 1u << index; 0: all of them */
	const char *initial;  /* the default, parsed before the command line; NULL: see help */
	const char *help;     /* what the option does, with its unit */
	/* The choices by index, NULL behind the last one. NULL: the argument is not a choice. */
	const char *(*choice)(size_t index);
	/* For CLI_PARSED: sets member and returns true, or false if argument has no meaning. */
	bool (*parse)(const char *argument, void *member);
};

/* What an exit status means. A list of them ends with a NULL. */
struct cli_exit {
	int status;
	const char *meaning;
};

struct cli_command {
	const char *name; /* NULL: the program has no commands; this one stands for the program */
	const char *operands;           /* their names in --help; NULL: the command takes none */
	int min_operands, max_operands; /* max -1: any number */
	bool takes_hosts;               /* operands are completed as names of hosts */
	const char *summary;
	const char *description; /* paragraphs; NULL: there are none */
	const struct cli_exit *exits;
	const char *examples; /* lines, printed as they are */
};

/* A list in the manual page. It ends with a NULL. */
struct cli_item {
	const char *term, *text;
};

/* A section of the manual page beside those that follow from the tables. */
struct cli_section {
	const char *title;            /* in capitals; NULL ends the list of sections */
	const char *text;             /* paragraphs, before the items; NULL: there are none */
	const struct cli_item *items; /* NULL: there are none */
};

/* Something that --describe prints beside man, bash, zsh and fish. */
struct cli_form {
	const char *name; /* NULL ends the list of forms */
	const char *help; /* what it is */
	void (*print)(FILE *to);
};

/* An option of an earlier version. The parser refuses it with a message that names the new one. */
struct cli_renamed {
	const char *old, *new; /* with the "--"; NULL ends the list */
	const char *version;   /* the first one with the new name */
};

struct cli_program {
	const char *name;
	int manual_section;
	const char *summary;
	const char *description; /* paragraphs, for the manual page */
	const struct cli_command *commands;
	size_t command_count;
	const struct cli_option *options; /* without --help, --version and --describe */
	size_t option_count;
	const char *notes;                 /* paragraphs at the end of each --help; NULL: none */
	void (*print_more_help)(FILE *to); /* follows the notes; NULL: there is no more */
	const char *examples;              /* of the whole program; NULL: the commands have some */
	const struct cli_section *sections;
	const char *see_also;              /* such as "netsession(1), smb.conf(5)" */
	const struct cli_form *forms;      /* NULL: there are no other forms */
	const struct cli_renamed *renamed; /* NULL: no option was renamed */
};

/* What follows the options on the command line. */
struct cli_operands {
	char **list; /* ended by a NULL */
	int count;
};

/* Writes what stdout still holds, at a program's end. Returns status; where something could not be
 * written, stderr says so, and the status is that of a failure. */
int cli_end(const struct cli_program *program, int status);

/* Parses the command line into options, a struct of the program's own, which keeps the texts of
 * argv. Returns the index of the command to run; -1: there is nothing to run, because the command
 * line asked for help, or was wrong, as stderr says. Then *status is the exit status. */
int cli_parse(const struct cli_program *program, int argc, char **argv, void *options,
              struct cli_operands *operands, int *status);

#endif
