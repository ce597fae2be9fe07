/* SPDX-License-Identifier: MIT */
#include "samba/smbstatus/smbstatus_parse.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <winerror.h>
#include "base/text.h"
#include "samba/smbstatus/json_members.h"

#define STEP       "smbstatus"
#define DIRECT_TCP "\\Device\\NetbiosSmb"

enum { FIRST_ROOM = 64, NAME_BYTES = 1025 };

/* ---- members ---- */

/* Decimal digits alone: smbstatus writes such numbers as texts. */
static bool smbstatus_get_number(const json_t *object, const char *name, uint64_t most,
                                 uint64_t *number)
{
	const char *text = json_string_value(json_object_get(object, name));
	char *end;

	if (text == NULL || text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' && *number <= most;
}

static int64_t smbstatus_get_time(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? smbstatus_parse_time(text) : 0;
}

static bool smbstatus_get_identity(const json_t *object, struct smbstatus_identity *identity,
                                   uint32_t *node)
{
	const json_t *server = json_object_get(object, "server_id");
	uint64_t vnn;

	/* An smbd is never process 0 or 1. */
	if (!smbstatus_get_number(object, "session_id", UINT64_MAX, &identity->session_id) ||
	    !smbstatus_get_number(server, "pid", INT32_MAX, &identity->pid) || identity->pid <= 1 ||
	    !smbstatus_get_number(server, "unique_id", UINT64_MAX, &identity->unique_id) ||
	    !smbstatus_get_number(server, "vnn", UINT32_MAX, &vnn))
		return false;
	*node = (uint32_t)vnn;
	return true;
}

int64_t smbstatus_parse_time(const char *text)
{
	struct tm utc = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);
	int east_hour, east_minute, used = 0;
	int64_t east_s;
	char sign;

	/* strptime also takes fewer digits, and the seconds 61. */
	if (end != text + strlen("2026-11-25T20:06:08") || utc.tm_year < 70 || utc.tm_sec > 60)
		return 0;
	if (*end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	if (sscanf(end, "%c%2d:%2d%n", &sign, &east_hour, &east_minute, &used) != 3 || used != 6 ||
	    end[used] != '\0' || (sign != '+' && sign != '-') || east_hour < 0 || east_minute < 0)
		return 0;
	east_s = (east_hour * 60 + east_minute) * 60;
	return timegm(&utc) - (sign == '-' ? -east_s : east_s);
}

/* The port of "ipv4:192.0.2.1:445", "ipv6:2001:db8::1:445"; 0: there is none. */
static unsigned smbstatus_get_port(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	const char *colon = text != NULL ? strrchr(text, ':') : NULL;
	unsigned port = 0;

	if (colon != NULL && strncmp(text, "ip", 2) == 0)
		(void)sscanf(colon + 1, "%5u", &port);
	return port;
}

/* Windows has a device name for SMB directly over TCP, without NetBIOS. That is what port 445 is
 * for. */
const char *smbstatus_transport_of_port(unsigned port)
{
	return port == 445 ? DIRECT_TCP : NULL;
}

/* From 4.23 on Samba names the transport of a channel: "tcp", "nbt" or "quic". From 4.20 on Samba
 * names its local port. A session of several channels has a transport if all of them share it. */
static const char *smbstatus_get_transport(const json_t *session)
{
	json_t *channels = json_object_get(session, "channels");
	const char *transport = NULL;

	for (void *i = json_object_iter(channels); i != NULL;
	     i = json_object_iter_next(channels, i)) {
		const json_t *channel = json_object_iter_value(i);
		const char *told = json_string_value(json_object_get(channel, "transport"));

		if (told == NULL)
			transport = smbstatus_transport_of_port(
				smbstatus_get_port(channel, "local_address"));
		else
			transport = strcmp(told, "tcp") == 0 ? DIRECT_TCP : NULL;
		if (transport == NULL)
			return NULL;
	}
	return transport;
}

/* ---- lists ---- */

static int smbstatus_compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

int smbstatus_compare_identities(const struct smbstatus_identity *a,
                                 const struct smbstatus_identity *b)
{
	int order = smbstatus_compare_numbers(a->session_id, b->session_id);

	if (order == 0)
		order = smbstatus_compare_numbers(a->pid, b->pid);
	return order != 0 ? order : smbstatus_compare_numbers(a->unique_id, b->unique_id);
}

static int smbstatus_compare_sessions(const void *a, const void *b)
{
	return smbstatus_compare_identities(&((const struct smbstatus_session *)a)->identity,
	                                    &((const struct smbstatus_session *)b)->identity);
}

static const char *smbstatus_keep_text(struct smbstatus_list *list, size_t *used,
                                       const json_t *text)
{
	char *kept = list->texts + *used;
	size_t bytes = json_string_length(text) + 1;

	memcpy(kept, json_string_value(text), bytes);
	*used += bytes;
	return kept;
}

/* smbd writes "(auth in progress)" as the user while a log-on is under way. */
static bool smbstatus_is_logged_on(const json_t *session)
{
	const json_t *uid = json_object_get(session, "uid");

	return !json_is_integer(uid) ||
	       (json_integer_value(uid) != -1 && json_integer_value(uid) != UINT32_MAX);
}

static uint32_t smbstatus_get_uid(const json_t *session)
{
	const json_t *uid = json_object_get(session, "uid");

	return json_is_integer(uid) && json_integer_value(uid) >= 0 &&
	                       json_integer_value(uid) < SMBSTATUS_NO_UID
	               ? (uint32_t)json_integer_value(uid)
	               : SMBSTATUS_NO_UID;
}

/* False: out of memory. */
static bool smbstatus_list_add(struct smbstatus_list *list, size_t *room, size_t *used,
                               const json_t *session)
{
	const json_t *client = json_object_get(session, "remote_machine");
	const json_t *user = json_object_get(session, "username");
	const json_t *peer = json_object_get(session, "hostname");
	struct smbstatus_session *s;

	if (!smbstatus_is_logged_on(session))
		return true;
	if (list->count == *room) {
		s = reallocarray(list->sessions, 2 * *room, sizeof *s);
		if (s == NULL)
			return false;
		list->sessions = s;
		*room *= 2;
	}
	s = &list->sessions[list->count];
	*s = (struct smbstatus_session){ .num_opens = NETSESSION_UNKNOWN };
	/* A NUL within a name would hide the rest of it. */
	if (!smbstatus_get_identity(session, &s->identity, &s->node) || !json_is_string(client) ||
	    !json_is_string(user) ||
	    strlen(json_string_value(client)) != json_string_length(client) ||
	    strlen(json_string_value(user)) != json_string_length(user)) {
		list->passed_over++;
		return true;
	}
	s->client = smbstatus_keep_text(list, used, client);
	s->user = smbstatus_keep_text(list, used, user);
	s->uid = smbstatus_get_uid(session);
	s->transport = smbstatus_get_transport(session);
	if (json_is_string(peer) && json_object_get(session, "channels") == NULL)
		s->peer = smbstatus_keep_text(list, used, peer);
	s->started_s = smbstatus_get_time(session, "creation_time");
	list->count++;
	return true;
}

/* JSON allows the same identity twice; one session is left. */
static void smbstatus_drop_duplicates(struct smbstatus_list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (kept == 0 ||
		    smbstatus_compare_sessions(&list->sessions[kept - 1], &list->sessions[i]) != 0)
			list->sessions[kept++] = list->sessions[i];
	list->passed_over += list->count - kept;
	list->count = kept;
}

/* ---- answers ---- */

/* Calls each with every value of the object that is the answer's member `wanted`, until each
 * returns that memory is out. False: see err. */
static bool smbstatus_parse_member(const char *text, size_t bytes, const char *wanted,
                                   bool (*each)(void *context, const json_t *value), void *context,
                                   struct err *err)
{
	struct json_members m;
	json_t *name, *value;
	bool is_there = false, has_memory = true;

	json_members_begin(&m, text, bytes);
	while ((name = json_members_next(&m)) != NULL) {
		bool is_it = strcmp(json_string_value(name), wanted) == 0 && json_members_enter(&m);

		json_decref(name);
		if (!is_it) {
			json_decref(json_members_value(&m));
			continue;
		}
		is_there = true;
		while ((name = json_members_next(&m)) != NULL) {
			json_decref(name);
			value = json_members_value(&m);
			has_memory = has_memory && (value == NULL || each(context, value));
			json_decref(value);
		}
	}
	if (!has_memory || m.is_out_of_memory)
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	else if (!json_members_end(&m))
		err_set(err, ERROR_INVALID_DATA, STEP, "smbstatus did not print JSON");
	else if (!is_there)
		err_set(err, ERROR_INVALID_DATA, STEP,
		        "smbstatus did not print a list of sessions");
	return err->status == 0;
}

struct smbstatus_list_builder {
	struct smbstatus_list *list;
	size_t room, used; /* sessions, bytes of texts */
};

static bool smbstatus_add_session(void *context, const json_t *session)
{
	struct smbstatus_list_builder *g = context;

	return smbstatus_list_add(g->list, &g->room, &g->used, session);
}

struct smbstatus_list *smbstatus_parse_sessions(const char *text, size_t bytes, struct err *err)
{
	struct smbstatus_list *list = calloc(1, sizeof *list);
	struct smbstatus_list_builder growing = { list, FIRST_ROOM, 0 };

	/* In the answer a name is at least as long as here. Room that stays unused costs nothing.
	 */
	if (list != NULL) {
		list->texts = malloc(bytes + 1);
		list->sessions = calloc(FIRST_ROOM, sizeof *list->sessions);
	}
	if (list == NULL || list->texts == NULL || list->sessions == NULL)
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	else if (smbstatus_parse_member(text, bytes, "sessions", smbstatus_add_session, &growing,
	                                err)) {
		qsort(list->sessions, list->count, sizeof *list->sessions,
		      smbstatus_compare_sessions);
		smbstatus_drop_duplicates(list);
		return list;
	}
	smbstatus_list_free(list);
	return NULL;
}

/* ---- names that smbstatus cannot print ---- */

/* The system has a user's name in Samba's charset, unless it is in UTF-8 all the same. A user whom
 * the system does not know keeps the number. False: out of memory. */
static bool smbstatus_name_session(struct smbstatus_list *list, struct smbstatus_session *s,
                                   const char *charset)
{
	char buffer[16384], text[NAME_BYTES];
	struct passwd entry, *found = NULL;
	struct smbstatus_name *name;

	if (getpwuid_r(s->uid, &entry, buffer, sizeof buffer, &found) != 0 || found == NULL)
		return true;
	if (!text_utf8_from_charset(charset, found->pw_name, text, sizeof text)) {
		s->user = "";
		list->unnamed++;
		return true;
	}
	name = malloc(sizeof *name + strlen(text) + 1);
	if (name == NULL)
		return false;
	s->user = strcpy(name->text, text);
	SLIST_INSERT_HEAD(&list->names, name, entry);
	return true;
}

struct smbstatus_list *smbstatus_parse_numeric(const char *text, size_t bytes,
                                               struct smbstatus_list *named, const char *charset,
                                               struct err *err)
{
	struct smbstatus_list *list = smbstatus_parse_sessions(text, bytes, err);
	bool has_memory = list != NULL;

	if (list == NULL) {
		smbstatus_list_free(named);
		return NULL;
	}
	list->named = named;
	for (size_t i = 0; has_memory && i < list->count; i++) {
		struct smbstatus_session *s = &list->sessions[i];
		const struct smbstatus_session *known =
			named != NULL ? bsearch(s, named->sessions, named->count, sizeof *s,
		                                smbstatus_compare_sessions)
				      : NULL;

		if (known != NULL)
			s->user = known->user;
		else
			has_memory = smbstatus_name_session(list, s, charset);
	}
	if (has_memory)
		return list;
	err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	smbstatus_list_free(list);
	return NULL;
}

/* ---- open files ---- */

/* An open file, or a session that may have files open: an smbd and a user id. */
struct smbstatus_owner {
	uint64_t pid, unique_id;
	uint32_t node, uid;
	struct smbstatus_session *session; /* NULL: a file */
};

struct smbstatus_owners {
	struct smbstatus_owner *list;
	size_t count, room;
};

static int smbstatus_compare_smbds(const struct smbstatus_owner *a, const struct smbstatus_owner *b)
{
	int order = smbstatus_compare_numbers(a->pid, b->pid);

	if (order == 0)
		order = smbstatus_compare_numbers(a->unique_id, b->unique_id);
	return order != 0 ? order : smbstatus_compare_numbers(a->node, b->node);
}

static int smbstatus_compare_owners(const void *left, const void *right)
{
	const struct smbstatus_owner *a = left, *b = right;
	int order = smbstatus_compare_smbds(a, b);

	return order != 0 ? order : smbstatus_compare_numbers(a->uid, b->uid);
}

/* False: out of memory. */
static bool smbstatus_owners_add(struct smbstatus_owners *o, const struct smbstatus_owner *owner)
{
	if (o->count == o->room) {
		size_t room = o->room > 0 ? 2 * o->room : FIRST_ROOM;
		struct smbstatus_owner *list = reallocarray(o->list, room, sizeof *list);

		if (list == NULL)
			return false;
		o->list = list;
		o->room = room;
	}
	o->list[o->count++] = *owner;
	return true;
}

/* A file, with all that have it open. */
static bool smbstatus_add_file(void *context, const json_t *file)
{
	struct smbstatus_owners *o = context;
	json_t *opens = json_object_get(file, "opens");

	for (void *i = json_object_iter(opens); i != NULL; i = json_object_iter_next(opens, i)) {
		const json_t *open = json_object_iter_value(i), *server, *uid;
		struct smbstatus_owner owner = { 0 };
		uint64_t vnn;

		server = json_object_get(open, "server_id");
		uid = json_object_get(open, "uid");
		if (!smbstatus_get_number(server, "pid", INT32_MAX, &owner.pid) ||
		    !smbstatus_get_number(server, "unique_id", UINT64_MAX, &owner.unique_id) ||
		    !smbstatus_get_number(server, "vnn", UINT32_MAX, &vnn) || !json_is_integer(uid))
			continue;
		owner.node = (uint32_t)vnn;
		owner.uid = (uint32_t)json_integer_value(uid);
		if (!smbstatus_owners_add(o, &owner))
			return false;
	}
	return true;
}

/* Counts the owners of one user id in one smbd. */
static size_t smbstatus_count_owners(const struct smbstatus_owner *owners, size_t count,
                                     uint32_t *sessions, uint32_t *opens)
{
	size_t i = 0;

	*sessions = *opens = 0;
	for (; i < count && smbstatus_compare_owners(&owners[0], &owners[i]) == 0; i++)
		*(owners[i].session != NULL ? sessions : opens) += 1;
	return i;
}

/* Sets num_opens of the sessions of one smbd. A share may have its files opened under another user
 * id than the session's (force user): those files belong to the only session of the smbd, or to
 * nobody knows which. */
static void smbstatus_set_opens(const struct smbstatus_owner *owners, size_t count)
{
	uint32_t sessions, opens, all_sessions = 0, foreign_opens = 0;

	for (size_t i = 0; i < count;) {
		i += smbstatus_count_owners(owners + i, count - i, &sessions, &opens);
		all_sessions += sessions;
		foreign_opens += sessions == 0 ? opens : 0;
	}
	for (size_t i = 0, same; i < count; i += same) {
		same = smbstatus_count_owners(owners + i, count - i, &sessions, &opens);
		for (size_t s = i; s < i + same; s++) {
			if (owners[s].session == NULL)
				continue;
			if (all_sessions == 1)
				owners[s].session->num_opens = opens + foreign_opens;
			else if (foreign_opens == 0 && (sessions == 1 || opens == 0))
				owners[s].session->num_opens = opens;
		}
	}
}

bool smbstatus_parse_opens(struct smbstatus_list *list, const char *text, size_t bytes,
                           struct err *err)
{
	struct smbstatus_owners o = { 0 };
	bool is_good = smbstatus_parse_member(text, bytes, "open_files", smbstatus_add_file, &o,
	                                      err);

	for (size_t i = 0; is_good && i < list->count; i++) {
		struct smbstatus_session *s = &list->sessions[i];
		const struct smbstatus_owner owner = { s->identity.pid, s->identity.unique_id,
			                               s->node, s->uid, s };

		is_good = smbstatus_owners_add(&o, &owner);
		if (!is_good)
			err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	}
	if (is_good && o.count > 0)
		qsort(o.list, o.count, sizeof *o.list, smbstatus_compare_owners);
	for (size_t i = 0, end; is_good && i < o.count; i = end) {
		for (end = i + 1;
		     end < o.count && smbstatus_compare_smbds(&o.list[i], &o.list[end]) == 0; end++)
			;
		smbstatus_set_opens(o.list + i, end - i);
	}
	free(o.list);
	return is_good;
}

/* ---- shares ---- */

static bool smbstatus_add_share(void *context, const json_t *share)
{
	struct smbstatus_list *list = context;
	struct smbstatus_session wanted, *s = NULL;
	int64_t at_s = smbstatus_get_time(share, "connected_at");

	if (at_s > 0 && smbstatus_get_identity(share, &wanted.identity, &wanted.node))
		s = bsearch(&wanted, list->sessions, list->count, sizeof wanted,
		            smbstatus_compare_sessions);
	if (s != NULL && (s->had_share_at_s == 0 || at_s < s->had_share_at_s))
		s->had_share_at_s = at_s;
	return true;
}

bool smbstatus_parse_shares(struct smbstatus_list *list, const char *text, size_t bytes,
                            struct err *err)
{
	return smbstatus_parse_member(text, bytes, "tcons", smbstatus_add_share, list, err);
}

void smbstatus_list_free(struct smbstatus_list *list)
{
	struct smbstatus_name *name;

	if (list == NULL)
		return;
	while ((name = SLIST_FIRST(&list->names)) != NULL) {
		SLIST_REMOVE_HEAD(&list->names, entry);
		free(name);
	}
	smbstatus_list_free(list->named);
	free(list->sessions);
	free(list->texts);
	free(list);
}
