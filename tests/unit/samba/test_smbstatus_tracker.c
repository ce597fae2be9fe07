/* SPDX-License-Identifier: MIT */
/* What is published of Samba's sessions, poll by poll. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <lmshare.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "group.h"
#include "samba/smbstatus/tracker.h"

#define DIRECT_TCP "\\Device\\NetbiosSmb"

enum { NOW = 1000000, MOST = 64 };

static struct {
	struct smbstatus_tracker *known;
	char said[2048]; /* "put KEY CLIENT USER START", "touch KEY OPENS", "remove KEY", by line */
	bool refuses;
	bool (*seen)(const char *user, int64_t started_s, int64_t *began_s);
	struct smbstatus_session sessions[MOST];
	struct smbstatus_list list;
	int64_t now_s;
} here;

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	size_t used = strlen(here.said);
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(here.said + used, sizeof here.said - used, format, arguments);
	va_end(arguments);
}

static bool on_put(void *context, struct published_session *s)
{
	assert_ptr_equal(context, &here);
	say("put %u %s %s %d\n", (unsigned)s->key, s->client, s->user, (int)(s->started_s - NOW));
	s->is_refused = here.refuses;
	return !here.refuses;
}

static void on_touch(void *context, const struct published_session *s)
{
	(void)context;
	say("touch %u %u\n", (unsigned)s->key, s->num_opens);
}

static void on_remove(void *context, const struct published_session *s)
{
	(void)context;
	say("remove %u\n", (unsigned)s->key);
}

static bool on_seen(void *context, const struct published_session *s, int64_t started_s,
                    int64_t *began_s)
{
	(void)context;
	return here.seen != NULL && here.seen(s->user, started_s, began_s);
}

static int begin(void **state)
{
	static const struct smbstatus_tracker_handler handler = { on_put, on_touch, on_remove,
		                                                  on_seen };

	(void)state;
	memset(&here, 0, sizeof here);
	here.now_s = NOW;
	here.list.sessions = here.sessions;
	here.known = smbstatus_tracker_new("nobody", &handler, &here);
	return here.known == NULL;
}

static int finish(void **state)
{
	(void)state;
	smbstatus_tracker_free(here.known);
	return 0;
}

/* Adds a session to the next poll; in the order of their numbers. */
static struct smbstatus_session *there_is(uint64_t number, const char *client, const char *user)
{
	struct smbstatus_session *s = &here.sessions[here.list.count++];

	*s = (struct smbstatus_session){
		.identity = { number, 100 + number, 1 },
		.node = SMBSTATUS_NO_CLUSTER,
		.client = client,
		.user = user,
	};
	return s;
}

static void assert_poll(enum smbstatus_tracker_change expected, const char *said)
{
	here.said[0] = '\0';
	assert_int_equal(smbstatus_tracker_update(here.known, &here.list, here.now_s), expected);
	assert_string_equal(here.said, said);
}

static void no_session_is_there(void)
{
	here.list.count = 0;
}

/* ---- opening and closing ---- */

static void a_session_is_published_once_and_removed_once(void **state)
{
	(void)state;
	assert_poll(SMBSTATUS_UNCHANGED, "");
	there_is(1, "a", "u");
	assert_poll(SMBSTATUS_CHANGED, "put 1 a u 0\n");
	assert_poll(SMBSTATUS_UNCHANGED, "");
	no_session_is_there();
	assert_poll(SMBSTATUS_CHANGED, "remove 1\n");
	assert_poll(SMBSTATUS_UNCHANGED, "");
	assert_int_equal(smbstatus_tracker_count(here.known), 0);
}

static void a_key_is_never_used_again(void **state)
{
	(void)state;
	there_is(1, "a", "u");
	assert_poll(SMBSTATUS_CHANGED, "put 1 a u 0\n");
	no_session_is_there();
	assert_poll(SMBSTATUS_CHANGED, "remove 1\n");
	there_is(1, "a", "u");
	assert_poll(SMBSTATUS_CHANGED, "put 2 a u 0\n");
}

