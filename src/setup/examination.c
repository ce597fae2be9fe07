/* SPDX-License-Identifier: MIT */
#include "setup/examination.h"

#include <string.h>
#include <strings.h>

/* The first release in which smbd finds its pipes by Unix sockets, and the last one that was
 * tested; all that the tests have run against. */
#define FIRST_VERSION   { 4, 16 }
#define LAST_VERSION    { 4, 25 }
#define TESTED_VERSIONS "4.17.12, 4.22.11 and 4.25.1"

static int compare_version(const struct samba_installation *samba, const unsigned to[2])
{
	if (samba->version[0] != to[0])
		return samba->version[0] < to[0] ? -1 : 1;
	return samba->version[1] < to[1] ? -1 : samba->version[1] > to[1];
}

void examine_version(const struct samba_installation *samba, struct findings *findings)
{
	static const unsigned first[] = FIRST_VERSION, last[] = LAST_VERSION;

	if (compare_version(samba, first) < 0)
		findings_add(findings, FINDING_WRONG, "version",
		             "Samba %s does not fit: before 4.16 srvsvc is inside smbd, and "
		             "nothing can stand between",
		             samba->version_text);
	else if (compare_version(samba, last) > 0)
		findings_add(findings, FINDING_NOTE, "version",
		             "Samba %s is newer than %u.%u, the last one that was tested",
		             samba->version_text, last[0], last[1]);
	else
		findings_add(findings, FINDING_GOOD, "version",
		             "Samba %s fits; tested were " TESTED_VERSIONS, samba->version_text);
}

static void examine_role(const struct samba_installation *samba, struct findings *findings)
{
	findings_add(findings, FINDING_GOOD, "role", "%s", samba->server_role);
	if (!samba->starts_helpers)
		findings_add(findings, FINDING_NOTE, "helpers",
		             "rpc start on demand helpers = no: samba-dcerpcd has to run "
		             "before anybody opens a pipe, with netsession-samba as without");
	if (samba->libexec_dir[0] == '\0')
		findings_add(findings, FINDING_NOTE, "helpers",
		             "samba-dcerpcd was not found: pipes that Samba has not opened "
		             "yet get no link before it has");
}

/* ---- smb.conf ---- */

void examine_registry(const struct examination *x, struct findings *findings)
{
	if (x->is_enabled)
		findings_add(findings, FINDING_GOOD, "smb.conf",
		             "enabled in Samba's registry; to undo it: net conf delparm "
		             "global " SMB_CONF_PARAMETER);
	else
		findings_add(findings, FINDING_WRONG, "smb.conf",
		             "the configuration is in Samba's registry, which enable does "
		             "not change: say net conf setparm global " SMB_CONF_PARAMETER " '%s'",
		             x->directory);
}

static void examine_place(struct examination *x, struct findings *findings)
{
	if (strcmp(x->file.path, x->samba.smb_conf) != 0)
		findings_add(findings, FINDING_NOTE, "smb.conf",
		             "%s is a link; the file to change is %s", x->samba.smb_conf,
		             x->file.path);
	if (x->samba.config_file[0] != '\0' && strcmp(x->samba.config_file, x->samba.smb_conf) != 0)
		findings_add(findings, FINDING_WRONG, "smb.conf",
		             "%s says config file = %s, which smbd reads in its place: say "
		             "--smb-conf %s",
		             x->file.path, x->samba.config_file, x->samba.config_file);
	if (!smb_conf_file_can_replace(&x->file))
		findings_add(findings, FINDING_WRONG, "smb.conf", "%s", x->file.story);
}

static void examine_with(const struct examination *x, struct findings *findings)
{
	if (strcmp(x->conf.directory, x->directory) != 0)
		findings_add(findings, FINDING_WRONG, "smb.conf",
		             "enabled with another directory, %s, at line %zu of %s: "
		             "netsession-samba disable first",
		             x->conf.directory, x->conf.line, x->file.path);
	else if (!x->is_enabled)
		findings_add(
			findings, FINDING_WRONG, "smb.conf",
			"enabled at line %zu of %s, but something behind that says " SMB_CONF_PARAMETER
			" = %s: take that out",
			x->conf.line, x->file.path, x->samba.socket_dir);
	else
		findings_add(findings, FINDING_GOOD, "smb.conf", "enabled at line %zu of %s",
		             x->conf.line, x->file.path);
}

