/* SPDX-License-Identifier: MIT */
/* What smbstatus prints, as recorded (4.17, 4.22, 4.25) and as its source has it (4.20, 4.23):
 * tests/smbstatus. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "group.h"
#include "samba/smbstatus/smbstatus_parse.h"

#define DIRECT_TCP "\\Device\\NetbiosSmb"

/* 2026-11-25T20:27:00Z, as `date -d ... +%s` has it. */
#define MINUTE 1795638420

static char *load(const char *name)
{
	char path[1024], *text = calloc(1, 65536);
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/%s.json", getenv("NETSESSION_SMBSTATUS"), name);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(text);
	assert_true(fread(text, 1, 65535, file) > 0);
	fclose(file);
	return text;
}

static struct smbstatus_list *parse(const char *text)
{
	struct err err = { 0 };
	struct smbstatus_list *list = smbstatus_parse_sessions(text, strlen(text), &err);

	assert_non_null(list);
	assert_int_equal(err.status, 0);
	return list;
}

static struct smbstatus_list *parse_file(const char *name)
{
	char *text = load(name);
	struct smbstatus_list *list = parse(text);

	free(text); /* nothing of it is kept */
	return list;
}

static const struct smbstatus_session *of(const struct smbstatus_list *list, uint64_t id)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->sessions[i].identity.session_id == id)
			return &list->sessions[i];
	return NULL;
}

static void assert_names(const struct smbstatus_session *s, const char *client, const char *user)
{
	assert_non_null(s);
	assert_string_equal(s->client, client);
	assert_string_equal(s->user, user);
}

/* ---- answers ---- */

static void no_session_is_a_list_of_none(void **state)
{
	struct smbstatus_list *list = parse_file("4.17-nobody");

	(void)state;
	assert_int_equal(list->count, 0);
	assert_int_equal(list->passed_over, 0);
	smbstatus_list_free(list);
}

static void samba_4_17_tells_who_and_by_which_process(void **state)
{
	struct smbstatus_list *list = parse_file("4.17-sessions");
	const struct smbstatus_session *s = of(list, 2103886444);

	(void)state;
	assert_int_equal(list->count, 5);
	assert_int_equal(list->passed_over, 0);
	assert_names(s, "::1", "games");
	assert_int_equal(s->identity.pid, 4964);
	assert_true(s->identity.unique_id == 11303669553545304815U);
	assert_int_equal(s->node, SMBSTATUS_NO_CLUSTER);
	assert_names(of(list, 3134679553), "127.0.0.1", "nobody");
	assert_names(of(list, 1973498533), "127.0.0.9", "games");
	assert_names(of(list, 770958165), "127.0.0.1", "root");
	assert_names(of(list, 4078629922), "127.0.0.1", "daemon");
	smbstatus_list_free(list);
}

static void samba_4_17_tells_neither_beginnings_nor_ports_but_the_other_ends(void **state)
{
	struct smbstatus_list *list = parse_file("4.17-sessions");

	(void)state;
	for (size_t i = 0; i < list->count; i++) {
		assert_int_equal(list->sessions[i].started_s, 0);
		assert_int_equal(list->sessions[i].had_share_at_s, 0);
		assert_null(list->sessions[i].transport);
	}
	assert_string_equal(of(list, 2103886444)->peer, "ipv6:::1:54007");
	assert_string_equal(of(list, 1973498533)->peer, "ipv4:127.0.0.9:58165");
	smbstatus_list_free(list);
}

static void a_share_tells_since_when_its_session_is_there_at_the_latest(void **state)
{
	struct smbstatus_list *list = parse_file("4.17-sessions");
	char *shares = load("4.17-shares");
	struct err err = { 0 };

	(void)state;
	assert_true(smbstatus_parse_shares(list, shares, strlen(shares), &err));
	assert_int_equal(of(list, 770958165)->had_share_at_s, MINUTE + 3);
	assert_int_equal(of(list, 1973498533)->had_share_at_s, MINUTE + 3);
	assert_int_equal(of(list, 2103886444)->had_share_at_s, 0);
	assert_int_equal(of(list, 3134679553)->had_share_at_s, 0);
	free(shares);
	smbstatus_list_free(list);
}

