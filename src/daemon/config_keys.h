/* SPDX-License-Identifier: MIT */
/* The keys of the daemon's configuration, listed once: parser, complaints, --help, manual and
 * sample follow from this table. */
#ifndef DAEMON_CONFIG_KEYS_H
#define DAEMON_CONFIG_KEYS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "auth/access_policy.h"
#include "base/ip_address.h"
#include "net/address.h"

enum { CONFIG_MAX_KEYS = 64 };

struct config_place {
	unsigned line;      /* of the file that sets it; 0: none does */
	const char *option; /* of the command line, which overrides the file; NULL: none */
};

/* Valid values. Texts are UTF-8, but for a path of the command line, and never NULL; "" where
 * nothing is set. */
struct config {
	bool is_out_of_memory; /* a value was good, but could not be copied */
	/* [server] */
	struct net_addresses listen;
	char *socket, *publish_socket, *user, *netbios_name, *comment;
	uint32_t max_sessions, idle_timeout_s, log_on_timeout_s;
	uint32_t max_connections, max_connections_per_address;
	uint32_t max_unauthenticated_connections, max_unauthenticated_connections_per_address;
	uint32_t max_local_connections, max_publishers, publisher_max_sessions,
		publisher_max_changes_per_s;
	uint32_t refresh_timeout_ms, max_answer_mib, max_unread_mib_per_user, drain_timeout_s;
	char *encryption, *min_dialect, *hosts_allow, *hosts_deny, *log_level;
	/* [auth] */
	char *mechanisms, *ntlm_users, *keytab;
	bool anonymous, sessions_end_with_ticket, sessions_end_with_account;
	/* [access] */
	char *policy, *administrators, *server_operators, *publishers;
	char *rights[ACCESS_RIGHT_COUNT]; /* "": as the policy has it */
	/* [audit] */
	char *audit_file, *audit_format;
	char *history_db, *history_server;
	/* [demo] */
	uint32_t demo_sessions;

	char *file; /* NULL: there is none */
	struct config_place places[CONFIG_MAX_KEYS];
};

enum config_type {
	CONFIG_TEXT,      /* char *, of most bytes at most */
	CONFIG_LIST,      /* char *, separated by commas, may go on on further lines */
	CONFIG_PATH,      /* char * */
	CONFIG_DATABASE,  /* char *, the path of a file or a URL, without a password */
	CONFIG_CHOICE,    /* char *, one of choices */
	CONFIG_CHOICES,   /* char *, a list of them */
	CONFIG_NUMBER,    /* uint32_t, from least to most */
	CONFIG_BOOL,      /* bool */
	CONFIG_ADDRESSES, /* struct net_addresses */
	CONFIG_NETWORKS,  /* char *, a list of networks, at most most of them */
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

/* Sets the key in c to the value of text. False: text is no value of this key, or
 * c->is_out_of_memory. */
bool config_value_parse(struct config *c, const struct config_key *key, const char *text);
/* What a value of this key may be, for people. */
void config_value_expected(const struct config_key *key, char expected[256]);

/* Reads a value of CONFIG_NETWORKS. Returns how many networks it has; CONFIG_NO_NETWORKS: it is no
 * such value. */
#define CONFIG_MAX_NETWORKS 64
#define CONFIG_NO_NETWORKS  UINT_MAX
unsigned config_networks(const char *value, struct ip_network list[CONFIG_MAX_NETWORKS]);

/* Whether a value of several words holds this one. */
bool config_has_word(const char *value, const char *word);

#endif