static void the_same_session_number_of_another_smbd_is_another_session(void **state)
{
	(void)state;
	there_is(1, "a", "u");
	assert_poll(SMBSTATUS_CHANGED, "put 1 a u 0\n");
	here.sessions[0].identity.unique_id = 2;
	assert_poll(SMBSTATUS_CHANGED, "remove 1\nput 2 a u 0\n");
	here.sessions[0].identity.pid++;
	assert_poll(SMBSTATUS_CHANGED, "remove 2\nput 3 a u 0\n");
}

static void sessions_between_others_open_and_close(void **state)
{
	(void)state;
	there_is(2, "b", "u");
	there_is(4, "d", "u");
	assert_poll(SMBSTATUS_CHANGED, "put 1 b u 0\nput 2 d u 0\n");
	no_session_is_there();
	there_is(1, "a", "u");
	there_is(3, "c", "u");
	there_is(4, "d", "u");
	there_is(5, "e", "u");
	assert_poll(SMBSTATUS_CHANGED, "remove 1\nput 3 a u 0\nput 4 c u 0\nput 5 e u 0\n");
	no_session_is_there();
	there_is(3, "c", "u");
	assert_poll(SMBSTATUS_CHANGED, "remove 3\nremove 2\nremove 5\n");
	assert_int_equal(smbstatus_tracker_count(here.known), 1);
}

static void the_oldest_session_is_published_first(void **state)
{
	(void)state;
	there_is(1, "young", "u")->started_s = NOW - 10;
	there_is(2, "old", "u")->started_s = NOW - 1000;
	there_is(3, "older", "u")->started_s = NOW - 5000;
	assert_poll(SMBSTATUS_CHANGED,
	            "put 1 older u -5000\nput 2 old u -1000\nput 3 young u -10\n");
	assert_ptr_equal(smbstatus_tracker_find(here.known, 2),
	                 smbstatus_tracker_at(here.known, 1));
	assert_null(smbstatus_tracker_find(here.known, 4));
}

static void another_netsessiond_gets_all_sessions_with_the_same_keys(void **state)
{
	(void)state;
	there_is(1, "a", "u");
	there_is(2, "b", "u");
	assert_poll(SMBSTATUS_CHANGED, "put 1 a u 0\nput 2 b u 0\n");
	smbstatus_tracker_at(here.known, 0)->closing = PUBLISHED_CLOSING;
	smbstatus_tracker_forget_published(here.known);
	assert_int_equal(smbstatus_tracker_at(here.known, 0)->closing, PUBLISHED_OPEN);
	here.list.count = 1;
	here.now_s += 100;
	assert_poll(SMBSTATUS_CHANGED,
	            "put 1 a u 0\n"); /* the session that closed meanwhile was never published */
}

/* ---- what is published ---- */

static void a_session_of_another_user_is_published_again(void **state)
{
	(void)state;
	there_is(1, "a", "u");
	assert_poll(SMBSTATUS_CHANGED, "put 1 a u 0\n");
	here.sessions[0].user = "v";
	assert_poll(SMBSTATUS_CHANGED, "put 1 a v 0\n");
	here.sessions[0].client = "b";
	assert_poll(SMBSTATUS_CHANGED, "put 1 b v 0\n");
	assert_poll(SMBSTATUS_UNCHANGED, "");
}

static void sessions_of_the_guest_account_are_marked(void **state)
{
	(void)state;
	there_is(1, "a", "nobody");
	there_is(2, "a", "nobody else");
	assert_poll(SMBSTATUS_CHANGED, "put 1 a nobody 0\nput 2 a nobody else 0\n");
	assert_int_equal(smbstatus_tracker_at(here.known, 0)->user_flags, SESS_GUEST);
	assert_int_equal(smbstatus_tracker_at(here.known, 1)->user_flags, 0);
}

