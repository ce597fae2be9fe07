/* SPDX-License-Identifier: MIT */
#include "auth/access_policy.h"

#include <stdlib.h>
#include <string.h>
#include "base/ascii.h"
#include "base/text.h"

#define STEP "access policy"

/* Words that are no label; and the groups whose members the configuration lists. */
#define NOBODY        "nobody"
#define AUTHENTICATED "authenticated"

static const char *const group_names[] = { "administrators", "server_operators", "publishers" };

#define GROUP_COUNT (sizeof group_names / sizeof *group_names)

struct access_policy {
	unsigned holders;
	char *lists[ACCESS_RIGHT_COUNT]; /* NULL: denied */
	char *groups[GROUP_COUNT];
};

#define OPERATORS "administrators,server_operators"

/* clang-format off */
static const struct preset {
	const char *name;
	const char *lists[ACCESS_RIGHT_COUNT];
} presets[] = {
	{ "documented", /* as Windows' documentation of NetSessionEnum says */
	  { [ACCESS_LEVEL_0] = AUTHENTICATED, [ACCESS_LEVEL_10] = AUTHENTICATED,
	    [ACCESS_LEVEL_1] = OPERATORS, [ACCESS_LEVEL_2] = OPERATORS, [ACCESS_LEVEL_502] = OPERATORS,
	    [ACCESS_DELETE] = OPERATORS, [ACCESS_SERVER_INFO] = AUTHENTICATED,
	    [ACCESS_SHARE_ENUM] = AUTHENTICATED, [ACCESS_COUNTERS] = OPERATORS,
	    [ACCESS_PUBLISH] = "publishers" } },
	{ "hardened", /* as Windows does since Windows 10 1607 and Server 2019 */
	  { [ACCESS_LEVEL_0] = OPERATORS, [ACCESS_LEVEL_10] = OPERATORS,
	    [ACCESS_LEVEL_1] = OPERATORS, [ACCESS_LEVEL_2] = OPERATORS, [ACCESS_LEVEL_502] = OPERATORS,
	    [ACCESS_DELETE] = OPERATORS, [ACCESS_SERVER_INFO] = AUTHENTICATED,
	    [ACCESS_SHARE_ENUM] = AUTHENTICATED, [ACCESS_COUNTERS] = OPERATORS,
	    [ACCESS_PUBLISH] = "publishers" } },
};
/* clang-format on */

enum access_right access_right_of_level(unsigned level)
{
	switch (level) {
	case 0:
		return ACCESS_LEVEL_0;
	case 1:
		return ACCESS_LEVEL_1;
	case 2:
		return ACCESS_LEVEL_2;
	case 10:
		return ACCESS_LEVEL_10;
	default:
		return ACCESS_LEVEL_502;
	}
}

struct access_policy *access_policy_new(const char *preset)
{
	struct access_policy *p = NULL;

	for (size_t i = 0; i < sizeof presets / sizeof *presets; i++) {
		if (strcmp(presets[i].name, preset) != 0)
			continue;
		p = calloc(1, sizeof *p);
		if (p == NULL)
			return NULL;
		p->holders = 1;
		for (size_t right = 0; right < ACCESS_RIGHT_COUNT; right++)
			if (presets[i].lists[right] != NULL &&
			    (p->lists[right] = strdup(presets[i].lists[right])) == NULL) {
				access_policy_release(p);
				return NULL;
			}
	}
	return p;
}

/* The next label of a list, without blanks around it. False: there is none. */
static bool access_policy_next_label(const char **list, const char **label, size_t *bytes)
{
	*list += strspn(*list, ", \t");
	*label = *list;
	*bytes = strcspn(*list, ",");
	*list += *bytes;
	while (*bytes > 0 && strchr(" \t", (*label)[*bytes - 1]) != NULL)
		(*bytes)--;
	return *bytes > 0;
}

#define LABEL_BYTES 512

static bool access_policy_copy_label(const char *label, size_t bytes, char to[LABEL_BYTES])
{
	if (bytes >= LABEL_BYTES)
		return false;
	memcpy(to, label, bytes);
	to[bytes] = '\0';
	return true;
}

static bool access_policy_is_group(const char *word)
{
	for (size_t i = 0; i < GROUP_COUNT; i++)
		if (strcmp(group_names[i], word) == 0)
			return true;
	return false;
}

