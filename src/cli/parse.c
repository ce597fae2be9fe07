/* SPDX-License-Identifier: MIT */
/* Parses a command line: options by getopt_long, then operands. */
#include "cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include "base/locale.h"
#include "cli/print.h"
#include "terminal/terminal.h"

/* getopt_long returns a long option as its index in the list above all letters. */
enum { CLI_LONG_BASE = 256 };

struct cli_parser {
	const struct cli_program *program;
	const struct cli_command *command;
	const struct cli_option *list[CLI_MAX_OPTIONS];
	size_t count;
	void *options;
	struct cli_common_values common;
};

/* ---- values ---- */

static bool cli_parse_number(const char *argument, uint32_t min, uint32_t max, uint32_t *number)
{
	char *end;
	unsigned long value = strtoul(argument, &end, 10);

	*number = (uint32_t)value;
	return *argument >= '0' && *argument <= '9' && *end == '\0' && value >= min && value <= max;
}

/* With a point in every locale, unlike strtod. Digits behind the third do not count. */
static bool cli_parse_seconds(const char *argument, uint32_t *ms)
{
	char *end;
	unsigned long seconds = strtoul(argument, &end, 10);
	uint64_t value = (uint64_t)seconds * 1000;
	bool is_good;

	if (*end == '.') {
		end++;
		for (unsigned unit = 100; *end >= '0' && *end <= '9'; end++, unit /= 10)
			value += unit * (unsigned)(*end - '0');
	}
	is_good = *argument >= '0' && *argument <= '9' && *end == '\0' && seconds <= 86400 &&
	          value >= 1 && value <= 86400000;
	*ms = is_good ? (uint32_t)value : 0;
	return is_good;
}

static bool cli_is_choice(const struct cli_option *option, const char *argument)
{
	for (size_t i = 0; option->choice(i) != NULL; i++)
		if (strcmp(option->choice(i), argument) == 0)
			return true;
	return false;
}

/* Keeps argument. Returns false if the option cannot have it. */
static bool cli_set_option(struct cli_parser *p, const struct cli_option *option,
                           const char *argument)
{
	bool is_common = option >= cli_common_options &&
	                 option < cli_common_options + CLI_COMMON_COUNT;
	void *member = (char *)(is_common ? (void *)&p->common : p->options) + option->member;

	switch (option->kind) {
	case CLI_FLAG:
		*(bool *)member = true;
		return true;
	case CLI_NUMBER:
		return cli_parse_number(argument, option->min, option->max, member);
	case CLI_SECONDS:
		return cli_parse_seconds(argument, member);
	case CLI_PARSED:
		return option->parse(argument, member);
	case CLI_TEXT:
	case CLI_FILE:
	case CLI_DIRECTORY:
	case CLI_CHOICE:
		break;
	}
	*(const char **)member = argument;
	return option->kind == CLI_CHOICE      ? cli_is_choice(option, argument)
	       : option->kind == CLI_DIRECTORY ? argument[0] == '/'
	       : option->kind == CLI_FILE      ? argument[0] != '\0'
	                                       : strlen(argument) >= option->min;
}

/* ---- errors ---- */

static bool cli_refuse(const struct cli_parser *p, const char *what, const char *name)
{
	terminal_print_line(stderr, "%s: %s %s; see %s%s%s --help", p->program->name, what, name,
	                    p->program->name, cli_has_commands(p->program) ? " " : "",
	                    cli_has_commands(p->program) ? p->command->name : "");
	return false;
}

static bool cli_refuse_value(const struct cli_parser *p, const struct cli_option *option,
                             const char *argument)
{
	char expected[CLI_MAX_HELP_BYTES];

	cli_option_expected(option, expected, sizeof expected);
	terminal_print_line(stderr, "%s: invalid value \"%s\" for --%s: expected %s",
	                    p->program->name, argument, option->name, expected);
	return false;
}

/* word is the option as it was written, perhaps with "=" and an argument, which may be a password
 * and is not repeated. */