static void a_session_without_room_is_published_when_another_one_has_closed(void **state)
{
	(void)state;
	there_is(1, "a", "u");
	there_is(2, "b", "u");
	here.list.count = 1;
	assert_poll(SMBSTATUS_CHANGED, "put 1 a u 0\n");
	here.list.count = 2;
	here.refuses = true;
	assert_poll(SMBSTATUS_CHANGED, "put 2 b u 0\n");
	assert_poll(SMBSTATUS_UNCHANGED, "");
	here.refuses = false;
	here.sessions[0] = here.sessions[1];
	here.list.count = 1;
	assert_poll(SMBSTATUS_CHANGED, "remove 1\nput 2 b u 0\n");
}

static void an_unpublishable_session_is_tried_again_when_its_names_change(void **state)
{
	(void)state;
	there_is(1, "a", "u");
	assert_poll(SMBSTATUS_CHANGED, "put 1 a u 0\n");
	smbstatus_tracker_at(here.known, 0)->is_unpublishable = true;
	smbstatus_tracker_at(here.known, 0)->is_published = false;
	assert_poll(SMBSTATUS_UNCHANGED, "");
	here.sessions[0].user = "v";
	assert_poll(SMBSTATUS_CHANGED, "put 1 a v 0\n");
}

/* ---- starts ---- */

static void sambas_own_start_counts_first(void **state)
{
	(void)state;
	there_is(1, "a", "u")->started_s = NOW - 100;
	here.sessions[0].had_share_at_s = NOW - 50;
	assert_poll(SMBSTATUS_CHANGED, "put 1 a u -100\n");
}

static void otherwise_a_session_started_when_it_was_seen_or_had_a_share(void **state)
{
	(void)state;
	there_is(1, "a", "u");
	there_is(2, "b", "u")->had_share_at_s = NOW - 50;
	assert_poll(SMBSTATUS_CHANGED, "put 1 b u -50\nput 2 a u 0\n");
	here.now_s += 100;
	here.sessions[1].had_share_at_s = 0; /* a later poll does not ask for shares */
	assert_poll(SMBSTATUS_UNCHANGED, "");
}

static bool seen_by_the_relay(const char *user, int64_t started_s, int64_t *began_s)
{
	if (strcmp(user, "known") != 0)
		return false;
	assert_int_equal(started_s, 0); /* Samba gave none, and a guess is not searched by */
	*began_s = NOW - 70;
	return true;
}

static void what_the_relay_has_cached_is_published(void **state)
{
	(void)state;
	here.seen = seen_by_the_relay;
	there_is(1, "a", "known");
	there_is(2, "b", "unknown");
	assert_poll(SMBSTATUS_CHANGED, "put 1 a known -70\nput 2 b unknown 0\n");
	here.seen = NULL; /* what the relay had once is kept */
	here.now_s += 50;
	assert_poll(SMBSTATUS_UNCHANGED, "");
}

static void what_the_relay_caches_later_is_published_then(void **state)
{
	(void)state;
	there_is(1, "a", "known");
	assert_poll(SMBSTATUS_CHANGED, "put 1 a known 0\n");
	here.seen = seen_by_the_relay;
	assert_poll(SMBSTATUS_CHANGED, "put 1 a known -70\n");
}

static bool rounded_by_the_relay(const char *user, int64_t started_s, int64_t *began_s)
{
	(void)user;
	*began_s = started_s + 1;
	return true;
}

static void opens_alone_do_not_publish_a_session_again(void **state)
{
	(void)state;
	there_is(1, "a", "u")->started_s = NOW - 9;
	assert_poll(SMBSTATUS_CHANGED, "put 1 a u -9\n");
	here.seen = rounded_by_the_relay;
	here.sessions[0].num_opens = 5;
	assert_poll(SMBSTATUS_CHANGED, "touch 1 5\n");
	assert_poll(SMBSTATUS_UNCHANGED, "");
	here.sessions[0].num_opens = NETSESSION_UNKNOWN;
	assert_poll(SMBSTATUS_CHANGED, "touch 1 4294967295\n");
}