/* Whether a label that begins like a SID is one: S-1-5-21-1-2-3-512. */
static bool access_policy_is_sid(const char *label)
{
	size_t parts = 0;

	for (label++; *label == '-'; parts++) {
		size_t digits = strspn(++label, "0123456789");

		if (digits == 0)
			return false;
		label += digits;
	}
	return *label == '\0' && parts >= 3;
}

/* Returns what was expected instead of this label; NULL: the label is valid. */
static const char *access_policy_expected_label(const char *label)
{
	size_t bytes = strlen(label);

	for (const char *c = label; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7F)
			return "a name without control characters";
	if (!text_utf8_is_valid(label))
		return "a name in UTF-8";
	if (strcmp(label, "@") == 0)
		return "a group's name behind @";
	if (ascii_begins_nocase(label, "S-1-") && !access_policy_is_sid(label))
		return "a SID as S-1-5-21-1-2-3-512";
	if (label[0] == '\\' || label[bytes - 1] == '\\')
		return "a domain and a user as DOMAIN\\user";
	if (label[bytes - 1] == '@')
		return "a realm behind @";
	return NULL;
}

/* Copies a list that has only what is allowed in it. A group means accounts, so it holds no group.
 */
static bool access_policy_replace_list(char **to, const char *list, bool may_have_groups,
                                       struct err *err)
{
	const char *at = list, *label, *expected;
	char *copy, text[LABEL_BYTES];
	size_t bytes;

	while (access_policy_next_label(&at, &label, &bytes)) {
		if (!access_policy_copy_label(label, bytes, text))
			expected = "a name of less than 512 bytes";
		else if (!may_have_groups &&
		         (access_policy_is_group(text) || strcmp(text, AUTHENTICATED) == 0))
			expected = "users, @groups and SIDs";
		else
			expected = access_policy_expected_label(text);
		if (expected != NULL) {
			err_format(err, ERROR_INVALID_PARAMETER, STEP, "expected %s", expected);
			return false;
		}
	}
	copy = strdup(list);
	if (copy == NULL) {
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
		return false;
	}
	free(*to);
	*to = copy;
	return true;
}

bool access_policy_set(struct access_policy *p, enum access_right right, const char *list,
                       struct err *err)
{
	return access_policy_replace_list(&p->lists[right], list, true, err);
}

bool access_policy_set_group(struct access_policy *p, const char *group, const char *list,
                             struct err *err)
{
	for (size_t i = 0; i < GROUP_COUNT; i++)
		if (strcmp(group_names[i], group) == 0)
			return access_policy_replace_list(&p->groups[i], list, false, err);
	err_set(err, ERROR_INVALID_PARAMETER, STEP,
	        "expected administrators, server_operators or publishers");
	return false;
}

/* Whether a group's list has the identity. "nobody" in it is not an account of that name. */
static bool access_policy_group_has(const char *list, const struct identity *who)
{
	const char *label;
	char text[LABEL_BYTES];
	size_t bytes;

	while (list != NULL && access_policy_next_label(&list, &label, &bytes))
		if (access_policy_copy_label(label, bytes, text) && strcmp(text, NOBODY) != 0 &&
		    identity_has_label(who, text))
			return true;
	return false;
}

static bool access_policy_word_means(const struct access_policy *p, const char *word,
                                     const struct identity *who)
{
	for (size_t i = 0; i < GROUP_COUNT; i++)
		if (strcmp(group_names[i], word) == 0)
			return access_policy_group_has(p->groups[i], who);
	if (strcmp(word, NOBODY) == 0)
		return false;
	return strcmp(word, AUTHENTICATED) == 0 || identity_has_label(who, word);
}

bool access_policy_allows(const struct access_policy *p, const struct identity *who,
                          enum access_right right)
{
	const char *list = p->lists[right], *word;
	char text[LABEL_BYTES];
	size_t bytes;

	if (!identity_is_authenticated(who))
		return false;
	while (list != NULL && access_policy_next_label(&list, &word, &bytes))
		if (access_policy_copy_label(word, bytes, text) &&
		    access_policy_word_means(p, text, who))
			return true;
	return false;
}

struct access_policy *access_policy_hold(struct access_policy *p)
{
	p->holders++;
	return p;
}

void access_policy_release(struct access_policy *p)
{
	if (p == NULL || --p->holders > 0)
		return;
	for (size_t i = 0; i < ACCESS_RIGHT_COUNT; i++)
		free(p->lists[i]);
	for (size_t i = 0; i < GROUP_COUNT; i++)
		free(p->groups[i]);
	free(p);
}
