/* SPDX-License-Identifier: MIT */
#include "samba/smbcontrol.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include "net/process.h"

#define STEP "smbcontrol"

enum { MAX_OUTPUT_BYTES = 65536, DEADLINE_MS = 10000 };

struct smbcontrol {
	struct net_process *process;
	struct net_timer *failed; /* when the process could not be started */
	void (*done)(void *context, const struct err *err);
	void *context;
	struct err err;
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
	c->done(c->context, c->err.status != NERR_Success ? &c->err : NULL);
	smbcontrol_cancel(c);
}

static void smbcontrol_on_ended(void *context, const struct net_process_result *result)
{
	struct smbcontrol *c = context;

	c->process = NULL;
	(void)net_process_succeeded(result, "smbcontrol", &c->err);
	free(result->output);
	smbcontrol_end(c);
}

static void smbcontrol_on_failed(void *context)
{
	smbcontrol_end(context);
}

static void smbcontrol_start(struct net_loop *loop, struct smbcontrol *c, const char *bin_dir,
                             const char *smb_conf, const char *smbd)
{
	char path[PATH_MAX], *configuration;
	const char *argv[] = { path, NULL, smbd, "shutdown", NULL };
	const struct net_process_settings settings = { .argv = argv,
		                                       .max_output_bytes = MAX_OUTPUT_BYTES,
		                                       .deadline_ms = DEADLINE_MS };

	if (!net_process_find("smbcontrol", bin_dir, path)) {
		err_format(&c->err, ERROR_FILE_NOT_FOUND, STEP, "smbcontrol was not found in %s",
		           bin_dir);
		return;
	}
	if (asprintf(&configuration, "--configfile=%s", smb_conf) < 0) {
		err_set(&c->err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
		return;
	}
	argv[1] = configuration;
	c->process = net_process_start(loop, &settings, smbcontrol_on_ended, c, &c->err);
	free(configuration);
}

struct smbcontrol *smbcontrol_shutdown(struct net_loop *loop, const char *bin_dir,
                                       const char *smb_conf,
                                       const struct smbstatus_identity *identity, uint32_t node,
                                       void (*done)(void *context, const struct err *err),
                                       void *context)
{
	struct smbcontrol *c = calloc(1, sizeof *c);
	char smbd[64];

	if (c == NULL)
		return NULL;
	c->done = done;
	c->context = context;
	/* smbcontrol takes a unique_id, too, but smbd does not look at it. */
	if (node != SMBSTATUS_NO_CLUSTER)
		(void)snprintf(smbd, sizeof smbd, "%" PRIu32 ":%" PRIu64, node, identity->pid);
	else
		(void)snprintf(smbd, sizeof smbd, "%" PRIu64, identity->pid);
	smbcontrol_start(loop, c, bin_dir, smb_conf, smbd);
	if (c->process == NULL)
		c->failed = net_timer_start(loop, 0, smbcontrol_on_failed, c);
	if (c->process != NULL || c->failed != NULL)
		return c;
	free(c);
	return NULL;
}
