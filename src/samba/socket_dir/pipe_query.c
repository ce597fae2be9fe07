/* SPDX-License-Identifier: MIT */
#include "samba/socket_dir/pipe_query.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "net/loop.h"
#include "net/work.h"
#include "net/program.h"
#include "system/log.h"

enum { MAX_PROGRAMS = 64, DEADLINE_MS = 10000 };

struct pipe_query {
	struct pipe_names *names;
	struct net_loop *loop;
	struct net_timer *deadline;
	size_t waiting;
	bool is_complete;
	struct pipe_query_program {
		struct pipe_query *question;
		struct pipe_query_job *job;
		struct net_work *work; /* NULL: it has ended */
	} asked[MAX_PROGRAMS];
};

/* One program's run, on a thread of its own. */
struct pipe_query_job {
	char *path, *configuration; /* the second: an argument, or NULL */
	struct samba_program_output output;
	struct err err;
};

static void pipe_query_job_run(void *context)
{
	struct pipe_query_job *job = context;
	const char *argv[] = { job->path, "--list-interfaces", job->configuration, NULL };

	(void)samba_program_run(argv, &job->output, &job->err);
}

static void pipe_query_job_free(void *context)
{
	struct pipe_query_job *job = context;

	samba_program_output_fini(&job->output);
	free(job->path);
	free(job->configuration);
	free(job);
}

static struct pipe_query_job *pipe_query_job_new(const char *folder, const char *name,
                                                 const char *smb_conf)
{
	struct pipe_query_job *job = calloc(1, sizeof *job);

	if (job == NULL)
		return NULL;
	if (asprintf(&job->path, "%s/%s", folder, name) < 0)
		job->path = NULL;
	else if (smb_conf == NULL || asprintf(&job->configuration, "--configfile=%s", smb_conf) > 0)
		return job;
	else
		job->configuration = NULL;
	pipe_query_job_free(job);
	return NULL;
}

static void pipe_query_log_failure(struct pipe_query *q, const struct pipe_query_job *job,
                                   const char *why)
{
	q->is_complete = false;
	log_write(LOG_LEVEL_WARNING, "%s does not say which pipes it has: %s", job->path, why);
}

static void pipe_query_on_done(void *context)
{
	struct pipe_query_program *asked = context;
	struct pipe_query *q = asked->question;
	const struct pipe_query_job *job = asked->job;

	asked->work = NULL;
	if (job->err.status != NERR_Success)
		pipe_query_log_failure(q, job, job->err.text);
	else if (job->output.exit != 0)
		pipe_query_log_failure(
			q, job, job->output.said[0] != '\0' ? job->output.said : "it failed");
	else if (job->output.text != NULL)
		pipe_names_parse(q->names, job->output.text);
	if (--q->waiting == 0) {
		net_timer_stop(q->deadline);
		q->deadline = NULL;
	}
}

static void pipe_query_on_deadline(void *context)
{
	struct pipe_query *q = context;

	net_timer_stop(q->deadline);
	q->deadline = NULL;
	for (size_t i = 0; i < MAX_PROGRAMS; i++)
		if (q->asked[i].work != NULL) {
			pipe_query_log_failure(q, q->asked[i].job, "it does not end");
			net_work_abandon(q->asked[i].work);
		}
}

/* What a package's update is about to put there has a dot in its name. */
static bool pipe_query_is_program(const char *name)
{
	return strncmp(name, "rpcd_", 5) == 0 && strchr(name, '.') == NULL;
}

/* False: not all of them could be. */
static bool pipe_query_start_all(struct pipe_query *q, DIR *folder, const char *libexec_dir,
                                 const char *smb_conf)
{
	static const struct net_work_job kind = { .run = pipe_query_job_run,
		                                  .drop = pipe_query_job_free,
		                                  .done = pipe_query_on_done };
	const struct dirent *entry;

	while ((entry = readdir(folder)) != NULL) {
		struct pipe_query_program *asked = &q->asked[q->waiting];

		if (!pipe_query_is_program(entry->d_name))
			continue;
		if (q->waiting == MAX_PROGRAMS)
			return false;
		asked->question = q;
		asked->job = pipe_query_job_new(libexec_dir, entry->d_name, smb_conf);
		if (asked->job == NULL)
			return false;
		asked->work = net_work_start(q->loop, &kind, asked->job, asked);
		if (asked->work == NULL)
			return false;
		q->waiting++;
	}
	return q->waiting > 0;
}

bool pipe_query_run(struct pipe_names *names, const char *libexec_dir, const char *smb_conf)
{
	struct pipe_query q = { .names = names, .loop = net_loop_new(), .is_complete = true };
	DIR *folder = opendir(libexec_dir);

	if (q.loop == NULL || folder == NULL ||
	    !pipe_query_start_all(&q, folder, libexec_dir, smb_conf)) {
		q.is_complete = false;
		log_write(LOG_LEVEL_WARNING,
		          "not all programs rpcd_* of %s could be asked which pipes they have",
		          libexec_dir);
	}
	if (q.waiting > 0) {
		q.deadline = net_timer_start(q.loop, DEADLINE_MS, pipe_query_on_deadline, &q);
		net_loop_run(q.loop);
	}
	if (folder != NULL)
		closedir(folder);
	net_loop_free(q.loop);
	return q.is_complete;
}
