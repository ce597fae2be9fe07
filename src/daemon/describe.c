/* SPDX-License-Identifier: MIT */
#include "daemon/describe.h"

#include <stdio.h>
#include <string.h>
#include "cli/roff.h"
#include "daemon/config_keys.h"
#include "daemon/options.h"

#define SUMMARY      "the sessions of this computer, served the Windows way"
#define TEXT_COLUMNS 88

static const char examples[] =
	"  netsessiond\n"
	"      serves on 127.0.0.1 port 4450 and at /run/netsession/local.sock\n"
	"  netsessiond --demo 200 --socket /tmp/local.sock --publish-socket /tmp/publish.sock\n"
	"      the same with made-up sessions, by a user who may not write to /run\n"
	"  netsessiond --check --config /etc/netsession/netsessiond.conf\n"
	"      looks at a configuration before it is used\n"
	"  netsessiond --describe sample > netsessiond.conf\n"
	"      begins a configuration\n";

/* ---- plain text ---- */

/* Words in lines, each begun by begin. */
static void daemon_describe_put_wrapped(const char *begin, const char *text)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t bytes = strcspn(text, " ");

		if (column == 0 || column + 1 + bytes > TEXT_COLUMNS) {
			printf("%s%s", column == 0 ? "" : "\n", begin);
			column = strlen(begin);
		} else {
			putchar(' ');
			column++;
		}
		printf("%.*s", (int)bytes, text);
		column += bytes;
		text += bytes + (text[bytes] == ' ');
	}
	putchar('\n');
}

/* What a value may be, where its help does not say it. False: where it does. */
static bool daemon_describe_key_bounds(const struct config_key *key, char expected[256])
{
	config_value_expected(key, expected);
	return key->type != CONFIG_TEXT && key->type != CONFIG_LIST && key->type != CONFIG_PATH;
}

static void daemon_describe_put_key(const char *begin, const struct config_key *key)
{
	char expected[256], all[1024];

	if (daemon_describe_key_bounds(key, expected))
		snprintf(all, sizeof all, "%s (%s)", key->help, expected);
	else
		snprintf(all, sizeof all, "%s", key->help);
	daemon_describe_put_wrapped(begin, all);
}

static void daemon_describe_put_assignment(const char *begin, const struct config_key *key)
{
	printf("%s%s =%s%s\n", begin, key->name, *key->initial != '\0' ? " " : "", key->initial);
}

void daemon_describe_help(void)
{
	printf("netsessiond %s: " SUMMARY "\n\nUsage: netsessiond [OPTIONS]\n\nOptions:\n",
	       NETSESSION_VERSION);
	for (size_t i = 0; i < daemon_option_count; i++) {
		const struct daemon_option *o = &daemon_options[i];
		char left[64];

		snprintf(left, sizeof left, "--%s %s", o->name,
		         o->argument != NULL ? o->argument : "");
		printf("  %-22s %s\n", left, o->help);
	}
	printf("\nConfiguration: without --config, %s/" CONFIG_FILE_DEFAULT
	       " where it is there. Its keys and their defaults:\n",
	       NETSESSION_SYSCONFDIR);
	for (size_t i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];

		if (i == 0 || key->section != config_keys[i - 1].section)
			printf("\n  [%s]\n", key->section);
		daemon_describe_put_assignment("    ", key);
		daemon_describe_put_key("        ", key);
	}
	printf("\nSignals: HUP reads the configuration anew, TERM and INT end it when answers under "
	       "way\nare given, USR1 logs its counters.\n\nExamples:\n%s",
	       examples);
}

static void daemon_describe_sample(void)
{
	daemon_describe_put_wrapped(
		"# ", "The configuration of netsessiond, all of it as it is by default. "
		      "See netsessiond.conf(5).");
	for (const struct config_section *s = config_sections; s->name != NULL; s++) {
		putchar('\n');
		daemon_describe_put_wrapped("# ", s->about);
		printf("[%s]\n", s->name);
		for (size_t i = 0; i < config_key_count; i++) {
			if (strcmp(config_keys[i].section, s->name) != 0)
				continue;
			daemon_describe_put_key("# ", &config_keys[i]);
			daemon_describe_put_assignment(";", &config_keys[i]);
		}
	}
}

/* ---- the manual, in man(7) ---- */