#define SHARE(ID, PID, SECOND)                                                                     \
	"\"" ID "\": {\"session_id\": \"770958165\", \"connected_at\": \"2026-11-25T20:27:" SECOND \
	".1+00:00\", \"server_id\": {\"pid\": \"" PID                                              \
	"\", \"vnn\": \"4294967295\", \"unique_id\": \"10121728694478515159\"}}"

/* The last one is of another process. */
static void of_several_shares_the_first_one_counts(void **state)
{
	struct smbstatus_list *list = parse_file("4.17-sessions");
	struct err err = { 0 };
	static const char shares[] = "{\"tcons\": {" SHARE("1", "4953", "09") ", " SHARE(
		"2", "4953", "05") ", " SHARE("3", "4953", "07") ", " SHARE("4", "4954", "01") "}}";

	(void)state;
	assert_true(smbstatus_parse_shares(list, shares, strlen(shares), &err));
	assert_int_equal(of(list, 770958165)->had_share_at_s, MINUTE + 5);
	smbstatus_list_free(list);
}

static void from_4_20_on_beginnings_are_told_and_ports(void **state)
{
	struct smbstatus_list *list = parse_file("4.20-sessions");

	(void)state;
	assert_int_equal(list->passed_over, 0);
	assert_names(of(list, 3134679553), "192.0.2.9", "carol");
	assert_int_equal(of(list, 3134679553)->started_s, MINUTE + 1);
	assert_int_equal(of(list, 2103886444)->started_s, MINUTE + 3);
	assert_string_equal(of(list, 3134679553)->transport, DIRECT_TCP);
	assert_string_equal(of(list, 2103886444)->transport, DIRECT_TCP);
	assert_null(of(list, 1973498533)->transport); /* port 139 */
	assert_null(of(list, 1973498533)->peer);
	assert_null(of(list, 770958165)->transport); /* channels of both kinds */
	smbstatus_list_free(list);
}

static void who_is_logging_on_has_no_session_yet(void **state)
{
	struct smbstatus_list *list = parse_file("4.20-sessions");

	(void)state;
	assert_int_equal(list->count, 4);
	assert_null(of(list, 5));
	smbstatus_list_free(list);
}

static void from_4_23_on_transports_are_told_whatever_the_port(void **state)
{
	struct smbstatus_list *list = parse_file("4.23-sessions");

	(void)state;
	assert_int_equal(list->count, 5);
	assert_string_equal(of(list, 3134679553)->transport, DIRECT_TCP); /* at 4450 */
	assert_string_equal(of(list, 770958165)->transport, DIRECT_TCP);  /* two channels */
	assert_null(of(list, 1973498533)->transport);                     /* nbt */
	assert_null(of(list, 2103886444)->transport);                     /* quic */
	assert_null(of(list, 5)->transport);                              /* one to come */
	smbstatus_list_free(list);
}

/* 2026-11-30T05:13:04Z and 05:36:21Z. */
#define STARTED_4_22 1796015584
#define STARTED_4_25 1796016981

static void samba_4_22_and_4_25_tell_beginnings_and_samba_4_25_transports(void **state)
{
	struct smbstatus_list *list = parse_file("4.22-sessions");
	char *shares = load("4.25-shares");
	struct err err = { 0 };

	(void)state;
	assert_int_equal(list->count, 6);
	assert_int_equal(list->passed_over, 0);
	assert_names(of(list, 720765524), "127.0.0.7", "games");
	assert_int_equal(of(list, 720765524)->started_s, STARTED_4_22);
	for (size_t i = 0; i < list->count; i++) {
		assert_null(list->sessions[i].transport); /* none came in at port 445 */
		assert_null(list->sessions[i].peer);
	}
	smbstatus_list_free(list);
	list = parse_file("4.25-sessions");
	assert_int_equal(list->count, 6);
	assert_int_equal(list->passed_over, 0);
	assert_names(of(list, 3689418465), "::1", "man");
	assert_int_equal(of(list, 3689418465)->started_s, STARTED_4_25);
	for (size_t i = 0; i < list->count; i++)
		assert_string_equal(list->sessions[i].transport, DIRECT_TCP);
	assert_true(smbstatus_parse_shares(list, shares, strlen(shares), &err));
	assert_int_equal(of(list, 3689418465)->had_share_at_s, STARTED_4_25);
	assert_int_equal(of(list, 1668765593)->had_share_at_s, 0);
	free(shares);
	smbstatus_list_free(list);
}

