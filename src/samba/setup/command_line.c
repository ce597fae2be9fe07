/* SPDX-License-Identifier: MIT */
#include "samba/setup/command_line.h"

#include <install_folders.h>
#include <stdio.h>
#include <unistd.h>
#include "cli/cli.h"
#include "net/standard_files.h"
#include "samba/daemon.h"
#include "samba/setup/setup.h"
#include "system/log.h"
#include "terminal/terminal.h"

#define AT(MEMBER) offsetof(struct samba_options, MEMBER)
#define FOR_RUN    (1u << SAMBA_COMMAND_RUN)

enum samba_command {
	SAMBA_COMMAND_RUN,
	SAMBA_COMMAND_CHECK,
	SAMBA_COMMAND_ENABLE,
	SAMBA_COMMAND_DISABLE,
	SAMBA_COMMAND_STATUS,
	SAMBA_COMMAND_RELEASE,
	SAMBA_COMMAND_COUNT,
};

static bool log_level_parse(const char *argument, void *member)
{
	return log_level_find(argument, member);
}

static const struct cli_option option_table[] = {
	{ .name = "smb-conf",
	  .argument = "FILE",
	  .kind = CLI_FILE,
	  .member = AT(smb_conf),
	  .help = "Samba's configuration file (default: the one that smbd reads by default)" },
	{ .name = "directory",
	  .argument = "DIR",
	  .kind = CLI_DIRECTORY,
	  .member = AT(directory),
	  .initial = NETSESSION_LOCALSTATEDIR "/lib/netsession/samba",
	  .help = "absolute path of the directory in which smbd finds its pipes while the relay is "
	          "enabled" },
	{ .name = "publish-socket",
	  .argument = "PATH",
	  .kind = CLI_FILE,
	  .member = AT(publish_socket),
	  .commands = FOR_RUN,
	  .help = "the socket of netsessiond to publish sessions at (default: "
	          "/run/netsession/publish.sock)" },
	{ .name = "no-publish",
	  .kind = CLI_FLAG,
	  .member = AT(no_publish),
	  .commands = FOR_RUN,
	  .help = "do not publish sessions to netsessiond" },
	{ .name = "max-pipes",
	  .argument = "N",
	  .kind = CLI_NUMBER,
	  .member = AT(max_pipes),
	  .min = 1,
	  .max = 1000000,
	  .commands = FOR_RUN,
	  .initial = "4096",
	  .help = "maximum number of pipes that are relayed at the same time; an eighth is reserved for "
	          "clients on this computer" },
	{ .name = "max-pipes-per-client",
	  .argument = "N",
	  .kind = CLI_NUMBER,
	  .member = AT(max_pipes_per_client),
	  .min = 1,
	  .max = 1000000,
	  .commands = FOR_RUN,
	  .initial = "256",
	  .help = "maximum number of them for one client address, and for one connection of a client" },
	{ .name = "max-answer-mib",
	  .argument = "N",
	  .kind = CLI_NUMBER,
	  .member = AT(max_answer_mib),
	  .min = 1,
	  .max = 1024,
	  .commands = FOR_RUN,
	  .initial = "64",
	  .help = "maximum size of one answer, in MiB" },
	{ .name = "log-level",
	  .argument = "LEVEL",
	  .kind = CLI_PARSED,
	  .member = AT(log_level),
	  .commands = FOR_RUN,
	  .initial = "info",
	  .help = "lowest severity of the messages to log",
	  .choice = log_level_name,
	  .parse = log_level_parse },
};

static const struct cli_exit run_exits[] = {
	{ SETUP_DONE, "the relay was stopped by a signal" },
	{ SETUP_FAILED, "the relay could not start" },
	CLI_USAGE_ROW,
	{ 0 },
};

static const struct cli_exit check_exits[] = {
	{ SETUP_DONE, "the relay can be enabled, or is enabled" },
	{ SETUP_FAILED, "something prevents enabling the relay" },
	CLI_USAGE_ROW,
	{ 0 },
};

