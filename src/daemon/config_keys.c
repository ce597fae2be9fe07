/* SPDX-License-Identifier: MIT */
#include "daemon/config_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "system/log.h"

#define L(LEVEL, NAME, PRIORITY) NAME " "
static const char log_levels[] = LOG_LEVELS(L);
#undef L

#define EXPECTED_BYTES 256

#define AT(MEMBER)   offsetof(struct config, MEMBER)
#define MILLION      1000000u
#define DAY_S        86400u
#define LIST_BYTES   65536u
#define SOCKET_BYTES 107u

const struct config_section config_sections[] = {
	{ "server",
	  "Where netsessiond listens, and its limits. The daemon reads listen, the sockets, "
	  "user and max_sessions at its start only" },
	{ "auth", "How clients from the network log on" },
	{ "access",
	  "The rights of callers; a right that no list grants is denied. A list holds labels separated "
	  "by commas: alice, who is a user of this computer or of ntlm_users, and never one who has logged "
	  "on by Kerberos; LAB\\alice, alice@LAB.EXAMPLE, S-1-5-..., who are of a domain; @group of this "
	  "computer; or nobody. The list of a right may "
	  "also hold administrators, server_operators, publishers and authenticated, which means every "
	  "caller who is not anonymous" },
	{ "audit", "The record of every request and every log-on" },
	{ "history", "The record of sessions, for `netsession report`. Read at the start only" },
	{ "demo", "Made-up sessions" },
	{ NULL, NULL },
};