static bool is_start_known(size_t i)
{
	return smbstatus_tracker_at(here.known, i)->is_start_known;
}

static void a_start_is_known_if_it_lies_between_two_near_times(void **state)
{
	(void)state;
	there_is(1, "a", "u")->had_share_at_s = NOW - 50; /* it may be much older */
	there_is(2, "b", "u")->had_share_at_s = NOW - 50;
	here.sessions[1].smbd_started_s = NOW - 51;
	there_is(3, "c", "u")->had_share_at_s = NOW - 50; /* its client has logged on anew */
	here.sessions[2].smbd_started_s = NOW - 5000;
	assert_poll(SMBSTATUS_CHANGED, "put 1 a u -50\nput 2 b u -50\nput 3 c u -50\n");
	assert_false(is_start_known(0));
	assert_true(is_start_known(1));
	assert_false(is_start_known(2));
	here.now_s += 2;
	there_is(4, "d", "u"); /* the poll two seconds ago lacked it */
	assert_poll(SMBSTATUS_CHANGED, "put 4 d u 2\n");
	assert_true(is_start_known(3));
	here.now_s += 100;
	there_is(5, "e", "u");
	assert_poll(SMBSTATUS_CHANGED, "put 5 e u 102\n");
	assert_false(is_start_known(4));
}

static void a_start_that_becomes_known_is_published(void **state)
{
	(void)state;
	there_is(1, "a", "u");
	assert_poll(SMBSTATUS_CHANGED, "put 1 a u 0\n");
	here.sessions[0].smbd_started_s = NOW - 1;
	assert_poll(SMBSTATUS_CHANGED, "put 1 a u 0\n");
	assert_poll(SMBSTATUS_UNCHANGED, "");
}

static void a_start_that_the_relay_has_of_an_older_session_does_not_count(void **state)
{
	(void)state;
	here.seen = seen_by_the_relay; /* NOW - 70 */
	there_is(1, "a", "known")->smbd_started_s = NOW - 10;
	assert_poll(SMBSTATUS_CHANGED, "put 1 a known 0\n");
	assert_false(is_start_known(0));
}

static void starts_are_missed_for_new_sessions_only(void **state)
{
	(void)state;
	assert_false(smbstatus_tracker_lacks_starts(here.known, &here.list));
	there_is(1, "a", "u")->started_s = NOW;
	assert_false(smbstatus_tracker_lacks_starts(here.known, &here.list));
	there_is(2, "b", "u");
	assert_true(smbstatus_tracker_lacks_starts(here.known, &here.list));
	assert_poll(SMBSTATUS_CHANGED, "put 1 a u 0\nput 2 b u 0\n");
	assert_false(smbstatus_tracker_lacks_starts(here.known, &here.list));
	there_is(3, "c", "u");
	assert_true(smbstatus_tracker_lacks_starts(here.known, &here.list));
}

/* ---- transports ---- */

static void a_transport_is_known_if_all_sessions_of_client_and_user_have_it(void **state)
{
	(void)state;
	assert_null(smbstatus_tracker_transport(here.known, "a", "u"));
	there_is(1, "a", "u")->transport = DIRECT_TCP;
	there_is(2, "a", "u")->transport = DIRECT_TCP;
	there_is(3, "a", "v")->transport = DIRECT_TCP;
	there_is(4, "a", "v");
	there_is(5, "b", "u");
	there_is(6, "c", "u")->transport = DIRECT_TCP;
	there_is(7, "c", "u")->transport = "\\Device\\Another";
	(void)smbstatus_tracker_update(here.known, &here.list, NOW);
	assert_string_equal(smbstatus_tracker_transport(here.known, "a", "u"), DIRECT_TCP);
	assert_null(smbstatus_tracker_transport(here.known, "a", "v"));
	assert_null(smbstatus_tracker_transport(here.known, "b", "u"));
	assert_null(smbstatus_tracker_transport(here.known, "c", "u"));
	assert_null(smbstatus_tracker_transport(here.known, "a", "w"));
	assert_null(smbstatus_tracker_transport(here.known, "z", "u"));
	assert_null(smbstatus_tracker_transport(here.known, "", ""));
}