static void lists_are_sorted_by_identity(void **state)
{
	struct smbstatus_list *list = parse_file("4.17-sessions");

	(void)state;
	for (size_t i = 1; i < list->count; i++)
		assert_true(smbstatus_compare_identities(&list->sessions[i - 1].identity,
		                                         &list->sessions[i].identity) < 0);
	smbstatus_list_free(list);
}

/* ---- open files ---- */

#define OPEN(ID, PID, UNIQUE, UID)                                                     \
	"\"" ID "\": {\"server_id\": {\"pid\": \"" PID "\", \"vnn\": \"4294967295\", " \
	"\"unique_id\": \"" UNIQUE "\"}, \"uid\": " UID ", \"share_file_id\": \"1\"}"
#define SESSION(ID, PID, UNIQUE, UID)                                                      \
	"\"" ID "\": {\"session_id\": \"" ID "\", \"uid\": " UID ", \"username\": \"u\", " \
	"\"remote_machine\": \"m\", \"server_id\": {\"pid\": \"" PID                       \
	"\", \"vnn\": \"4294967295\", \"unique_id\": \"" UNIQUE "\"}}"
#define FILES(FIRST, SECOND) \
	"{\"open_files\": {\"/a\": {\"opens\": {" FIRST "}}, \"/b\": {\"opens\": {" SECOND "}}}}"

static struct smbstatus_list *parse_with_opens(const char *sessions, const char *opens)
{
	struct smbstatus_list *list = parse(sessions);
	struct err err = { 0 };

	assert_true(smbstatus_parse_opens(list, opens, strlen(opens), &err));
	return list;
}

static void open_files_are_those_of_the_session_of_their_smbd(void **state)
{
	struct smbstatus_list *list = parse_with_opens(
		"{\"sessions\": {" SESSION("1", "100", "7", "5") ", " SESSION(
			"2", "200", "8", "5") ", " SESSION("3", "300", "9", "5") "}}",
		FILES(OPEN("a", "100", "7", "5") ", " OPEN("b", "200", "8", "5"),
	              OPEN("c", "100", "7", "5") ", " OPEN("d", "100", "6", "5")));

	(void)state;
	assert_int_equal(of(list, 1)->num_opens, 2); /* another smbd had its pid before */
	assert_int_equal(of(list, 2)->num_opens, 1);
	assert_int_equal(of(list, 3)->num_opens, 0);
	smbstatus_list_free(list);
}

static void files_that_are_open_as_another_user_are_those_of_the_only_session(void **state)
{
	struct smbstatus_list *list =
		parse_with_opens("{\"sessions\": {" SESSION("1", "100", "7", "5") "}}",
	                         FILES(OPEN("a", "100", "7", "5"), OPEN("b", "100", "7", "1000")));

	(void)state;
	assert_int_equal(of(list, 1)->num_opens, 2);
	smbstatus_list_free(list);
}

static void sessions_of_one_smbd_have_the_files_of_their_users(void **state)
{
	struct smbstatus_list *list = parse_with_opens(
		"{\"sessions\": {" SESSION("1", "100", "7", "5") ", " SESSION(
			"2", "100", "7", "6") ", " SESSION("3", "100", "7", "8") "}}",
		FILES(OPEN("a", "100", "7", "6"), OPEN("b", "100", "7", "5")));

	(void)state;
	assert_int_equal(of(list, 1)->num_opens, 1);
	assert_int_equal(of(list, 2)->num_opens, 1);
	assert_int_equal(of(list, 3)->num_opens, 0);
	smbstatus_list_free(list);
}

static void files_that_several_sessions_could_have_open_are_not_counted(void **state)
{
	static const char sessions[] = "{\"sessions\": {" SESSION(
		"1", "100", "7", "5") ", " SESSION("2", "100", "7",
	                                           "5") ", " SESSION("3", "100", "7", "6") "}}";
	struct smbstatus_list *list = parse_with_opens(
		sessions, FILES(OPEN("a", "100", "7", "5"), OPEN("b", "100", "7", "6")));

	(void)state;
	assert_int_equal(of(list, 1)->num_opens, NETSESSION_UNKNOWN);
	assert_int_equal(of(list, 2)->num_opens, NETSESSION_UNKNOWN);
	assert_int_equal(of(list, 3)->num_opens, 1);
	smbstatus_list_free(list);
	list = parse_with_opens(sessions, FILES("", OPEN("b", "100", "7", "6")));
	assert_int_equal(of(list, 1)->num_opens, 0);
	assert_int_equal(of(list, 2)->num_opens, 0);
	smbstatus_list_free(list);
	list = parse_with_opens(sessions, FILES("", OPEN("b", "100", "7", "1000")));
	for (uint64_t id = 1; id <= 3; id++)
		assert_int_equal(of(list, id)->num_opens, NETSESSION_UNKNOWN);
	smbstatus_list_free(list);
}

