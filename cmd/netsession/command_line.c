/* SPDX-License-Identifier: MIT */
#include "command_line.h"

#include <install_folders.h>
#include <stdlib.h>
#include <string.h>
#include <netsession.h>
#include "commands.h"
#include "log_on_manual.h"
#include "options.h"
#include "output.h"
#include "report_time.h"
#include "srvsvc/session_levels.h"

#define AT(MEMBER) offsetof(struct options, MEMBER)
#define FOR(NAME)  (1u << COMMAND_##NAME)
/* The commands that connect to servers. */
#define FOR_SERVERS \
	(FOR(LIST) | FOR(INFO) | FOR(CLOSE) | FOR(WATCH) | FOR(DOCTOR) | FOR(SWEEP) | FOR(COLLECT))

static const char *level_choice(size_t index)
{
	static char numbers[SESSION_LEVEL_COUNT][12];

	if (index == 0)
		return "auto";
	if (index > SESSION_LEVEL_COUNT)
		return NULL;
	snprintf(numbers[index - 1], sizeof *numbers, "%u",
	         (unsigned)session_levels[index - 1].number);
	return numbers[index - 1];
}

static bool level_parse(const char *argument, void *member)
{
	uint32_t *level = member;
	char *end;
	unsigned long number = strtoul(argument, &end, 10);

	*level = strcmp(argument, "auto") == 0 ? NETSESSION_LEVEL_AUTO : (uint32_t)number;
	return *level == NETSESSION_LEVEL_AUTO ||
	       (*argument >= '0' && *argument <= '9' && *end == '\0' && number <= UINT32_MAX &&
	        session_level_find(*level) != NULL);
}

/* A number of bytes, also in units of 1,024: 64K, 512M, 2G. */
static bool max_bytes_parse(const char *argument, void *member)
{
	static const char units[] = "KMG";
	uint64_t *bytes = member;
	const char *unit;
	char *end;

	if (*argument < '1' || *argument > '9' || strlen(argument) > 14)
		return false;
	*bytes = strtoull(argument, &end, 10);
	if (*end == '\0')
		return true;
	unit = strchr(units, *end);
	*bytes <<= 10 * (unit != NULL ? unit - units + 1 : 0);
	return unit != NULL && end[1] == '\0' && strlen(argument) <= 9;
}

