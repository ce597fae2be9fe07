/* SPDX-License-Identifier: MIT */
#include "samba/smbcontrol.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include "net/child.h"
#include "samba/program.h"

enum { MAX_OUTPUT_BYTES = 65536, DEADLINE_MS = 10000, STORY_BYTES = 384 };

struct smbcontrol {
	struct net_child *child;
	struct net_timer *failed; /* for what failed before anything ran */
	void (*done)(void *context, const char *story);
	void *context;
	char story[STORY_BYTES];
};

void smbcontrol_cancel(struct smbcontrol *c)
{
	if (c == NULL)
		return;
	net_child_cancel(c->child);
	net_timer_stop(c->failed);
	free(c);
}

static void end(struct smbcontrol *c)
{
	c->done(c->context, c->story[0] != '\0' ? c->story : NULL);
	smbcontrol_cancel(c);
}

static void on_ended(void *context, const struct net_child_end *run)
{
	struct smbcontrol *c = context;

	c->child = NULL;
	if (run->why != NULL)
		(void)snprintf(c->story, sizeof c->story, "smbcontrol: %s", run->why);
	else if (run->exit != 0)
		(void)snprintf(c->story, sizeof c->story, "smbcontrol ends with %d%s%s", run->exit,
		               run->said[0] != '\0' ? ": " : "", run->said);
	free(run->output);
	end(c);
}

static void on_failed(void *context)
{
	end(context);
}

static void start(struct net_loop *loop, struct smbcontrol *c, const char *smb_conf,
                  const char *who)
{
	char path[PATH_MAX], *configuration;
	const char *argv[] = { path, NULL, who, "shutdown", NULL };
	const struct net_child_settings settings = { .argv = argv,
		                                     .max_output_bytes = MAX_OUTPUT_BYTES,
		                                     .deadline_ms = DEADLINE_MS };
	struct err err = { 0 };

	if (!samba_program_find("smbcontrol", NULL, path)) {
		(void)snprintf(c->story, sizeof c->story, "smbcontrol is nowhere to be found");
	} else if (asprintf(&configuration, "--configfile=%s", smb_conf) >= 0) {
		argv[1] = configuration;
		c->child = net_child_start(loop, &settings, on_ended, c, &err);
		free(configuration);
	}
	if (c->child == NULL && c->story[0] == '\0')
		(void)snprintf(c->story, sizeof c->story, "smbcontrol: %s", err_text(&err));
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
	start(loop, c, smb_conf, who);
	if (c->child == NULL)
		c->failed = net_timer_start(loop, 0, on_failed, c);
	if (c->child != NULL || c->failed != NULL)
		return c;
	free(c);
	return NULL;
}
