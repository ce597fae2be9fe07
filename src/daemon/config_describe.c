/* SPDX-License-Identifier: MIT */
#include "daemon/config_describe.h"

#include <string.h>
#include "cli/print.h"
#include "cli/roff.h"
#include "daemon/config_keys.h"

/* What a value may be, if the help of the key does not say so. Returns false if it does. */
static bool config_describe_bounds(const struct config_key *key, char expected[256])
{
	config_value_expected(key, expected);
	return key->type != CONFIG_TEXT && key->type != CONFIG_LIST && key->type != CONFIG_PATH &&
	       key->type != CONFIG_DATABASE;
}

/* ---- plain text ---- */

static void config_describe_key(FILE *to, const char *prefix, const struct config_key *key)
{
	char expected[256], all[1024];

	if (config_describe_bounds(key, expected))
		snprintf(all, sizeof all, "%s (%s)", key->help, expected);
	else
		snprintf(all, sizeof all, "%s", key->help);
	cli_put_wrapped(to, prefix, 0, all);
}

static void config_describe_assignment(FILE *to, const char *prefix, const struct config_key *key)
{
	fprintf(to, "%s%s =%s%s\n", prefix, key->name, *key->initial != '\0' ? " " : "",
	        key->initial);
}

void config_describe_keys(FILE *to)
{
	fputs("\nThe keys of the configuration file, with their defaults:\n", to);
	for (size_t i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];

		if (i == 0 || strcmp(key->section, config_keys[i - 1].section) != 0)
			fprintf(to, "\n  [%s]\n", key->section);
		config_describe_assignment(to, "    ", key);
		config_describe_key(to, "        ", key);
	}
}

void config_describe_sample(FILE *to)
{
	cli_put_wrapped(to, "# ", 0,
	                "The configuration of netsessiond: all keys with their defaults. See "
	                "netsessiond.conf(5).");
	for (const struct config_section *s = config_sections; s->name != NULL; s++) {
		fputc('\n', to);
		cli_put_wrapped(to, "# ", 0, s->about);
		fprintf(to, "[%s]\n", s->name);
		for (size_t i = 0; i < config_key_count; i++) {
			if (strcmp(config_keys[i].section, s->name) != 0)
				continue;
			config_describe_key(to, "# ", &config_keys[i]);
			config_describe_assignment(to, ";", &config_keys[i]);
		}
	}
}

/* ---- the manual page ---- */

static void config_manual_put_key(FILE *to, const struct config_key *key)
{
	char expected[256];

	fputs(".TP\n\\fB", to);
	roff_put(to, key->name);
	fputs(*key->initial != '\0' ? "\\fR = " : "\\fR =", to);
	roff_put(to, key->initial);
	fputs("\n", to);
	roff_put_sentence(to, key->help);
	if (!config_describe_bounds(key, expected))
		return;
	fputs(key->type == CONFIG_CHOICES ? "The value is a list of " : "The value is ", to);
	roff_put(to, expected);
	fputs(".\n", to);
}

static const struct cli_item labels[] = {
	{ "`alice`",
	  "A user of this computer; over SMB, an account in the file of `ntlm_users`, or the user\n"
	  "of this computer that krb5.conf(5) maps a principal to.\n"
	  "A user without a name is `uid:`number." },
	{ "`LAB\\alice`",
	  "Over SMB, an account in that file, or in the domain of the default realm." },
	{ "`alice@LAB.EXAMPLE`", "A Kerberos principal." },
	{ "`@group`", "The users of this computer that are in this group of this computer." },
	{ "`S-1-5-21-...`",
	  "An account or a group of a domain, as the domain controller writes it into a Kerberos\n"
	  "ticket." },
	{ 0 },
};

static const struct cli_item service_items[] = {
	{ "`db = postgresql://?service=history`", "[history] in netsessiond.conf" },
	{ "`[history]`, `host=db`, `user=netsession`, `dbname=netsession`, `password=...`",
	  "Lines of `/etc/netsession/pg_service.conf`, which belongs to root and has the mode 0600.\n"
	  "Other settings of the connection, such as `sslmode=verify-full`, are lines of it, too." },
	{ "`[Service]`, `LoadCredential=pg_service.conf:/etc/netsession/pg_service.conf`, "
	  "`Environment=PGSERVICEFILE=/run/credentials/netsessiond.service/pg_service.conf`",
	  "Lines of a drop-in, which `systemctl edit netsessiond.service` makes." },
	{ 0 },
};

static const struct cli_section label_section[] = {
	{ .title = "PASSWORD OF A DATABASE",
	  .text = "A password in the value of `db` is refused, because all users of this computer would\n"
	          "see it. The recorder has the environment of netsessiond and runs as its user, so libpq\n"
	          "finds the password in the file that `PGPASSFILE` or `PGSERVICEFILE` names.\n"
	          "netsessiond.service hides home directories, and so ~/.pgpass.\n"
	          "With systemd, a file of root can be handed to the service. Its mode there may be 0440:\n"
	          "libpq takes a service file of that mode, and ignores such a file of `PGPASSFILE`.",
	  .items = service_items },
	{ .title = "LABELS",
	  .text = "The users that a list in [access] can name. Upper and lower case are the same.\n"
	          "`netsession doctor` shows the labels that you have on this computer.",
	  .items = labels },
	{ 0 },
};

void config_describe_manual(FILE *to)
{
	cli_manual_put_header(to, "netsessiond.conf", 5, "the configuration of netsessiond");
	fputs(".SH DESCRIPTION\n", to);
	roff_put_prose(
		to,
		"The file has sections, keys and values: `[`section`]`, key` = `value.\n"
		"Lines that begin with # or ; are comments, and so is the rest of a line after a\n"
		"blank and a semicolon.\n"
		"A value is written without quotes.\n"
		"The file is UTF-8, with or without a byte order mark; its lines end with LF or CRLF.\n"
		"A line has at most 198 bytes; a list continues on lines that begin with a blank.\n"
		"An unknown, duplicate or invalid setting stops the daemon with an error that names\n"
		"the file and the line.\n"
		"`netsessiond --describe sample` prints a file with all keys.\n\n"
		"Each key is shown with its default.\n");
	for (const struct config_section *s = config_sections; s->name != NULL; s++) {
		fprintf(to, ".SH [%s]\n", s->name);
		roff_put_sentence(to, s->about);
		for (size_t i = 0; i < config_key_count; i++)
			if (strcmp(config_keys[i].section, s->name) == 0)
				config_manual_put_key(to, &config_keys[i]);
	}
	cli_manual_put_sections(to, label_section);
	cli_manual_put_see_also(to, "netsessiond(8)");
}
