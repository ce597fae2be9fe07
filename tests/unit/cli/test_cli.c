/* SPDX-License-Identifier: MIT */
/* src/cli: one table, of which the parser, its messages and --help are made. The manual page and
 * the completions are judged by mandoc and by the shells themselves, in e2e/test_describe.py. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include "cli/print.h"
#include "group.h"

struct values {
	bool flag;
	const char *text, *file, *directory, *choice;
	uint32_t number, ms;
	char parsed;
};

static const char *choice(size_t index)
{
	static const char *const choices[] = { "red", "green", "blue", NULL };

	return choices[index];
}

static bool parse_letter(const char *argument, void *member)
{
	*(char *)member = argument[0];
	return strlen(argument) == 1;
}

#define AT(MEMBER) offsetof(struct values, MEMBER)

static const struct cli_option option_table[] = {
	{ .name = "flag", .letter = 'f', .kind = CLI_FLAG, .member = AT(flag), .help = "set it" },
	{ .name = "text",
	  .kind = CLI_TEXT,
	  .argument = "TEXT",
	  .member = AT(text),
	  .min = 1,
	  .help = "a text that is so long that its help does not fit into what is left of one line "
	          "of a terminal" },
	{ .name = "file",
	  .kind = CLI_FILE,
	  .argument = "FILE",
	  .member = AT(file),
	  .help = "a file" },
	{ .name = "directory",
	  .kind = CLI_DIRECTORY,
	  .argument = "DIR",
	  .member = AT(directory),
	  .help = "a directory" },
	{ .name = "number",
	  .letter = 'n',
	  .kind = CLI_NUMBER,
	  .argument = "N",
	  .member = AT(number),
	  .min = 1,
	  .max = 10,
	  .initial = "7",
	  .help = "a number" },
	{ .name = "wait",
	  .kind = CLI_SECONDS,
	  .argument = "SECONDS",
	  .member = AT(ms),
	  .help = "how long" },
	{ .name = "colour",
	  .kind = CLI_CHOICE,
	  .argument = "COLOUR",
	  .member = AT(choice),
	  .initial = "red",
	  .commands = 1u << 0,
	  .help = "the colour",
	  .choice = choice },
	{ .name = "letter",
	  .kind = CLI_PARSED,
	  .argument = "LETTER",
	  .member = AT(parsed),
	  .help = "a letter",
	  .parse = parse_letter },
};

static const struct cli_exit exits[] = { { 0, "good" }, CLI_USAGE_ROW, { 0 } };

static const struct cli_command commands[] = {
	{ .name = "paint", .summary = "paint it", .exits = exits, .examples = "  tool paint\n" },
	{ .name = "send",
	  .operands = "HOST [PORT]",
	  .min_operands = 1,
	  .max_operands = 2,
	  .summary = "send it",
	  .exits = exits,
	  .examples = "  tool send fs1\n" },
};

static const struct cli_renamed renamed[] = { { "--number-of-old", "--number", "0.3" }, { 0 } };

static const struct cli_program program = {
	.name = "tool",
	.manual_section = 1,
	.summary = "a tool",
	.commands = commands,
	.command_count = 2,
	.options = option_table,
	.option_count = sizeof option_table / sizeof *option_table,
	.renamed = renamed,
};

static struct values values;
static struct cli_operands operands;
static int status;
static char *written;

/* Gives the index of the command that tool would run; what it writes to stderr is in written. */
static int parse_line(const char *line)
{
	static char program_name[] = "tool", words[256], *argv[24];
	char *rest = words, *word;
	FILE *before = stderr;
	size_t bytes;
	int argc = 1, command;

	snprintf(words, sizeof words, "%s", line);
	argv[0] = program_name;
	while ((word = strsep(&rest, " ")) != NULL)
		argv[argc++] = word;
	argv[argc] = NULL;
	free(written);
	values = (struct values){ 0 };
	optind = 0;
	stderr = open_memstream(&written, &bytes);
	command = cli_parse(&program, argc, argv, &values, &operands, &status);
	fclose(stderr);
	stderr = before;
	return command;
}

static void each_kind_sets_its_member(void **state)
{
	(void)state;
	assert_int_equal(0,
	                 parse_line("paint -f --text hello --file x --directory /d -n 3 --wait 1.5 "
	                            "--colour=blue --letter q"));
	assert_true(values.flag);
	assert_string_equal("hello", values.text);
	assert_string_equal("x", values.file);
	assert_string_equal("/d", values.directory);
	assert_int_equal(3, values.number);
	assert_int_equal(1500, values.ms);
	assert_string_equal("blue", values.choice);
	assert_int_equal('q', values.parsed);
	assert_string_equal("", written);
}

static void defaults_hold_where_the_command_line_is_silent(void **state)
{
	(void)state;
	assert_int_equal(0, parse_line("paint"));
	assert_int_equal(7, values.number);
	assert_string_equal("red", values.choice);
	assert_null(values.text);
	assert_false(values.flag);
}