static const struct cli_option option_table[] = {
	{ .name = "hosts",
	  .argument = "FILE",
	  .kind = CLI_FILE,
	  .member = AT(hosts),
	  .commands = FOR(LIST) | FOR(CLOSE) | FOR(DOCTOR) | FOR(SWEEP),
	  .help = "read further servers from FILE, one a line; `-` is standard input. A `#` begins a "
	          "comment. A line may be a range of addresses. Other lines than servers are reported "
	          "and skipped" },
	{ .name = "domain",
	  .argument = "DOMAIN",
	  .kind = CLI_TEXT,
	  .member = AT(domain),
	  .min = 1,
	  .commands = FOR(SWEEP) | FOR(EXPORT),
	  .help = "this Active Directory domain, such as lab.example: sweep its computers, or export what was "
	          "seen of them for BloodHound. Its domain "
	          "controllers are found by DNS and asked by LDAP with your Kerberos tickets (kinit). Listed "
	          "are computers that have a DNS name and whose account is enabled" },
	{ .name = "domain-controller",
	  .argument = "HOST",
	  .kind = CLI_TEXT,
	  .member = AT(domain_controller),
	  .min = 1,
	  .commands = FOR(SWEEP) | FOR(EXPORT),
	  .help = "of --domain, ask this domain controller, by its DNS name and perhaps a port, and not those "
	          "that DNS has" },
	{ .name = "exclude-dcs",
	  .kind = CLI_FLAG,
	  .member = AT(exclude_dcs),
	  .commands = FOR(SWEEP),
	  .help = "of --domain, leave out the domain controllers" },
	{ .name = "operating-system",
	  .argument = "PATTERN",
	  .kind = CLI_TEXT,
	  .member = AT(operating_system),
	  .min = 1,
	  .commands = FOR(SWEEP),
	  .help = "of --domain, computers whose operating system matches, such as 'Windows Server*'; * stands "
	          "for any text" },
	{ .name = "seen-within",
	  .argument = "DAYS",
	  .kind = CLI_NUMBER,
	  .member = AT(seen_within_days),
	  .min = 1,
	  .max = 100000,
	  .commands = FOR(SWEEP),
	  .help = "of --domain, computers that have logged on within so many days. The directory is up to 14 "
	          "days late" },
	{ .name = "search-base",
	  .argument = "DN",
	  .kind = CLI_TEXT,
	  .member = AT(search_base),
	  .min = 1,
	  .commands = FOR(SWEEP),
	  .help = "of --domain, computers below this entry, such as OU=Servers,DC=lab,DC=example" },
	{ .name = "include-disabled",
	  .kind = CLI_FLAG,
	  .member = AT(include_disabled),
	  .commands = FOR(SWEEP),
	  .help = "of --domain, also computers whose account is disabled" },
	{ .name = "level",
	  .letter = 'l',
	  .argument = "LEVEL",
	  .kind = CLI_PARSED,
	  .member = AT(level),
	  .commands = FOR(LIST) | FOR(INFO) | FOR(CLOSE) | FOR(WATCH) | FOR(SWEEP),
	  .initial = "auto",
	  .help = "information level to request; `auto` takes the most detailed level that each "
	          "server grants",
	  .choice = level_choice,
	  .parse = level_parse },
	{ .name = "client",
	  .letter = 'c',
	  .argument = "CLIENT",
	  .kind = CLI_TEXT,
	  .member = AT(client),
	  .commands = FOR(LIST) | FOR(CLOSE) | FOR(WATCH) | FOR(SWEEP),
	  .help = "select sessions from this client, as the server lists it: a name, or an address in any "
	          "spelling" },
	{ .name = "user",
	  .letter = 'u',
	  .argument = "USER",
	  .kind = CLI_TEXT,
	  .member = AT(user),
	  .commands = FOR(LIST) | FOR(CLOSE) | FOR(WATCH) | FOR(SWEEP),
	  .help = "select sessions of this user: `alice`, `LAB\\alice` or `alice@LAB.EXAMPLE`" },
	{ .name = "page-bytes",
	  .argument = "N",
	  .kind = CLI_NUMBER,
	  .member = AT(page_bytes),
	  .min = 1,
	  .max = UINT32_MAX,
	  .commands = FOR(LIST) | FOR(WATCH) | FOR(SWEEP) | FOR(COLLECT),
	  .help = "request pages of about N bytes (default: all sessions at once)" },
	{ .name = "yes",
	  .letter = 'y',
	  .kind = CLI_FLAG,
	  .member = AT(yes),
	  .commands = FOR(CLOSE),
	  .help = "close the sessions without asking first" },
	{ .name = "every",
	  .argument = "SECONDS",
	  .kind = CLI_SECONDS,
	  .member = AT(interval_ms),
	  .commands = FOR(WATCH),
	  .initial = "5",
	  .help = "seconds between two polls" },
	{ .name = "every",
	  .argument = "TIME",
	  .kind = CLI_PARSED,
	  .member = AT(every_s),
	  .commands = FOR(SWEEP),
	  .help = "begin the sweep again so long after the last one began, until a signal: `15m`, `12h`, "
	          "`7d`, `90s`. Each one is a sweep of its own in the store, and reads the targets anew. A turn "
	          "that comes while a sweep is still running is left out",
	  .parse = report_time_parse_duration },
	{ .name = "polls",
	  .argument = "N",
	  .kind = CLI_NUMBER,
	  .member = AT(polls),
	  .min = 1,
	  .max = UINT32_MAX,
	  .commands = FOR(WATCH),
	  .help = "exit after N polls (default: poll until interrupted)" },
	{ .name = "authentication-file",
	  .letter = 'A',
	  .argument = "FILE",
	  .kind = CLI_FILE,
	  .member = AT(credentials_file),
	  .commands = FOR_SERVERS,
	  .help = "read the credentials from FILE, lines `username=`, `password=` and "
	          "`domain=`, as smbclient and mount.cifs read them; FILE must be yours or "
	          "root's, and nobody else may have access to it (chmod 600)" },
	{ .name = "as",
	  .letter = 'U',
	  .argument = "USER",
	  .kind = CLI_TEXT,
	  .member = AT(as),
	  .min = 1,
	  .commands = FOR_SERVERS,
	  .help = "log on as user, DOMAIN\\user, DOMAIN/user or user@REALM, and ask for the "
	          "password on the terminal" },
	{ .name = "no-pass",
	  .letter = 'N',
	  .kind = CLI_FLAG,
	  .member = AT(anonymous),
	  .commands = FOR_SERVERS,
	  .help = "log on anonymously (null session, neither signed nor encrypted)" },
	{ .name = "kerberos",
	  .kind = CLI_FLAG,
	  .member = AT(kerberos),
	  .commands = FOR_SERVERS,
	  .help = "log on by Kerberos only, even with a password; never use NTLM" },
	{ .name = "port",
	  .letter = 'p',
	  .argument = "PORT",
	  .kind = CLI_NUMBER,
	  .member = AT(port),
	  .min = 1,
	  .max = UINT16_MAX,
	  .commands = FOR_SERVERS,
	  .help = "TCP port, for servers that are named without one (default: 445)" },
	{ .name = "timeout",
	  .argument = "SECONDS",
	  .kind = CLI_SECONDS,
	  .member = AT(timeout_ms),
	  .commands = FOR(LIST) | FOR(INFO) | FOR(CLOSE) | FOR(WATCH) | FOR(DOCTOR) | FOR(METRICS) |
	              FOR(SWEEP) | FOR(COLLECT),
	  .initial = "30",
	  .help = "give up on a server after this many seconds" },
	{ .name = "max-bytes",
	  .argument = "BYTES",
	  .kind = CLI_PARSED,
	  .member = AT(max_bytes),
	  .commands = FOR(LIST) | FOR(INFO) | FOR(CLOSE) | FOR(WATCH) | FOR(SWEEP) | FOR(COLLECT),
	  .initial = "1G",
	  .help = "give up on a server whose sessions need more memory than this; with K, M or G "
	          "behind the number in units of 1024, its square or its cube. A million sessions need "
	          "about 200M",
	  .parse = max_bytes_parse },
	{ .name = "encrypt",
	  .kind = CLI_FLAG,
	  .member = AT(encrypt),
	  .commands = FOR_SERVERS,
	  .help = "require SMB encryption (default: only if the server requires it)" },
	{ .name = "wins",
	  .argument = "ADDRESS",
	  .kind = CLI_TEXT,
	  .member = AT(wins),
	  .min = 1,
	  .commands = FOR_SERVERS,
	  .help = "WINS server to ask for names that DNS does not have; none: use no NetBIOS, so that "
	          "nobody in the local network can answer for such a name (default: what "
	          "NETSESSION_WINS says, else a NetBIOS broadcast)" },
	{ .name = "proxy",
	  .argument = "URL",
	  .kind = CLI_TEXT,
	  .member = AT(proxy),
	  .min = 1,
	  .commands = FOR(LIST) | FOR(INFO) | FOR(CLOSE) | FOR(WATCH) | FOR(SWEEP) | FOR(COLLECT),
	  .help = "connect to the servers by way of this SOCKS proxy, `socks5://host:port`, which also looks up "
	          "their names (default: what NETSESSION_PROXY says, else none). The domain controllers "
	          "and DNS servers of `--domain`, KDCs and the database are reached without it" },
	{ .name = "output",
	  .letter = 'o',
	  .argument = "FORMAT",
	  .kind = CLI_CHOICE,
	  .member = AT(output),
	  .commands = FOR(LIST) | FOR(INFO) | FOR(CLOSE) | FOR(SWEEP) | FOR(REPORT),
	  .initial = "table",
	  .help = "output format",
	  .choice = output_format_name },
	{ .name = "output",
	  .letter = 'o',
	  .argument = "FORMAT",
	  .kind = CLI_CHOICE,
	  .member = AT(output),
	  .commands = FOR(WATCH),
	  .initial = "table",
	  .help = "output format of the events",
	  .choice = output_event_format_name },
	{ .name = "output",
	  .letter = 'o',
	  .argument = "FORMAT",
	  .kind = CLI_CHOICE,
	  .member = AT(output),
	  .commands = FOR(DOCTOR),
	  .initial = "table",
	  .help = "output format",
	  .choice = doctor_format_name },
	{ .name = "output",
	  .letter = 'o',
	  .argument = "FORMAT",
	  .kind = CLI_CHOICE,
	  .member = AT(output),
	  .commands = FOR(METRICS),
	  .initial = "prometheus",
	  .help = "output format",
	  .choice = metrics_format_name },
	{ .name = "file",
	  .argument = "FILE",
	  .kind = CLI_FILE,
	  .member = AT(file),
	  .commands = FOR(METRICS),
	  .help = "write to FILE, which is replaced in one step, and which everybody may read" },
	{ .name = "samba-directory",
	  .argument = "DIR",
	  .kind = CLI_DIRECTORY,
	  .member = AT(samba_directory),
	  .commands = FOR(METRICS),
	  .initial = NETSESSION_LOCALSTATEDIR "/lib/netsession/samba",
	  .help = "the directory of netsession-samba, which only root can enter" },
	{ .name = "concurrency",
	  .argument = "N",
	  .kind = CLI_NUMBER,
	  .member = AT(concurrency),
	  .min = 1,
	  .max = 30000,
	  .commands = FOR(SWEEP) | FOR(COLLECT) | FOR(CLOSE),
	  .help = "ask so many hosts at once (default: 1000, or fewer if the limit of open files has no "
	          "room for them)" },
	{ .name = "per-network",
	  .argument = "N",
	  .kind = CLI_NUMBER,
	  .member = AT(per_network),
	  .min = 1,
	  .max = UINT32_MAX,
	  .commands = FOR(SWEEP) | FOR(COLLECT),
	  .help = "ask at most so many hosts at once in one network, which is an IPv4 /24 or an IPv6 "
	          "/64 (default: any number)" },
	{ .name = "rate",
	  .argument = "N",
	  .kind = CLI_NUMBER,
	  .member = AT(rate),
	  .min = 1,
	  .max = UINT32_MAX,
	  .commands = FOR(SWEEP) | FOR(COLLECT),
	  .help = "begin with at most so many hosts in a second (default: any number)" },
	{ .name = "jitter",
	  .argument = "SECONDS",
	  .kind = CLI_SECONDS,
	  .member = AT(jitter_ms),
	  .commands = FOR(SWEEP) | FOR(COLLECT),
	  .help = "begin with each host late, by a random time up to this (default: at once)" },
	{ .name = "in-order",
	  .kind = CLI_FLAG,
	  .member = AT(in_order),
	  .commands = FOR(SWEEP) | FOR(COLLECT),
	  .help = "begin with the hosts in the order of the list (default: in random order)" },
	{ .name = "connect-timeout",
	  .argument = "SECONDS",
	  .kind = CLI_SECONDS,
	  .member = AT(connect_ms),
	  .commands = FOR(SWEEP) | FOR(COLLECT) | FOR(CLOSE),
	  .initial = "3",
	  .help = "give up on a host whose port does not answer in this time" },
	{ .name = "retries",
	  .argument = "N",
	  .kind = CLI_NUMBER,
	  .member = AT(retries),
	  .min = 0,
	  .max = 100,
	  .commands = FOR(SWEEP) | FOR(COLLECT),
	  .help = "ask a host again, so many times, after a failure that may pass (default: 0)" },
	{ .name = "backoff",
	  .argument = "SECONDS",
	  .kind = CLI_SECONDS,
	  .member = AT(backoff_ms),
	  .commands = FOR(SWEEP) | FOR(COLLECT),
	  .initial = "2",
	  .help = "wait this long before the first further attempt, and twice as long before each "
	          "one after it, up to a minute" },
	{ .name = "max-log-on-failures",
	  .argument = "N",
	  .kind = CLI_NUMBER,
	  .member = AT(max_log_on_failures),
	  .min = 0,
	  .max = UINT32_MAX,
	  .commands = FOR(SWEEP) | FOR(COLLECT) | FOR(CLOSE),
	  .initial = "3",
	  .help = "stop when so many hosts have refused the password since one has accepted it, so that "
	          "the account is not locked; 0: never stop for that" },
	{ .name = "db",
	  .argument = "FILE|URL",
	  .kind = CLI_FILE,
	  .member = AT(db),
	  .commands = FOR(STORE) | FOR(SWEEP) | FOR(COLLECT) | FOR(REPORT) | FOR(EXPORT) |
	              FOR(WATCH),
	  .help = "the store: a database of SQLite, which is made where it is missing, or one of "
	          "PostgreSQL that exists, `postgresql://USER@HOST/NAME?sslmode=verify-full` with all that "
	          "libpq takes but a password; without sslmode, libpq neither requires TLS nor checks the "
	          "server's certificate (default: $XDG_STATE_HOME/netsession/sessions.db, or "
	          "~/.local/state/netsession/sessions.db; `watch` records nothing without it)" },
	{ .name = "at",
	  .argument = "TIME",
	  .kind = CLI_PARSED,
	  .member = AT(at),
	  .commands = FOR(REPORT),
	  .help = "sessions that may have been open at this time: `2026-11-30`, `2026-11-30T21:05`, with a "
	          "Z at the end in UTC; `90s`, `30m`, `12h` or `7d` ago",
	  .parse = report_time_parse },
	{ .name = "since",
	  .argument = "TIME",
	  .kind = CLI_PARSED,
	  .member = AT(since),
	  .commands = FOR(REPORT) | FOR(EXPORT),
	  .help = "sessions that may have been open at this time or later, or changes since then",
	  .parse = report_time_parse },
	{ .name = "older-than",
	  .argument = "DAYS",
	  .kind = CLI_NUMBER,
	  .member = AT(older_than_days),
	  .min = 1,
	  .max = 36500,
	  .commands = FOR(REPORT),
	  .help = "with `prune`: delete what is older than so many days" },
	{ .name = "no-lookups",
	  .kind = CLI_FLAG,
	  .member = AT(no_lookups),
	  .commands = FOR(EXPORT),
	  .help = "ask DNS for no name of an address; sessions whose client is an address are then left "
	          "out" },
	{ .name = "no-db",
	  .kind = CLI_FLAG,
	  .member = AT(no_db),
	  .commands = FOR(SWEEP),
	  .help = "store nothing" },
	{ .name = "resume",
	  .kind = CLI_FLAG,
	  .member = AT(resume),
	  .commands = FOR(SWEEP),
	  .help = "go on with the last sweep of the store that was interrupted, and is not still "
	          "running: ask its targets that have no outcome yet, with its --user, --client and "
	          "--level" },
	{ .name = "queue",
	  .kind = CLI_FLAG,
	  .member = AT(queue),
	  .commands = FOR(SWEEP),
	  .help = "ask no host, but leave the targets in the store, which has to be one of PostgreSQL, to "
	          "collectors" },
	{ .name = "site",
	  .argument = "SITE",
	  .kind = CLI_TEXT,
	  .member = AT(site),
	  .min = 1,
	  .commands = FOR(SWEEP) | FOR(COLLECT),
	  .help = "the collectors that ask the targets of a queue: those of this site (default: default)" },
	{ .name = "wait",
	  .kind = CLI_FLAG,
	  .member = AT(wait),
	  .commands = FOR(COLLECT),
	  .help = "wait for further sweeps, and for a database that is away (default: end when the queue of the site is empty)" },
	{ .name = "lease",
	  .argument = "SECONDS",
	  .kind = CLI_SECONDS,
	  .member = AT(lease_ms),
	  .commands = FOR(COLLECT),
	  .help = "after this time other collectors ask a claimed target that still has no outcome "
	          "(default: the longest time that the other options allow, and a minute)" },
	{ .name = "quiet",
	  .letter = 'q',
	  .kind = CLI_FLAG,
	  .member = AT(quiet),
	  .commands = FOR(STORE) | FOR(SWEEP) | FOR(COLLECT) | FOR(EXPORT),
	  .help = "show neither progress nor a summary on standard error" },
	{ .name = "verbose",
	  .letter = 'v',
	  .kind = CLI_FLAG,
	  .member = AT(verbose),
	  .commands = FOR_SERVERS,
	  .help = "report on standard error at which level each server answered, and with how many "
	          "sessions" },
};

