/* SPDX-License-Identifier: MIT */
/* Inside the configuration only: its keys, listed once. */
#ifndef DAEMON_CONFIG_KEYS_H
#define DAEMON_CONFIG_KEYS_H

#include "daemon/config.h"

enum config_type {
	CONFIG_TEXT,      /* char *, of most bytes at most */
	CONFIG_LIST,      /* char *, separated by commas, may go on on further lines */
	CONFIG_PATH,      /* char * */
	CONFIG_CHOICE,    /* char *, one of choices */
	CONFIG_CHOICES,   /* char *, a list of them */
	CONFIG_NUMBER,    /* uint32_t, from least to most */
	CONFIG_BOOL,      /* bool */
	CONFIG_ADDRESSES, /* struct net_addresses */
};

struct config_key {
	const char *section, *name;
	enum config_type type;
	size_t member; /* its offset in struct config */
	const char *initial;
	const char *help;
	const char *choices; /* separated by blanks; NULL: any */
	uint32_t least, most;
};

extern const struct config_key config_keys[];
extern const size_t config_key_count;

/* The sections in their order, and what each is about; ended by NULL. */
struct config_section {
	const char *name, *about;
};
extern const struct config_section config_sections[];

/* NULL: there is none. */
const struct config_key *config_key_find(const char *section, const char *name);
/* The present name of a key that had another name in a former version; NULL: there was none. */
const char *config_key_renamed(const char *section, const char *name);

/* Sets the key in c to the value of text. False: text is no value of this key, or memory ran out.
 */
bool config_value_parse(struct config *c, const struct config_key *key, const char *text);
/* What a value of this key may be, for people. */
void config_value_expected(const struct config_key *key, char expected[256]);

#endif
