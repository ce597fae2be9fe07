/* SPDX-License-Identifier: MIT */
/* The completions of bash, zsh and fish. */
#include <string.h>
#include "cli/print.h"

/* The choices of an option's argument, separated by blanks. */
static void completion_put_choices(FILE *to, const struct cli_option *option)
{
	for (size_t i = 0; option->choice(i) != NULL; i++)
		fprintf(to, "%s%s", i > 0 ? " " : "", option->choice(i));
}

/* A shell function's name: bash takes a '-' there only while it is not in POSIX mode. */
static void completion_put_function(FILE *to, const struct cli_program *program)
{
	fputc('_', to);
	for (const char *c = program->name; *c != '\0'; c++)
		fputc(*c == '-' ? '_' : *c, to);
}

/* A text within single quotes; a character of escaped gets a backslash. */
static void completion_put_quoted(FILE *to, const char *text, const char *escaped)
{
	for (; *text != '\0'; text++) {
		if (*text == '`')
			continue;
		if (*text == '\'')
			fputs("'\\'", to);
		else if (strchr(escaped, *text) != NULL)
			fputc('\\', to);
		fputc(*text, to);
	}
}

static void completion_put_help(FILE *to, const struct cli_program *program,
                                const struct cli_option *option, const char *escaped)
{
	char help[CLI_MAX_HELP_BYTES];

	cli_option_help(program, option, help, sizeof help);
	completion_put_quoted(to, help, escaped);
}

/* ---- bash ---- */

static void bash_put_argument(FILE *to, const struct cli_option *option)
{
	if (option->argument == NULL)
		return;
	fputs("\t\t", to);
	if (option->letter != '\0')
		fprintf(to, "-%c|", option->letter);
	fprintf(to, "--%s) COMPREPLY=(", option->name);
	if (option->choice != NULL) {
		fputs("$(compgen -W '", to);
		completion_put_choices(to, option);
		fputs("' -- \"$word\")", to);
	} else if (option->kind == CLI_FILE) {
		fputs("$(compgen -f -- \"$word\")", to);
	} else if (option->kind == CLI_DIRECTORY) {
		fputs("$(compgen -d -- \"$word\")", to);
	}
	fputs("); return ;;\n", to);
}

/* What completes the words of one command: the argument of the option before, a host, an option. */
static void bash_put_command(FILE *to, const struct cli_program *program,
                             const struct cli_command *command)
{
	const struct cli_option *list[CLI_MAX_OPTIONS];
	size_t count = cli_list_options(program, command, list);

	fputs("\t\tcase $before in\n", to);
	for (size_t i = 0; i < count; i++)
		bash_put_argument(to, list[i]);
	fputs("\t\tesac\n", to);
	if (command->takes_hosts)
		/* bash takes smb://host for three words. */
		fputs("\t\tcase $word in -*) ;;\n"
		      "\t\t//*) COMPREPLY=($(compgen -P // -A hostname -- \"${word#//}\")); return ;;\n"
		      "\t\t*) COMPREPLY=($(compgen -A hostname -- \"$word\")); return ;;\n"
		      "\t\tesac\n",
		      to);
	fputs("\t\tCOMPREPLY=($(compgen -W '", to);
	for (size_t i = 0; i < count; i++) {
		if (list[i]->letter != '\0' && cli_uses_letters(program))
			fprintf(to, "-%c ", list[i]->letter);
		fprintf(to, "--%s ", list[i]->name);
	}
	fputs("' -- \"$word\"))\n", to);
}

static void bash_put_commands(FILE *to, const struct cli_program *program)
{
	fputs("\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\tCOMPREPLY=($(compgen -W '", to);
	for (size_t i = 0; i < program->command_count; i++)
		fprintf(to, "%s ", program->commands[i].name);
	fputs("--help --version' -- \"$word\"))\n\t\treturn\n\tfi\n\tcase ${COMP_WORDS[1]} in\n",
	      to);
	for (size_t i = 0; i < program->command_count; i++) {
		fprintf(to, "\t%s)\n", program->commands[i].name);
		bash_put_command(to, program, &program->commands[i]);
		fputs("\t\t;;\n", to);
	}
	fputs("\tesac\n", to);
}

void cli_print_bash(FILE *to, const struct cli_program *program)
{
	fprintf(to, "# bash completion, made by %s --describe bash\n", program->name);
	completion_put_function(to, program);
	fputs("()\n{\n"
	      "\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
	      "\tCOMPREPLY=()\n",
	      to);
	if (cli_has_commands(program))
		bash_put_commands(to, program);
	else
		bash_put_command(to, program, &program->commands[0]);
	fputs("}\ncomplete -F ", to);
	completion_put_function(to, program);
	fprintf(to, " %s\n", program->name);
}