static bool cli_refuse_unknown(const struct cli_parser *p, const char *word)
{
	size_t bytes = strcspn(word, "=");
	char name[64];

	for (const struct cli_renamed *r = p->program->renamed; r != NULL && r->old != NULL; r++)
		if (strlen(r->old) == bytes && strncmp(r->old, word, bytes) == 0) {
			terminal_print_line(stderr,
			                    "%s: option %s was renamed in version %s; use %s",
			                    p->program->name, r->old, r->version, r->new);
			return false;
		}
	(void)snprintf(name, sizeof name, "%.*s", (int)bytes, word);
	return cli_refuse(p, "unknown option", name);
}

/* What getopt_long returned '?' or ':' for: optopt is a letter, a long option's value, or 0. */
static bool cli_refuse_option(const struct cli_parser *p, int found, const char *word)
{
	char name[64] = { '-', (char)optopt, '\0' };

	if (optopt >= CLI_LONG_BASE)
		snprintf(name, sizeof name, "--%s", p->list[optopt - CLI_LONG_BASE]->name);
	if (found == ':')
		return cli_refuse(p, "missing argument for option", name);
	if (optopt >= CLI_LONG_BASE)
		return cli_refuse(p, "unexpected argument for option", name);
	return cli_refuse_unknown(p, optopt != 0 ? name : word);
}

/* ---- parsing ---- */

static void cli_make_getopt(const struct cli_parser *p, char letters[2 * CLI_MAX_OPTIONS + 2],
                            struct option longs[CLI_MAX_OPTIONS + 1])
{
	*letters++ = ':';
	for (size_t i = 0; i < p->count; i++) {
		const struct cli_option *o = p->list[i];

		*longs++ = (struct option){ .name = o->name,
			                    .has_arg = o->argument != NULL ? required_argument
			                                                   : no_argument,
			                    .val = CLI_LONG_BASE + (int)i };
		if (o->letter != '\0')
			*letters++ = o->letter;
		if (o->letter != '\0' && o->argument != NULL)
			*letters++ = ':';
	}
	*letters = '\0';
	*longs = (struct option){ 0 };
}

static const struct cli_option *cli_find_letter(const struct cli_parser *p, int letter)
{
	size_t i = 0;

	while (p->list[i]->letter != letter)
		i++;
	return p->list[i];
}

