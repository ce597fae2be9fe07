/* SPDX-License-Identifier: MIT */
/* netsession-samba status. */
#include "samba/setup/setup.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "samba/setup/preflight.h"
#include "samba/status_socket.h"

enum { DAEMON_DEADLINE_MS = 3000 };

/* ---- what the running daemon says of itself ---- */

/* All that comes until the end. Returns the bytes without a terminator; 0: it does not answer. */
static size_t status_query_daemon(const char *directory, char to[STATUS_TEXT_BYTES])
{
	char path[PATH_MAX];
	size_t used = 0;
	ssize_t got = 1;
	int fd;

	snprintf(path, sizeof path, "%s/" STATUS_SOCKET_NAME, directory);
	fd = socket_dir_connect(path);
	while (fd >= 0 && got > 0 && used < STATUS_TEXT_BYTES - 1) {
		if (poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, DAEMON_DEADLINE_MS) <= 0)
			break;
		got = read(fd, to + used, STATUS_TEXT_BYTES - 1 - used);
		used += got > 0 ? (size_t)got : 0;
	}
	if (fd >= 0)
		close(fd);
	to[used] = '\0';
	return used;
}

static void status_check_daemon(const char *directory, struct doctor_report *findings)
{
	char text[STATUS_TEXT_BYTES], *rest = text, *line;

	if (status_query_daemon(directory, text) == 0) {
		preflight_report_add(findings, PREFLIGHT_WRONG, "run",
		                     "it does not answer at %s/%s", directory, STATUS_SOCKET_NAME);
		return;
	}
	while ((line = strsep(&rest, "\n")) != NULL)
		if (*line != '\0')
			preflight_report_add(findings, PREFLIGHT_OK, "run", "%s", line);
}

/* ---- from outside ---- */

static bool status_smbd_runs(const struct samba_installation *samba)
{
	struct net_process_result result;
	struct err err = { 0 };
	char smbcontrol[PATH_MAX];
	bool is_there = false;

	if (net_process_find("smbcontrol", samba->bin_dir, smbcontrol) &&
	    samba_program_run((const char *const[]){ smbcontrol, "-s", samba->smb_conf, "smbd",
	                                             "ping", NULL },
	                      &result, &err)) {
		is_there = result.exit == 0;
		free(result.output);
	}
	return is_there;
}

static void status_check_smbd(const struct preflight *x, struct doctor_report *findings)
{
	bool is_said = x->samba.socket_dir[0] != '\0', runs = status_smbd_runs(&x->samba);

	preflight_report_add(findings, runs ? PREFLIGHT_OK : PREFLIGHT_NOTE, "smbd",
	                     "%s; its configuration has it look for pipes in %s/np",
	                     runs ? "runs" : "does not run",
	                     is_said ? x->samba.socket_dir : x->samba.ncalrpc_dir);
	if (x->samba.uses_registry && x->is_enabled)
		preflight_check_registry(x, findings);
	else if (x->samba.uses_registry || x->conf.state == SMB_CONF_WITHOUT)
		preflight_report_add(findings, PREFLIGHT_NOTE, "smb.conf",
		                     "not enabled: see netsession-samba check");
	else
		preflight_check_smb_conf(x, findings);
}

static void status_check_relay(const struct preflight *x, struct doctor_report *findings)
{
	switch (x->pipes.srvsvc) {
	case PIPE_LISTENS:
		preflight_check_relay(x, findings);
		status_check_daemon(x->directory, findings);
		break;
	case PIPE_LINK:
		preflight_report_add(findings, PREFLIGHT_NOTE, "relay",
		                     "does not run; %s/np/srvsvc leads to Samba's own",
		                     x->directory);
		preflight_check_links(x, findings);
		break;
	default:
		if (x->is_enabled)
			preflight_check_relay(x, findings);
		else
			preflight_report_add(findings, PREFLIGHT_NOTE, "relay", "does not run");
		break;
	}
	if (x->pipes.samba == PIPE_LISTENS)
		preflight_report_add(findings, PREFLIGHT_OK, "samba-dcerpcd",
		                     "listens at %s/np/srvsvc", x->samba.ncalrpc_dir);
	else
		preflight_report_add(findings, PREFLIGHT_NOTE, "samba-dcerpcd", "does not run%s",
		                     x->samba.starts_helpers ? "; smbd starts it when it is needed"
		                                             : ", and smbd does not start it");
}

int setup_status(const struct samba_options *options)
{
	struct doctor_report findings = { 0 };
	struct preflight x;
	const char *sum;
	int exit;

	if (preflight_read(&x, options, &findings)) {
		preflight_check_version(&x.samba, &findings);
		status_check_smbd(&x, &findings);
		status_check_relay(&x, &findings);
	}
	if (findings.wrong > 0) {
		exit = SETUP_FAILED;
		sum = "Something is wrong.";
	} else if (x.pipes.srvsvc != PIPE_LISTENS) {
		exit = SETUP_NOT_RUNNING;
		sum = "It does not run; Samba serves all its pipes itself.";
	} else if (!x.is_enabled) {
		exit = SETUP_FAILED;
		sum = "It runs, and is not enabled; Samba serves all its pipes itself.";
	} else {
		exit = SETUP_DONE;
		sum = "It works.";
	}
	printf("\n%s\n", sum);
	preflight_fini(&x);
	return exit;
}