/* clang-format off */
const struct config_key config_keys[] = {
	{ "server", "listen", CONFIG_ADDRESSES, AT(listen), "127.0.0.1:4450",
	  "TCP addresses for SMB, separated by commas; empty: none. [::] means IPv6 only. Windows "
	  "programs connect to port 445", .most = NET_MAX_ADDRESSES },
	{ "server", "socket", CONFIG_PATH, AT(socket), "/run/netsession/local.sock",
	  "Unix socket for programs of this computer; empty: none", .most = SOCKET_BYTES },
	{ "server", "publish_socket", CONFIG_PATH, AT(publish_socket), "/run/netsession/publish.sock",
	  "Unix socket at which file servers of this computer publish their sessions; empty: none",
	  .most = SOCKET_BYTES },
	{ "server", "user", CONFIG_TEXT, AT(user), "netsession",
	  "user of this computer as which netsessiond runs if root starts it. The user must be able to "
	  "read the configuration and the files that it names, and to write the audit log. root: "
	  "netsessiond keeps the rights of root", .least = 1, .most = 255 },
	{ "server", "netbios_name", CONFIG_TEXT, AT(netbios_name), "",
	  "the server's name, as NetServerGetInfo returns it; empty: the host's name", .most = 15 },
	{ "server", "comment", CONFIG_TEXT, AT(comment), "",
	  "the server's comment, as NetServerGetInfo returns it", .most = 48 },
	{ "server", "max_sessions", CONFIG_NUMBER, AT(max_sessions), "1000000",
	  "maximum number of sessions", .least = 1, .most = 10 * MILLION },
	{ "server", "max_connections", CONFIG_NUMBER, AT(max_connections), "10000",
	  "maximum number of SMB connections; more are refused", .least = 1, .most = MILLION },
	{ "server", "max_connections_per_address", CONFIG_NUMBER, AT(max_connections_per_address), "256",
	  "maximum number of SMB connections from one IPv4 address or one IPv6 /64 network",
	  .least = 1, .most = MILLION },
	{ "server", "max_unauthenticated_connections", CONFIG_NUMBER, AT(max_unauthenticated_connections),
	  "1000", "maximum number of SMB connections on which no user has logged on. From half of it on, "
	  "more and more new connections of the busiest addresses are refused; at the limit, the "
	  "oldest connection of the busiest address is closed for a client from another address",
	  .least = 1, .most = MILLION },
	{ "server", "max_unauthenticated_connections_per_address", CONFIG_NUMBER,
	  AT(max_unauthenticated_connections_per_address), "128",
	  "maximum number of them from one IPv4 address or one IPv6 /64 network",
	  .least = 1, .most = MILLION },
	{ "server", "idle_timeout_s", CONFIG_NUMBER, AT(idle_timeout_s), "900",
	  "seconds after which a connection without a request is closed",
	  .least = 1, .most = DAY_S },
	{ "server", "log_on_timeout_s", CONFIG_NUMBER, AT(log_on_timeout_s), "45",
	  "seconds after which an SMB connection on which no user is logged on is closed",
	  .least = 1, .most = 3600 },
	{ "server", "encryption", CONFIG_CHOICE, AT(encryption), "offer",
	  "SMB encryption: offered to clients, required of them, or switched off",
	  .choices = "offer require off" },
	{ "server", "min_dialect", CONFIG_CHOICE, AT(min_dialect), "2.0.2",
	  "earliest dialect of SMB that clients may use", .choices = "2.0.2 2.1 3.0 3.0.2 3.1.1" },
	{ "server", "hosts_allow", CONFIG_NETWORKS, AT(hosts_allow), "",
	  "addresses and networks from which clients may connect over SMB, such as 10.0.0.0/8, 2001:db8::/32; "
	  "empty: from everywhere that hosts_deny does not name", .most = CONFIG_MAX_NETWORKS },
	{ "server", "hosts_deny", CONFIG_NETWORKS, AT(hosts_deny), "",
	  "addresses and networks from which no client may connect over SMB; not read if hosts_allow is set. "
	  "A reload leaves the connections that there are",
	  .most = CONFIG_MAX_NETWORKS },
	{ "server", "max_local_connections", CONFIG_NUMBER, AT(max_local_connections), "1000",
	  "maximum number of connections at the Unix socket; more are refused. Each user except root may "
	  "have a quarter; an eighth is reserved for root and for users who may list sessions",
	  .least = 1, .most = MILLION },
	{ "server", "max_publishers", CONFIG_NUMBER, AT(max_publishers), "16",
	  "maximum number of file servers that publish sessions at a time; more are refused",
	  .least = 1, .most = 1000 },
	{ "server", "publisher_max_sessions", CONFIG_NUMBER, AT(publisher_max_sessions), "100000",
	  "maximum number of sessions of one publisher", .least = 1, .most = 10 * MILLION },
	{ "server", "publisher_max_changes_per_s", CONFIG_NUMBER, AT(publisher_max_changes_per_s), "50000",
	  "maximum number of changes per second of one publisher; further changes wait",
	  .least = 1, .most = MILLION },
	{ "server", "refresh_timeout_ms", CONFIG_NUMBER, AT(refresh_timeout_ms), "2000",
	  "milliseconds that a request for sessions waits for a publisher's answer to a refresh "
	  "request; then the publisher's last known sessions are listed", .least = 10, .most = 60000 },
	{ "server", "max_answer_mib", CONFIG_NUMBER, AT(max_answer_mib), "256",
	  "maximum size of one answer in MiB. A request for all sessions fails if they need more; the "
	  "client can request them in pages. All answers that are not read yet together take at most "
	  "four times as much", .least = 1, .most = 1024 },
	{ "server", "max_unread_mib_per_user", CONFIG_NUMBER, AT(max_unread_mib_per_user), "256",
	  "maximum memory in MiB of the answers that one user has not read yet, over all connections. "
	  "An answer may be so long at most. A user who has so much unread gets errors, and nobody else. "
	  "At most twice max_answer_mib counts",
	  .least = 1, .most = 4096 },
	{ "server", "drain_timeout_s", CONFIG_NUMBER, AT(drain_timeout_s), "10",
	  "seconds that netsessiond waits for answers to be read before it exits",
	  .least = 0, .most = 600 },
	{ "server", "log_level", CONFIG_CHOICE, AT(log_level), "info",
	  "lowest severity of the messages that are logged, to standard error or to the journal",
	  .choices = log_levels },

	{ "auth", "mechanisms", CONFIG_CHOICES, AT(mechanisms), "kerberos,ntlm",
	  "how clients from the network may log on", .choices = "kerberos ntlm" },
	{ "auth", "ntlm_users", CONFIG_PATH, AT(ntlm_users), "",
	  "file with a line DOMAIN:user:password for each NTLM user, such as LAB:bob:secret, where DOMAIN "
	  "is the domain that the users enter, as LAB\\bob or bob@LAB in any case of the letters. A "
	  "password is all behind the second colon, and not "
	  "empty. Instead of the password a line may have its NT hash, which netsessiond --nt-hash makes: "
	  "$3$$ and 32 hexadecimal digits, as crypt(5) has it. Whoever knows the NT hash can log on with "
	  "it: keep it as secret as the password. Lines that begin with # are comments. The file must belong to root or to netsessiond's "
	  "user, and other users must not be able to read it; empty: no NTLM", .most = 4096 },
	{ "auth", "keytab", CONFIG_PATH, AT(keytab), "",
	  "file with this server's Kerberos keys, such as those of cifs/fs1.lab.example. The file must "
	  "belong to root or to netsessiond's user, and other users must not be able to read it; empty: "
	  "the system's keytab", .most = 4096 },
	{ "auth", "anonymous", CONFIG_BOOL, AT(anonymous), "no",
	  "whether null sessions are accepted; the access policy allows them nothing",
	  .choices = "yes no" },

	{ "auth", "sessions_end_with_ticket", CONFIG_BOOL, AT(sessions_end_with_ticket), "yes",
	  "whether a session expires with its Kerberos ticket: when the ticket has ended, and the difference of "
	  "clocks that libkrb5 allows (clockskew of krb5.conf(5)) has passed. The client then has to log on again within "
	  "the session, as Windows clients do by themselves. A session without a new log-on within log_on_timeout_s "
	  "seconds is closed. no: a session outlives its ticket", .choices = "yes no" },
	{ "auth", "sessions_end_with_account", CONFIG_BOOL, AT(sessions_end_with_account), "yes",
	  "whether a reload closes the sessions of users who could not log on any more: ntlm_users has "
	  "not got the user, or has another password; the mechanism, or null sessions, are not accepted. "
	  "no: they stay open, as on Windows and Samba", .choices = "yes no" },

	{ "access", "policy", CONFIG_CHOICE, AT(policy), "hardened",
	  "the rights that apply where no list is set below. Under both policies, administrators and "
	  "server operators may list and close sessions, and publishers may publish them. Under "
	  "documented, every authenticated caller may also list sessions at levels 0 and 10, as Windows' "
	  "documentation says", .choices = "hardened documented" },
	{ "access", "administrators", CONFIG_LIST, AT(administrators), "root",
	  "the members of administrators", .most = LIST_BYTES },
	{ "access", "server_operators", CONFIG_LIST, AT(server_operators), "",
	  "the members of server_operators", .most = LIST_BYTES },
	{ "access", "publishers", CONFIG_LIST, AT(publishers), "root",
	  "the members of publishers, who may publish sessions", .most = LIST_BYTES },
#define R(RIGHT, KEY, HELP) \
	{ "access", KEY, CONFIG_LIST, AT(rights[RIGHT]), "", "callers who may " HELP "; empty: as the policy says", \
	  .most = LIST_BYTES },
	ACCESS_RIGHTS(R)
#undef R

	{ "audit", "file", CONFIG_PATH, AT(audit_file), "-",
	  "file to which the audit log is appended; after the file was renamed or deleted, the next "
	  "line begins a new one; -: standard output",
	  .least = 1, .most = 4096 },
	{ "audit", "format", CONFIG_CHOICE, AT(audit_format), "json", "one JSON object a line",
	  .choices = "json" },

	{ "history", "db", CONFIG_DATABASE, AT(history_db), "",
	  "where the beginning and the end of every session are recorded: a database of SQLite, which is made where it "
	  "is missing, in a folder that netsessiond's user may write to, such as "
	  "/var/lib/netsessiond/sessions.db; or one of PostgreSQL that exists, postgresql://USER@HOST/NAME; empty: "
	  "nowhere. A password is written elsewhere: see PASSWORD OF A DATABASE. "
	  "The program netsession-fleet of the package netsession records them. Only root and "
	  "netsessiond's user can read the file", .most = 4096 },
	{ "history", "server", CONFIG_TEXT, AT(history_server), "",
	  "the name of this server in the record; where sweeps write to the same database, the name by which they ask "
	  "it; empty: netbios_name", .most = 255 },

	{ "demo", "sessions", CONFIG_NUMBER, AT(demo_sessions), "0",
	  "number of made-up sessions that start and end, for labs, decoys and tests",
	  .least = 0, .most = MILLION },
};
/* clang-format on */