static void without_an_answer_no_number_of_open_files_is_known(void **state)
{
	static const char *const odd[] = { "", "{", "{\"sessions\": {}}", "{\"open_files\": {",
		                           "{\"open_files\": {}} more" };
	struct smbstatus_list *list = parse_file("4.17-sessions");

	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		struct err err = { 0 };

		assert_false(smbstatus_parse_opens(list, odd[i], strlen(odd[i]), &err));
		assert_int_not_equal(err.status, 0);
		assert_int_equal(list->sessions[0].num_opens, NETSESSION_UNKNOWN);
	}
	smbstatus_list_free(list);
}

/* ---- user ids for names ---- */

static void a_list_of_user_ids_has_the_names_of_the_list_that_lacks_sessions(void **state)
{
	static const char numeric[] = "{\"sessions\": {" SESSION("1", "100", "7", "0") ", " SESSION(
		"2", "200", "8", "0") ", " SESSION("3", "300", "9", "4000000000") "}}";
	struct smbstatus_list *named = parse("{\"sessions\": {" SESSION("1", "100", "7", "0") "}}");
	struct smbstatus_list *list;
	struct err err = { 0 };

	(void)state;
	list = smbstatus_parse_numeric(numeric, strlen(numeric), named, "ISO-8859-1", &err);
	assert_non_null(list);
	assert_int_equal(list->count, 3);
	assert_names(of(list, 1), "m", "u");    /* as it was named */
	assert_names(of(list, 2), "m", "root"); /* as the system has it */
	assert_names(of(list, 3), "m", "u");    /* nobody knows this user: as smbstatus prints it */
	smbstatus_list_free(list);
	named = parse("{\"sessions\": {" SESSION("1", "100", "7", "0") "}}");
	assert_null(smbstatus_parse_numeric("{", 1, named, "ISO-8859-1", &err));
	assert_int_not_equal(err.status, 0);
}

/* ---- what is not as it should be ---- */

#define SERVER(PID) "\"server_id\": {\"pid\": " PID ", \"vnn\": \"0\", \"unique_id\": \"1\"}"
#define NAMES       "\"username\": \"u\", \"remote_machine\": \"m\""
#define GOOD        "\"good\": {\"session_id\": \"9\", " SERVER("\"42\"") ", " NAMES "}"

static void an_entry_that_is_not_known_is_passed_over_and_the_others_are_not(void **state)
{
	static const char *const odd[] = {
		"{}",
		"[]",
		"null",
		"{\"session_id\": 5, " SERVER("\"42\"") ", " NAMES "}",
		"{\"session_id\": \"-5\", " SERVER("\"42\"") ", " NAMES "}",
		"{\"session_id\": \"5x\", " SERVER("\"42\"") ", " NAMES "}",
		"{\"session_id\": \"\", " SERVER("\"42\"") ", " NAMES "}",
		"{\"session_id\": \"99999999999999999999\", " SERVER("\"42\"") ", " NAMES "}",
		"{\"session_id\": \"5\", " SERVER("42") ", " NAMES "}",
		"{\"session_id\": \"5\", " SERVER("\"0\"") ", " NAMES "}",
		"{\"session_id\": \"5\", " SERVER("\"1\"") ", " NAMES "}",
		"{\"session_id\": \"5\", " SERVER("\"4294967297\"") ", " NAMES "}",
		"{\"session_id\": \"5\", \"server_id\": 3, " NAMES "}",
		"{\"session_id\": \"5\", " NAMES "}",
		"{\"session_id\": \"5\", " SERVER("\"42\"") ", \"username\": \"u\"}",
		"{\"session_id\": \"5\", " SERVER("\"42\"") ", \"remote_machine\": \"m\"}",
		"{\"session_id\": \"5\", " SERVER(
			"\"42\"") ", \"username\": \"a\\u0000b\", \"remote_machine\": \"m\"}",
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		struct smbstatus_list *list;

		(void)snprintf(text, sizeof text, "{\"sessions\": {\"odd\": %s, " GOOD "}}",
		               odd[i]);
		list = parse(text);
		assert_int_equal(list->count, 1);
		assert_int_equal(list->passed_over, 1);
		assert_int_equal(list->sessions[0].identity.session_id, 9);
		smbstatus_list_free(list);
	}
}

