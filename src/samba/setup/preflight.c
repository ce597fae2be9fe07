/* SPDX-License-Identifier: MIT */
#include "samba/setup/preflight.h"
#include "terminal/terminal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* From the first version on, smbd finds its pipes by Unix sockets. The last version is the newest
 * one that the tests have run against. */
#define FIRST_VERSION   { 4, 16 }
#define FIRST_WITH_JSON { 4, 17 } /* smbstatus --json */
#define LAST_VERSION    { 4, 25 }
#define TESTED_VERSIONS "4.17.12, 4.22.11 and 4.25.1"

/* ---- the report ---- */

void preflight_report_add(struct preflight_report *r, enum preflight_verdict verdict,
                          const char *subject, const char *format, ...)
{
	static const char *const words[] = {
		[PREFLIGHT_OK] = "ok",
		[PREFLIGHT_NOTE] = "note",
		[PREFLIGHT_WRONG] = "wrong",
	};
	char text[PREFLIGHT_TEXT_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	r->wrong += verdict == PREFLIGHT_WRONG;
	if (!r->is_terse)
		terminal_print_line(stdout, "%-5s %-13s %s", words[verdict], subject, text);
	else if (verdict == PREFLIGHT_WRONG)
		terminal_print_line(stderr, "netsession-samba: %s: %s", subject, text);
}

/* ---- Samba ---- */

static int preflight_compare_version(const struct samba_installation *samba, const unsigned to[2])
{
	if (samba->version[0] != to[0])
		return samba->version[0] < to[0] ? -1 : 1;
	return samba->version[1] < to[1] ? -1 : samba->version[1] > to[1];
}

void preflight_check_version(const struct samba_installation *samba,
                             struct preflight_report *report)
{
	static const unsigned first[] = FIRST_VERSION, with_json[] = FIRST_WITH_JSON,
			      last[] = LAST_VERSION;

	if (preflight_compare_version(samba, first) < 0)
		preflight_report_add(report, PREFLIGHT_WRONG, "version",
		                     "Samba %s is too old: before 4.16 srvsvc is part of smbd, so "
		                     "netsession-samba cannot relay between them",
		                     samba->version_text);
	else if (preflight_compare_version(samba, last) > 0)
		preflight_report_add(report, PREFLIGHT_NOTE, "version",
		                     "Samba %s is newer than %u.%u, the last version tested",
		                     samba->version_text, last[0], last[1]);
	else
		preflight_report_add(report, PREFLIGHT_OK, "version",
		                     "Samba %s is supported; tested versions: " TESTED_VERSIONS,
		                     samba->version_text);
	if (preflight_compare_version(samba, first) >= 0 &&
	    preflight_compare_version(samba, with_json) < 0)
		preflight_report_add(report, PREFLIGHT_NOTE, "publish",
		                     "before 4.17 smbstatus has no --json, so programs on this "
		                     "computer cannot list Samba's sessions; clients in the "
		                     "network can");
}

static void preflight_check_role(const struct samba_installation *samba,
                                 struct preflight_report *report)
{
	preflight_report_add(report, PREFLIGHT_OK, "role", "%s", samba->server_role);
	if (!samba->starts_helpers)
		preflight_report_add(report, PREFLIGHT_NOTE, "helpers",
		                     "rpc start on demand helpers = no: samba-dcerpcd has to run "
		                     "before a client opens a pipe, with or without "
		                     "netsession-samba");
	if (samba->libexec_dir[0] == '\0')
		preflight_report_add(report, PREFLIGHT_NOTE, "helpers",
		                     "samba-dcerpcd was not found: a pipe has no link until Samba "
		                     "has opened it once");
}

/* ---- smb.conf ---- */

const char *preflight_net_option(const struct samba_installation *samba,
                                 char to[PREFLIGHT_TEXT_BYTES])
{
	to[0] = '\0';
	if (samba->has_own_conf)
		(void)snprintf(to, PREFLIGHT_TEXT_BYTES, " --configfile='%.1000s'",
		               samba->smb_conf);
	return to;
}

void preflight_check_registry(const struct preflight *p, struct preflight_report *report)
{
	char option[PREFLIGHT_TEXT_BYTES];

	preflight_net_option(&p->samba, option);
	if (p->is_enabled)
		preflight_report_add(report, PREFLIGHT_OK, "smb.conf",
		                     "enabled in Samba's registry; to undo it, run net conf "
		                     "delparm global " SMB_CONF_PARAMETER "%s",
		                     option);
	else
		preflight_report_add(report, PREFLIGHT_WRONG, "smb.conf",
		                     "the configuration is in Samba's registry, which enable does "
		                     "not change: run net conf setparm global " SMB_CONF_PARAMETER
		                     " '%s'%s",
		                     p->directory, option);
}

static void preflight_check_file(const struct preflight *p, struct preflight_report *report)
{
	struct err err = { 0 };

	if (strcmp(p->file.path, p->samba.smb_conf) != 0)
		preflight_report_add(report, PREFLIGHT_NOTE, "smb.conf",
		                     "%s is a link; the file to change is %s", p->samba.smb_conf,
		                     p->file.path);
	if (p->samba.config_file[0] != '\0' && strcmp(p->samba.config_file, p->samba.smb_conf) != 0)
		preflight_report_add(report, PREFLIGHT_WRONG, "smb.conf",
		                     "%s sets config file = %s, which smbd reads instead: use "
		                     "--smb-conf %s",
		                     p->file.path, p->samba.config_file, p->samba.config_file);
	if (smb_conf_file_can_replace(&p->file, &err))
		return;
	if (p->is_enabled)
		preflight_report_add(report, PREFLIGHT_NOTE, "smb.conf",
		                     "netsession-samba cannot change it: %s", err_text(&err));
	else
		preflight_report_add(report, PREFLIGHT_WRONG, "smb.conf",
		                     "%s; put %s = %s into [global] of what it is made from "
		                     "instead: enable is not needed then",
		                     err_text(&err), SMB_CONF_PARAMETER, p->directory);
}

const char *preflight_other_place(const struct preflight *p, char to[PREFLIGHT_TEXT_BYTES])
{
	if (p->conf.other_line > 0)
		snprintf(to, PREFLIGHT_TEXT_BYTES, "line %zu of %.1000s", p->conf.other_line,
		         p->file.path);
	else
		snprintf(to, PREFLIGHT_TEXT_BYTES, "a file or registry that %.1000s includes",
		         p->file.path);
	return to;
}

bool preflight_is_set_by_others(const struct preflight *p)
{
	if (p->conf.state != SMB_CONF_WITHOUT)
		return false;
	if (p->samba.socket_dir != NULL)
		return p->samba.socket_dir[0] != '\0';
	return p->conf.other_line > 0;
}

static void preflight_check_block(const struct preflight *p, struct preflight_report *report)
{
	char place[PREFLIGHT_TEXT_BYTES];

	if (strcmp(p->conf.directory, p->directory) != 0)
		preflight_report_add(report, PREFLIGHT_WRONG, "smb.conf",
		                     "enabled with another directory, %s, at line %zu of %s: run "
		                     "netsession-samba disable first",
		                     p->conf.directory, p->conf.line, p->file.path);
	else if (!p->is_enabled && p->samba.socket_dir[0] == '\0')
		preflight_report_add(
			report, PREFLIGHT_WRONG, "smb.conf",
			"the block at line %zu of %s has no effect where it stands: run "
			"netsession-samba disable, then enable",
			p->conf.line, p->file.path);
	else if (!p->is_enabled)
		preflight_report_add(
			report, PREFLIGHT_WRONG, "smb.conf",
			"enabled at line %zu of %s, but %s overrides it by " SMB_CONF_PARAMETER
			" = %s: remove that line",
			p->conf.line, p->file.path, preflight_other_place(p, place),
			p->samba.socket_dir);
	else
		preflight_report_add(report, PREFLIGHT_OK, "smb.conf", "enabled at line %zu of %s",
		                     p->conf.line, p->file.path);
}

void preflight_check_smb_conf(const struct preflight *p, struct preflight_report *report)
{
	char place[PREFLIGHT_TEXT_BYTES];

	switch (p->conf.state) {
	case SMB_CONF_WITH:
		preflight_check_block(p, report);
		break;
	case SMB_CONF_CHANGED:
		preflight_report_add(report, PREFLIGHT_WRONG, "smb.conf",
		                     "the block of netsession-samba was changed at line %zu of %s: "
		                     "remove all lines that begin with # netsession-samba: and the "
		                     "lines between them",
		                     p->conf.line, p->file.path);
		break;
	case SMB_CONF_UNUSABLE:
		preflight_report_add(report, PREFLIGHT_WRONG, "smb.conf", "%s: %s", p->file.path,
		                     p->conf.fault);
		break;
	case SMB_CONF_WITHOUT:
		if (preflight_is_set_by_others(p) && p->is_enabled)
			preflight_report_add(report, PREFLIGHT_OK, "smb.conf",
			                     "enabled by %s, which netsession-samba did not write",
			                     preflight_other_place(p, place));
		else if (preflight_is_set_by_others(p))
			preflight_report_add(
				report, PREFLIGHT_WRONG, "smb.conf",
				"%s sets " SMB_CONF_PARAMETER
				"%s%s, which netsession-samba did not "
				"write: remove that line, unless something else needs it",
				preflight_other_place(p, place),
				p->samba.socket_dir != NULL ? " = " : "",
				p->samba.socket_dir != NULL ? p->samba.socket_dir : "");
		else
			preflight_report_add(report, PREFLIGHT_OK, "smb.conf", "not enabled in %s",
			                     p->file.path);
		break;
	}
}

/* ---- the folder ---- */

void preflight_check_links(const struct preflight *p, struct preflight_report *report)
{
	const struct socket_dir_inspection *i = &p->pipes;

	if (i->old > 0)
		preflight_report_add(report, PREFLIGHT_WRONG, "links",
		                     "%s/np/%s leads to %s, where Samba's pipes were earlier, and "
		                     "not to %s/np: run systemctl restart netsession-samba",
		                     p->directory, i->an_old, i->old_target, p->samba.ncalrpc_dir);
	else if (i->odd > 0)
		preflight_report_add(report, PREFLIGHT_WRONG, "links",
		                     "%s/np/%s is not a link to %s/np/%s: remove it", p->directory,
		                     i->an_odd, p->samba.ncalrpc_dir, i->an_odd);
	else if (i->missing > 0)
		preflight_report_add(report, PREFLIGHT_WRONG, "links",
		                     "%s%s has no link: see the log of netsession-samba",
		                     i->a_missing, i->missing > 1 ? " (and other pipes)" : "");
	else if (i->links == 0)
		preflight_report_add(report, PREFLIGHT_WRONG, "links",
		                     "there are no links to Samba's other pipes: see the log of "
		                     "netsession-samba");
	else
		preflight_report_add(report, PREFLIGHT_OK, "links",
		                     "%u to Samba's other pipes, of which Samba has opened %u",
		                     i->links, i->links - i->dangling);
}

void preflight_check_relay(const struct preflight *p, struct preflight_report *report)
{
	static const char *const states[] = {
		[PIPE_ABSENT] = "does not exist",
		[PIPE_DEAD] = "is a socket at which no process listens",
		[PIPE_LINK] = "is a link to Samba's own socket",
		[PIPE_OTHER] = "is not a socket: remove it",
	};

	if (p->pipes.srvsvc == PIPE_LISTENS)
		preflight_report_add(report, PREFLIGHT_OK, "relay", "listens at %s/np/srvsvc",
		                     p->directory);
	else
		preflight_report_add(report, PREFLIGHT_WRONG, "relay",
		                     "not running: %s/np/srvsvc %s; run systemctl start "
		                     "netsession-samba",
		                     p->directory, states[p->pipes.srvsvc]);
	if (p->pipes.unsafe.status != NERR_Success)
		preflight_report_add(report, PREFLIGHT_WRONG, "directory", "%s",
		                     err_text(&p->pipes.unsafe));
	if (p->pipes.srvsvc != PIPE_ABSENT)
		preflight_check_links(p, report);
}

/* ---- all of it ---- */

bool preflight_read(struct preflight *to, const struct samba_options *options,
                    struct preflight_report *report)
{
	struct err err = { 0 };

	*to = (struct preflight){ .directory = options->directory };
	if (!samba_installation_read(&to->samba, options->smb_conf, &err)) {
		preflight_report_add(report, PREFLIGHT_WRONG, "Samba", "%s", err_text(&err));
		return false;
	}
	if (!smb_conf_file_read(&to->file, to->samba.smb_conf, &err)) {
		preflight_report_add(report, PREFLIGHT_WRONG, "smb.conf", "%s", err_text(&err));
		return false;
	}
	smb_conf_read(&to->conf, to->file.text, to->file.bytes);
	to->is_enabled = strcmp(to->samba.socket_dir, to->directory) == 0;
	socket_dir_inspect(&to->pipes, to->directory, to->samba.ncalrpc_dir);
	return true;
}

void preflight_check_all(const struct preflight *p, struct preflight_report *report)
{
	const char *fault = smb_conf_directory_fault(p->directory);

	preflight_check_version(&p->samba, report);
	preflight_check_role(&p->samba, report);
	if (fault != NULL)
		preflight_report_add(report, PREFLIGHT_WRONG, "directory", "%s %s", p->directory,
		                     fault);
	if (p->samba.uses_registry) {
		preflight_check_registry(p, report);
	} else {
		preflight_check_file(p, report);
		preflight_check_smb_conf(p, report);
	}
	preflight_check_relay(p, report);
}

void preflight_fini(struct preflight *p)
{
	smb_conf_file_fini(&p->file);
	samba_installation_fini(&p->samba);
}