#define INCOMPLETE_ROW \
	{ EXIT_INCOMPLETE, "all servers answered, but sessions are missing in an answer" }

static const struct cli_exit server_exits[] = {
	{ EXIT_ALL, "all servers answered" },
	{ EXIT_SOME, "some servers did not answer" },
	CLI_USAGE_ROW,
	{ EXIT_NONE, "no server answered" },
	INCOMPLETE_ROW,
	{ 0 },
};

static const struct cli_exit info_exits[] = {
	{ EXIT_ALL, "the server has such a session" },
	CLI_USAGE_ROW,
	{ EXIT_NONE, "the server has no such session, or did not answer" },
	{ EXIT_INCOMPLETE, "the server has such a session, but others are missing in its answer" },
	{ 0 },
};

static const struct cli_exit close_exits[] = {
	{ EXIT_ALL, "the sessions were closed" },
	{ EXIT_SOME,
	  "you did not confirm that they should be closed; or, of several hosts, some failed" },
	CLI_USAGE_ROW,
	{ EXIT_NONE, "the sessions were not closed" },
	{ EXIT_INCOMPLETE,
	  "the listed sessions were closed, but sessions were missing in the list" },
	{ 0 },
};

static const struct cli_exit watch_exits[] = {
	{ EXIT_ALL, "all servers answered the last poll" },
	{ EXIT_SOME, "some servers did not answer the last poll" },
	CLI_USAGE_ROW,
	{ EXIT_NONE, "no server answered the last poll" },
	{ EXIT_INCOMPLETE,
	  "all servers answered the last poll, but sessions are missing in an answer" },
	{ 0 },
};

