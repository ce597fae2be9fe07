/* SPDX-License-Identifier: MIT */
#include "samba/setup/describe.h"

#include <ctype.h>
#include <string.h>
#include "cli/roff.h"

static const char examples[] =
	"  systemctl enable --now netsession-samba\n"
	"      starts the relay, now and before smbd at each start of the computer\n"
	"  netsession-samba check\n"
	"      says what enable would change in smb.conf, and what is in the way\n"
	"  netsession-samba enable\n"
	"      changes it, and lets smbd read it anew\n"
	"  netsession-samba status\n"
	"      says how it goes\n"
	"  netsession-samba disable\n"
	"      takes out of smb.conf what enable put in\n";

void setup_describe_all(FILE *to)
{
	fprintf(to,
	        "netsession-samba %s: " SETUP_SUMMARY "\n\n"
	        "Usage: netsession-samba COMMAND [OPTIONS]\n\nCommands:\n",
	        NETSESSION_VERSION);
	for (size_t i = 0; i < setup_command_count; i++)
		fprintf(to, "  %-8s %s\n", setup_commands[i].name, setup_commands[i].summary);
	fprintf(to,
	        "\nnetsession-samba COMMAND --help tells more of a command, --version the version.\n"
	        "\nExamples:\n%s",
	        examples);
}

void setup_describe_command(const struct setup_command *c)
{
	printf("Usage: netsession-samba %s [OPTIONS]\n\n%c%s.\n%s\nOptions:\n", c->name,
	       toupper((unsigned char)c->summary[0]), c->summary + 1, c->description);
	for (size_t i = 0; i < setup_option_count; i++) {
		const struct setup_option *o = &setup_options[i];
		char left[64];

		if ((o->commands & c->bit) == 0)
			continue;
		snprintf(left, sizeof left, "--%s %s", o->name,
		         o->argument != NULL ? o->argument : "");
		printf("  %-22s %s\n", left, o->help);
	}
	printf("\nExit status: %s.\n\nExamples:\n%s", c->exits, c->examples);
}

/* ---- the manual, in man(7) ---- */

static void setup_man_put_command(const struct setup_command *c)
{
	printf(".SS netsession\\-samba %s\n", c->name);
	roff_put_sentence(stdout, c->summary);
	roff_put(stdout, c->description);
	fputs("Exit status: ", stdout);
	roff_put(stdout, c->exits);
	fputs(".\n.PP\n.nf\n", stdout);
	roff_put(stdout, c->examples);
	fputs(".fi\n", stdout);
}

static void setup_man_put_option(const struct setup_option *o)
{
	fputs(".TP\n\\fB\\-\\-", stdout);
	roff_put(stdout, o->name);
	printf("\\fR%s%s%s\n", o->argument != NULL ? " \\fI" : "",
	       o->argument != NULL ? o->argument : "", o->argument != NULL ? "\\fR" : "");
	roff_put_sentence(stdout, o->help);
	if ((o->commands & (o->commands - 1)) != 0)
		return;
	for (size_t i = 0; i < setup_command_count; i++)
		if (o->commands & setup_commands[i].bit)
			printf("Only for \\fB%s\\fR.\n", setup_commands[i].name);
}

