/* SPDX-License-Identifier: MIT */
#include "daemon/config_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPECTED_BYTES 256

/* The next word of a list that commas or blanks separate. False: there is none. */
static bool config_next_word(const char **list, char *word, size_t room)
{
	size_t bytes;

	*list += strspn(*list, ", \t");
	bytes = strcspn(*list, ", \t");
	if (bytes >= room)
		bytes = room - 1;
	memcpy(word, *list, bytes);
	word[bytes] = '\0';
	*list += bytes;
	return bytes > 0;
}

bool config_has_word(const char *value, const char *word)
{
	char one[64];

	while (config_next_word(&value, one, sizeof one))
		if (strcmp(one, word) == 0)
			return true;
	return false;
}

static void config_put_choices(const struct config_key *key, char expected[EXPECTED_BYTES])
{
	const char *at = key->choices;
	char word[32];
	size_t used = 0;

	while (config_next_word(&at, word, sizeof word))
		used += (size_t)snprintf(expected + used, EXPECTED_BYTES - used, "%s%s",
		                         used == 0                    ? ""
		                         : key->type == CONFIG_CHOICE ? " or "
		                                                      : ", ",
		                         word);
}

void config_value_expected(const struct config_key *key, char expected[EXPECTED_BYTES])
{
	switch (key->type) {
	case CONFIG_TEXT:
	case CONFIG_LIST:
	case CONFIG_PATH:
		snprintf(expected, EXPECTED_BYTES, "%s of %u bytes at most%s",
		         key->type == CONFIG_PATH   ? "a path"
		         : key->type == CONFIG_LIST ? "a list with commas"
		                                    : "a text",
		         key->most, key->least > 0 ? ", not nothing" : "");
		break;
	case CONFIG_CHOICE:
	case CONFIG_CHOICES:
		config_put_choices(key, expected);
		break;
	case CONFIG_NUMBER:
		snprintf(expected, EXPECTED_BYTES, "a number from %u to %u", key->least, key->most);
		break;
	case CONFIG_BOOL:
		snprintf(expected, EXPECTED_BYTES, "yes or no");
		break;
	case CONFIG_ADDRESSES:
		snprintf(expected, EXPECTED_BYTES,
		         "at most %u of ADDRESS:PORT or [ADDRESS]:PORT, with commas", key->most);
		break;
	}
}

static bool config_set_text(char **to, const struct config_key *key, const char *text)
{
	size_t bytes = strlen(text);
	char *copy;

	if (bytes < key->least || (key->most > 0 && bytes > key->most))
		return false;
	copy = strdup(text);
	if (copy == NULL)
		return false;
	free(*to);
	*to = copy;
	return true;
}

static bool config_set_choices(char **to, const struct config_key *key, const char *text)
{
	const char *at = text;
	unsigned count = 0;
	char word[64];

	for (; config_next_word(&at, word, sizeof word); count++)
		if (!config_has_word(key->choices, word))
			return false;
	return (count == 1 || (count > 1 && key->type == CONFIG_CHOICES)) &&
	       config_set_text(to, key, text);
}

static bool config_read_number(const char *text, uint32_t least, uint32_t most, uint32_t *to)
{
	uint64_t number = 0;

	if (*text == '\0' || strlen(text) > 10)
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		number = 10 * number + (uint64_t)(*text - '0');
	}
	*to = (uint32_t)number;
	return number >= least && number <= most;
}

static bool config_set_bool(bool *to, const char *text)
{
	*to = strcmp(text, "yes") == 0;
	return *to || strcmp(text, "no") == 0;
}

/* Splits ADDRESS:PORT or [ADDRESS]:PORT, which it changes. */
static bool config_read_address(char *text, struct net_addresses *to)
{
	char *colon = strrchr(text, ':'), *host = text;
	uint32_t port;

	if (colon == NULL || colon == text || !config_read_number(colon + 1, 1, UINT16_MAX, &port))
		return false;
	*colon = '\0';
	if (*host == '[') {
		if (colon[-1] != ']')
			return false;
		colon[-1] = '\0';
		host++;
	} else if (strchr(host, ':') != NULL) {
		return false;
	}
	return net_address_parse(host, (uint16_t)port, to);
}

static bool config_set_addresses(struct net_addresses *to, const char *text)
{
	struct net_addresses one;
	char word[128];

	to->count = 0;
	while (config_next_word(&text, word, sizeof word)) {
		if (to->count == NET_MAX_ADDRESSES || !config_read_address(word, &one))
			return false;
		to->list[to->count++] = one.list[0];
	}
	return true;
}

bool config_value_parse(struct config *c, const struct config_key *key, const char *text)
{
	void *member = (char *)c + key->member;

	switch (key->type) {
	case CONFIG_TEXT:
	case CONFIG_LIST:
	case CONFIG_PATH:
		return config_set_text(member, key, text);
	case CONFIG_CHOICE:
	case CONFIG_CHOICES:
		return config_set_choices(member, key, text);
	case CONFIG_NUMBER:
		return config_read_number(text, key->least, key->most, member);
	case CONFIG_BOOL:
		return config_set_bool(member, text);
	case CONFIG_ADDRESSES:
		return config_set_addresses(member, text);
	}
	return false;
}