static const struct cli_exit sweep_exits[] = {
	{ EXIT_ALL, "all hosts answered" },
	{ EXIT_SOME, "some hosts answered, or the sweep did not end, or a target was malformed" },
	CLI_USAGE_ROW,
	{ EXIT_NONE, "no host answered" },
	{ 0 },
};

static const struct cli_exit export_exits[] = {
	{ EXIT_ALL, "the file was written" },
	CLI_USAGE_ROW,
	{ EXIT_NONE, "the file was not written" },
	{ 0 },
};

static const struct cli_exit report_exits[] = {
	{ EXIT_ALL, "the report is complete, also if it has no row" },
	CLI_USAGE_ROW,
	{ EXIT_NONE, "the store cannot be read or written, or no sweep has asked the server" },
	{ 0 },
};

static const struct cli_exit collect_exits[] = {
	{ EXIT_ALL, "all targets that could be claimed were asked" },
	{ EXIT_SOME,
	  "the collector was interrupted, or stopped by hosts that refused the password" },
	CLI_USAGE_ROW,
	{ EXIT_NONE, "the database failed, and waiting does not help" },
	{ 0 },
};

static const struct cli_exit store_exits[] = {
	{ EXIT_ALL, "the store was taken over, or brought up to date" },
	CLI_USAGE_ROW,
	{ EXIT_NONE, "a store failed; the other one is as it was" },
	{ 0 },
};

static const struct cli_exit doctor_exits[] = {
	{ EXIT_ALL, "the server's sessions can be listed" },
	{ EXIT_SOME, "of several servers, the sessions of some cannot be listed" },
	CLI_USAGE_ROW,
	{ EXIT_NONE, "the server's sessions cannot be listed" },
	{ 0 },
};

static const struct cli_exit metrics_exits[] = {
	{ EXIT_ALL, "the metrics were written" },
	{ EXIT_SOME, "the metrics were written, but netsessiond runs and did not give its own" },
	CLI_USAGE_ROW,
	{ EXIT_NONE, "the metrics could not be written" },
	{ 0 },
};