static const struct cli_exit enable_exits[] = {
	{ SETUP_DONE, "the relay is enabled" },
	{ SETUP_FAILED, "the relay could not be enabled" },
	CLI_USAGE_ROW,
	{ 0 },
};

static const struct cli_exit disable_exits[] = {
	{ SETUP_DONE, "the relay is not enabled" },
	{ SETUP_FAILED, "the relay could not be disabled" },
	CLI_USAGE_ROW,
	{ 0 },
};

static const struct cli_exit status_exits[] = {
	{ SETUP_DONE, "the relay works" },
	{ SETUP_FAILED, "something is wrong, or the relay is not enabled" },
	CLI_USAGE_ROW,
	{ SETUP_NOT_RUNNING, "the relay does not run, and Samba serves its pipes itself" },
	{ 0 },
};

static const struct cli_exit release_exits[] = {
	{ SETUP_DONE, "clients reach Samba's own srvsvc" },
	{ SETUP_FAILED, "a relay runs and uses the directory, or the link could not be made" },
	CLI_USAGE_ROW,
	{ 0 },
};

static const struct cli_command commands[SAMBA_COMMAND_COUNT] = {
	[SAMBA_COMMAND_RUN] = {
		.name = "run",
		.summary = "relay between smbd and Samba's srvsvc, and publish Samba's sessions to "
		           "netsessiond",
		.description = "Stays in the foreground until SIGTERM or SIGINT, logs to standard error "
		               "or the journal, and notifies systemd when it is ready. SIGHUP reads "
		               "Samba's configuration again, as happens by itself when Samba is not "
		               "reached any more; SIGUSR1 logs what status shows. When the relay "
		               "ends, Samba serves all pipes itself again.",
		.exits = run_exits,
		.examples = "  netsession-samba run\n"
		            "  netsession-samba run --no-publish --log-level debug\n",
	},
	[SAMBA_COMMAND_CHECK] = {
		.name = "check",
		.summary = "show what enable would change in smb.conf, and what prevents it",
		.description = "Checks the version and the role of Samba, smb.conf, the relay and its "
		               "links. Changes nothing.",
		.exits = check_exits,
		.examples = "  netsession-samba check\n"
		            "  netsession-samba check --smb-conf /srv/samba/smb.conf\n",
	},
	[SAMBA_COMMAND_ENABLE] = {
		.name = "enable",
		.summary = "change smb.conf so that smbd uses the relay",
		.description = "Adds four marked lines at the beginning of smb.conf, unless check finds a "
		               "problem: the relay must be running. Samba's testparm must accept the new "
		               "file before it replaces the old one in one step; a copy of the old file "
		               "is kept beside it. Then smbd is told to reload its configuration. If the "
		               "relay is enabled already, nothing changes.",
		.exits = enable_exits,
		.examples = "  netsession-samba enable\n",
	},
	[SAMBA_COMMAND_DISABLE] = {
		.name = "disable",
		.summary = "remove from smb.conf what enable added",
		.description = "Leaves every other byte of smb.conf as it is. smbd is told to reload its "
		               "configuration. Open pipes stay open, so the relay may be stopped once no "
		               "client uses it.",
		.exits = disable_exits,
		.examples =
			"  netsession-samba disable && systemctl disable --now netsession-samba\n",
	},
	[SAMBA_COMMAND_STATUS] = {
		.name = "status",
		.summary = "show whether the relay works",
		.description = "Checks smb.conf, smbd, the pipes and their links, and asks the running "
		               "relay.",
		.exits = status_exits,
		.examples = "  netsession-samba status\n",
	},
	[SAMBA_COMMAND_RELEASE] = {
		.name = "release",
		.summary = "give srvsvc back to Samba after the relay was killed",
		.description = "Replaces the relay's socket by a link to Samba's own, as the relay itself "
		               "does when it stops. netsession-samba.service runs this command after the "
		               "relay has ended in any way, so that clients get Samba's own answers until "
		               "the relay runs again.",
		.exits = release_exits,
		.examples = "  netsession-samba release\n",
	},
};

