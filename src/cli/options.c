/* SPDX-License-Identifier: MIT */
/* The options of a command: which it takes, and what their help says. */
#include <stdarg.h>
#include <string.h>
#include "cli/print.h"

#define AT(MEMBER) offsetof(struct cli_common_values, MEMBER)

const struct cli_option cli_common_options[CLI_COMMON_COUNT] = {
	[CLI_HELP] = { .name = "help",
	               .letter = 'h',
	               .kind = CLI_FLAG,
	               .member = AT(help),
	               .help = "show this help and exit" },
	[CLI_VERSION] = { .name = "version",
	                  .kind = CLI_FLAG,
	                  .member = AT(version),
	                  .help = "show the version and exit" },
	[CLI_DESCRIBE] = { .name = "describe",
	                   .argument = "FORM",
	                   .kind = CLI_TEXT,
	                   .member = AT(describe),
	                   .help = "print and exit: the manual page (man), the completion for a shell "
	                           "(bash, zsh, fish)" },
};

bool cli_has_commands(const struct cli_program *program)
{
	return program->commands[0].name != NULL;
}

bool cli_uses_letters(const struct cli_program *program)
{
	for (size_t i = 0; i < program->option_count; i++)
		if (program->options[i].letter != '\0')
			return true;
	return false;
}

bool cli_takes_option(const struct cli_program *program, const struct cli_command *command,
                      const struct cli_option *option)
{
	return option->commands == 0 ||
	       (option->commands >> (command - program->commands) & 1) != 0;
}

size_t cli_list_options(const struct cli_program *program, const struct cli_command *command,
                        const struct cli_option *list[CLI_MAX_OPTIONS])
{
	size_t count = 0;

	for (size_t i = 0; i < program->option_count && count < CLI_MAX_OPTIONS; i++)
		if (cli_takes_option(program, command, &program->options[i]))
			list[count++] = &program->options[i];
	for (size_t i = 0; i < CLI_COMMON_COUNT && count < CLI_MAX_OPTIONS; i++)
		if (i == CLI_HELP || !cli_has_commands(program))
			list[count++] = &cli_common_options[i];
	return count;
}

/* Appends to the text of bytes, as much as there is room for. */
__attribute__((format(printf, 3, 4))) static void cli_append(char *text, size_t bytes,
                                                             const char *format, ...)
{
	size_t length = strlen(text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text + length, bytes - length, format, arguments);
	va_end(arguments);
}

void cli_option_choices(const struct cli_option *option, char *text, size_t bytes)
{
	text[0] = '\0';
	for (size_t i = 0; option->choice(i) != NULL; i++)
		cli_append(text, bytes, "%s%s",
		           i == 0                          ? ""
		           : option->choice(i + 1) == NULL ? " or "
		                                           : ", ",
		           option->choice(i));
}

void cli_option_expected(const struct cli_option *option, char *text, size_t bytes)
{
	if (option->choice != NULL)
		cli_option_choices(option, text, bytes);
	else if (option->kind == CLI_NUMBER)
		snprintf(text, bytes, "a number from %u to %u", (unsigned)option->min,
		         (unsigned)option->max);
	else if (option->kind == CLI_SECONDS)
		snprintf(text, bytes, "0.001 to 86400 seconds");
	else if (option->kind == CLI_DIRECTORY)
		snprintf(text, bytes, "an absolute path");
	else if (option->kind == CLI_PARSED)
		snprintf(text, bytes, "%s", option->argument);
	else
		snprintf(text, bytes, "a text that is not empty");
}

void cli_option_help(const struct cli_program *program, const struct cli_option *option, char *text,
                     size_t bytes)
{
	bool is_bounded = option->kind == CLI_NUMBER && option->max != UINT32_MAX;

	snprintf(text, bytes, "%s", option->help);
	if (option == &cli_common_options[CLI_DESCRIBE])
		for (const struct cli_form *f = program->forms; f != NULL && f->name != NULL; f++)
			cli_append(text, bytes, ", %s (%s)", f->help, f->name);
	if (option->choice != NULL) {
		char choices[256];

		cli_option_choices(option, choices, sizeof choices);
		cli_append(text, bytes, ": %s", choices);
	}
	if (is_bounded)
		cli_append(text, bytes, " (%u to %u", (unsigned)option->min, (unsigned)option->max);
	if (option->initial != NULL)
		cli_append(text, bytes, "%sdefault: %s", is_bounded ? "; " : " (", option->initial);
	if (is_bounded || option->initial != NULL)
		cli_append(text, bytes, ")");
}