static bool cli_parse_options(struct cli_parser *p, int argc, char **argv)
{
	char letters[2 * CLI_MAX_OPTIONS + 2];
	struct option longs[CLI_MAX_OPTIONS + 1];
	int found;

	for (size_t i = 0; i < p->count; i++)
		if (p->list[i]->initial != NULL)
			(void)cli_set_option(p, p->list[i], p->list[i]->initial);
	cli_make_getopt(p, letters, longs);
	opterr = 0;
	while ((found = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		const struct cli_option *option;

		if (found == '?' || found == ':')
			return cli_refuse_option(p, found, argv[optind - 1]);
		option = found >= CLI_LONG_BASE ? p->list[found - CLI_LONG_BASE]
		                                : cli_find_letter(p, found);
		if (!cli_set_option(p, option, optarg))
			return cli_refuse_value(p, option, optarg);
	}
	return true;
}

/* ---- what the command line asks for ---- */

static int cli_refuse_form(const struct cli_program *program, const char *form)
{
	char expected[CLI_MAX_HELP_BYTES];
	size_t used;

	used = (size_t)snprintf(expected, sizeof expected, "man, bash, zsh%s",
	                        program->forms == NULL ? " or fish" : ", fish");
	for (const struct cli_form *f = program->forms; f != NULL && f->name != NULL; f++)
		used += (size_t)snprintf(expected + used, sizeof expected - used, "%s%s",
		                         f[1].name != NULL ? ", " : " or ", f->name);
	terminal_print_line(stderr, "%s: invalid value \"%s\" for --describe: expected %s",
	                    program->name, form, expected);
	return CLI_EXIT_USAGE;
}

static int cli_print_form(const struct cli_program *program, const char *form)
{
	static const struct {
		const char *name;
		void (*print)(FILE *to, const struct cli_program *program);
	} forms[] = {
		{ "man", cli_print_manual },
		{ "bash", cli_print_bash },
		{ "zsh", cli_print_zsh },
		{ "fish", cli_print_fish },
	};

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		if (strcmp(forms[i].name, form) == 0) {
			forms[i].print(stdout, program);
			return EXIT_SUCCESS;
		}
	for (const struct cli_form *f = program->forms; f != NULL && f->name != NULL; f++)
		if (strcmp(f->name, form) == 0) {
			f->print(stdout);
			return EXIT_SUCCESS;
		}
	return cli_refuse_form(program, form);
}

static int cli_print_version(const struct cli_program *program)
{
	terminal_print_line(stdout, "%s %s", program->name, NETSESSION_VERSION);
	return EXIT_SUCCESS;
}

static bool cli_check_operands(const struct cli_parser *p, const struct cli_operands *operands)
{
	const struct cli_command *c = p->command;

	if (c->operands == NULL && operands->count > 0)
		return cli_refuse(p, "unexpected argument", operands->list[0]);
	if (operands->count >= c->min_operands &&
	    (c->max_operands < 0 || operands->count <= c->max_operands))
		return true;
	terminal_print_line(stderr, "%s: too %s arguments; usage: %s %s [OPTIONS] %s",
	                    p->program->name, operands->count < c->min_operands ? "few" : "many",
	                    p->program->name, c->name, c->operands);
	return false;
}

/* argv[0] is the name of the command, or of a program without commands. False: there is nothing to
 * run; *status is set. */
static bool cli_parse_command(struct cli_parser *p, int argc, char **argv,
                              struct cli_operands *operands, int *status)
{
	p->count = cli_list_options(p->program, p->command, p->list);
	*status = CLI_EXIT_USAGE;
	if (!cli_parse_options(p, argc, argv))
		return false;
	if (p->common.help) {
		cli_print_command_help(stdout, p->program, p->command);
		*status = EXIT_SUCCESS;
		return false;
	}
	if (p->common.version) {
		*status = cli_print_version(p->program);
		return false;
	}
	if (p->common.describe != NULL) {
		*status = cli_print_form(p->program, p->common.describe);
		return false;
	}
	*operands = (struct cli_operands){ argv + optind, argc - optind };
	return cli_check_operands(p, operands);
}

/* The command line names no command. Returns the exit status. */
static int cli_parse_no_command(const struct cli_program *program, const char *first, char **argv)
{
	if (strcmp(first, "--version") == 0)
		return cli_print_version(program);
	if (strcmp(first, "--describe") == 0)
		return cli_print_form(program, argv[2] != NULL ? argv[2] : "");
	if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0) {
		cli_print_program_help(stdout, program);
		return EXIT_SUCCESS;
	}
	if (first[0] != '\0')
		terminal_print_line(stderr, "%s: unknown command \"%s\"; see %s --help",
		                    program->name, first, program->name);
	else
		cli_print_program_help(stderr, program);
	return CLI_EXIT_USAGE;
}

int cli_end(const struct cli_program *program, int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	terminal_print_line(stderr, "%s: cannot write the output: %s", program->name,
	                    locale_error_text(errno));
	return status != EXIT_SUCCESS ? status : EXIT_FAILURE;
}

int cli_parse(const struct cli_program *program, int argc, char **argv, void *options,
              struct cli_operands *operands, int *status)
{
	struct cli_parser p = { .program = program, .options = options };
	const char *first = argc > 1 ? argv[1] : "";
	bool has_commands = cli_has_commands(program);
	size_t index = 0;

	while (has_commands && index < program->command_count &&
	       strcmp(program->commands[index].name, first) != 0)
		index++;
	if (index == program->command_count) {
		*status = cli_end(program, cli_parse_no_command(program, first, argv));
		return -1;
	}
	p.command = &program->commands[index];
	if (cli_parse_command(&p, argc - has_commands, argv + has_commands, operands, status))
		return (int)index;
	*status = cli_end(program, *status);
	return -1;
}
