/* SPDX-License-Identifier: MIT */
#include "samba/smbstatus/user_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sessions/key_map.h"

struct user_name {
	char *name; /* NULL: winbindd did not know it */
	int64_t until_ms;
};

struct user_names {
	struct user_name *entries;
	uint32_t count, room;
	bool is_controller;
	struct key_map numbers; /* of each number of a user: one more than the entry's index */
};

struct user_names *user_names_new(bool is_controller)
{
	struct user_names *n = calloc(1, sizeof *n);

	if (n != NULL)
		n->is_controller = is_controller;
	return n;
}

void user_names_free(struct user_names *n)
{
	if (n == NULL)
		return;
	for (uint32_t i = 0; i < n->count; i++)
		free(n->entries[i].name);
	free(n->entries);
	key_map_fini(&n->numbers);
	free(n);
}

/* NULL: it was never asked for. */
static struct user_name *user_names_find(const struct user_names *n, uint32_t uid)
{
	uint32_t index = key_map_find(&n->numbers, uid);

	return index != 0 ? &n->entries[index - 1] : NULL;
}

/* ---- in a list ---- */

static bool user_names_is_wanted(const struct user_names *n, const struct smbstatus_session *s)
{
	char number[16];

	if (n->is_controller && s->uid == 0)
		return true;
	(void)snprintf(number, sizeof number, "%u", (unsigned)s->uid);
	return s->uid != SMBSTATUS_NO_UID && strcmp(s->user, number) == 0;
}

static size_t user_names_add_asked(uint32_t *asked, size_t count, uint32_t uid)
{
	for (size_t i = 0; i < count; i++)
		if (asked[i] == uid)
			return count;
	if (count < USER_NAMES_MOST_ASKED)
		asked[count++] = uid;
	return count;
}

size_t user_names_apply(const struct user_names *n, struct smbstatus_list *list, int64_t now_ms,
                        uint32_t asked[USER_NAMES_MOST_ASKED])
{
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++) {
		struct smbstatus_session *s = &list->sessions[i];
		const struct user_name *known;

		if (!user_names_is_wanted(n, s))
			continue;
		known = user_names_find(n, s->uid);
		if (known == NULL || known->until_ms <= now_ms)
			count = user_names_add_asked(asked, count, s->uid);
		else if (known->name != NULL)
			s->user = known->name;
	}
	return count;
}

/* ---- what winbindd said ---- */

/* Makes room for one more. NULL: out of memory. */
static struct user_name *user_names_add(struct user_names *n, uint32_t uid)
{
	if (n->count == n->room) {
		uint32_t room = n->room > 0 ? 2 * n->room : USER_NAMES_MOST_ASKED;
		struct user_name *entries = reallocarray(n->entries, room, sizeof *entries);

		if (entries == NULL)
			return NULL;
		n->entries = entries;
		n->room = room;
	}
	if (!key_map_set(&n->numbers, uid, n->count + 1))
		return NULL;
	n->entries[n->count] = (struct user_name){ 0 };
	return &n->entries[n->count++];
}

static bool user_names_is_line_of(const char *line, uint32_t uid, size_t *name_bytes)
{
	char rest[16];

	*name_bytes = strcspn(line, ":\n");
	(void)snprintf(rest, sizeof rest, ":%u:", (unsigned)uid);
	if (*name_bytes == 0 || line[*name_bytes] != ':')
		return false;
	line += *name_bytes + 1;
	line += strcspn(line, ":\n"); /* the password */
	return strncmp(line, rest, strlen(rest)) == 0;
}

/* NULL: there is no line of it. */
static const char *user_names_find_line(const char *output, uint32_t uid, size_t *name_bytes)
{
	while (*output != '\0') {
		if (user_names_is_line_of(output, uid, name_bytes))
			return output;
		output += strcspn(output, "\n");
		output += *output == '\n';
	}
	return NULL;
}

/* A user whom winbindd does not know at the moment keeps the name that it had. */
bool user_names_learn(struct user_names *n, const uint32_t *asked, size_t count, const char *output,
                      bool is_over, int64_t now_ms)
{
	bool is_left_out = false;

	for (size_t i = 0; i < count && (is_over || !is_left_out); i++) {
		size_t bytes;
		const char *line = user_names_find_line(output, asked[i], &bytes);
		struct user_name *entry = user_names_find(n, asked[i]);
		char *name;

		is_left_out = line == NULL;
		if (entry == NULL)
			entry = user_names_add(n, asked[i]);
		if (entry == NULL)
			return false;
		entry->until_ms = now_ms + USER_NAMES_NAMELESS_MS;
		if (line == NULL)
			continue;
		name = strndup(line, bytes);
		if (name == NULL)
			return false;
		free(entry->name);
		entry->name = name;
		entry->until_ms = now_ms + USER_NAMES_VALID_MS;
	}
	return true;
}
