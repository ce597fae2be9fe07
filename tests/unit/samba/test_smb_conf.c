/* SPDX-License-Identifier: MIT */
/* The block in smb.conf: put into texts as people write them, found and taken out again. How Samba
 * reads such texts is for Samba itself to say, in tests/e2e/test_samba_setup.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "group.h"
#include "samba/setup/smb_conf.h"

#define DIRECTORY "/var/lib/netsession/samba"
#define BEGIN                                                                            \
	"# netsession-samba: begin, by \"netsession-samba enable\"; \"netsession-samba " \
	"disable\" takes it out"
#define SAYS  "external_rpc_pipe:socket_dir = " DIRECTORY
#define END   "# netsession-samba: end"
#define BLOCK BEGIN "\n[global]\n" SAYS "\n" END "\n"
#define OLDER BEGIN "\n" SAYS "\n" END "\n" /* behind a [global], as earlier versions put it */

static struct smb_conf read_text(const char *text)
{
	struct smb_conf c;

	smb_conf_read(&c, text, strlen(text));
	return c;
}

/* The text with a block, which is found in it and taken out again: all of it as it was. */
static char *put_and_take(const char *text, size_t bytes)
{
	struct smb_conf without, with;
	size_t with_bytes, back_bytes;
	char *block, *made, *back;

	smb_conf_read(&without, text, bytes);
	assert_int_equal(without.state, SMB_CONF_WITHOUT);
	block = smb_conf_block(&without, DIRECTORY);
	made = smb_conf_insert(&without, text, bytes, block, &with_bytes);
	assert_int_equal(with_bytes, bytes + strlen(block));
	smb_conf_read(&with, made, with_bytes);
	assert_int_equal(with.state, SMB_CONF_WITH);
	assert_string_equal(with.directory, DIRECTORY);
	assert_int_equal(with.begin, without.begin);
	assert_int_equal(with.line, without.line);
	back = smb_conf_remove(&with, made, with_bytes, &back_bytes);
	assert_int_equal(back_bytes, bytes);
	assert_memory_equal(back, text, bytes);
	free(block);
	free(back);
	made[with_bytes] = '\0';
	return made;
}

static void expect(const char *text, const char *made)
{
	char *found = put_and_take(text, strlen(text));

	assert_string_equal(found, made);
	free(found);
}

static void the_block_goes_first_whatever_the_text_is(void **state)
{
	static const char *const texts[] = {
		"",
		"[global]\n",
		"[global]",
		"[global",
		"# head\n\n[global]\nworkgroup = LAB\n[s]\npath = /s\n",
		"[global]\na = b\n[global]\nc = d",
		"[s]\npath = /\n[global]\na = b\n",
		"workgroup = LAB\n",
		"[share]\npath = /s",
		"  [ GLOBAL ]  \n",
		"\t[Glo bal] # x\n",
		"\f\v[global] \t\n",
		"#[global]\n;[global]\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char made[400];

		snprintf(made, sizeof made, BLOCK "%s", texts[i]);
		expect(texts[i], made);
	}
}

static void continued_lines_are_no_different(void **state)
{
	(void)state;
	expect("\\\n[global]\n", BLOCK "\\\n[global]\n");
	expect("[global]\\\n more\nx = y\n", BLOCK "[global]\\\n more\nx = y\n");
	expect("comment = a \\\n[global]\nb = c\n", BLOCK "comment = a \\\n[global]\nb = c\n");
	expect("# comment \\\n[global]\n", BLOCK "# comment \\\n[global]\n");
}

static void lines_end_as_the_others_do(void **state)
{
	(void)state;
	expect("a = b\r\n", BEGIN "\r\n[global]\r\n" SAYS "\r\n" END "\r\na = b\r\n");
	expect("# x\n[global]\r\n", BLOCK "# x\n[global]\r\n");
}

static void a_byte_order_mark_stays_the_first(void **state)
{
	struct smb_conf c = read_text("\xEF\xBB\xBF[global]");

	(void)state;
	expect("\xEF\xBB\xBF# head\n[global]\na = b\n",
	       "\xEF\xBB\xBF# head\n" BLOCK "[global]\na = b\n");
	/* Samba does not know the line behind the mark for a section. */
	expect("\xEF\xBB\xBF[global]\na = b\n", "\xEF\xBB\xBF[global]\n" BLOCK "a = b\n");
	expect("\xEF\xBB\xBFx = y \\\nz\na = b\n", "\xEF\xBB\xBFx = y \\\nz\n" BLOCK "a = b\n");
	assert_int_equal(c.state, SMB_CONF_UNUSABLE);
	c = read_text("\xEF\xBB\xBFx = y \\ \n");
	assert_int_equal(c.state, SMB_CONF_UNUSABLE);
}

