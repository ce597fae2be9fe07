/* SPDX-License-Identifier: MIT */
/* The block in smb.conf: put into texts as people write them, found and taken out again. Whether
 * Samba reads them as this does is asked of Samba itself by tests/e2e/test_samba_setup.py. */
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
#define BLOCK BEGIN "\n" SAYS "\n" END "\n"
#define WHOLE BEGIN "\n[global]\n" SAYS "\n" END "\n"

static struct smb_conf read_text(const char *text)
{
	struct smb_conf c;

	assert_true(smb_conf_read(&c, text, strlen(text)));
	return c;
}

/* The text with a block, which is found in it and taken out again: all of it as it was. */
static char *put_and_take(const char *text, size_t bytes)
{
	struct smb_conf without, with;
	size_t with_bytes, back_bytes;
	char *block, *made, *back;

	assert_true(smb_conf_read(&without, text, bytes));
	assert_int_equal(without.state, SMB_CONF_WITHOUT);
	block = smb_conf_block(&without, DIRECTORY);
	made = smb_conf_insert(&without, text, bytes, block, &with_bytes);
	assert_int_equal(with_bytes, bytes + strlen(block));
	assert_true(smb_conf_read(&with, made, with_bytes));
	assert_int_equal(with.state, SMB_CONF_WITH);
	assert_string_equal(with.directory, DIRECTORY);
	assert_int_equal(with.begin, without.begin);
	assert_int_equal(with.line, without.line);
	back = smb_conf_remove(&with, made, with_bytes, &back_bytes);
	assert_int_equal(back_bytes, bytes);
	assert_memory_equal(back, text, bytes);
	smb_conf_fini(&without);
	smb_conf_fini(&with);
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

static void the_block_goes_behind_the_first_global_section(void **state)
{
	(void)state;
	expect("[global]\n", "[global]\n" BLOCK);
	expect("# head\n\n[global]\nworkgroup = LAB\n[s]\npath = /s\n",
	       "# head\n\n[global]\n" BLOCK "workgroup = LAB\n[s]\npath = /s\n");
	expect("[global]\na = b\n[global]\nc = d", "[global]\n" BLOCK "a = b\n[global]\nc = d");
	expect("[s]\npath = /\n[global]\na = b\n", "[s]\npath = /\n[global]\n" BLOCK "a = b\n");
}

static void the_section_is_known_in_every_form_that_samba_takes(void **state)
{
	static const char *const headers[] = { "[global]",        "  [ GLOBAL ]  ",
		                               "\t[Glo bal] # x", "[globals]",
		                               "[g\tlobal]",      "[global]x = y",
		                               "\f\v[global] \t" };

	(void)state;
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
		char text[100], made[400];

		snprintf(text, sizeof text, "a = b\n%s\nc = d\n", headers[i]);
		snprintf(made, sizeof made, "a = b\n%s\n" BLOCK "c = d\n", headers[i]);
		expect(text, made);
	}
}

static void where_there_is_none_the_block_brings_one(void **state)
{
	(void)state;
	expect("", WHOLE);
	expect("workgroup = LAB\n", WHOLE "workgroup = LAB\n");
	expect("[share]\npath = /s", WHOLE "[share]\npath = /s");
	expect("[global", WHOLE "[global");
	expect("#[global]\n;[global]\n", WHOLE "#[global]\n;[global]\n");
	expect("[globa]\n[xglobal]\n", WHOLE "[globa]\n[xglobal]\n");
}

static void a_section_at_the_very_end_is_not_made_longer(void **state)
{
	(void)state;
	expect("[global]", WHOLE "[global]");
	expect("[global]\\\n", WHOLE "[global]\\\n");
	expect("[global]\\ \n", WHOLE "[global]\\ \n");
}

static void continued_lines_are_one_line(void **state)
{
	(void)state;
	expect("[global]\\\n more\nx = y\n", "[global]\\\n more\n" BLOCK "x = y\n");
	expect("comment = a \\\n[global]\nb = c\n", WHOLE "comment = a \\\n[global]\nb = c\n");
	expect("comment = a \\  \t\n[global]\n[global]\n",
	       "comment = a \\  \t\n[global]\n[global]\n" BLOCK);
	/* A comment is never continued. */
	expect("# comment \\\n[global]\n", "# comment \\\n[global]\n" BLOCK);
	/* An empty line ends it, unless two backslashes stood before. */
	expect("a = b \\\n\n[global]\n", "a = b \\\n\n[global]\n" BLOCK);
	expect("a = b \\\\\n\n[global]\n[global]\n", "a = b \\\\\n\n[global]\n[global]\n" BLOCK);
}

static void lines_end_as_the_others_do(void **state)
{
	(void)state;
	expect("[global]\r\na = b\r\n",
	       "[global]\r\n" BEGIN "\r\n" SAYS "\r\n" END "\r\na = b\r\n");
	expect("a = b\r\n", BEGIN "\r\n[global]\r\n" SAYS "\r\n" END "\r\na = b\r\n");
	expect("# x\r\n[global]\n", "# x\r\n[global]\n" BLOCK);
}

