/* SPDX-License-Identifier: MIT */
#include "daemon/command_line.h"

#include <install_folders.h>
#include "cli/print.h"
#include "daemon/config_describe.h"
#include "daemon/daemon.h"
#include "daemon/nt_hash.h"
#include "net/standard_files.h"

#define CONFIG_FILE_PATH NETSESSION_SYSCONFDIR "/" CONFIG_FILE_DEFAULT
#define AT(MEMBER)       offsetof(struct daemon_options, MEMBER)

static const struct cli_option option_table[] = {
	{ .name = "config",
	  .argument = "FILE",
	  .kind = CLI_FILE,
	  .member = AT(config),
	  .help = "configuration file, which must exist (default: " CONFIG_FILE_PATH
	          ", if it exists)" },
	{ .name = "listen",
	  .argument = "ADDR:PORT",
	  .kind = CLI_TEXT,
	  .member = AT(listen),
	  .help = "overrides [server] listen" },
	{ .name = "socket",
	  .argument = "PATH",
	  .kind = CLI_TEXT,
	  .member = AT(socket),
	  .help = "overrides [server] socket" },
	{ .name = "publish-socket",
	  .argument = "PATH",
	  .kind = CLI_TEXT,
	  .member = AT(publish_socket),
	  .help = "overrides [server] publish_socket" },
	{ .name = "user",
	  .argument = "USER",
	  .kind = CLI_TEXT,
	  .member = AT(user),
	  .help = "overrides [server] user: the user as which netsessiond runs if root starts it" },
	{ .name = "demo",
	  .argument = "N",
	  .kind = CLI_TEXT,
	  .member = AT(demo),
	  .help = "overrides [demo] sessions: make up N sessions" },
	{ .name = "check",
	  .kind = CLI_FLAG,
	  .member = AT(check),
	  .help = "check the configuration and the files that it names, report the first error with "
	          "file and line, and exit" },
	{ .name = "nt-hash",
	  .argument = "DOMAIN:USER",
	  .kind = CLI_TEXT,
	  .member = AT(nt_hash),
	  .help = "read a password, from the terminal or else from standard input, print a line of "
	          "[auth] ntlm_users with its NT hash, and exit" },
};

static const struct cli_exit exits[] = {
	{ 0, "a signal stopped netsessiond, --check found no error, or --nt-hash printed a line" },
	{ 1,
	  "the server could not start, --check found an error, or --nt-hash got no usable password" },
	CLI_USAGE_ROW,
	{ 0 },
};

static const char examples[] =
	"  netsessiond\n"
	"      serves on 127.0.0.1 port 4450 and at /run/netsession/local.sock\n"
	"  netsessiond --demo 200 --socket /tmp/local.sock --publish-socket /tmp/publish.sock\n"
	"      the same with 200 made-up sessions, for a user who may not write to /run\n"
	"  netsessiond --check --config /etc/netsession/netsessiond.conf\n"
	"      checks a configuration before it is used\n"
	"  netsessiond --describe sample > netsessiond.conf\n"
	"      writes a configuration file with all keys and their defaults\n"
	"  netsessiond --nt-hash LAB:bob >> /etc/netsession/ntlm_users\n"
	"      asks for bob's password, and adds a line with its NT hash\n";

static const struct cli_command command = {
	.summary = "run the server",
	.exits = exits,
	.examples = examples,
};

static const struct cli_item signals[] = {
	{ "`SIGHUP`",
	  "Reads the configuration and the files that it names again. If there is an error, it is\n"
	  "logged and the old settings stay in force.\n"
	  "Connections stay open." },
	{ "`SIGTERM`, `SIGINT`",
	  "Stops netsessiond: it accepts no more connections, finishes the answers under way for at\n"
	  "most `drain_timeout_s` seconds, and exits.\n"
	  "A second signal stops it at once." },
	{ "`SIGUSR1`", "Logs the counters." },
	{ 0 },
};