static void long_lines_are_no_different(void **state)
{
	enum { LONG_BYTES = 200000 };
	char *text = malloc(LONG_BYTES + 100), *made;

	(void)state;
	memset(text, 'x', LONG_BYTES);
	strcpy(text + LONG_BYTES, " = y\n[global]\n");
	memset(text + LONG_BYTES + 14, ' ', 50);
	strcpy(text + LONG_BYTES + 64, "z");
	made = put_and_take(text, LONG_BYTES + 65);
	assert_memory_equal(made, BLOCK "xxx", strlen(BLOCK) + 3);
	free(made);
	free(text);
}

static void what_others_change_around_it_stays(void **state)
{
	const char *edited = "# new\n[global]\nnew = 1\n" BLOCK "a = c\n[new]\n";
	struct smb_conf c = read_text(edited);
	size_t bytes;
	char *made = smb_conf_remove(&c, edited, strlen(edited), &bytes);

	(void)state;
	assert_int_equal(c.state, SMB_CONF_WITH);
	assert_int_equal(c.line, 4);
	made[bytes] = '\0';
	assert_string_equal(made, "# new\n[global]\nnew = 1\na = c\n[new]\n");
	free(made);
}

static void a_block_of_an_earlier_version_is_taken_out_as_well(void **state)
{
	const char *text = "# head\n[global]\n" OLDER "a = b\n";
	struct smb_conf c = read_text(text);
	size_t bytes;
	char *made = smb_conf_remove(&c, text, strlen(text), &bytes);

	(void)state;
	assert_int_equal(c.state, SMB_CONF_WITH);
	assert_int_equal(c.line, 3);
	assert_string_equal(c.directory, DIRECTORY);
	made[bytes] = '\0';
	assert_string_equal(made, "# head\n[global]\na = b\n");
	free(made);
}

static void a_block_at_the_end_may_have_lost_its_line_end(void **state)
{
	const char *text = "[global]\n" BEGIN "\n" SAYS "\n" END;
	struct smb_conf c = read_text(text);

	(void)state;
	assert_int_equal(c.state, SMB_CONF_WITH);
	assert_int_equal(c.begin, 9);
	assert_int_equal(c.end, strlen(text));
}

static void a_block_that_is_not_as_it_was_made_is_not_touched(void **state)
{
	static const struct {
		const char *text;
		size_t line;
	} changed[] = {
		{ "[global]\n" BEGIN "\n" SAYS " \n" END "\n", 2 },
		{ "[global]\n" BEGIN "\n " SAYS "\n" END "\n", 2 },
		{ "[global]\n" BEGIN "\n" END "\n", 2 },
		{ "[global]\n" BEGIN "\n", 2 },
		{ "[global]\n" END "\n", 2 },
		{ "[global]\n " BLOCK, 2 },
		{ "[global]\n" BLOCK BLOCK, 6 },
		{ "[global]\n" BLOCK END "\n", 6 },
		{ BEGIN "\n[global]\n[global]\n" SAYS "\n" END "\n", 1 },
		{ "[global]\n# netsession-samba: mine\n", 2 },
		{ "[global]\n" BEGIN "\nexternal_rpc_pipe:socket_dir = relative\n" END "\n", 2 },
		{ "[global]\n" BEGIN "\nexternal_rpc_pipe:socket_dir = \n" END "\n", 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof changed / sizeof *changed; i++) {
		struct smb_conf c = read_text(changed[i].text);

		assert_int_equal(c.state, SMB_CONF_CHANGED);
		assert_string_equal(c.directory, "");
		assert_int_equal(c.line, changed[i].line);
	}
}

static void what_others_say_is_found_and_not_touched(void **state)
{
	static const struct {
		const char *text;
		size_t line;
	} others[] = {
		{ "[global]\nexternal_rpc_pipe:socket_dir = /run/x\n", 2 },
		{ "External_RPC_Pipe : Socket_Dir=/run/x", 1 },
		{ "[s]\n[ Global ]\n\texternal_rpc_pipe:socket_dir\t=\t /run/x \t", 3 },
		{ "[global]\nexternal_rpc_pipe:socket_dir = \\\n/run/x\r\n", 2 },
		{ "[s]\nexternal_rpc_pipe:socket_dir = /x\n", 2 },
		/* Samba says whether it is set; the line only helps to find it. */
		{ "[global]\nexternal_rpc_\\\npipe:socket_dir = /run/x\n", 0 },
		{ "[global]\n;" SAYS "\n# " SAYS "\n", 0 },
		{ "external_rpc_pipe:socket_directory = /x\nexternal_rpc_pipe = /x\n", 0 },
	};
	struct smb_conf c = read_text("[global]\n" BLOCK "external_rpc_pipe:socket_dir = /run/x\n");

	(void)state;
	assert_int_equal(c.state, SMB_CONF_WITH);
	assert_int_equal(c.other_line, 6);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		c = read_text(others[i].text);
		assert_int_equal(c.state, SMB_CONF_WITHOUT);
		assert_int_equal(c.other_line, others[i].line);
	}
}