static const struct cli_command commands[COMMAND_COUNT] = {
	[COMMAND_LIST] = {
		.name = "list",
		.operands = "[SERVER...]",
		.max_operands = -1,
		.takes_hosts = true,
		.summary = "list the sessions of servers, or of this computer if none is named",
		.description = "Queries all servers at the same time. If a server ignores --client "
		               "or --user, as Samba does, netsession applies the filter itself.\n\n"
		               "A value that is not known is - in a table, and absent in JSON. If "
		               "sessions are missing in an answer, a warning says why, as far as the "
		               "server says so: netsessiond on this computer does.",
		.exits = server_exits,
		.examples = "  netsession list\n"
		            "  netsession list -A ~/.smb-admin fs1 fs2\n"
		            "  netsession list -l 10 -u alice -o json fs1.example.com\n"
		            "  netsession list -c 192.0.2.7 '[2001:db8::5]:4450'\n"
		            "  netsession list --hosts servers.txt -o jsonl\n",
	},
	[COMMAND_INFO] = {
		.name = "info",
		.operands = "[SERVER] CLIENT USER",
		.min_operands = 2,
		.max_operands = 3,
		.takes_hosts = true,
		.summary = "show the sessions of one user from one client",
		.description = "Write CLIENT as netsession list shows it, with or without the leading "
		               "\\\\. Upper and lower case are the same, and so are all spellings of an "
		               "address.",
		.exits = info_exits,
		.examples = "  netsession info fs1 192.0.2.7 alice\n"
		            "  netsession info -o json fs1 192.0.2.7 alice\n",
	},
	[COMMAND_CLOSE] = {
		.name = "close",
		.operands = "[SERVER]",
		.max_operands = 1,
		.takes_hosts = true,
		.summary = "list the selected sessions of a server, ask, and close them",
		.description = "Closes all sessions that --client and --user select; one of the two is "
		               "required. On a terminal close lists the sessions and asks before it "
		               "closes them; elsewhere --yes is required. The users get no warning, and "
		               "their open files are closed.\n\n"
		               "Samba closes all connections together that have the same client GUID, "
		               "which are all connections of one Windows computer. If the levels of the "
		               "server show that it is Samba, close lists the other sessions from the "
		               "same clients: they may be closed too. netsession-samba on the server "
		               "logs which sessions are closed.\n\n"
		               "With `--hosts`, close does so on all hosts of a list. It asks them side by side, as "
		               "sweep does, names all selected sessions on standard error, of Samba servers also those that may be "
		               "closed too, asks once, and "
		               "writes one outcome for each host: `closed`, `nothing_to_close`, or why not, in the words "
		               "of OUTCOMES in netsession(1). If not all hosts could be asked, because the sweep was "
		               "interrupted or stopped by `--max-log-on-failures`, nothing is closed. To run it again "
		               "does no harm.",
		.exits = close_exits,
		.examples = "  netsession close fs1 -u alice\n"
			    "  netsession close dc1 -u 'LAB\\alice'\n"
		            "  netsession close fs1 -c 192.0.2.7 -u alice --yes\n"
		            "  netsession close -u alice --hosts servers.txt\n",
	},
	[COMMAND_WATCH] = {
		.name = "watch",
		.operands = "[SERVER...]",
		.max_operands = -1,
		.takes_hosts = true,
		.summary = "report sessions that start, end or change, until interrupted",
		.description = "Polls the servers every few seconds. The first poll reports all present "
		               "sessions as started. A session has changed if its number of open files "
		               "or its flags have changed. If a session is missing in an answer, the "
		               "server is asked again at once; the session has ended if it is missing in "
		               "both answers.\n\n"
		               "When a server stops answering, netsession reports the error once, and "
		               "reports when the server answers again. No session counts as ended "
		               "meanwhile. Its next answers may take no longer than the time between "
		               "two polls, or 2 seconds if that is more, so that it does not hold up the "
		               "other servers.\n\n"
		               "A warning about an answer is printed when it comes, and when it is over. "
		               "No session counts as ended because netsessiond has lost its publisher.\n\n"
		               "A server that refuses the password is not asked again, because domains "
		               "lock accounts after a few wrong passwords; nor is what cannot be a "
		               "server. If no server is left, watch ends.\n\n"
		               "With --db, the beginning and the end of each session are also recorded "
		               "in a store, for `netsession report`, which tells between which two polls "
		               "a session has ended, and in which times a server did not answer or watch "
		               "did not run. One watch at a time records a server in a store.",
		.exits = watch_exits,
		.examples = "  netsession watch fs1 fs2\n"
		            "  netsession watch --db sessions.db --every 10 fs1 fs2\n"
		            "  netsession watch --every 60 -o jsonl fs1 >> sessions.jsonl\n",
	},
	[COMMAND_DOCTOR] = {
		.name = "doctor",
		.operands = "[SERVER]",
		.max_operands = 1,
		.takes_hosts = true,
		.summary = "check each step of connecting to a server and explain what fails",
		.description = "Checks the name, the port, the dialects, signing and encryption, the "
		               "log-on mechanisms, the clock, the log-on, the pipe srvsvc, and each level. "
		               "Without "
		               "a server, doctor checks netsessiond on this computer: whether it "
		               "answers, by which names it knows you, each level, and its counters.",
		.exits = doctor_exits,
		.examples = "  netsession doctor\n"
		            "  netsession doctor fs1\n"
		            "  netsession doctor -o json -A ~/.smb-admin fs1\n",
	},
	[COMMAND_METRICS] = {
		.name = "metrics",
		.summary = "print the counters of the daemons of this computer, for Prometheus",
		.description = "Asks netsessiond and netsession-samba on this computer: for sessions by "
		               "dialect and encryption, log-ons and refusals, calls of the relay, the "
		               "state of the publisher, and more. No metric names a user or a client. "
		               "netsession_up says which daemon answered; metrics of a daemon that did "
		               "not are left out.\n\n"
		               "`prometheus` is the text format that node_exporter's textfile collector "
		               "reads; `openmetrics` is OpenMetrics 1.0. The two differ in the "
		               "heads of counters. The unit netsession-metrics.timer writes "
		               "/var/lib/prometheus/node-exporter/netsession.prom every minute.",
		.exits = metrics_exits,
		.examples = "  netsession metrics\n"
		            "  netsession metrics --file /var/lib/prometheus/node-exporter/netsession.prom\n"
		            "  systemctl enable --now netsession-metrics.timer\n",
	},
	[COMMAND_SWEEP] = {
		.name = "sweep",
		.operands = "[TARGET...] | status",
		.max_operands = -1,
		.takes_hosts = true,
		.summary = "list the sessions of a whole fleet, and what became of each host",
		.description = "Asks thousands of hosts side by side, in random order. TARGET is a server, "
		               "or a range of addresses such as 192.0.2.0/24. Each host is looked up, its port "
		               "is checked, which takes at most `--connect-timeout`, and then its sessions are "
		               "listed, which takes at most `--timeout`. A name that is there twice is asked "
		               "once.\n\n"
		               "The outcome of a host is one of a closed list, and never a guess: a host that "
		               "denies the list is not one without sessions. OUTCOMES in netsession(1) has the "
		               "list. The summary on standard error counts them; `-v` reports the error of each "
		               "host.\n\n"
		               "A domain locks an account after a few wrong passwords. So until one host accepts "
		               "the password, no more hosts get it than `--max-log-on-failures`, and the sweep "
		               "stops when so many have refused it since one has accepted it, or when the account "
		               "is locked. Once a host has accepted the password, up to `--concurrency` hosts get "
		               "it at the same time: if it is changed then, each of them may count as a wrong "
		               "password.\n\n"
		               "What became of each host, and its sessions with the times when they were first and "
		               "last seen, are kept in the store of `--db`. Results are written out when they are "
		               "stored, several times a second. If a sweep is interrupted, by Ctrl-C, a signal or a crash, "
		               "`--resume` continues it: it asks only the hosts that have no outcome yet.\n\n"
		               "`--every` repeats the sweep. A signal ends it, in a sweep or between two; so does "
		               "the guard of `--max-log-on-failures`. The unit netsession-sweep.timer does the same "
		               "for systemd, with the arguments that /etc/netsession/sweep.conf has.\n\n"
		               "`status` asks nobody: it shows the last sweeps of the store with their outcomes, the "
		               "queue of each site, and the collectors of the last day, with `-o` table or json. A "
		               "host of this name is `status:445`.\n\n"
		               "JSON Lines has a line for each session (`\"type\": \"session\"`), behind them "
		               "one for their host (`\"host\"`), and in the end the `\"summary\"`; lines are written as "
		               "hosts answer. CSV has a line for each session and for each host without one. An "
		               "interrupted sweep writes what it has, and its summary.",
		.exits = sweep_exits,
		.examples = "  netsession sweep --hosts servers.txt\n"
		            "  netsession sweep -A ~/.smb-admin -u alice 192.0.2.0/24 fs7\n"
		            "  netsession sweep --hosts - -o jsonl --rate 50 < servers.txt > sessions.jsonl\n"
		            "  netsession sweep --domain lab.example --operating-system 'Windows Server*' "
		            "--seen-within 30\n"
		            "  netsession sweep --resume\n"
		            "  netsession sweep status --db postgresql://netsession@db.lab.example/netsession\n",
	},
	[COMMAND_COLLECT] = {
		.name = "collect",
		.summary = "ask the hosts that wait in the queue of a site, and store their answers",
		.description = "Any number of collectors, on any number of machines, share the targets of "
		               "`sweep --queue`. A collector claims up to 100 at a time, asks them as `sweep` "
		               "does, and stores each outcome in the transaction that takes the target out of "
		               "the queue, so that each target has exactly one. Targets of a collector that is "
		               "gone are claimed by others when their lease has ended; one that is interrupted "
		               "gives them back at once. What may pass, such as a lost connection, a restart or "
		               "a deadlock of the database, the collector waits out, and with `--wait` also a "
		               "database that is away when the collector starts. A wrong password, a wrong "
		               "certificate, missing rights and a newer schema end it. The user, the client and the level that the sweep was "
		               "given are those of its targets.\n\n"
		               "The password of the database is in ~/.pgpass, in the file that PGPASSFILE names, "
		               "or in a service file: libpq reads them. Each collector counts by itself the "
		               "hosts that refuse its own password (`--max-log-on-failures`). The first one "
		               "that stops for it ends the sweep for all: they ask what they have claimed, and "
		               "claim no more. When the password is right, `sweep --resume` asks the hosts that "
		               "are left.",
		.exits = collect_exits,
		.examples = "  netsession sweep --db postgresql://netsession@db.lab.example/netsession --queue "
		            "--site berlin --hosts berlin.txt\n"
		            "  netsession collect --db postgresql://netsession@db.lab.example/netsession --site "
		            "berlin -A ~/.smb-admin --wait\n",
	},
	[COMMAND_REPORT] = {
		.name = "report",
		.operands = "who USER | on SERVER | changes | hosts | prune",
		.min_operands = 1,
		.max_operands = 2,
		.summary = "tell from the store of sweeps who was where, and what changed",
		.description = "`who USER` lists the sessions of a user, on any server. `on SERVER` lists those on "
		               "one server, by the name that the sweep asked. Without `--at` and `--since`, they are "
		               "those that the last answer of each server had. `changes` lists sessions that "
		               "appeared or went since `--since`, or since the last sweep began. `hosts` lists what "
		               "became of each host when it was asked last, when it answered last, and what to "
		               "do. `prune` deletes what is older than `--older-than` days.\n\n"
		               "A sweep sees a session only when it asks. STARTED is computed from the duration "
		               "that the server tells, and is missing where the level has none. A session was open "
		               "until LAST SEEN at least, and was missing at GONE; when it ended in between, nobody "
		               "knows, and CERTAIN is then `no`. A session that began and ended between two sweeps "
		               "was never seen.",
		.exits = report_exits,
		.examples = "  netsession report who alice --at 2026-11-30T09:00\n"
		            "  netsession report on fs1 --since 7d -o csv\n"
		            "  netsession report hosts\n"
		            "  netsession report prune --older-than 90\n",
	},
	[COMMAND_STORE] = {
		.name = "store",
		.operands = "merge FILE | migrate",
		.min_operands = 1,
		.max_operands = 2,
		.summary = "take the store of a site over, or bring a store up to date",
		.description = "`migrate` makes the tables of the store of `--db`, or brings those of an older "
		               "netsession up to date. Whatever writes to a store does so, too, unless it "
		               "has no right to: the publishers and collectors of a shared database need "
		               "none.\n\n"
		               "A site that cannot reach the database sweeps into a file. `merge` adds its "
		               "sweeps, outcomes and sessions to the store of `--db`, in one transaction. FILE "
		               "may be merged again, when it has got more: nothing is there twice.",
		.exits = store_exits,
		.examples = "  netsession store migrate --db "
		            "postgresql://netsession@db.lab.example/netsession\n"
		            "  netsession store merge berlin.db --db "
		            "postgresql://netsession@db.lab.example/netsession\n",
	},
	[COMMAND_EXPORT] = {
		.name = "export",
		.operands = "bloodhound | ocsf",
		.min_operands = 1,
		.max_operands = 1,
		.summary = "write what was seen for BloodHound or for a SIEM",
		.description = "`bloodhound` writes a file of computers for BloodHound Community Edition (version 6) to "
		               "standard output. Each host of the store that is a computer of `--domain` is in it, "
		               "with the sessions that its last answer had. Objects are named by their SIDs, which "
		               "the domain's directory is asked for with your Kerberos tickets.\n\n"
		               "A session counts for the computer that it comes from, where the user works, and not "
		               "for the server. Where the client is an address, DNS is asked for its name. A session "
		               "whose client or user the domain does not know is left out; a message says how many "
		               "are. A host that did not answer is not collected (`\"Collected\": false`), with the "
		               "outcome and the error as reason; it is never one without sessions.\n\n"
		               "`ocsf` writes a line of JSON for each session: an event `User Session Query` of the Open "
		               "Cybersecurity Schema Framework, version 1.4.0, as SIEMs read it. Without `--since` it "
		               "writes the sessions that the last answers had. `time` is when the session was seen last, "
		               "`actor.user` its user, `device` the server; the client is in `unmapped.client` and among "
		               "the `observables`.",
		.exits = export_exits,
		.examples = "  netsession export bloodhound --domain lab.example > computers.json\n"
		            "  netsession export ocsf --since 1h > sessions.jsonl\n",
	},
};