static const struct cli_item audit_members[] = {
	{ "`schema`",
	  "1, the version of the line: docs/json-schema.json of the source describes it as `audit_line`." },
	{ "`time`", "When the request was answered, in UTC." },
	{ "`operation`",
	  "`log-on`, `NetrSessionEnum`, `NetrSessionDel`, `publish-open`, `publish-close`, and so on." },
	{ "`endpoint`, `address`",
	  "The endpoint that the request came to, and the caller's address: `smb` and an IP address;\n"
	  "`local` or `publish`, and `local`." },
	{ "`caller`",
	  "The caller as DOMAIN\\user; empty for an anonymous caller, null for a caller whose\n"
	  "log-on failed." },
	{ "`level`, `client`, `user`",
	  "What the caller asked for, if the caller named it.\n"
	  "For a failed log-on, `user` is the user that the caller claimed to be." },
	{ "`entries`, `total`", "How many sessions the answer has, and how many there are." },
	{ "`also_closed`, `also_closed_total`",
	  "For NetrSessionDel: the first 32 sessions that end together with the selected ones,\n"
	  "because their file server cannot close one session alone, and how many there are." },
	{ "`status`, `result`, `detail`",
	  "The status of the answer as a number and by its Windows name; why a log-on failed." },
	{ "`complete`", "false if the answer is known to lack sessions; otherwise absent." },
	{ "`repeated`, `within_s`",
	  "Instead of `entries` and `total`, in a line for refusals that were repeated: how many more\n"
	  "there were than have lines, and within how many seconds." },
	{ 0 },
};

static const struct cli_item files[] = {
	{ CONFIG_FILE_PATH, "The configuration file; see netsessiond.conf(5)." },
	{ 0 },
};

static const struct cli_section sections[] = {
	{ .title = "SIGNALS", .items = signals },
	{ .title = "RIGHTS",
	  .text = "If root starts netsessiond, it becomes the user of `[server] user` for good, before it\n"
	          "reads the files that the configuration names; it keeps the capability to listen at\n"
	          "ports below 1024 until it listens.\n"
	          "So this user must be able to read the configuration, `ntlm_users` and the keytab, and\n"
	          "to write the audit log, also when netsessiond reloads.\n"
	          "If somebody else starts it, it stays that user.\n\n"
	          "Where the kernel has Landlock, netsessiond opens files only below `/etc`, where the\n"
	          "libraries are, and in the folders of the files that the configuration and the variables\n"
	          "of Kerberos and GSSAPI name, such as `KRB5_CONFIG` and `KRB5RCACHEDIR`.\n"
	          "A reload that names a file in another folder fails, and the log says that netsessiond\n"
	          "must be restarted for it.\n"
	          "Where the kernel has seccomp filters, netsessiond runs no program, traces no process,\n"
	          "and opens only TCP, UDP and Unix sockets.\n"
	          "The log says at the start which of these are in force.\n\n"
	          "Before that, netsessiond starts the recorder of `[history] db`, as its user, which is not\n"
	          "restricted in this way. It is netsession-fleet of the package netsession, and starts itself\n"
	          "again if it is killed. netsessiond tells it what begins and ends over a socket, and never\n"
	          "waits for it; the recorder ends when netsessiond has ended and all is stored." },
	{ .title = "SYSTEMD",
	  .text = "`netsessiond.service` runs netsessiond as the user `netsession`, with no capability\n"
	          "except the one for port 445. It shows how netsessiond can read its keytab and\n"
	          "passwords from files that only root can read.\n\n"
	          "`netsessiond-smb.socket`, `netsessiond-local.socket` and\n"
	          "`netsessiond-publish.socket` let systemd listen for netsessiond, and start\n"
	          "netsessiond at the first connection.\n\n"
	          "netsessiond recognizes sockets from systemd by their names\n"
	          "(`FileDescriptorName=`): `smb` (any number), `local`, `publish`.\n"
	          "They override the sockets of the configuration." },
	{ .title = "LOG",
	  .text = "netsessiond logs why it closes a connection, and the client's address, for example\n"
	          "`SMB connection from 192.0.2.7 closed: no log-on within 45 s (log_on_timeout_s)`.\n\n"
	          "Clients can cause such lines as often as they like. Each endpoint writes at most\n"
	          "10 lines in 5 seconds, and then how many were left out:\n"
	          "`SMB endpoint: 15 similar messages suppressed`.\n\n"
	          "A connection that the client closes is logged at the level `debug` only.\n\n"
	          "A line never contains a character that drives a terminal, forges or reorders a line,\n"
	          "or is invisible, whatever clients call themselves: such a character is shown as\n"
	          "`\\xNN`, `\\uNNNN` or `\\UNNNNNNNN`, and a byte that is not UTF-8 as `\\xNN`." },
	{ .title = "AUDIT LOG",
	  .text = "Each line is a JSON object. Characters that drive a terminal, forge or reorder a line,\n"
	          "or are invisible are escaped in it (`\\uNNNN`), so a line is safe to show and its values are\n"
	          "exact; only a text of more than 255 bytes is cut, and ends in `...`.",
	  .items = audit_members },
	{ .title = "FILES", .items = files },
	{ 0 },
};