const size_t config_key_count = sizeof config_keys / sizeof *config_keys;

_Static_assert(sizeof config_keys / sizeof *config_keys <= CONFIG_MAX_KEYS, "a place for each key");

const struct config_key *config_key_find(const char *section, const char *name)
{
	for (size_t i = 0; i < config_key_count; i++)
		if (strcmp(config_keys[i].section, section) == 0 &&
		    strcmp(config_keys[i].name, name) == 0)
			return &config_keys[i];
	return NULL;
}

const char *config_key_renamed(const char *section, const char *name)
{
	static const struct {
		const char *section, *before, *now;
	} renamed[] = {
		{ "server", "feed_socket", "publish_socket" },
		{ "server", "max_feeders", "max_publishers" },
		{ "server", "feed_max_sessions", "publisher_max_sessions" },
		{ "server", "feed_max_changes_per_s", "publisher_max_changes_per_s" },
		{ "access", "feeders", "publishers" },
		{ "access", "feed", "publish" },
	};

	for (size_t i = 0; i < sizeof renamed / sizeof *renamed; i++)
		if (strcmp(renamed[i].section, section) == 0 &&
		    strcmp(renamed[i].before, name) == 0)
			return renamed[i].now;
	return NULL;
}

/* ---- values ---- */

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
	const char *at = key->choices, *rest, *separator = "";
	char word[32], next[32];
	size_t used = 0;

	while (config_next_word(&at, word, sizeof word)) {
		used += (size_t)snprintf(expected + used, EXPECTED_BYTES - used, "%s%s", separator,
		                         word);
		rest = at;
		separator = ", ";
		if (key->type == CONFIG_CHOICE && config_next_word(&rest, next, sizeof next) &&
		    !config_next_word(&rest, next, sizeof next))
			separator = " or ";
	}
}