static const struct cli_item environment[] = {
	{ "`NETSESSION_CREDENTIALS`",
	  "A file of credentials as for `--authentication-file`. It is used if neither\n"
	  "`--authentication-file` nor `--as` nor `--no-pass` is given." },
	{ "`NETSESSION_SOCKET`",
	  "The socket of netsessiond on this computer (default: /run/netsession/local.sock)." },
	{ "`NETSESSION_PROXY`",
	  "The URL of a SOCKS proxy as for `--proxy`. KDCs, name services of this computer, the\n"
	  "database, and the domain controllers and DNS servers that `--domain` and `export` ask are\n"
	  "reached without it. `doctor` does not work with it." },
	{ "`NETSESSION_WINS`",
	  "The address of a WINS server, or `none`, used if `--wins` is not given." },
	{ "`LC_ALL`, `LC_CTYPE`, `LANG`",
	  "netsession reads and prints UTF-8 in every locale, and no result depends on the locale. A\n"
	  "terminal whose locale names another charset, such as de_DE.ISO-8859-1, gets tables and\n"
	  "events in that charset, with `?` for characters that it lacks; users, clients and servers\n"
	  "on the command line may be in that charset, too." },
	{ "`USER`, `LOGNAME`, `PASSWD`, `PASSWD_FD`, `PASSWD_FILE`",
	  "Not used, unlike in smbclient and mount.cifs: other programs can read an environment, and\n"
	  "a password that is meant for one server is not sent to another one." },
	{ 0 },
};

