/* SPDX-License-Identifier: MIT */
#include "samba/smbcontrol.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include "net/process.h"
#include "net/program.h"

enum { MAX_OUTPUT_BYTES = 65536, DEADLINE_MS = 10000, STORY_BYTES = 384 };

struct smbcontrol {
	struct net_process *process;
	struct net_timer *failed; /* for what failed before anything ran */
	void (*done)(void *context, const char *story);
	void *context;
	char message[STORY_BYTES];
};

void smbcontrol_cancel(struct smbcontrol *c)
{
	if (c == NULL)
		return;
	net_process_cancel(c->process);
	net_timer_stop(c->failed);
	free(c);
}

static void smbcontrol_end(struct smbcontrol *c)
{
	c->done(c->context, c->message[0] != '\0' ? c->message : NULL);
	smbcontrol_cancel(c);
}

static void smbcontrol_on_ended(void *context, const struct net_process_result *run)
{
	struct smbcontrol *c = context;

	c->process = NULL;
	if (run->why != NULL)
		(void)snprintf(c->message, sizeof c->message, "smbcontrol: %s", run->why);
	else if (run->exit != 0)
		(void)snprintf(c->message, sizeof c->message, "smbcontrol ends with %d%s%s",
		               run->exit, run->stderr_text[0] != '\0' ? ": " : "",
		               run->stderr_text);
	free(run->output);
	smbcontrol_end(c);
}

static void smbcontrol_on_failed(void *context)
{
	smbcontrol_end(context);
}

static void smbcontrol_start(struct net_loop *loop, struct smbcontrol *c, const char *smb_conf,
                             const char *who)
{
	char path[PATH_MAX], *configuration;
	const char *argv[] = { path, NULL, who, "shutdown", NULL };
	const struct net_process_settings settings = { .argv = argv,
		                                       .max_output_bytes = MAX_OUTPUT_BYTES,
		                                       .deadline_ms = DEADLINE_MS };
	struct err err = { 0 };

	if (!samba_program_find("smbcontrol", NULL, path)) {
		(void)snprintf(c->message, sizeof c->message, "smbcontrol is nowhere to be found");
	} else if (asprintf(&configuration, "--configfile=%s", smb_conf) >= 0) {
		argv[1] = configuration;
		c->process = net_process_start(loop, &settings, smbcontrol_on_ended, c, &err);
		free(configuration);
	}
	if (c->process == NULL && c->message[0] == '\0')
		(void)snprintf(c->message, sizeof c->message, "smbcontrol: %s", err_text(&err));
}

struct smbcontrol *smbcontrol_shutdown(struct net_loop *loop, const char *smb_conf,
                                       const struct smbstatus_identity *identity, uint32_t node,
                                       void (*done)(void *context, const char *story),
                                       void *context)
{
	struct smbcontrol *c = calloc(1, sizeof *c);
	char who[64];

	if (c == NULL)
		return NULL;
	c->done = done;
	c->context = context;
	/* unique_id could be told, too, and smbd does not look at it. */
	if (node != SMBSTATUS_NO_CLUSTER)
		(void)snprintf(who, sizeof who, "%" PRIu32 ":%" PRIu64, node, identity->pid);
	else
		(void)snprintf(who, sizeof who, "%" PRIu64, identity->pid);
	smbcontrol_start(loop, c, smb_conf, who);
	if (c->process == NULL)
		c->failed = net_timer_start(loop, 0, smbcontrol_on_failed, c);
	if (c->process != NULL || c->failed != NULL)
		return c;
	free(c);
	return NULL;
}