/* ---- zsh ---- */

static void zsh_put_option(FILE *to, const struct cli_program *program,
                           const struct cli_option *option)
{
	fputs("\t\t'", to);
	if (option->letter != '\0' && cli_uses_letters(program))
		fprintf(to, "(-%c --%s)'{-%c,--%s}'", option->letter, option->name, option->letter,
		        option->name);
	else
		fprintf(to, "--%s", option->name);
	fputc('[', to);
	completion_put_help(to, program, option, "[]:\\");
	fputc(']', to);
	if (option->argument != NULL)
		fprintf(to, ":%s:", option->argument);
	if (option->choice != NULL) {
		fputc('(', to);
		completion_put_choices(to, option);
		fputc(')', to);
	} else if (option->kind == CLI_FILE) {
		fputs("_files", to);
	} else if (option->kind == CLI_DIRECTORY) {
		fputs("_files -/", to);
	}
	fputs("' \\\n", to);
}

static void zsh_put_command(FILE *to, const struct cli_program *program,
                            const struct cli_command *command)
{
	const struct cli_option *list[CLI_MAX_OPTIONS];
	size_t count = cli_list_options(program, command, list);

	fputs("\t\t_arguments -s \\\n", to);
	for (size_t i = 0; i < count; i++)
		zsh_put_option(to, program, list[i]);
	fputs(command->takes_hosts ? "\t\t'*:server:{ compset -P \"*//\"; _hosts }'" : "\t\t'*: :'",
	      to);
}

static void zsh_put_commands(FILE *to, const struct cli_program *program)
{
	fputs("\tif (( CURRENT == 2 )); then\n\t\tlocal -a commands=(\n", to);
	for (size_t i = 0; i < program->command_count; i++) {
		fprintf(to, "\t\t\t'%s:", program->commands[i].name);
		completion_put_quoted(to, program->commands[i].summary, ":\\");
		fputs("'\n", to);
	}
	fputs("\t\t)\n\t\t_describe command commands\n\t\treturn\n\tfi\n"
	      "\tlocal command=$words[2]\n\tshift words\n\t(( CURRENT-- ))\n\tcase $command in\n",
	      to);
	for (size_t i = 0; i < program->command_count; i++) {
		fprintf(to, "\t%s)\n", program->commands[i].name);
		zsh_put_command(to, program, &program->commands[i]);
		fputs(" ;;\n", to);
	}
	fputs("\tesac\n", to);
}

void cli_print_zsh(FILE *to, const struct cli_program *program)
{
	fprintf(to, "#compdef %s\n# made by %s --describe zsh\n", program->name, program->name);
	completion_put_function(to, program);
	fputs("()\n{\n", to);
	if (cli_has_commands(program)) {
		zsh_put_commands(to, program);
	} else {
		zsh_put_command(to, program, &program->commands[0]);
		fputc('\n', to);
	}
	fputs("}\n", to);
	completion_put_function(to, program);
	fputs(" \"$@\"\n", to);
}

/* ---- fish ---- */

static void fish_put_option(FILE *to, const struct cli_program *program,
                            const struct cli_command *command, const struct cli_option *option)
{
	fprintf(to, "complete -c %s", program->name);
	if (cli_has_commands(program))
		fprintf(to, " -n '__fish_seen_subcommand_from %s'", command->name);
	fprintf(to, " -l %s", option->name);
	if (option->letter != '\0' && cli_uses_letters(program))
		fprintf(to, " -s %c", option->letter);
	if (option->choice != NULL) {
		fputs(" -x -a '", to);
		completion_put_choices(to, option);
		fputc('\'', to);
	} else if (option->kind == CLI_FILE || option->kind == CLI_DIRECTORY) {
		fputs(" -r -F", to);
	} else if (option->argument != NULL) {
		fputs(" -x", to);
	}
	fputs(" -d '", to);
	completion_put_help(to, program, option, "\\");
	fputs("'\n", to);
}

void cli_print_fish(FILE *to, const struct cli_program *program)
{
	fprintf(to, "# fish completion, made by %s --describe fish\ncomplete -c %s -f\n",
	        program->name, program->name);
	for (size_t i = 0; i < program->command_count && cli_has_commands(program); i++) {
		fprintf(to, "complete -c %s -n __fish_use_subcommand -a %s -d '", program->name,
		        program->commands[i].name);
		completion_put_quoted(to, program->commands[i].summary, "\\");
		fputs("'\n", to);
	}
	for (size_t i = 0; i < program->command_count; i++) {
		const struct cli_option *list[CLI_MAX_OPTIONS];
		size_t count = cli_list_options(program, &program->commands[i], list);

		for (size_t o = 0; o < count; o++)
			fish_put_option(to, program, &program->commands[i], list[o]);
	}
}