static void what_cannot_be_told_in_one_line_is_left_to_the_feed(void **state)
{
	struct smbstatus_list *list =
		parse("{\"sessions\": {\"x\": {\"session_id\": \"5\", " SERVER(
			"\"42\"") ", \"username\": \"a\\nb\", \"remote_machine\": \"\\u00e4\"}}}");

	(void)state;
	assert_int_equal(list->count, 1);
	assert_string_equal(list->sessions[0].user, "a\nb");
	assert_string_equal(list->sessions[0].client, "\xC3\xA4");
	smbstatus_list_free(list);
}

static void names_beyond_ascii_are_read_and_what_follows_them(void **state)
{
	struct smbstatus_list *list = parse(
		" { \"\xC3\xA4\" : [ \"\xE2\x82\xAC\" ] ,\n\t\"sessions\": "
		"{\"\xF0\x9F\x90\xB1\": {\"session_id\": \"5\", " SERVER(
			"\"42\"") ", \"username\": \"zo\xC3\xAB\", "
				  "\"remote_machine\": "
				  "\"\xE2\x82\xAC\"} , " GOOD " } , \"more\" : 1.5e3\n}\r\n");

	(void)state;
	assert_int_equal(list->count, 2);
	assert_names(of(list, 5), "\xE2\x82\xAC", "zo\xC3\xAB");
	assert_names(of(list, 9), "m", "u");
	smbstatus_list_free(list);
}

static void an_identity_that_comes_twice_is_one_session(void **state)
{
	struct smbstatus_list *list = parse(
		"{\"sessions\": {\"a\": {\"session_id\": \"9\", " SERVER("\"42\"") ", " NAMES
										   "}, " GOOD "}}");

	(void)state;
	assert_int_equal(list->count, 1);
	assert_int_equal(list->passed_over, 1);
	smbstatus_list_free(list);
}

static void what_is_no_answer_is_refused_with_a_reason(void **state)
{
	static const char *const odd[] = { "",
		                           "{",
		                           "{\"sessions\": {}",
		                           "{\"sessions\": {}} and more",
		                           "{\"sessions\": {}, }",
		                           "{\"sessions\": {} \"tcons\": {}}",
		                           "{\"sessions\": {}, \"tcons\": {}, {}}",
		                           "{\"sessions\" {}, \"tcons\" {}}",
		                           "{,\"sessions\": {}, \"tcons\": {}}",
		                           "{\"sessions\": {\"a\" {}}, \"tcons\": {\"a\" {}}}",
		                           "{\"sessions\": {\"a\": {},}, \"tcons\": {\"a\": {},}}",
		                           "{\"sessions\": {5: {}}, \"tcons\": {5: {}}}",
		                           "[]",
		                           "{}",
		                           "{\"sessions\": []}",
		                           "{\"sessions\": null}",
		                           "\xFF",
		                           "Could not initialize messaging" };
	struct smbstatus_list *list = parse_file("4.17-sessions");

	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		struct err sessions = { 0 }, shares = { 0 };

		assert_null(smbstatus_parse_sessions(odd[i], strlen(odd[i]), &sessions));
		assert_non_null(sessions.text);
		assert_false(smbstatus_parse_shares(list, odd[i], strlen(odd[i]), &shares));
		assert_non_null(shares.text);
	}
	smbstatus_list_free(list);
}

static void an_answer_that_is_cut_off_anywhere_is_refused(void **state)
{
	char *text = load("4.23-sessions");
	size_t bytes = strlen(text) - 1; /* the last one is its newline */

	(void)state;
	for (size_t i = 0; i < bytes; i++) {
		struct err err = { 0 };
		char *cut = malloc(i + 1); /* a read behind its end is one behind the block's */

		memcpy(cut, text, i);
		assert_null(smbstatus_parse_sessions(cut, i, &err));
		free(cut);
	}
	free(text);
}

/* ---- times ---- */

