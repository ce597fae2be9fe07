/* SPDX-License-Identifier: MIT */
/* What smbstatus prints, and the kernel's list of TCP connections.
 * Input: kind (0: sessions, with shares and open files behind zero bytes; 1: a session's peer, with
 * a datagram of sock_diag(7) behind a zero byte; 2: a time; 3: two lists of
 * sessions after each other, and one without names), then the texts.
 * Must reach: smbstatus_parse_sessions smbstatus_parse_shares smbstatus_parse_time
 *   smbstatus_parse_member smbstatus_list_add smbstatus_add_session smbstatus_add_share
 *   smbstatus_get_identity smbstatus_get_transport smbstatus_get_port smbstatus_is_logged_on
 *   smbstatus_drop_duplicates json_members_next json_members_enter json_members_value
 *   json_members_end peer_ports_add peer_ports_append peer_ports_find peer_port_parse
 *   peer_port_compare smbstatus_parse_opens smbstatus_add_file smbstatus_set_opens
 *   smbstatus_parse_numeric smbstatus_tracker_update smbstatus_tracker_lacks_starts
 *   smbstatus_tracker_count_names smbstatus_tracker_transport smbstatus_tracker_forget_published
 * Holds: sessions are read from what is JSON as a whole, and from nothing else; they are sorted,
 * and each is there once; a name that is kept is one of the answer; each session that is listed is
 * published, and no other, by keys that grow. */
#include <jansson.h>
#include "fuzz.h"
#include "samba/smbstatus/peer_ports.h"
#include "samba/smbstatus/smbstatus_parse.h"
#include "samba/smbstatus/tracker.h"

/* The next text, up to a zero byte, in a block of its own that nothing ends. */
static char *take_text(struct fuzz_input *in, size_t *bytes)
{
	char *text;

	*bytes = in->left > 0 ? strnlen((const char *)in->at, in->left) : 0;
	text = (char *)fuzz_copy(in, bytes);
	if (in->left > 0)
		(void)fuzz_u8(in);
	return text;
}

static void judge(const struct smbstatus_list *list, const char *text, size_t bytes)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct smbstatus_session *s = &list->sessions[i];

		MUST(i == 0 || smbstatus_compare_identities(&s[-1].identity, &s->identity) < 0);
		MUST(s->identity.pid > 1);
		MUST(strlen(s->client) + strlen(s->user) < bytes);
		/* An escape is another text in the answer. */
		MUST(memchr(text, '\\', bytes) != NULL ||
		     memmem(text, bytes, s->client, strlen(s->client)) != NULL);
	}
}

static void answers(struct fuzz_input *in)
{
	size_t bytes, share_bytes, open_bytes;
	char *text = take_text(in, &bytes), *shares = take_text(in, &share_bytes),
	     *opens = take_text(in, &open_bytes);
	struct err err = { 0 };
	struct smbstatus_list *list = smbstatus_parse_sessions(text, bytes, &err);
	json_t *whole = json_loadb(text, bytes, JSON_ALLOW_NUL, NULL);

	MUST((list == NULL) == (err.status != 0));
	MUST(list == NULL || json_is_object(whole));
	MUST(list != NULL || !json_is_object(json_object_get(whole, "sessions")));
	if (list != NULL) {
		size_t count = list->count;

		judge(list, text, bytes);
		err = (struct err){ 0 };
		MUST(smbstatus_parse_shares(list, shares, share_bytes, &err) == (err.status == 0));
		err = (struct err){ 0 };
		MUST(smbstatus_parse_opens(list, opens, open_bytes, &err) == (err.status == 0));
		for (size_t i = 0; i < list->count; i++)
			MUST(err.status == 0 || list->sessions[i].num_opens == NETSESSION_UNKNOWN);
		MUST(list->count == count);
	}
	json_decref(whole);
	smbstatus_list_free(list);
	free(text);
	free(shares);
	free(opens);
}

static void ports(struct fuzz_input *in)
{
	size_t bytes, answer_bytes;
	char *peer = take_text(in, &bytes), *ended = strndup(peer, bytes);
	uint8_t *answer = fuzz_rest(in, &answer_bytes);
	struct peer_ports *p = peer_ports_new();

	MUST(peer_ports_find(p, ended) == 0);
	(void)peer_ports_add(p, answer, answer_bytes);
	(void)peer_ports_find(p, ended);
	peer_ports_free(p);
	free(ended);
	free(peer);
	free(answer);
}

static void time_text(struct fuzz_input *in)
{
	size_t bytes;
	char *text = take_text(in, &bytes), *ended = strndup(text, bytes);

	/* Year 10000, and a day's length for the zone. */
	MUST(smbstatus_parse_time(ended) < 253402300800 + 2 * 99 * 3600);
	free(ended);
	free(text);
}

/* ---- two lists after each other ---- */

struct published {
	unsigned count;
};

static bool put(void *context, struct published_session *s)
{
	struct published *p = context;

	MUST(s->client != NULL && s->user != NULL && s->key > 0);
	p->count += !s->is_published;
	return true;
}

static void touch(void *context, const struct published_session *s)
{
	(void)context;
	MUST(s->is_published);
}

static void remove_session(void *context, const struct published_session *s)
{
	struct published *p = context;

	MUST(s->is_published && p->count > 0);
	p->count--;
}

static bool find_cached(void *context, const struct published_session *s, int64_t started_s,
                        int64_t *seen_started_s)
{
	(void)context;
	*seen_started_s = started_s - 100;
	return (s->identity.session_id & 1) != 0;
}

static void check_tracked(const struct smbstatus_tracker *k, const struct smbstatus_list *list,
                          const struct published *p)
{
	MUST(smbstatus_tracker_count(k) == list->count && p->count == list->count);
	for (size_t i = 0; i < list->count; i++) {
		struct published_session *s = smbstatus_tracker_at(k, i);

		MUST(i == 0 || smbstatus_tracker_at(k, i - 1)->key < s->key);
		MUST(smbstatus_tracker_find(k, s->key) == s);
		MUST(smbstatus_tracker_count_names(k, s->client, s->user, 0) >= 1);
		MUST(published_session_shares_smbd(s, s));
		(void)smbstatus_tracker_transport(k, s->client, s->user);
	}
}

static void track(struct fuzz_input *in)
{
	static const struct smbstatus_tracker_handler handler = { put, touch, remove_session,
		                                                  find_cached };
	struct published p = { 0 };
	struct smbstatus_tracker *k = smbstatus_tracker_new("nobody", &handler, &p);

	for (int64_t now_s = 1764504372, round = 0; round < 3; round++, now_s += 60) {
		size_t bytes;
		char *text = take_text(in, &bytes);
		struct err err = { 0 };
		struct smbstatus_list *list =
			round < 2 ? smbstatus_parse_sessions(text, bytes, &err)
				  : smbstatus_parse_numeric(text, bytes, NULL, "UTF-8", &err);

		if (list != NULL) {
			(void)smbstatus_tracker_lacks_starts(k, list);
			MUST(smbstatus_tracker_update(k, list, now_s) != SMBSTATUS_NO_MEMORY);
			check_tracked(k, list, &p);
		}
		smbstatus_list_free(list);
		free(text);
	}
	smbstatus_tracker_forget_published(k);
	smbstatus_tracker_free(k);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input in = { data, bytes };

	switch (fuzz_u8(&in) % 4) {
	case 0:
		answers(&in);
		break;
	case 1:
		ports(&in);
		break;
	case 2:
		time_text(&in);
		break;
	default:
		track(&in);
	}
	return 0;
}
