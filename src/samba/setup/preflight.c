/* SPDX-License-Identifier: MIT */
#include "samba/setup/preflight.h"

#include <string.h>
#include <strings.h>

/* The first release in which smbd finds its pipes by Unix sockets, and the last one that was
 * tested; all that the tests have run against. */
#define FIRST_VERSION   { 4, 16 }
#define LAST_VERSION    { 4, 25 }
#define TESTED_VERSIONS "4.17.12, 4.22.11 and 4.25.1"

static int preflight_compare_version(const struct samba_installation *samba, const unsigned to[2])
{
	if (samba->version[0] != to[0])
		return samba->version[0] < to[0] ? -1 : 1;
	return samba->version[1] < to[1] ? -1 : samba->version[1] > to[1];
}

void preflight_check_version(const struct samba_installation *samba, struct doctor_report *findings)
{
	static const unsigned first[] = FIRST_VERSION, last[] = LAST_VERSION;

	if (preflight_compare_version(samba, first) < 0)
		preflight_report_add(
			findings, PREFLIGHT_WRONG, "version",
			"Samba %s does not fit: before 4.16 srvsvc is inside smbd, and "
			"nothing can stand between",
			samba->version_text);
	else if (preflight_compare_version(samba, last) > 0)
		preflight_report_add(findings, PREFLIGHT_NOTE, "version",
		                     "Samba %s is newer than %u.%u, the last one that was tested",
		                     samba->version_text, last[0], last[1]);
	else
		preflight_report_add(findings, PREFLIGHT_OK, "version",
		                     "Samba %s fits; tested were " TESTED_VERSIONS,
		                     samba->version_text);
}

static void preflight_check_role(const struct samba_installation *samba,
                                 struct doctor_report *findings)
{
	preflight_report_add(findings, PREFLIGHT_OK, "role", "%s", samba->server_role);
	if (!samba->starts_helpers)
		preflight_report_add(
			findings, PREFLIGHT_NOTE, "helpers",
			"rpc start on demand helpers = no: samba-dcerpcd has to run "
			"before anybody opens a pipe, with netsession-samba as without");
	if (samba->libexec_dir[0] == '\0')
		preflight_report_add(findings, PREFLIGHT_NOTE, "helpers",
		                     "samba-dcerpcd was not found: pipes that Samba has not opened "
		                     "yet get no link before it has");
}

/* ---- smb.conf ---- */

void preflight_check_registry(const struct preflight *x, struct doctor_report *findings)
{
	if (x->is_enabled)
		preflight_report_add(findings, PREFLIGHT_OK, "smb.conf",
		                     "enabled in Samba's registry; to undo it: net conf delparm "
		                     "global " SMB_CONF_PARAMETER);
	else
		preflight_report_add(findings, PREFLIGHT_WRONG, "smb.conf",
		                     "the configuration is in Samba's registry, which enable does "
		                     "not change: say net conf setparm global " SMB_CONF_PARAMETER
		                     " '%s'",
		                     x->directory);
}

static void preflight_check_file(struct preflight *x, struct doctor_report *findings)
{
	if (strcmp(x->file.path, x->samba.smb_conf) != 0)
		preflight_report_add(findings, PREFLIGHT_NOTE, "smb.conf",
		                     "%s is a link; the file to change is %s", x->samba.smb_conf,
		                     x->file.path);
	if (x->samba.config_file[0] != '\0' && strcmp(x->samba.config_file, x->samba.smb_conf) != 0)
		preflight_report_add(findings, PREFLIGHT_WRONG, "smb.conf",
		                     "%s says config file = %s, which smbd reads in its place: say "
		                     "--smb-conf %s",
		                     x->file.path, x->samba.config_file, x->samba.config_file);
	if (!smb_conf_file_can_replace(&x->file))
		preflight_report_add(findings, PREFLIGHT_WRONG, "smb.conf", "%s", x->file.message);
}

static void preflight_check_block(const struct preflight *x, struct doctor_report *findings)
{
	if (strcmp(x->conf.directory, x->directory) != 0)
		preflight_report_add(findings, PREFLIGHT_WRONG, "smb.conf",
		                     "enabled with another directory, %s, at line %zu of %s: "
		                     "netsession-samba disable first",
		                     x->conf.directory, x->conf.line, x->file.path);
	else if (!x->is_enabled)
		preflight_report_add(
			findings, PREFLIGHT_WRONG, "smb.conf",
			"enabled at line %zu of %s, but something behind that says " SMB_CONF_PARAMETER
			" = %s: take that out",
			x->conf.line, x->file.path, x->samba.socket_dir);
	else
		preflight_report_add(findings, PREFLIGHT_OK, "smb.conf",
		                     "enabled at line %zu of %s", x->conf.line, x->file.path);
}

