/* SPDX-License-Identifier: MIT */
/* --help, for people at a terminal. */
#include <string.h>
#include "base/ascii.h"
#include "cli/print.h"

enum { CLI_MAX_LEFT = 40 };

/* The bytes of the next word, backquotes not counted. */
static size_t cli_word_width(const char *word, size_t bytes)
{
	size_t width = bytes;

	for (size_t i = 0; i < bytes; i++)
		width -= word[i] == '`';
	return width;
}

static void cli_put_word(FILE *to, const char *word, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if (word[i] != '`')
			fputc(word[i], to);
}

void cli_put_wrapped(FILE *to, const char *prefix, size_t column, const char *text)
{
	bool begins_line = column > 0;

	if (column == 0) {
		fputs(prefix, to);
		column = strlen(prefix);
		begins_line = true;
	}
	while (*text != '\0') {
		size_t bytes = strcspn(text, " \n"), width = cli_word_width(text, bytes);

		if (!begins_line && column + 1 + width > CLI_COLUMNS) {
			fprintf(to, "\n%s", prefix);
			column = strlen(prefix);
			begins_line = true;
		}
		if (!begins_line && width > 0) {
			fputc(' ', to);
			column++;
		}
		cli_put_word(to, text, bytes);
		column += width;
		begins_line = begins_line && width == 0;
		text += bytes;
		if (text[0] == '\n' && text[1] == '\n') {
			fprintf(to, "\n\n%s", prefix);
			column = strlen(prefix);
			begins_line = true;
			text++;
		}
		text += *text != '\0';
	}
	fputc('\n', to);
}

/* Two columns: left, and prose beside it that stays in its column. */
static void cli_put_row(FILE *to, const char *left, size_t width, const char *prose)
{
	char prefix[CLI_MAX_LEFT + 4];

	snprintf(prefix, sizeof prefix, "%*s", (int)width, "");
	fprintf(to, "%-*s", (int)width, left);
	cli_put_wrapped(to, prefix, width, prose);
}

static void cli_option_left(const struct cli_option *option, bool has_letters,
                            char left[CLI_MAX_LEFT])
{
	char letter[8] = "";

	if (has_letters)
		snprintf(letter, sizeof letter, option->letter != '\0' ? "-%c, " : "    ",
		         option->letter);
	snprintf(left, CLI_MAX_LEFT, "  %s--%s%s%s", letter, option->name,
	         option->argument != NULL ? " " : "",
	         option->argument != NULL ? option->argument : "");
}

static void cli_put_options(FILE *to, const struct cli_program *program,
                            const struct cli_option *const list[], size_t count)
{
	char left[CLI_MAX_LEFT], help[CLI_MAX_HELP_BYTES];
	bool has_letters = cli_uses_letters(program);
	size_t width = 0;

	for (size_t i = 0; i < count; i++) {
		cli_option_left(list[i], has_letters, left);
		width = strlen(left) + 2 > width ? strlen(left) + 2 : width;
	}
	fputs("\nOptions:\n", to);
	for (size_t i = 0; i < count; i++) {
		cli_option_left(list[i], has_letters, left);
		cli_option_help(program, list[i], help, sizeof help);
		cli_put_row(to, left, width, help);
	}
}

static void cli_put_commands(FILE *to, const struct cli_program *program)
{
	char left[CLI_MAX_LEFT];
	size_t width = 0;

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < program->command_count; i++) {
			const struct cli_command *c = &program->commands[i];
			int length = snprintf(left, sizeof left, "  %s %s", c->name,
			                      c->operands != NULL ? c->operands : "");

			if (pass == 1)
				cli_put_row(to, left, width, c->summary);
			else if ((size_t)length + 2 > width)
				width = (size_t)length + 2;
		}
}

void cli_print_program_help(FILE *to, const struct cli_program *program)
{
	fprintf(to, "%s %s: %s\n\nUsage: %s COMMAND [OPTIONS]\n\nCommands:\n", program->name,
	        NETSESSION_VERSION, program->summary, program->name);
	cli_put_commands(to, program);
	cli_put_options(to, program,
	                (const struct cli_option *const[]){ &cli_common_options[CLI_HELP],
	                                                    &cli_common_options[CLI_VERSION],
	                                                    &cli_common_options[CLI_DESCRIBE] },
	                CLI_COMMON_COUNT);
	fprintf(to, "\n%s COMMAND --help shows the options of a command.\n", program->name);
	if (program->examples != NULL)
		fprintf(to, "\nExamples:\n%s", program->examples);
}

static void cli_put_paragraphs(FILE *to, const char *text)
{
	if (text == NULL)
		return;
	fputc('\n', to);
	cli_put_wrapped(to, "", 0, text);
}

static void cli_put_exits(FILE *to, const struct cli_exit *exits)
{
	fputs("\nExit status:\n", to);
	for (; exits->meaning != NULL; exits++) {
		char left[16];

		snprintf(left, sizeof left, "  %d", exits->status);
		cli_put_row(to, left, 5, exits->meaning);
	}
}

void cli_print_command_help(FILE *to, const struct cli_program *program,
                            const struct cli_command *command)
{
	const struct cli_option *list[CLI_MAX_OPTIONS];
	char summary[CLI_MAX_HELP_BYTES];

	if (cli_has_commands(program)) {
		fprintf(to, "Usage: %s %s [OPTIONS]%s%s\n\n", program->name, command->name,
		        command->operands != NULL ? " " : "",
		        command->operands != NULL ? command->operands : "");
		snprintf(summary, sizeof summary, "%c%s.", ascii_upper(command->summary[0]),
		         command->summary + 1);
		cli_put_wrapped(to, "", 0, summary);
	} else {
		fprintf(to, "%s %s: %s\n\nUsage: %s [OPTIONS]\n", program->name, NETSESSION_VERSION,
		        program->summary, program->name);
	}
	cli_put_paragraphs(to, command->description);
	cli_put_options(to, program, list, cli_list_options(program, command, list));
	cli_put_paragraphs(to, program->notes);
	if (program->print_more_help != NULL)
		program->print_more_help(to);
	cli_put_exits(to, command->exits);
	fprintf(to, "\nExamples:\n%s", command->examples);
}
