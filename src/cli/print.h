/* SPDX-License-Identifier: MIT */
/* Inside cli, and for programs that print more: the outputs that follow from a struct cli_program.
 */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

#include "cli/cli.h"

enum { CLI_MAX_OPTIONS = 48, CLI_MAX_HELP_BYTES = 1024, CLI_COLUMNS = 80 };

/* What every program takes, and where the values go. --describe is for packagers. */
enum { CLI_HELP, CLI_VERSION, CLI_DESCRIBE, CLI_COMMON_COUNT };
extern const struct cli_option cli_common_options[CLI_COMMON_COUNT];
struct cli_common_values {
	bool help, version;
	const char *describe;
};

bool cli_has_commands(const struct cli_program *program);
/* Whether an option of the program has a short form. Only then --help is shown with its own. */
bool cli_uses_letters(const struct cli_program *program);
bool cli_takes_option(const struct cli_program *program, const struct cli_command *command,
                      const struct cli_option *option);

/* Fills list with the options that a command takes: its own in the order of the table, then
 * --help; for a program without commands --version and --describe too. Returns how many. */
size_t cli_list_options(const struct cli_program *program, const struct cli_command *command,
                        const struct cli_option *list[CLI_MAX_OPTIONS]);

/* The choices as "a, b or c"; what the argument may be, for an error message; the help with
 * choices, bounds and default. All end by a NUL, cut off where they do not fit. */
void cli_option_choices(const struct cli_option *option, char *text, size_t bytes);
void cli_option_expected(const struct cli_option *option, char *text, size_t bytes);
void cli_option_help(const struct cli_program *program, const struct cli_option *option, char *text,
                     size_t bytes);

/* Writes prose in lines of at most CLI_COLUMNS columns, each of which begins with prefix, and ends
 * the last one. column: how far the first line is written already, 0 for nothing, even the prefix.
 * Backquotes are left out. */
void cli_put_wrapped(FILE *to, const char *prefix, size_t column, const char *text);

/* Parts of a manual page. */
void cli_manual_put_header(FILE *to, const char *name, int section, const char *summary);
void cli_manual_put_items(FILE *to, const struct cli_item *items);
void cli_manual_put_sections(FILE *to, const struct cli_section *sections);
void cli_manual_put_see_also(FILE *to, const char *pages);

void cli_print_program_help(FILE *to, const struct cli_program *program);
void cli_print_command_help(FILE *to, const struct cli_program *program,
                            const struct cli_command *command);
void cli_print_manual(FILE *to, const struct cli_program *program);
void cli_print_bash(FILE *to, const struct cli_program *program);
void cli_print_zsh(FILE *to, const struct cli_program *program);
void cli_print_fish(FILE *to, const struct cli_program *program);

#endif