static void a_text_with_a_zero_is_refused(void **state)
{
	struct smb_conf c;

	(void)state;
	smb_conf_read(&c, "[global]\n\0\n", 11);
	assert_int_equal(c.state, SMB_CONF_UNUSABLE);
}

static void a_directory_that_would_not_survive_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"relative",
		"/a\n",
		"/a\tb",
		"/a  b",
		"/a ",
		"/%m",
		"/a\\",
		"/\"a\"",
		"/",
		"/a/",
		"/a\x7F",
		("/567890123456789012345678901234567890123456789012345678901"
		 "23456789012345678901234567"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_non_null(smb_conf_directory_fault(bad[i]));
	assert_null(smb_conf_directory_fault(DIRECTORY));
	assert_null(smb_conf_directory_fault("/with one blank/\xC3\xA4=;#"));
}

/* Texts out of what matters here, in any order. */
static void random_texts_come_back_as_they_were(void **state)
{
	static const char *const words[] = {
		"[global]",
		"[",
		"]",
		"global",
		" ",
		"\t",
		"\n",
		"\n",
		"\r\n",
		"\\",
		"\\\n",
		"\\ \n",
		"#",
		";",
		"= ",
		"a = b",
		"\xEF\xBB\xBF",
		"[share]\n",
		"include = /x\n",
		"\xFF",
		"# netsession-samb",
		"[GLOBAL]\n",
	};
	uint64_t seed = 1;
	unsigned put = 0, refused = 0;

	(void)state;
	for (unsigned round = 0; round < 200000; round++) {
		char text[400] = "";
		size_t bytes = 0;
		struct smb_conf c;

		for (unsigned count = (unsigned)(seed >> 33) % 20; count > 0; count--) {
			const char *word;

			seed = seed * 6364136223846793005u + 1442695040888963407u;
			word = words[(seed >> 33) % (sizeof words / sizeof *words)];
			strcpy(text + bytes, word);
			bytes += strlen(word);
		}
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		c = read_text(text);
		if (c.state == SMB_CONF_WITHOUT) {
			free(put_and_take(text, bytes));
			put++;
		} else {
			assert_int_equal(c.state, SMB_CONF_UNUSABLE);
			refused++;
		}
	}
	assert_int_in_range(put, 150000, 200000);
	assert_int_in_range(refused, 100, 50000);
}

TEST_GROUP(smb_conf)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_block_goes_first_whatever_the_text_is),
		cmocka_unit_test(continued_lines_are_no_different),
		cmocka_unit_test(lines_end_as_the_others_do),
		cmocka_unit_test(a_byte_order_mark_stays_the_first),
		cmocka_unit_test(long_lines_are_no_different),
		cmocka_unit_test(what_others_change_around_it_stays),
		cmocka_unit_test(a_block_of_an_earlier_version_is_taken_out_as_well),
		cmocka_unit_test(a_block_at_the_end_may_have_lost_its_line_end),
		cmocka_unit_test(a_block_that_is_not_as_it_was_made_is_not_touched),
		cmocka_unit_test(what_others_say_is_found_and_not_touched),
		cmocka_unit_test(a_text_with_a_zero_is_refused),
		cmocka_unit_test(a_directory_that_would_not_survive_is_refused),
		cmocka_unit_test(random_texts_come_back_as_they_were),
	};

	return cmocka_run_group_tests_name("smb_conf", tests, NULL, NULL);
}