static void a_byte_order_mark_stays_the_first(void **state)
{
	struct smb_conf c = read_text("\xEF\xBB\xBF[global]");

	(void)state;
	expect("\xEF\xBB\xBF# head\n[global]\na = b\n",
	       "\xEF\xBB\xBF# head\n[global]\n" BLOCK "a = b\n");
	/* Samba does not know the line behind the mark for a section. */
	expect("\xEF\xBB\xBF[global]\na = b\n", "\xEF\xBB\xBF[global]\n" WHOLE "a = b\n");
	expect("\xEF\xBB\xBFx = y \\\nz\na = b\n", "\xEF\xBB\xBFx = y \\\nz\n" WHOLE "a = b\n");
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
	assert_memory_equal(made + LONG_BYTES + 14, BLOCK, strlen(BLOCK));
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
	smb_conf_fini(&c);
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
	smb_conf_fini(&c);
}

static void a_block_that_is_not_as_it_was_made_is_not_touched(void **state)
{
	static const struct {
		const char *text;
		size_t line;
	} changed[] = {
		{ "[global]\n" BEGIN "\n" SAYS " \n" END "\n", 3 },
		{ "[global]\n" BEGIN "\n " SAYS "\n" END "\n", 3 },
		{ "[global]\n" BEGIN "\n" END "\n", 2 },
		{ "[global]\n" BEGIN "\n", 2 },
		{ "[global]\n" END "\n", 2 },
		{ "[global]\n " BLOCK, 3 },
		{ "[global]\n" BLOCK BLOCK, 5 },
		{ "[global]\n" BLOCK END "\n", 5 },
		{ "[global]\n[share]\n" BLOCK, 3 },
		{ "[global]\n# netsession-samba: mine\n", 2 },
		{ "[global]\n" BEGIN "\nexternal_rpc_pipe:socket_dir = relative\n" END "\n", 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof changed / sizeof *changed; i++) {
		struct smb_conf c = read_text(changed[i].text);

		/* With our parameter outside of a block, that is what is told. */
		assert_int_in_range(c.state, SMB_CONF_CHANGED, SMB_CONF_FOREIGN);
		assert_int_equal(c.line, changed[i].line);
		smb_conf_fini(&c);
	}
}

static void what_others_say_is_found_and_not_touched(void **state)
{
	static const char *const foreign[] = {
		"[global]\nexternal_rpc_pipe:socket_dir = /run/x\n",
		"External_RPC_Pipe : Socket_Dir=/run/x",
		"[s]\n[ Global ]\n\texternal_rpc_pipe:socket_dir\t=\t /run/x \t",
		"[global]\nexternal_rpc_\\\npipe:socket_dir = /run/x\n",
		"[global]\nexternal_rpc_pipe:socket_dir = \\\n/run/x\r\n",
		"[global]\n" BLOCK "external_rpc_pipe:socket_dir = /run/x\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
		struct smb_conf c = read_text(foreign[i]);

		assert_int_equal(c.state, SMB_CONF_FOREIGN);
		assert_string_equal(c.directory, "/run/x");
		smb_conf_fini(&c);
	}
	/* Of a share's section Samba does not ask for it, nor is it in a comment. */
	expect("[s]\nexternal_rpc_pipe:socket_dir = /x\n",
	       WHOLE "[s]\nexternal_rpc_pipe:socket_dir = /x\n");
	expect("[global]\n;" SAYS "\n", "[global]\n" BLOCK ";" SAYS "\n");
}

static void a_text_with_a_zero_is_refused(void **state)
{
	struct smb_conf c;

	(void)state;
	assert_true(smb_conf_read(&c, "[global]\n\0\n", 11));
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
		smb_conf_fini(&c);
	}
	assert_int_in_range(put, 150000, 200000);
	assert_int_in_range(refused, 100, 50000);
}

TEST_GROUP(smb_conf)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_block_goes_behind_the_first_global_section),
		cmocka_unit_test(the_section_is_known_in_every_form_that_samba_takes),
		cmocka_unit_test(where_there_is_none_the_block_brings_one),
		cmocka_unit_test(a_section_at_the_very_end_is_not_made_longer),
		cmocka_unit_test(continued_lines_are_one_line),
		cmocka_unit_test(lines_end_as_the_others_do),
		cmocka_unit_test(a_byte_order_mark_stays_the_first),
		cmocka_unit_test(long_lines_are_no_different),
		cmocka_unit_test(what_others_change_around_it_stays),
		cmocka_unit_test(a_block_at_the_end_may_have_lost_its_line_end),
		cmocka_unit_test(a_block_that_is_not_as_it_was_made_is_not_touched),
		cmocka_unit_test(what_others_say_is_found_and_not_touched),
		cmocka_unit_test(a_text_with_a_zero_is_refused),
		cmocka_unit_test(a_directory_that_would_not_survive_is_refused),
		cmocka_unit_test(random_texts_come_back_as_they_were),
	};

	return cmocka_run_group_tests_name("smb_conf", tests, NULL, NULL);
}