static const struct cli_item credentials_forms[] = {
	{ "`username = alice`, `password = secret`, `domain = LAB`",
	  "A line each. The domain may be missing. Blanks before a value are not part of it;\n"
	  "mount.cifs keeps them. All blanks behind a password are part of it." },
	{ "`username = LAB\\alice`, `username = LAB/alice`",
	  "The domain before the name replaces that of a line `domain =`." },
	{ "`username = alice@LAB.EXAMPLE`",
	  "The realm behind the name is where the user is known; `domain =` has no effect." },
	{ "`username = alice%secret`",
	  "The password behind the first percent sign replaces that of a line `password =`.\n"
	  "mount.cifs takes all of it for the name." },
	{ "`realm = LAB.EXAMPLE`", "The user's Kerberos realm, beside the domain for NTLM.\n"
	                           "Another domain before the user's name replaces it." },
	{ "`user = alice`, `pass = secret`, `dom = LAB`",
	  "The keys of mount.cifs, which smbclient does not read. `password2` is ignored." },
	{ "`password = \"a#b;c=d`",
	  "Quotes and these signs are part of a value. There are no comments behind a value." },
	{ "`password =`", "An empty password." },
	{ "`# comment`",
	  "Lines without an equals sign and lines with other keys are ignored. Of several lines\n"
	  "with one key the last one counts. Upper and lower case of keys are the same." },
	{ 0 },
};

static const struct cli_item servers[] = {
	{ "`fs1`, `fs1.lab.example`, `fs1.`", "A name in DNS, or else in NetBIOS." },
	{ "`192.0.2.7`, `2001:db8::5`, `fe80::1%eth0`, `2001-db8--5.ipv6-literal.net`",
	  "An address." },
	{ "`fs1:4450`, `[2001:db8::5]:4450`",
	  "With a TCP port, which is used rather than that of `--port`." },
	{ "`fs1@192.0.2.7`, `fs1@192.0.2.7:4450`, `fs1@[2001:db8::5]:4450`",
	  "A name, by which Kerberos knows the server, and the address to connect to. The name is not\n"
	  "looked up." },
	{ "`192.0.2.0/24`, `2001:db8::/120`",
	  "All addresses of a range: for `list`, and in the file of `--hosts`. Of an IPv4 range of more\n"
	  "than two addresses, the first one and the last one are left out. A range has at most\n"
	  "1,048,576 addresses." },
	{ "`\\\\fs1\\share`, `//fs1/share`, `fs1/share`, `\\\\?\\UNC\\fs1\\share`",
	  "A path. What stands behind the server is ignored. In a shell, backslashes need quotation\n"
	  "marks: `'\\\\fs1\\share'`." },
	{ "`smb://LAB;alice@fs1:4450/share`, `cifs://fs1`, `file://fs1/share`",
	  "A URL, with percent-escapes where needed. Its user logs on as with `--as`, unless other\n"
	  "options or NETSESSION_CREDENTIALS say who logs on." },
	{ 0 },
};

static const struct cli_item clients[] = {
	{ "`ws1`, `\\\\WS1`", "The name that the server lists, in upper or lower case." },
	{ "`192.0.2.7`, `::ffff:192.0.2.7`", "An IPv4 address." },
	{ "`2001:db8::5`, `[2001:DB8:0::0005]`, `\\\\[2001:db8::5]`", "An IPv6 address." },
	{ "`fe80::1`, `fe80::1%eth0`",
	  "An address of one network. Without a scope, any scope that the server lists." },
	{ 0 },
};

