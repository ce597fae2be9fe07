/* SPDX-License-Identifier: MIT */
/* The daemon's configuration: one table of keys, from which the file is read, checked, and
 * described in --help, in the manual and in a sample file. */
#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "auth/access_policy.h"
#include "base/err.h"
#include "net/address.h"

#define CONFIG_FILE_DEFAULT "netsession/netsessiond.conf" /* below the system's /etc */

enum { CONFIG_MAX_KEYS = 64 };

struct config_place {
	unsigned line;      /* of the file that sets it; 0: none does */
	const char *option; /* of the command line, which overrides the file; NULL: none */
};

/* Valid values. Texts are UTF-8 and never NULL; "" where nothing is set. */
struct config {
	/* [server] */
	struct net_addresses listen;
	char *socket, *publish_socket, *netbios_name, *comment;
	uint32_t max_sessions, max_connections, idle_timeout_s, log_on_timeout_s;
	uint32_t max_local_connections, max_publishers, publisher_max_sessions,
		publisher_max_changes_per_s;
	uint32_t refresh_timeout_ms, max_answer_mib, drain_timeout_s;
	char *encryption, *log_level;
	/* [auth] */
	char *mechanisms, *ntlm_users, *keytab;
	bool anonymous;
	/* [access] */
	char *policy, *administrators, *server_operators, *publishers;
	char *rights[ACCESS_RIGHT_COUNT]; /* "": as the policy has it */
	/* [audit] */
	char *audit_file, *audit_format;
	/* [demo] */
	uint32_t demo_sessions;

	char *file; /* NULL: there is none */
	struct config_place places[CONFIG_MAX_KEYS];
};

/* A value that the command line sets, which overrides the file. Borrowed for as long as the
 * configuration lives. */
struct config_override {
	const char *option, *section, *key, *value;
};

/* Reads file; the defaults where it does not exist and must_exist is false. False: see err, and c
 * holds nothing. */
bool config_read(struct config *c, const char *file, bool must_exist,
                 const struct config_override *overrides, size_t count, struct err *err);
void config_fini(struct config *c);

/* Records that the key whose value is the member of c cannot be used: where it is set, its value,
 * and the reason. */
void config_explain_key(const struct config *c, const void *member, const struct err *reason,
                        struct err *err);

/* Whether the file or the command line sets the key whose value is the member of c. */
bool config_is_set(const struct config *c, const void *member);

/* Whether a value of several words holds this one. */
bool config_has_word(const char *value, const char *word);

#endif