static void times_are_read_as_smbstatus_writes_them(void **state)
{
	static const struct {
		const char *text;
		int64_t time_s;
	} times[] = {
		{ "2026-11-25T20:27:00.725385+00:00", MINUTE },
		{ "2026-11-25T20:27:00+00:00", MINUTE },
		{ "2026-11-25T22:27:00.000000+02:00", MINUTE },
		{ "2026-11-25T15:57:00.000000-04:30", MINUTE },
		{ "2026-11-26T10:27:59.9+14:00", MINUTE + 59 },
		{ "1970-01-01T00:00:01.000000+00:00", 1 },
		{ "2000-02-29T12:00:00.000000+00:00", 951825600 },
		{ "2000-03-01T00:00:00.000000+00:00", 951868800 },
		{ "2024-12-31T23:59:59.000000+00:00", 1735689599 },
		{ "2100-03-01T00:00:00.000000+00:00", 4107542400 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof times / sizeof *times; i++)
		assert_int_equal(smbstatus_parse_time(times[i].text), times[i].time_s);
}

static void what_is_no_time_is_none(void **state)
{
	static const char *const odd[] = {
		"",
		"now",
		"2026-11-25",
		"2026-11-25T20:27:00.725385",
		"2026-11-25T20:27:00.725385+0000",
		"2026-11-25T20:27:00.725385+00:00 ",
		"2026-11-25T20:27:00.725385*00:00",
		"2026-11-25T20:27:00.725385+-1:00",
		"2026-13-25T20:27:00+00:00",
		"2026-00-25T20:27:00+00:00",
		"2026-11-32T20:27:00+00:00",
		"2026-11-00T20:27:00+00:00",
		"2026-11-25T24:27:00+00:00",
		"2026-11-25T20:60:00+00:00",
		"2026-11-25T20:27:61+00:00",
		"2026-11-25 20:27:00+00:00",
		"2026-1-25T20:27:00+00:00",
		"-026-11-25T20:27:00+00:00",
		"1601-01-01T00:00:00.000000+00:00",
		"30828-09-14T02:48:05.477580+00:00",
		"1795638420.000000 seconds since the Epoch",
	};

	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		assert_int_equal(smbstatus_parse_time(odd[i]), 0);
}

TEST_GROUP(smbstatus_parse)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_files_are_those_of_the_session_of_their_smbd),
		cmocka_unit_test(files_that_are_open_as_another_user_are_those_of_the_only_session),
		cmocka_unit_test(sessions_of_one_smbd_have_the_files_of_their_users),
		cmocka_unit_test(files_that_several_sessions_could_have_open_are_not_counted),
		cmocka_unit_test(without_an_answer_no_number_of_open_files_is_known),
		cmocka_unit_test(a_list_of_user_ids_has_the_names_of_the_list_that_lacks_sessions),
		cmocka_unit_test(no_session_is_a_list_of_none),
		cmocka_unit_test(samba_4_17_tells_who_and_by_which_process),
		cmocka_unit_test(samba_4_17_tells_neither_beginnings_nor_ports_but_the_other_ends),
		cmocka_unit_test(a_share_tells_since_when_its_session_is_there_at_the_latest),
		cmocka_unit_test(of_several_shares_the_first_one_counts),
		cmocka_unit_test(from_4_20_on_beginnings_are_told_and_ports),
		cmocka_unit_test(who_is_logging_on_has_no_session_yet),
		cmocka_unit_test(from_4_23_on_transports_are_told_whatever_the_port),
		cmocka_unit_test(samba_4_22_and_4_25_tell_beginnings_and_samba_4_25_transports),
		cmocka_unit_test(lists_are_sorted_by_identity),
		cmocka_unit_test(an_entry_that_is_not_known_is_passed_over_and_the_others_are_not),
		cmocka_unit_test(what_cannot_be_told_in_one_line_is_left_to_the_feed),
		cmocka_unit_test(names_beyond_ascii_are_read_and_what_follows_them),
		cmocka_unit_test(an_identity_that_comes_twice_is_one_session),
		cmocka_unit_test(what_is_no_answer_is_refused_with_a_reason),
		cmocka_unit_test(an_answer_that_is_cut_off_anywhere_is_refused),
		cmocka_unit_test(times_are_read_as_smbstatus_writes_them),
		cmocka_unit_test(what_is_no_time_is_none),
	};

	return cmocka_run_group_tests_name("smbstatus_parse", tests, NULL, NULL);
}