void config_value_expected(const struct config_key *key, char expected[EXPECTED_BYTES])
{
	switch (key->type) {
	case CONFIG_TEXT:
	case CONFIG_LIST:
	case CONFIG_PATH:
	case CONFIG_DATABASE:
		(void)snprintf(expected, EXPECTED_BYTES, "%s of %s%u bytes",
		               key->type == CONFIG_PATH       ? "a path"
		               : key->type == CONFIG_DATABASE ? "the name of a database"
		               : key->type == CONFIG_LIST     ? "a list separated by commas"
		                                              : "a text",
		               key->least > 0 ? "1 to " : "at most ", key->most);
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
	case CONFIG_NETWORKS:
		snprintf(expected, EXPECTED_BYTES,
		         "at most %u addresses or networks, such as 10.0.0.7 or 10.0.0.0/8, "
		         "separated by commas",
		         key->most);
		break;
	case CONFIG_ADDRESSES:
		snprintf(
			expected, EXPECTED_BYTES,
			"at most %u addresses, ADDRESS:PORT or [ADDRESS]:PORT, separated by commas",
			key->most);
		break;
	}
}

static bool config_set_text(struct config *c, char **to, const struct config_key *key,
                            const char *text)
{
	size_t bytes = strlen(text);
	char *copy;

	if (bytes < key->least || (key->most > 0 && bytes > key->most))
		return false;
	copy = strdup(text);
	if (copy == NULL) {
		c->is_out_of_memory = true;
		return false;
	}
	free(*to);
	*to = copy;
	return true;
}

static bool config_set_choices(struct config *c, char **to, const struct config_key *key,
                               const char *text)
{
	const char *at = text;
	unsigned count = 0;
	char word[64];

	for (; config_next_word(&at, word, sizeof word); count++)
		if (!config_has_word(key->choices, word))
			return false;
	return (count == 1 || (count > 1 && key->type == CONFIG_CHOICES)) &&
	       config_set_text(c, to, key, text);
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
	char *colon = strrchr(text, ':');
	const char *host = text;
	uint32_t port;

	if (colon == NULL || colon == text || !config_read_number(colon + 1, 1, UINT16_MAX, &port))
		return false;
	*colon = '\0';
	/* A colon is part of an IPv6 address, which has to be in brackets. */
	return (*host == '[' || strchr(host, ':') == NULL) &&
	       net_address_parse(host, (uint16_t)port, to);
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

unsigned config_networks(const char *value, struct ip_network list[CONFIG_MAX_NETWORKS])
{
	unsigned count = 0;
	char word[IP_ADDRESS_TEXT_BYTES + 8];

	while (config_next_word(&value, word, sizeof word)) {
		if (count == CONFIG_MAX_NETWORKS || !ip_network_parse(word, &list[count]))
			return CONFIG_NO_NETWORKS;
		count++;
	}
	return count;
}

static bool config_set_networks(struct config *c, char **to, const struct config_key *key,
                                const char *text)
{
	const struct config_key any = { .name = key->name };
	struct ip_network list[CONFIG_MAX_NETWORKS];

	return config_networks(text, list) != CONFIG_NO_NETWORKS &&
	       config_set_text(c, to, &any, text);
}

bool config_value_parse(struct config *c, const struct config_key *key, const char *text)
{
	void *member = (char *)c + key->member;

	switch (key->type) {
	case CONFIG_TEXT:
	case CONFIG_LIST:
	case CONFIG_PATH:
	case CONFIG_DATABASE:
		return config_set_text(c, member, key, text);
	case CONFIG_CHOICE:
	case CONFIG_CHOICES:
		return config_set_choices(c, member, key, text);
	case CONFIG_NUMBER:
		return config_read_number(text, key->least, key->most, member);
	case CONFIG_BOOL:
		return config_set_bool(member, text);
	case CONFIG_ADDRESSES:
		return config_set_addresses(member, text);
	case CONFIG_NETWORKS:
		return config_set_networks(c, member, key, text);
	}
	return false;
}