static void a_wrong_value_is_refused_with_what_was_expected(void **state)
{
	static const char *const rows[][2] = {
		{ "paint --text=",
		  "tool: invalid value \"\" for --text: expected a text that is not empty\n" },
		{ "paint --file=",
		  "tool: invalid value \"\" for --file: expected a text that is not empty\n" },
		{ "paint --directory d",
		  "tool: invalid value \"d\" for --directory: expected an absolute path\n" },
		{ "paint -n 0",
		  "tool: invalid value \"0\" for --number: expected a number from 1 to 10\n" },
		{ "paint -n 11",
		  "tool: invalid value \"11\" for --number: expected a number from 1 to 10\n" },
		{ "paint -n -1",
		  "tool: invalid value \"-1\" for --number: expected a number from 1 to 10\n" },
		{ "paint -n 3x",
		  "tool: invalid value \"3x\" for --number: expected a number from 1 to 10\n" },
		{ "paint --wait 0",
		  "tool: invalid value \"0\" for --wait: expected 0.001 to 86400 seconds\n" },
		{ "paint --wait 86401",
		  "tool: invalid value \"86401\" for --wait: expected 0.001 to 86400 seconds\n" },
		{ "paint --colour pink",
		  "tool: invalid value \"pink\" for --colour: expected red, green or blue\n" },
		{ "paint --letter qq",
		  "tool: invalid value \"qq\" for --letter: expected LETTER\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(-1, parse_line(rows[i][0]));
		assert_int_equal(CLI_EXIT_USAGE, status);
		assert_string_equal(rows[i][1], written);
	}
}

static void a_wrong_command_line_is_refused_in_one_line(void **state)
{
	static const char *const rows[][2] = {
		{ "mend", "tool: unknown command \"mend\"; see tool --help\n" },
		{ "paint --fla=1",
		  "tool: unexpected argument for option --flag; see tool paint --help\n" },
		{ "paint --size 1", "tool: unknown option --size; see tool paint --help\n" },
		{ "paint --password=secret",
		  "tool: unknown option --password; see tool paint --help\n" },
		{ "paint -fx", "tool: unknown option -x; see tool paint --help\n" },
		{ "paint --text",
		  "tool: missing argument for option --text; see tool paint --help\n" },
		{ "paint -n", "tool: missing argument for option -n; see tool paint --help\n" },
		{ "paint it", "tool: unexpected argument it; see tool paint --help\n" },
		{ "send", "tool: too few arguments; usage: tool send [OPTIONS] HOST [PORT]\n" },
		{ "send a 1 2",
		  "tool: too many arguments; usage: tool send [OPTIONS] HOST [PORT]\n" },
		{ "send --colour red fs1",
		  "tool: unknown option --colour; see tool send --help\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(-1, parse_line(rows[i][0]));
		assert_int_equal(CLI_EXIT_USAGE, status);
		assert_string_equal(rows[i][1], written);
	}
}

static void a_renamed_option_is_refused_by_its_new_name(void **state)
{
	(void)state;
	assert_int_equal(-1, parse_line("paint --number-of-old=3"));
	assert_string_equal(
		"tool: option --number-of-old was renamed in version 0.3; use --number\n", written);
}

static void operands_follow_the_options(void **state)
{
	(void)state;
	assert_int_equal(1, parse_line("send fs1 -f 445"));
	assert_int_equal(2, operands.count);
	assert_string_equal("fs1", operands.list[0]);
	assert_string_equal("445", operands.list[1]);
	assert_null(operands.list[2]);
	assert_true(values.flag);
}

static void the_help_of_options_stays_in_its_column(void **state)
{
	char *text;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);

	(void)state;
	cli_print_command_help(to, &program, &commands[0]);
	fclose(to);
	assert_string_equal(
		"Usage: tool paint [OPTIONS]\n"
		"\n"
		"Paint it.\n"
		"\n"
		"Options:\n"
		"  -f, --flag           set it\n"
		"      --text TEXT      a text that is so long that its help does not fit into\n"
		"                       what is left of one line of a terminal\n"
		"      --file FILE      a file\n"
		"      --directory DIR  a directory\n"
		"  -n, --number N       a number (1 to 10; default: 7)\n"
		"      --wait SECONDS   how long\n"
		"      --colour COLOUR  the colour: red, green or blue (default: red)\n"
		"      --letter LETTER  a letter\n"
		"  -h, --help           show this help and exit\n"
		"\n"
		"Exit status:\n"
		"  0  good\n"
		"  2  the command line was wrong\n"
		"\n"
		"Examples:\n"
		"  tool paint\n",
		text);
	free(text);
}

static void prose_is_wrapped_between_words(void **state)
{
	char *text;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);

	(void)state;
	cli_put_wrapped(
		to, "# ", 0,
		"`bold` words\nand more of them, until the line is as long as a terminal is, "
		"which is eighty columns.\n\nA paragraph.");
	fclose(to);
	assert_string_equal(
		"# bold words and more of them, until the line is as long as a terminal is, which\n"
		"# is eighty columns.\n"
		"\n"
		"# A paragraph.\n",
		text);
	free(text);
}

static int free_written(void **state)
{
	(void)state;
	free(written);
	return 0;
}

TEST_GROUP(cli)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_sets_its_member),
		cmocka_unit_test(defaults_hold_where_the_command_line_is_silent),
		cmocka_unit_test(a_wrong_value_is_refused_with_what_was_expected),
		cmocka_unit_test(a_wrong_command_line_is_refused_in_one_line),
		cmocka_unit_test(a_renamed_option_is_refused_by_its_new_name),
		cmocka_unit_test(operands_follow_the_options),
		cmocka_unit_test(the_help_of_options_stays_in_its_column),
		cmocka_unit_test(prose_is_wrapped_between_words),
	};

	return cmocka_run_group_tests(tests, NULL, free_written);
}