static const struct cli_item users[] = {
	{ "`alice`", "The sessions of alice, with whatever domain the server lists her." },
	{ "`LAB\\alice`, `LAB/alice`",
	  "Those that the server lists as `LAB\\alice`, `alice@lab.example` or `alice`. In a shell,\n"
	  "a backslash needs quotation marks: `-u 'LAB\\alice'`." },
	{ "`alice@LAB.EXAMPLE`",
	  "The same. LAB is taken for LAB.EXAMPLE because it is a label of it; a NetBIOS domain\n"
	  "whose name is no label of the DNS domain has to be written as the server lists it." },
	{ 0 },
};

static const struct cli_item outcomes[] = {
	{ "`answered`", "The host listed its sessions." },
	{ "`empty`",
	  "It answered that there are none, or none that `--client` and `--user` select." },
	{ "`denied`", "It accepted the log-on, and does not grant the list to this user." },
	{ "`no_such_name`", "No name service knows the host." },
	{ "`unreachable`",
	  "Its port does not answer, or refuses connections, or no route leads there." },
	{ "`refused`", "It refuses connections from this computer." },
	{ "`busy`", "It has no room for another connection." },
	{ "`not_smb`", "What answers does not speak SMB." },
	{ "`smb1_only`", "It supports SMB1 only, which netsession does not speak." },
	{ "`no_common_authentication`",
	  "It accepts no mechanism of authentication, or no encryption, that this computer has." },
	{ "`log_on_failed`", "It refused the account or its password." },
	{ "`kerberos_failed`", "There was no ticket, or none for this host." },
	{ "`not_supported`", "It does not list sessions, or not at the level of `--level`." },
	{ "`timed_out`", "It did not answer in time; the step says where it stood still." },
	{ "`connection_lost`", "The connection ended early." },
	{ "`protocol_error`", "Its answer breaks the rules." },
	{ "`too_many_sessions`", "Its sessions need more memory than `--max-bytes`." },
	{ "`server_error`", "It answered with another error, which is in the output." },
	{ "`local_error`", "This computer lacked memory or open files for it." },
	{ 0 },
};

static const struct cli_section sections[] = {
	{ .title = "SERVERS",
	  .text = "A server is written in one of these forms; blanks around it are ignored. With\n"
	          "`--verbose`, netsession reports what else it ignores. A password is refused: other\n"
	          "users can read a command line. What cannot be a server is refused before anything\n"
	          "is sent, and the error says why.",
	  .items = servers },
	{ .title = "CLIENTS",
	  .text = "`--client` takes a client as the server lists it, with or without \\\\ before it.\n"
	          "Windows and netsessiond list addresses as `\\\\192.0.2.7` and `\\\\[2001:db8::5]`, Samba\n"
	          "as `192.0.2.7` and `2001:db8::5`; all spellings of an address are the same here.\n"
	          "netsession looks up no names: `--client ws1` does not find a session that the server\n"
	          "lists by the address of ws1, and the error says so.",
	  .items = clients },
	{ .title = "USERS",
	  .text = "`--user` and `info` take a user in the forms that log-ons accept, in upper or lower case.\n"
	          "Domains are compared where both the option and the session have one: Windows and\n"
	          "netsessiond list users without their domain, Samba in a domain lists them with it.\n"
	          "`close` closes sessions by the names that the server lists.\n",
	  .items = users },
	{ .title = "OUTCOMES",
	  .text = "What became of a host of `sweep`, in the words of its outputs:",
	  .items = outcomes },
	{ .title = "CREDENTIALS",
	  .text = "A file of credentials is read as smbclient and mount.cifs read it. Where the two\n"
	          "differ, smbclient is followed. The file is UTF-8, with or without a byte order mark,\n"
	          "and its lines end with LF or CRLF. An error names the file and the line, such as\n"
	          "`/root/.smb-admin:2: the line is not UTF-8; save the file as UTF-8`.",
	  .items = credentials_forms },
	{ .title = "OUTPUT",
	  .text = "Characters that drive a terminal, forge or reorder a line, or are invisible are never\n"
	          "written as they are, whoever chose a name or sent a message: control characters (C0,\n"
	          "DEL, C1), separators of lines and paragraphs, bidirectional controls, zero width\n"
	          "spaces and others. JSON escapes them (`\\uNNNN`), so its values are exact; everywhere else\n"
	          "they are shown as `\\xNN`, `\\uNNNN` or `\\UNNNNNNNN`.\n\n"
	          "In tables, events and CSV the value can be read back: a backslash of its own that\n"
	          "would begin such an escape is `\\x5C`. A cell of CSV that begins with = + - @ or an\n"
	          "apostrophe has an apostrophe before it, because a spreadsheet program would take it\n"
	          "for a formula; a program that reads CSV drops an apostrophe at the beginning of a\n"
	          "cell. A semicolon, which separates cells in some languages of these programs, is\n"
	          "`\\x3B`." },
	{ .title = "LOG-ON FAILURES", .text = LOG_ON_MANUAL_TEXT, .items = log_on_manual_items },
	{ .title = "ENVIRONMENT", .items = environment },
	{ 0 },
};

static const struct cli_renamed renamed[] = {
	{ "--looks", "--polls", "0.3" },
	{ 0 },
};

const struct cli_program netsession_program = {
	.name = "netsession",
	.manual_section = 1,
	.summary = "list the sessions of SMB file servers",
	.description = "netsession shows who is connected to which SMB file server, from which\n"
		       "computer, and since when.\n"
		       "It queries Windows and Samba servers by the protocol of NetSessionEnum on\n"
		       "Windows ([MS-SRVS] over SMB 2 and 3).",
	.commands = commands,
	.command_count = COMMAND_COUNT,
	.options = option_table,
	.option_count = sizeof option_table / sizeof *option_table,
	.notes =
		"A server is a name or an address, also written host:port, [v6]:port, "
		"\\\\host\\share, //host/share or smb://host; netsession(1) lists all forms. Port 139 is that of SMB over NetBIOS, for servers that do not listen at "
		"445. Without a server, netsession queries netsessiond on this computer over "
		"the socket that NETSESSION_SOCKET names (default: /run/netsession/local.sock). No "
		"credentials are needed there: netsessiond knows your user id.\n\n"
		"Without --authentication-file, --as and --no-pass, netsession uses the file that "
		"NETSESSION_CREDENTIALS names, or else your Kerberos tickets.",
	.sections = sections,
	.see_also = "netsession_enum(3), NetSessionEnum(3), netsessiond(8)",
	.renamed = renamed,
};
