/* SPDX-License-Identifier: MIT */
/* What smbstatus prints, and the kernel's list of TCP connections.
 * Input: kind (0: sessions, with shares and open files behind zero bytes; 1: a session's peer, with
 * a datagram of sock_diag(7) behind a zero byte; 2: a time), then the texts.
 * Must reach: smbstatus_parse_sessions smbstatus_parse_shares smbstatus_parse_time
 *   smbstatus_parse_member smbstatus_list_add smbstatus_add_session smbstatus_add_share
 *   smbstatus_get_identity smbstatus_get_transport smbstatus_get_port smbstatus_is_logged_on
 *   smbstatus_drop_duplicates json_members_next json_members_enter json_members_value
 *   json_members_end peer_ports_add peer_ports_append peer_ports_find peer_port_parse
 *   peer_port_compare smbstatus_parse_opens smbstatus_add_file smbstatus_set_opens
 * Holds: sessions are read from what is JSON as a whole, and from nothing else; they are sorted,
 * and each is there once; a name that is kept is one of the answer. */
#include <jansson.h>
#include "fuzz.h"
#include "samba/smbstatus/peer_ports.h"
#include "samba/smbstatus/smbstatus_parse.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input in = { data, bytes };

	switch (fuzz_u8(&in) % 3) {
	case 0:
		answers(&in);
		break;
	case 1:
		ports(&in);
		break;
	default:
		time_text(&in);
	}
	return 0;
}