static void a_transport_that_becomes_known_is_published(void **state)
{
	(void)state;
	there_is(1, "a", "u");
	assert_poll(SMBSTATUS_CHANGED, "put 1 a u 0\n");
	here.sessions[0].transport = DIRECT_TCP;
	assert_poll(SMBSTATUS_CHANGED, "put 1 a u 0\n");
}

/* ---- many ---- */

static void thousands_at_random_are_those_of_the_last_poll(void **state)
{
	enum { MANY = 2000, LOOKS = 30 };
	static struct smbstatus_session all[MANY];
	struct smbstatus_list list = { .sessions = all };
	unsigned random = 1;

	(void)state;
	for (int look = 0; look < LOOKS; look++) {
		list.count = 0;
		for (uint64_t number = 0; number < MANY; number++) {
			random = random * 1103515245 + 12345;
			if (random >> 16 & 1)
				all[list.count++] = (struct smbstatus_session){
					.identity = { number, 7, 7 }, .client = "c", .user = "u"
				};
		}
		assert_int_equal(smbstatus_tracker_update(here.known, &list, NOW),
		                 SMBSTATUS_CHANGED);
		here.said[0] = '\0';
		assert_int_equal(smbstatus_tracker_count(here.known), list.count);
		for (size_t i = 0, found = 0; i < list.count; i++) {
			const struct published_session *s = smbstatus_tracker_at(here.known, i);

			assert_true(i == 0 ||
			            smbstatus_tracker_at(here.known, i - 1)->key < s->key);
			assert_ptr_equal(smbstatus_tracker_find(here.known, s->key), s);
			assert_true(s->is_published);
			for (size_t j = 0; j < list.count; j++)
				found += smbstatus_compare_identities(&all[j].identity,
				                                      &s->identity) == 0;
			assert_int_equal(found, i + 1);
		}
	}
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, begin, finish)

TEST_GROUP(smbstatus_tracker)
{
	const struct CMUnitTest tests[] = {
		TEST(a_session_is_published_once_and_removed_once),
		TEST(a_key_is_never_used_again),
		TEST(the_same_session_number_of_another_smbd_is_another_session),
		TEST(sessions_between_others_open_and_close),
		TEST(the_oldest_session_is_published_first),
		TEST(another_netsessiond_gets_all_sessions_with_the_same_keys),
		TEST(a_session_of_another_user_is_published_again),
		TEST(sessions_of_the_guest_account_are_marked),
		TEST(a_session_without_room_is_published_when_another_one_has_closed),
		TEST(an_unpublishable_session_is_tried_again_when_its_names_change),
		TEST(sambas_own_start_counts_first),
		TEST(otherwise_a_session_started_when_it_was_seen_or_had_a_share),
		TEST(what_the_relay_has_cached_is_published),
		TEST(what_the_relay_caches_later_is_published_then),
		TEST(opens_alone_do_not_publish_a_session_again),
		TEST(a_start_is_known_if_it_lies_between_two_near_times),
		TEST(a_start_that_becomes_known_is_published),
		TEST(a_start_that_the_relay_has_of_an_older_session_does_not_count),
		TEST(starts_are_missed_for_new_sessions_only),
		TEST(a_transport_is_known_if_all_sessions_of_client_and_user_have_it),
		TEST(a_transport_that_becomes_known_is_published),
		TEST(thousands_at_random_are_those_of_the_last_poll),
	};

	return cmocka_run_group_tests_name("known", tests, NULL, NULL);
}