static void daemon_man_put_header(const char *name, const char *section)
{
	printf(".TH %s %s 2026-11-25 \"netsession %s\" \"netsession\"\n", name, section,
	       NETSESSION_VERSION);
}

static void daemon_man_put_option(const struct daemon_option *o)
{
	fputs(".TP\n\\fB\\-\\-", stdout);
	roff_put(stdout, o->name);
	printf("\\fR%s%s%s\n", o->argument != NULL ? " \\fI" : "",
	       o->argument != NULL ? o->argument : "", o->argument != NULL ? "\\fR" : "");
	roff_put_sentence(stdout, o->help);
}

static void daemon_describe_man8(void)
{
	daemon_man_put_header("NETSESSIOND", "8");
	fputs(".SH NAME\nnetsessiond \\- " SUMMARY "\n"
	      ".SH SYNOPSIS\n.B netsessiond\n[\\fIoptions\\fR]\n.SH DESCRIPTION\n"
	      "Answers who is connected to this computer's file servers, and since when, as the\n"
	      "Server service of Windows does ([MS\\-SRVS]): to callers from the network over SMB 2\n"
	      "and 3, to programs of this computer over a Unix socket.\n"
	      "File servers publish their sessions over a second one; callers by SMB are sessions\n"
	      "themselves.\n"
	      "What a caller may see or close is decided by the access policy, and every question is\n"
	      "written to an audit log.\n.PP\n"
	      "It stays in the foreground, logs to standard error or the journal, and tells systemd\n"
	      "when it is ready.\n.SH OPTIONS\n",
	      stdout);
	for (size_t i = 0; i < daemon_option_count; i++)
		daemon_man_put_option(&daemon_options[i]);
	fputs(".SH SIGNALS\n"
	      ".TP\n.B SIGHUP\nThe configuration and the files that it names are read anew; what is\n"
	      "wrong is logged, and all stays as it was.\n"
	      "Connections stay.\n"
	      ".TP\n.BR SIGTERM ,\\  SIGINT\nNobody is let in any more; answers under way are\n"
	      "given, for as long as \\fBdrain_timeout_s\\fR says; then it ends.\n"
	      "A second one ends it at once.\n"
	      ".TP\n.B SIGUSR1\nThe counters are logged.\n"
	      ".SH SYSTEMD\n"
	      "\\fBnetsessiond.service\\fR runs it as the user \\fBnetsession\\fR, with no capability\n"
	      "but the one for port 445, and shows how it may get its keytab and passwords from\n"
	      "files that root alone can read.\n"
	      "\\fBnetsessiond\\-smb.socket\\fR, \\fBnetsessiond\\-local.socket\\fR and\n"
	      "\\fBnetsessiond\\-publish.socket\\fR let systemd listen in its place, and start it when\n"
	      "somebody asks.\n.PP\n"
	      "Sockets that are handed over are taken by their names: \\fBsmb\\fR (any number),\n"
	      "\\fBlocal\\fR, \\fBpublish\\fR.\n"
	      "They go before those of the configuration.\n"
	      ".SH AUDIT LOG\nOne object of JSON a line.\n"
	      ".TP\n.B time\nWhen it was answered, UTC.\n"
	      ".TP\n.B operation\n\\fBlog\\-on\\fR, \\fBNetrSessionEnum\\fR, \\fBNetrSessionDel\\fR,\n"
	      "\\fBpublish\\-open\\fR, \\fBpublish\\-close\\fR and so on.\n"
	      ".TP\n.BR endpoint ,\\  address\nWhere it came in: \\fBsmb\\fR and the caller's\n"
	      "address; \\fBlocal\\fR or \\fBpublish\\fR, and \\fBlocal\\fR.\n"
	      ".TP\n.B caller\nDOMAIN\\euser; empty for nobody, null for somebody who was not let in.\n"
	      ".TP\n.BR level ,\\  client ,\\  user\nWhat was asked for, where it was said.\n"
	      "Of a log\\-on that was refused, \\fBuser\\fR is who was claimed.\n"
	      ".TP\n.BR entries ,\\  total\nHow many were given, and how many there were.\n"
	      ".TP\n.BR also_closed ,\\  also_closed_total\nOf NetrSessionDel: the first 32 sessions\n"
	      "that end with those that were meant, since their file server cannot close them\n"
	      "alone, and how many there are.\n"
	      ".TP\n.BR status ,\\  result ,\\  detail\nThe answer\\(aqs status, by number and by the\n"
	      "name that Windows has for it; why a log\\-on was refused.\n"
	      ".SH EXIT STATUS\n0 when it was ended; 1 when it could not start or go on; 2 for a "
	      "wrong option.\n"
	      ".SH FILES\n.TP\n",
	      stdout);
	printf(".I %s/" CONFIG_FILE_DEFAULT "\nThe configuration, see netsessiond.conf(5).\n",
	       NETSESSION_SYSCONFDIR);
	fputs(".SH EXAMPLES\n.nf\n", stdout);
	roff_put(stdout, examples);
	fputs(".fi\n.SH SEE ALSO\n.BR netsession (1),\n.BR netsession_publisher_open (3),\n"
	      ".BR netsessiond.conf (5)\n",
	      stdout);
}