static const char set_up[] =
	".SH SETTING UP\n"
	"Start it, by \\fBsystemctl enable \\-\\-now netsession\\-samba\\fR; look at what\n"
	"\\fBnetsession\\-samba check\\fR says; then \\fBnetsession\\-samba enable\\fR.\n"
	"smbd need not be started again, and pipes that are open stay as they are.\n.PP\n"
	"Samba 4.16 or later is needed, since before that srvsvc is inside smbd.\n"
	"A domain controller of Active Directory will do.\n"
	"Where Samba has its configuration in its registry, \\fBcheck\\fR says which\n"
	"\\fBnet conf\\fR does it.\n"
	"Where SELinux or AppArmor confines smbd, it has to be allowed to connect to the sockets\n"
	"in the directory; no policy for that comes with this program.\n"
	".SH WITHOUT IT\n"
	".TP\n.B when it ends by itself\nsrvsvc becomes a link to Samba\\(aqs own in one step.\n"
	"Callers get what Samba gives without it, and no error.\n"
	".TP\n.B when it is killed\nCalls under way end with their pipe.\n"
	"Opening srvsvc fails with STATUS_CONNECTION_REFUSED until \\fBrelease\\fR, which\n"
	"netsession\\-samba.service runs at once; then Samba serves it itself, until the service\n"
	"is back, a second later.\n"
	"All other pipes are links, and work on.\n"
	".TP\n.B when the computer starts\nThe links outlive it, in a directory that persists; the\n"
	"service is there before smbd.\n"
	".TP\n.B when the package is taken away\nRun \\fBdisable\\fR first.\n"
	"As long as the directory stays, Samba\\(aqs pipes work all the same.\n"
	".SH CLOSING SESSIONS\n"
	"Samba closes a session by ending the smbd that serves it.\n"
	"All users of one connection share an smbd, and so do all connections of a client that\n"
	"names itself by one GUID, as Windows does (\\fBserver multi channel support\\fR, which is\n"
	"on by default): they end together.\n"
	"Samba has no program that ends one session alone.\n"
	"So the log names, at the level notice, those that end with the ones that are meant:\n"
	"before netsessiond has a session closed, and before a NetrSessionDel is passed on.\n"
	"netsessiond knows them, too: \\fBnetsession close\\fR on this computer names them before\n"
	"it asks, and the audit log has them in \\fBalso_closed\\fR.\n"
	".SH LISTS THAT ARE TOO SHORT\n"
	"Samba 4.22 and 4.25 now and then list too few sessions, with status 0, when a client has\n"
	"gone without a log\\-off; so does smbstatus, which is run again then.\n"
	"So when an answer has fewer sessions of a client and user than the one before, smbstatus\n"
	"is asked, and those that it has stay in the list; the caller waits for two seconds at\n"
	"most.\n"
	"smbstatus is also asked for transports that are not known yet when a caller asks for\n"
	"level 502.\n"
	"Where smbstatus fails, Samba\\(aqs answer counts as it is.\n"
	".SH FILES\n"
	".TP\n.I " NETSESSION_LOCALSTATEDIR
	"/lib/netsession/samba\nThe directory: \\fInp/srvsvc\\fR\n"
	"is where smbd calls, the other names in \\fInp\\fR are the links, \\fIstatus\\fR is\n"
	"what \\fBstatus\\fR asks.\n"
	"It is root\\(aqs alone, and has to be: who calls is told there, and believed.\n"
	".TP\n.I smb.conf.before\\-\\fRdate\nBeside smb.conf, as it was before each change.\n"
	".SH SYSTEMD\n"
	"The service may write to its own directory, and to where Samba has its databases and\n"
	"messages by default.\n"
	"Where smb.conf has other ones (\\fBlock directory\\fR, \\fBstate directory\\fR,\n"
	"\\fBcache directory\\fR, \\fBprivate dir\\fR), name them as \\fBReadWritePaths=\\fR, by\n"
	"\\fBsystemctl edit netsession\\-samba\\fR.\n";

static void setup_describe_man8(void)
{
	printf(".TH NETSESSION\\-SAMBA 8 2026-11-25 \"netsession %s\" \"netsession\"\n",
	       NETSESSION_VERSION);
	fputs(".SH NAME\nnetsession\\-samba \\- " SETUP_SUMMARY "\n"
	      ".SH SYNOPSIS\n.B netsession\\-samba\n.I command\n[\\fIoptions\\fR]\n"
	      ".SH DESCRIPTION\n"
	      "Samba answers NetrSessionEnum ([MS\\-SRVS]) at the levels 0 and 1 only, ignores what\n"
	      "callers filter by, and knows no pages.\n"
	      "This program stands between smbd and its srvsvc service: callers get all five\n"
	      "levels, filters and pages, judged by Samba's own access check, and everything else\n"
	      "passes through as it is.\n"
	      "Samba's sessions are told to netsessiond as well, where that runs.\n.PP\n"
	      "smbd finds its pipes by Unix sockets, in a folder that the parameter\n"
	      "\\fBexternal_rpc_pipe:socket_dir\\fR of smb.conf names.\n"
	      "\\fBenable\\fR points it to a folder in which srvsvc is this program and every other\n"
	      "pipe a link to Samba's own.\n.SH COMMANDS\n",
	      stdout);
	for (size_t i = 0; i < setup_command_count; i++)
		setup_man_put_command(&setup_commands[i]);
	fputs(".SH OPTIONS\nThey follow the command.\n", stdout);
	for (size_t i = 0; i < setup_option_count; i++)
		setup_man_put_option(&setup_options[i]);
	fputs(set_up, stdout);
	fputs(".SH EXAMPLES\n.nf\n", stdout);
	roff_put(stdout, examples);
	fputs(".fi\n.SH SEE ALSO\n.BR netsession (1),\n.BR netsessiond (8),\n.BR smb.conf (5)\n",
	      stdout);
}

bool setup_describe(const char *form)
{
	if (strcmp(form, "man8") == 0) {
		setup_describe_man8();
		return true;
	}
	fprintf(stderr, "netsession-samba: --describe prints man8\n");
	return false;
}