static const char examples[] =
	"  systemctl enable --now netsession-samba\n"
	"      starts the relay, now and before smbd at each start of the computer\n"
	"  netsession-samba check\n"
	"      shows what enable would change in smb.conf, and what prevents it\n"
	"  netsession-samba enable\n"
	"      changes smb.conf, and tells smbd to reload it\n"
	"  netsession-samba status\n"
	"      shows whether the relay works\n"
	"  netsession-samba disable\n"
	"      removes from smb.conf what enable added\n";

static const struct cli_item without_relay[] = {
	{ "`when the relay is stopped`",
	  "srvsvc becomes a link to Samba's own socket, in one step.\n"
	  "Clients get the answers of Samba alone, and no error." },
	{ "`when the relay is killed`",
	  "Calls under way end with their pipe.\n"
	  "Opening srvsvc fails with STATUS_CONNECTION_REFUSED until `release` runs, which\n"
	  "netsession-samba.service does at once; then Samba serves srvsvc itself until the service\n"
	  "has started the relay again, a second later.\n"
	  "All other pipes are links, and continue to work." },
	{ "`when the computer starts`",
	  "The links are in a directory that persists, and the service starts before smbd." },
	{ "`when the package is removed`",
	  "Run `disable` first.\n"
	  "As long as the directory exists, Samba's pipes work in any case." },
	{ 0 },
};

static const struct cli_item files[] = {
	{ NETSESSION_LOCALSTATEDIR "/lib/netsession/samba",
	  "The directory: smbd connects to the socket np/srvsvc; the other names in np are links;\n"
	  "`status` asks the relay at the socket status.\n"
	  "Only root may have access: smbd tells the relay there who the client is." },
	{ "smb.conf.before-DATE", "Beside smb.conf: the file as it was before each change." },
	{ 0 },
};

static const struct cli_section sections[] = {
	{ .title = "SETTING UP",
	  .text = "Start the relay with `systemctl enable --now netsession-samba`, read the output of\n"
	          "`netsession-samba check`, then run `netsession-samba enable`.\n"
	          "smbd need not be restarted, and open pipes stay open.\n\n"
	          "Samba 4.16 or later is required: before that, srvsvc is part of smbd.\n"
	          "An Active Directory domain controller is supported.\n"
	          "If Samba keeps its configuration in its registry, `check` prints the `net conf`\n"
	          "commands to run instead.\n"
	          "If smb.conf is made from something else, as on NAS systems, set\n"
	          "`external_rpc_pipe:socket_dir` there: `check` and `status` find the setting, and\n"
	          "`enable` is not needed.\n"
	          "If SELinux or AppArmor confines smbd, allow smbd to connect to the sockets in the\n"
	          "directory; this program comes with no policy for that." },
	{ .title = "WITHOUT THE RELAY", .items = without_relay },
	{ .title = "CLOSING SESSIONS",
	  .text = "Samba closes a session by ending the smbd process that serves it.\n"
	          "All users of one connection share an smbd, and so do all connections with the same\n"
	          "client GUID, which are all connections of one Windows computer (`server multi\n"
	          "channel support`, on by default): these sessions end together.\n"
	          "Samba has no program that ends one session alone.\n"
	          "Before netsessiond has a session closed, and before a NetrSessionDel is passed on,\n"
	          "the relay logs, at level notice, which other sessions end with the selected ones.\n"
	          "`netsession close` on this computer lists them before it asks, and the audit log\n"
	          "of netsessiond has them in `also_closed`." },
	{ .title = "LISTS THAT ARE TOO SHORT",
	  .text = "Samba 4.22 and 4.25 sometimes list too few sessions, with status 0, after a client\n"
	          "has disconnected without logging off. So does smbstatus, which the relay runs again\n"
	          "in that case.\n"
	          "When an answer has fewer sessions of a client and user than the answer before, the\n"
	          "relay runs smbstatus and keeps the sessions that it lists; the client waits at most\n"
	          "two seconds.\n"
	          "When a client asks for level 502, the relay also runs smbstatus for the transports\n"
	          "that it does not know yet.\n"
	          "If smbstatus fails, Samba's answer is used as it is, and the log says so." },
	{ .title = "SESSIONS FOR PROGRAMS ON THIS COMPUTER",
	  .text = "netsessiond gets Samba's sessions from `smbstatus --json`, with the number of files\n"
	          "and directories that each has open. The number is not known where several\n"
	          "sessions of one smbd could have a file open, and if `smbstatus -L` takes longer\n"
	          "than 1.5 s or fails, as it does before Samba 4.24 if a file is open with the right\n"
	          "to change its owner.\n"
	          "Samba does not say how long a session has been idle, and before 4.20 not when it\n"
	          "began; the start is known then if the smbd of the session started within three\n"
	          "seconds of its first share. What is not known is sent as such.\n\n"
	          "If smbstatus fails, or leaves out sessions because their names are not in UTF-8\n"
	          "and cannot be converted from the `unix charset` of smb.conf, netsessiond is told\n"
	          "that sessions are missing, and why: `netsession list` ends with exit status 4.\n"
	          "What smbstatus writes to standard error is logged when it changes." },
	{ .title = "FILES", .items = files },
	{ .title = "SYSTEMD",
	  .text = "netsession-samba must run as root: smbd is root and accepts only root at its sockets,\n"
	          "and smbstatus and smbcontrol work only for root.\n"
	          "The service leaves it one capability.\n\n"
	          "The service may write to its own directory, and to the default directories of\n"
	          "Samba's databases and messages.\n"
	          "If smb.conf sets other ones (`lock directory`, `state directory`,\n"
	          "`cache directory`, `private dir`), add them as `ReadWritePaths=` with\n"
	          "`systemctl edit netsession-samba`." },
	{ 0 },
};