static void daemon_man_put_key(const struct config_key *key)
{
	char expected[256];

	fputs(".TP\n\\fB", stdout);
	roff_put(stdout, key->name);
	fputs(*key->initial != '\0' ? "\\fR = " : "\\fR =", stdout);
	roff_put(stdout, key->initial);
	fputs("\n", stdout);
	roff_put_sentence(stdout, key->help);
	if (!daemon_describe_key_bounds(key, expected))
		return;
	fputs(key->type == CONFIG_CHOICES ? "A list of " : "It is ", stdout);
	roff_put(stdout, expected);
	fputs(".\n", stdout);
}

static void daemon_man_put_labels(void)
{
	fputs(".SH LABELS\n"
	      "Whom a list of [access] means, whatever the case of the letters.\n"
	      "\\fBnetsession doctor\\fR shows you the labels that you have on this computer.\n"
	      ".TP\n.B alice\nA user of this computer; by SMB, an account of the file of\n"
	      "\\fBntlm_users\\fR, or whom krb5.conf(5) takes a principal for on this computer.\n"
	      "A user without a name is \\fBuid:\\fInumber\\fR.\n"
	      ".TP\n.B LAB\\ealice\nBy SMB, an account of that file, or of the domain of the default\n"
	      "realm.\n"
	      ".TP\n.B alice@LAB.EXAMPLE\nA principal of Kerberos.\n"
	      ".TP\n.B @group\nThose of this computer in that group of this computer.\n"
	      ".TP\n.B S\\-1\\-5\\-21\\-...\nAn account or a group of a domain, as its controller has\n"
	      "written it into a Kerberos ticket.\n",
	      stdout);
}

static void daemon_describe_man5(void)
{
	daemon_man_put_header("NETSESSIOND.CONF", "5");
	fputs(".SH NAME\nnetsessiond.conf \\- the configuration of netsessiond\n"
	      ".SH DESCRIPTION\n"
	      "Sections, keys and values: \\fB[\\fIsection\\fB]\\fR, \\fIkey\\fB = \\fIvalue\\fR.\n"
	      "Lines that begin with # or ; say nothing, nor does what follows a blank and ;.\n"
	      "A line has at most 198 bytes; a list goes on on lines that begin with a blank.\n"
	      "What is not known, is said twice or cannot be stops the start, with file and line.\n"
	      "\\fBnetsessiond \\-\\-describe sample\\fR prints all of it.\n.PP\n"
	      "Each key is shown with its default.\n",
	      stdout);
	for (const struct config_section *s = config_sections; s->name != NULL; s++) {
		printf(".SH [%s]\n", s->name);
		roff_put_sentence(stdout, s->about);
		for (size_t i = 0; i < config_key_count; i++)
			if (strcmp(config_keys[i].section, s->name) == 0)
				daemon_man_put_key(&config_keys[i]);
	}
	daemon_man_put_labels();
	fputs(".SH SEE ALSO\n.BR netsessiond (8)\n", stdout);
}

bool daemon_describe(const char *form)
{
	static const struct {
		const char *name;
		void (*print)(void);
	} forms[] = {
		{ "man8", daemon_describe_man8 },
		{ "man5", daemon_describe_man5 },
		{ "sample", daemon_describe_sample },
	};

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		if (strcmp(forms[i].name, form) == 0) {
			forms[i].print();
			return true;
		}
	fprintf(stderr, "netsessiond: --describe prints man8, man5 or sample\n");
	return false;
}
