/* SPDX-License-Identifier: MIT */
/* netsession-samba status. */
#include "samba/setup/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "net/local_text.h"
#include "samba/setup/preflight.h"
#include "samba/status_socket.h"
#include "terminal/terminal.h"

enum { DAEMON_DEADLINE_MS = 3000 };

/* ---- what the running daemon reports ---- */

static void status_check_daemon(const char *directory, struct preflight_report *report)
{
	static const char message[] = "publish_message: ";
	char path[PATH_MAX], text[STATUS_TEXT_BYTES], *rest = text, *line;
	bool is_publishing = false;

	snprintf(path, sizeof path, "%s/" STATUS_SOCKET_NAME, directory);
	if (net_local_text_read(path, DAEMON_DEADLINE_MS, text, sizeof text) < 0) {
		preflight_report_add(report, PREFLIGHT_WRONG, "run",
		                     "the daemon does not answer at %s/%s", directory,
		                     STATUS_SOCKET_NAME);
		return;
	}
	while ((line = strsep(&rest, "\n")) != NULL) {
		is_publishing = is_publishing || strcmp(line, "publish: connected") == 0;
		if (is_publishing && strncmp(line, message, strlen(message)) == 0 &&
		    line[strlen(message)] != '\0')
			preflight_report_add(report, PREFLIGHT_WRONG, "publish",
			                     "programs on this computer do not see Samba's "
			                     "sessions as they are: %s",
			                     line + strlen(message));
		else if (*line != '\0')
			preflight_report_add(report, PREFLIGHT_OK, "run", "%s", line);
	}
}

/* ---- from outside ---- */

/* smbcontrol that cannot be run is an error in err. */
static bool status_smbd_runs(const struct samba_installation *samba, struct err *err)
{
	struct net_process_result result;
	char smbcontrol[PATH_MAX];
	bool is_running = false;

	if (net_process_find("smbcontrol", samba->bin_dir, smbcontrol) &&
	    samba_program_run((const char *const[]){ smbcontrol, "-s", samba->smb_conf, "smbd",
	                                             "ping", NULL },
	                      &result, err)) {
		is_running = result.exit == 0;
		free(result.output);
	}
	return is_running;
}

static void status_check_smbd(const struct preflight *p, struct preflight_report *report)
{
	struct err err = { 0 };
	bool is_set = p->samba.socket_dir[0] != '\0',
	     is_running = status_smbd_runs(&p->samba, &err);

	preflight_report_add(report, is_running ? PREFLIGHT_OK : PREFLIGHT_NOTE, "smbd",
	                     "%s%s; its configuration makes it open pipes in %s/np",
	                     is_running                   ? "running"
	                     : err.status == NERR_Success ? "not running"
	                                                  : "smbcontrol cannot be run: ",
	                     err.status == NERR_Success ? "" : err_text(&err),
	                     is_set ? p->samba.socket_dir : p->samba.ncalrpc_dir);
	if (p->samba.uses_registry && p->is_enabled)
		preflight_check_registry(p, report);
	else if (p->samba.uses_registry ||
	         (p->conf.state == SMB_CONF_WITHOUT && !preflight_is_set_by_others(p)))
		preflight_report_add(report, PREFLIGHT_NOTE, "smb.conf",
		                     "not enabled: see netsession-samba check");
	else
		preflight_check_smb_conf(p, report);
}

static void status_check_relay(const struct preflight *p, struct preflight_report *report)
{
	switch (p->pipes.srvsvc) {
	case PIPE_LISTENS:
		preflight_check_relay(p, report);
		status_check_daemon(p->directory, report);
		break;
	case PIPE_LINK:
		preflight_report_add(report, PREFLIGHT_NOTE, "relay",
		                     "not running; %s/np/srvsvc is a link to Samba's own socket",
		                     p->directory);
		preflight_check_links(p, report);
		break;
	default:
		if (p->is_enabled)
			preflight_check_relay(p, report);
		else
			preflight_report_add(report, PREFLIGHT_NOTE, "relay", "not running");
		break;
	}
	if (p->pipes.samba == PIPE_LISTENS)
		preflight_report_add(report, PREFLIGHT_OK, "samba-dcerpcd",
		                     "listens at %s/np/srvsvc", p->samba.ncalrpc_dir);
	else
		preflight_report_add(report, PREFLIGHT_NOTE, "samba-dcerpcd", "not running%s",
		                     p->samba.starts_helpers
		                             ? "; smbd starts it when a pipe is opened"
		                             : ", and smbd does not start it");
}

int setup_status(const struct samba_options *options)
{
	struct preflight_report report = { 0 };
	struct preflight p;
	const char *summary;
	int exit;

	if (preflight_read(&p, options, &report)) {
		preflight_check_version(&p.samba, &report);
		status_check_smbd(&p, &report);
		status_check_relay(&p, &report);
	}
	if (report.wrong > 0) {
		exit = SETUP_FAILED;
		summary = "Something is wrong.";
	} else if (p.pipes.srvsvc != PIPE_LISTENS) {
		exit = SETUP_NOT_RUNNING;
		summary = "The relay is not running; Samba serves all its pipes itself.";
	} else if (!p.is_enabled) {
		exit = SETUP_FAILED;
		summary =
			"The relay is running but not enabled; Samba serves all its pipes itself.";
	} else {
		exit = SETUP_DONE;
		summary = "The relay works.";
	}
	putchar('\n');
	terminal_print_line(stdout, "%s", summary);
	preflight_fini(&p);
	return exit;
}
