/* SPDX-License-Identifier: MIT */
/* The manual page, in man(7). */
#include <string.h>
#include "base/ascii.h"
#include "cli/print.h"
#include "cli/roff.h"

#define CLI_MANUAL_DATE "2026-11-30"

static void man_put_capitals(FILE *to, const char *name)
{
	for (; *name != '\0'; name++)
		fprintf(to, *name == '-' ? "\\-" : "%c", ascii_upper(*name));
}

void cli_manual_put_header(FILE *to, const char *name, int section, const char *summary)
{
	fputs(".TH ", to);
	man_put_capitals(to, name);
	fprintf(to,
	        " %d " CLI_MANUAL_DATE " \"netsession " NETSESSION_VERSION "\" \"netsession\"\n",
	        section);
	fputs(".SH NAME\n", to);
	roff_put(to, name);
	fputs(" \\- ", to);
	roff_put(to, summary);
	fputc('\n', to);
}

static void man_put_synopsis(FILE *to, const struct cli_program *program)
{
	fputs(".SH SYNOPSIS\n.B ", to);
	roff_put(to, program->name);
	fputs(cli_has_commands(program) ? "\n.I command\n[\\fIoptions\\fR] [\\fIoperands\\fR]\n"
	                                : "\n[\\fIoptions\\fR]\n",
	      to);
}

void cli_manual_put_items(FILE *to, const struct cli_item *items)
{
	for (; items->term != NULL; items++) {
		fputs(".TP\n", to);
		roff_put_prose(to, items->term);
		fputc('\n', to);
		roff_put_prose(to, items->text);
		fputc('\n', to);
	}
}

void cli_manual_put_sections(FILE *to, const struct cli_section *sections)
{
	for (; sections->title != NULL; sections++) {
		fprintf(to, ".SH %s\n", sections->title);
		if (sections->text != NULL) {
			roff_put_prose(to, sections->text);
			fputc('\n', to);
		}
		if (sections->items != NULL)
			cli_manual_put_items(to, sections->items);
	}
}

static void man_put_exits(FILE *to, const struct cli_exit *exits)
{
	for (; exits->meaning != NULL; exits++) {
		fprintf(to, ".TP\n.B %d\n", exits->status);
		roff_put_sentence(to, exits->meaning);
	}
}

static void man_put_lines(FILE *to, const char *lines)
{
	fputs(".nf\n", to);
	roff_put(to, lines);
	fputs(".fi\n", to);
}

static void man_put_command(FILE *to, const struct cli_program *program,
                            const struct cli_command *command)
{
	fputs(".SS ", to);
	roff_put(to, program->name);
	fprintf(to, " %s%s%s\n", command->name, command->operands != NULL ? " " : "",
	        command->operands != NULL ? command->operands : "");
	roff_put_sentence(to, command->summary);
	if (command->description != NULL) {
		fputs(".PP\n", to);
		roff_put_prose(to, command->description);
		fputc('\n', to);
	}
	fputs(".PP\nExit status:\n", to);
	man_put_exits(to, command->exits);
	fputs(".PP\n", to);
	man_put_lines(to, command->examples);
}

static void man_put_option(FILE *to, const struct cli_program *program,
                           const struct cli_option *option)
{
	char help[CLI_MAX_HELP_BYTES];
	const char *separator = "Only for ";

	fputs(".TP\n", to);
	if (option->letter != '\0' && cli_uses_letters(program))
		fprintf(to, "\\fB\\-%c\\fR, ", option->letter);
	fputs("\\fB\\-\\-", to);
	roff_put(to, option->name);
	fputs("\\fR", to);
	if (option->argument != NULL)
		fprintf(to, " \\fI%s\\fR", option->argument);
	fputc('\n', to);
	cli_option_help(program, option, help, sizeof help);
	roff_put_sentence(to, help);
	if (option->commands == 0)
		return;
	for (size_t i = 0; i < program->command_count; i++)
		if (cli_takes_option(program, &program->commands[i], option)) {
			fprintf(to, "%s\\fB%s\\fR", separator, program->commands[i].name);
			separator = ", ";
		}
	fputs(".\n", to);
}

static void man_put_options(FILE *to, const struct cli_program *program)
{
	fputs(".SH OPTIONS\n", to);
	if (cli_has_commands(program))
		fputs("Options follow the command.\n", to);
	for (size_t i = 0; i < program->option_count; i++)
		man_put_option(to, program, &program->options[i]);
	for (size_t i = 0; i < CLI_COMMON_COUNT; i++)
		man_put_option(to, program, &cli_common_options[i]);
}

/* "netsession(1), smb.conf(5)" */
void cli_manual_put_see_also(FILE *to, const char *pages)
{
	fputs(".SH SEE ALSO\n", to);
	while (*pages != '\0') {
		size_t name = strcspn(pages, "("), all = strcspn(pages, ",");

		fputs(".BR ", to);
		for (size_t i = 0; i < name; i++)
			fprintf(to, pages[i] == '-' ? "\\-" : "%c", pages[i]);
		fprintf(to, " %.*s%s\n", (int)(all - name), pages + name,
		        pages[all] == ',' ? "," : "");
		pages += all;
		pages += strspn(pages, ", ");
	}
}

void cli_print_manual(FILE *to, const struct cli_program *program)
{
	cli_manual_put_header(to, program->name, program->manual_section, program->summary);
	man_put_synopsis(to, program);
	fputs(".SH DESCRIPTION\n", to);
	roff_put_prose(to, program->description);
	fputc('\n', to);
	if (program->notes != NULL) {
		fputs(".PP\n", to);
		roff_put_prose(to, program->notes);
		fputc('\n', to);
	}
	if (cli_has_commands(program)) {
		fputs(".SH COMMANDS\n", to);
		for (size_t i = 0; i < program->command_count; i++)
			man_put_command(to, program, &program->commands[i]);
	}
	man_put_options(to, program);
	cli_manual_put_sections(to, program->sections);
	if (!cli_has_commands(program)) {
		fputs(".SH EXIT STATUS\n", to);
		man_put_exits(to, program->commands[0].exits);
	}
	if (program->examples != NULL || !cli_has_commands(program)) {
		fputs(".SH EXAMPLES\n", to);
		man_put_lines(to, program->examples != NULL ? program->examples
		                                            : program->commands[0].examples);
	}
	cli_manual_put_see_also(to, program->see_also);
}
