/* SPDX-License-Identifier: MIT */
#include "daemon/config_keys.h"

#include <string.h>
#include "system/log.h"

#define L(LEVEL, NAME, PRIORITY) NAME " "
static const char log_levels[] = LOG_LEVELS(L);
#undef L

#define AT(MEMBER)   offsetof(struct config, MEMBER)
#define MILLION      1000000u
#define DAY_S        86400u
#define LIST_BYTES   65536u
#define SOCKET_BYTES 107u

const struct config_section config_sections[] = {
	{ "server",
	  "Where it listens, and how much it takes on. listen, the sockets and max_sessions are read "
	  "at the start alone" },
	{ "auth", "How callers from the network show who they are" },
	{ "access",
	  "Who may do what; what is not allowed is denied. A list holds labels, with commas: alice, "
	  "LAB\\alice, alice@LAB.EXAMPLE, @group, S-1-5-..., or nobody; that of a right also "
	  "administrators, server_operators, publishers, and authenticated, which is everybody "
	  "who has shown who they are" },
	{ "audit", "The record of each question, and of each log-on" },
	{ "demo", "Sessions that nobody has" },
	{ NULL, NULL },
};

/* clang-format off */
const struct config_key config_keys[] = {
	{ "server", "listen", CONFIG_ADDRESSES, AT(listen), "127.0.0.1:4450",
	  "TCP addresses for SMB, with commas; nothing: none. [::] is IPv6 alone. "
	  "Windows' programs ask at port 445", .most = NET_MAX_ADDRESSES },
	{ "server", "socket", CONFIG_PATH, AT(socket), "/run/netsession/local.sock",
	  "Unix socket for programs of this computer; nothing: none", .most = SOCKET_BYTES },
	{ "server", "publish_socket", CONFIG_PATH, AT(publish_socket), "/run/netsession/publish.sock",
	  "Unix socket by which file servers of this computer publish their sessions; nothing: none",
	  .most = SOCKET_BYTES },
	{ "server", "netbios_name", CONFIG_TEXT, AT(netbios_name), "",
	  "this server's name, told to who asks for it; nothing: the host's name", .most = 15 },
	{ "server", "comment", CONFIG_TEXT, AT(comment), "",
	  "what it says of itself to who asks for it by NetServerGetInfo", .most = 48 },
	{ "server", "max_sessions", CONFIG_NUMBER, AT(max_sessions), "1000000",
	  "the most sessions that it keeps", .least = 1, .most = 10 * MILLION },
	{ "server", "max_connections", CONFIG_NUMBER, AT(max_connections), "10000",
	  "callers by SMB at a time; more wait", .least = 1, .most = MILLION },
	{ "server", "idle_timeout_s", CONFIG_NUMBER, AT(idle_timeout_s), "900",
	  "seconds after which a connection is closed on which nothing is asked",
	  .least = 1, .most = DAY_S },
	{ "server", "log_on_timeout_s", CONFIG_NUMBER, AT(log_on_timeout_s), "45",
	  "seconds after which an SMB connection without a session that is logged on is closed",
	  .least = 1, .most = 3600 },
	{ "server", "encryption", CONFIG_CHOICE, AT(encryption), "offer",
	  "of SMB: for callers who want it, of everybody, or none", .choices = "offer require off" },
	{ "server", "max_local_connections", CONFIG_NUMBER, AT(max_local_connections), "1000",
	  "callers at the Unix socket at a time, a quarter of one user but root; more wait", .least = 1, .most = MILLION },
	{ "server", "max_publishers", CONFIG_NUMBER, AT(max_publishers), "16",
	  "file servers that publish their sessions at a time; more are refused",
	  .least = 1, .most = 1000 },
	{ "server", "publisher_max_sessions", CONFIG_NUMBER, AT(publisher_max_sessions), "100000",
	  "the most sessions of one file server", .least = 1, .most = 10 * MILLION },
	{ "server", "publisher_max_changes_per_s", CONFIG_NUMBER, AT(publisher_max_changes_per_s), "50000",
	  "changes that one file server may make in a second; more wait", .least = 1, .most = MILLION },
	{ "server", "refresh_timeout_ms", CONFIG_NUMBER, AT(refresh_timeout_ms), "2000",
	  "milliseconds that a request for sessions waits for publishers that look for their sessions "
	  "only when they are asked; after that, their last known sessions are listed",
	  .least = 10, .most = 60000 },
	{ "server", "max_answer_mib", CONFIG_NUMBER, AT(max_answer_mib), "256",
	  "MiB of one answer; who asks for all sessions and gets more is refused, and may ask for "
	  "pages; answers that are not read yet have four times as much together",
	  .least = 1, .most = 1024 },
	{ "server", "drain_timeout_s", CONFIG_NUMBER, AT(drain_timeout_s), "10",
	  "seconds for answers under way when it ends", .least = 0, .most = 600 },
	{ "server", "log_level", CONFIG_CHOICE, AT(log_level), "info",
	  "what it says of itself on standard error, or in the journal", .choices = log_levels },

	{ "auth", "mechanisms", CONFIG_CHOICES, AT(mechanisms), "kerberos,ntlm",
	  "by what callers from the network may log on", .choices = "kerberos ntlm" },
	{ "auth", "ntlm_users", CONFIG_PATH, AT(ntlm_users), "",
	  "file of lines DOMAIN:user:password, the domain as those users say it; others must not be "
	  "able to read it; nothing: no NTLM", .most = 4096 },
	{ "auth", "keytab", CONFIG_PATH, AT(keytab), "",
	  "file of this server's keys of Kerberos, such as those of cifs/fs1.lab.example; others must "
	  "not be able to read it; nothing: the system's", .most = 4096 },
	{ "auth", "anonymous", CONFIG_BOOL, AT(anonymous), "no",
	  "whether null sessions are let in; the policy allows them nothing",
	  .choices = "yes no" },

	{ "access", "policy", CONFIG_CHOICE, AT(policy), "hardened",
	  "which rights hold where none is said below. By both, administrators and server operators "
	  "may see and close sessions, and publishers publish them; by documented, as Windows documents "
	  "it, all others who have shown who they are may see levels 0 and 10",
	  .choices = "hardened documented" },
	{ "access", "administrators", CONFIG_LIST, AT(administrators), "root",
	  "whom \"administrators\" means", .most = LIST_BYTES },
	{ "access", "server_operators", CONFIG_LIST, AT(server_operators), "",
	  "whom \"server_operators\" means", .most = LIST_BYTES },
	{ "access", "publishers", CONFIG_LIST, AT(publishers), "root",
	  "whom \"publishers\" means: who may publish sessions", .most = LIST_BYTES },
#define R(RIGHT, KEY, HELP) \
	{ "access", KEY, CONFIG_LIST, AT(rights[RIGHT]), "", "who is allowed " HELP "; nothing: as the policy has it", \
	  .most = LIST_BYTES },
	ACCESS_RIGHTS(R)
#undef R

	{ "audit", "file", CONFIG_PATH, AT(audit_file), "-",
	  "where lines are appended, opened anew at a reload; -: standard output", .least = 1,
	  .most = 4096 },
	{ "audit", "format", CONFIG_CHOICE, AT(audit_format), "json", "an object of JSON a line",
	  .choices = "json" },

	{ "demo", "sessions", CONFIG_NUMBER, AT(demo_sessions), "0",
	  "how many made-up sessions come and go, for labs, decoys and tests",
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