static const struct cli_form forms[] = {
	{ "man5", "netsessiond.conf(5)", config_describe_manual },
	{ "sample", "a configuration file with all keys", config_describe_sample },
	{ 0 },
};

static const struct cli_renamed renamed[] = {
	{ "--feed-socket", "--publish-socket", "0.3" },
	{ 0 },
};

static void daemon_print_more_help(FILE *to)
{
	config_describe_keys(to);
	fputc('\n', to);
	cli_put_wrapped(to, "", 0,
	                "Signals: SIGHUP reads the configuration again, SIGTERM and SIGINT stop "
	                "netsessiond after the answers under way, SIGUSR1 logs the counters.");
}

static const struct cli_program netsessiond_program = {
	.name = "netsessiond",
	.manual_section = 8,
	.summary = "serve the sessions of this computer as the Server service of Windows does",
	.description =
		"netsessiond lists who is connected to this computer's file servers, and since\n"
		"when, as the Server service of Windows does ([MS-SRVS]): to clients in the\n"
		"network over SMB 2 and 3, and to programs on this computer over a Unix socket.\n"
		"File servers publish their sessions over a second Unix socket.\n"
		"It also lists the sessions of its own SMB clients.\n\n"
		"The access policy decides which sessions a caller may list and close. Every\n"
		"request is written to an audit log.\n\n"
		"netsessiond stays in the foreground, logs to standard error or the journal, and\n"
		"notifies systemd when it is ready.",
	.commands = &command,
	.command_count = 1,
	.options = option_table,
	.option_count = sizeof option_table / sizeof *option_table,
	.print_more_help = daemon_print_more_help,
	.sections = sections,
	.see_also = "netsession(1), netsession_publisher_open(3), netsessiond.conf(5)",
	.forms = forms,
	.renamed = renamed,
};

/* The options that override a key of the configuration. */
static void daemon_options_add_overrides(struct daemon_options *o)
{
	const struct config_override all[OPTIONS_MAX_OVERRIDES] = {
		{ "listen", "server", "listen", o->listen },
		{ "socket", "server", "socket", o->socket },
		{ "publish-socket", "server", "publish_socket", o->publish_socket },
		{ "user", "server", "user", o->user },
		{ "demo", "demo", "sessions", o->demo },
	};

	for (size_t i = 0; i < OPTIONS_MAX_OVERRIDES; i++)
		if (all[i].value != NULL)
			o->overrides[o->override_count++] = all[i];
}

int daemon_main(int argc, char **argv)
{
	struct daemon_options options = { 0 };
	struct cli_operands operands;
	int status;

	net_standard_files_open();
	if (cli_parse(&netsessiond_program, argc, argv, &options, &operands, &status) < 0)
		return status;
	if (options.nt_hash != NULL)
		return nt_hash_print(options.nt_hash);
	daemon_options_add_overrides(&options);
	return daemon_run(&options);
}