void examine_text(const struct examination *x, struct findings *findings)
{
	const char *path = x->file.path;

	switch (x->conf.state) {
	case SMB_CONF_WITH:
		examine_with(x, findings);
		break;
	case SMB_CONF_FOREIGN:
		findings_add(findings, FINDING_WRONG, "smb.conf",
		             "line %zu of %s says " SMB_CONF_PARAMETER
		             " = %s, not by netsession-samba: take it out, if nothing else "
		             "needs it",
		             x->conf.line, path, x->conf.directory);
		break;
	case SMB_CONF_CHANGED:
		findings_add(findings, FINDING_WRONG, "smb.conf",
		             "what netsession-samba put in was changed at line %zu of %s: "
		             "take out all lines that begin with # netsession-samba: and the "
		             "one between them",
		             x->conf.line, path);
		break;
	case SMB_CONF_UNUSABLE:
		findings_add(findings, FINDING_WRONG, "smb.conf", "%s: %s", path, x->conf.why);
		break;
	case SMB_CONF_WITHOUT:
		if (x->samba.socket_dir[0] != '\0')
			findings_add(findings, FINDING_WRONG, "smb.conf",
			             "what %s includes says " SMB_CONF_PARAMETER
			             " = %s: take it out, if nothing else needs it",
			             path, x->samba.socket_dir);
		else
			findings_add(findings, FINDING_GOOD, "smb.conf", "not enabled in %s", path);
		break;
	}
}

/* ---- the folder ---- */

void examine_links(const struct examination *x, struct findings *findings)
{
	const struct pipe_folder *p = &x->pipes;

	if (p->odd > 0)
		findings_add(findings, FINDING_WRONG, "links",
		             "%s/np/%s is no link to %s/np/%s: take it out", x->directory,
		             p->an_odd, x->samba.ncalrpc_dir, p->an_odd);
	else if (p->missing > 0)
		findings_add(findings, FINDING_WRONG, "links",
		             "there is none for %s%s: see what netsession-samba logs", p->a_missing,
		             p->missing > 1 ? " and others" : "");
	else if (p->links == 0)
		findings_add(findings, FINDING_WRONG, "links",
		             "there are none to Samba's other pipes: see what netsession-samba "
		             "logs");
	else
		findings_add(findings, FINDING_GOOD, "links",
		             "%u to Samba's other pipes, of which it has opened %u", p->links,
		             p->links - p->dangling);
}

void examine_pipes(const struct examination *x, struct findings *findings)
{
	static const char *const stories[] = {
		[PIPE_ABSENT] = "is not there",
		[PIPE_DEAD] = "is a socket that nobody listens at",
		[PIPE_LINK] = "leads to Samba itself",
		[PIPE_OTHER] = "is no socket: take it out",
	};

	if (x->pipes.srvsvc == PIPE_LISTENS)
		findings_add(findings, FINDING_GOOD, "relay", "listens at %s/np/srvsvc",
		             x->directory);
	else
		findings_add(findings, FINDING_WRONG, "relay",
		             "it does not run, %s/np/srvsvc %s: start it, by systemctl start "
		             "netsession-samba",
		             x->directory, stories[x->pipes.srvsvc]);
	if (x->pipes.unsafe[0] != '\0')
		findings_add(findings, FINDING_WRONG, "directory", "%s", x->pipes.unsafe);
	if (x->pipes.srvsvc != PIPE_ABSENT)
		examine_links(x, findings);
}

/* ---- all of it ---- */

bool examination_read(struct examination *to, const struct samba_options *options,
                      struct findings *findings)
{
	struct err err = { 0 };

	*to = (struct examination){ .directory = options->directory };
	if (!samba_installation_read(&to->samba, options->smb_conf, &err)) {
		findings_add(findings, FINDING_WRONG, "Samba", "%s", err.text);
		return false;
	}
	if (!smb_conf_file_read(&to->file, to->samba.smb_conf)) {
		findings_add(findings, FINDING_WRONG, "smb.conf", "%s", to->file.story);
		return false;
	}
	if (!smb_conf_read(&to->conf, to->file.text, to->file.bytes)) {
		findings_add(findings, FINDING_WRONG, "smb.conf", "out of memory");
		return false;
	}
	to->is_enabled = strcmp(to->samba.socket_dir, to->directory) == 0;
	pipe_folder_look(&to->pipes, to->directory, to->samba.ncalrpc_dir);
	return true;
}

void examine(struct examination *x, struct findings *findings)
{
	const char *fault = smb_conf_directory_fault(x->directory);

	examine_version(&x->samba, findings);
	examine_role(&x->samba, findings);
	if (fault != NULL)
		findings_add(findings, FINDING_WRONG, "directory", "%s %s", x->directory, fault);
	if (x->samba.uses_registry) {
		examine_registry(x, findings);
	} else {
		examine_place(x, findings);
		examine_text(x, findings);
	}
	examine_pipes(x, findings);
}

void examination_fini(struct examination *x)
{
	smb_conf_fini(&x->conf);
	smb_conf_file_fini(&x->file);
	samba_installation_fini(&x->samba);
}