static const struct cli_renamed renamed[] = {
	{ "--feed-socket", "--publish-socket", "0.3" },
	{ "--no-feed", "--no-publish", "0.3" },
	{ 0 },
};

static const struct cli_program samba_program = {
	.name = "netsession-samba",
	.manual_section = 8,
	.summary = "complete the answers of a Samba server to NetSessionEnum",
	.description =
		"Samba answers NetrSessionEnum ([MS-SRVS]) only at levels 0 and 1, ignores the\n"
		"filters of the caller, and has no pages.\n"
		"netsession-samba relays between smbd and Samba's srvsvc: clients get all five\n"
		"levels, filters and pages. Samba's own access check decides who may list\n"
		"sessions, and everything else passes through unchanged.\n"
		"If netsessiond runs on this computer, netsession-samba publishes Samba's\n"
		"sessions to it.\n\n"
		"smbd finds its pipes as Unix sockets in the directory that the parameter\n"
		"`external_rpc_pipe:socket_dir` of smb.conf names.\n"
		"`enable` sets this parameter to a directory in which srvsvc is the socket of\n"
		"the relay, and every other pipe is a link to Samba's own socket.",
	.commands = commands,
	.command_count = SAMBA_COMMAND_COUNT,
	.options = option_table,
	.option_count = sizeof option_table / sizeof *option_table,
	.examples = examples,
	.sections = sections,
	.see_also = "netsession(1), netsessiond(8), smb.conf(5)",
	.renamed = renamed,
};

int samba_main(int argc, char **argv)
{
	static int (*const run[SAMBA_COMMAND_COUNT])(const struct samba_options *options) = {
		[SAMBA_COMMAND_RUN] = samba_daemon_run, [SAMBA_COMMAND_CHECK] = setup_check,
		[SAMBA_COMMAND_ENABLE] = setup_enable,  [SAMBA_COMMAND_DISABLE] = setup_disable,
		[SAMBA_COMMAND_STATUS] = setup_status,  [SAMBA_COMMAND_RELEASE] = setup_release,
	};
	struct samba_options options = { 0 };
	struct cli_operands operands;
	int status, command;

	net_standard_files_open();
	command = cli_parse(&samba_program, argc, argv, &options, &operands, &status);
	if (command < 0)
		return status;
	if (geteuid() != 0) {
		/* Samba's pipes, and the users who open them, are root's business. */
		terminal_print_line(stderr, "netsession-samba: %s must be run as root",
		                    commands[command].name);
		return SETUP_FAILED;
	}
	return cli_end(&samba_program, run[command](&options));
}