void preflight_check_smb_conf(const struct preflight *x, struct doctor_report *findings)
{
	const char *path = x->file.path;

	switch (x->conf.state) {
	case SMB_CONF_WITH:
		preflight_check_block(x, findings);
		break;
	case SMB_CONF_FOREIGN:
		preflight_report_add(findings, PREFLIGHT_WRONG, "smb.conf",
		                     "line %zu of %s says " SMB_CONF_PARAMETER
		                     " = %s, not by netsession-samba: take it out, if nothing else "
		                     "needs it",
		                     x->conf.line, path, x->conf.directory);
		break;
	case SMB_CONF_CHANGED:
		preflight_report_add(
			findings, PREFLIGHT_WRONG, "smb.conf",
			"what netsession-samba put in was changed at line %zu of %s: "
			"take out all lines that begin with # netsession-samba: and the "
			"one between them",
			x->conf.line, path);
		break;
	case SMB_CONF_UNUSABLE:
		preflight_report_add(findings, PREFLIGHT_WRONG, "smb.conf", "%s: %s", path,
		                     x->conf.fault);
		break;
	case SMB_CONF_WITHOUT:
		if (x->samba.socket_dir[0] != '\0')
			preflight_report_add(findings, PREFLIGHT_WRONG, "smb.conf",
			                     "what %s includes says " SMB_CONF_PARAMETER
			                     " = %s: take it out, if nothing else needs it",
			                     path, x->samba.socket_dir);
		else
			preflight_report_add(findings, PREFLIGHT_OK, "smb.conf",
			                     "not enabled in %s", path);
		break;
	}
}

/* ---- the folder ---- */

void preflight_check_links(const struct preflight *x, struct doctor_report *findings)
{
	const struct socket_dir_inspection *p = &x->pipes;

	if (p->odd > 0)
		preflight_report_add(findings, PREFLIGHT_WRONG, "links",
		                     "%s/np/%s is no link to %s/np/%s: take it out", x->directory,
		                     p->an_odd, x->samba.ncalrpc_dir, p->an_odd);
	else if (p->missing > 0)
		preflight_report_add(findings, PREFLIGHT_WRONG, "links",
		                     "there is none for %s%s: see what netsession-samba logs",
		                     p->a_missing, p->missing > 1 ? " and others" : "");
	else if (p->links == 0)
		preflight_report_add(
			findings, PREFLIGHT_WRONG, "links",
			"there are none to Samba's other pipes: see what netsession-samba "
			"logs");
	else
		preflight_report_add(findings, PREFLIGHT_OK, "links",
		                     "%u to Samba's other pipes, of which it has opened %u",
		                     p->links, p->links - p->dangling);
}

void preflight_check_relay(const struct preflight *x, struct doctor_report *findings)
{
	static const char *const stories[] = {
		[PIPE_ABSENT] = "is not there",
		[PIPE_DEAD] = "is a socket that nobody listens at",
		[PIPE_LINK] = "leads to Samba itself",
		[PIPE_OTHER] = "is no socket: take it out",
	};

	if (x->pipes.srvsvc == PIPE_LISTENS)
		preflight_report_add(findings, PREFLIGHT_OK, "relay", "listens at %s/np/srvsvc",
		                     x->directory);
	else
		preflight_report_add(
			findings, PREFLIGHT_WRONG, "relay",
			"it does not run, %s/np/srvsvc %s: start it, by systemctl start "
			"netsession-samba",
			x->directory, stories[x->pipes.srvsvc]);
	if (x->pipes.unsafe[0] != '\0')
		preflight_report_add(findings, PREFLIGHT_WRONG, "directory", "%s", x->pipes.unsafe);
	if (x->pipes.srvsvc != PIPE_ABSENT)
		preflight_check_links(x, findings);
}

/* ---- all of it ---- */

bool preflight_read(struct preflight *to, const struct samba_options *options,
                    struct doctor_report *findings)
{
	struct err err = { 0 };

	*to = (struct preflight){ .directory = options->directory };
	if (!samba_installation_read(&to->samba, options->smb_conf, &err)) {
		preflight_report_add(findings, PREFLIGHT_WRONG, "Samba", "%s", err.text);
		return false;
	}
	if (!smb_conf_file_read(&to->file, to->samba.smb_conf)) {
		preflight_report_add(findings, PREFLIGHT_WRONG, "smb.conf", "%s", to->file.message);
		return false;
	}
	if (!smb_conf_read(&to->conf, to->file.text, to->file.bytes)) {
		preflight_report_add(findings, PREFLIGHT_WRONG, "smb.conf", "out of memory");
		return false;
	}
	to->is_enabled = strcmp(to->samba.socket_dir, to->directory) == 0;
	socket_dir_inspect(&to->pipes, to->directory, to->samba.ncalrpc_dir);
	return true;
}

void preflight_check_all(struct preflight *x, struct doctor_report *findings)
{
	const char *fault = smb_conf_directory_fault(x->directory);

	preflight_check_version(&x->samba, findings);
	preflight_check_role(&x->samba, findings);
	if (fault != NULL)
		preflight_report_add(findings, PREFLIGHT_WRONG, "directory", "%s %s", x->directory,
		                     fault);
	if (x->samba.uses_registry) {
		preflight_check_registry(x, findings);
	} else {
		preflight_check_file(x, findings);
		preflight_check_smb_conf(x, findings);
	}
	preflight_check_relay(x, findings);
}

void preflight_fini(struct preflight *x)
{
	smb_conf_fini(&x->conf);
	smb_conf_file_fini(&x->file);
	samba_installation_fini(&x->samba);
}
