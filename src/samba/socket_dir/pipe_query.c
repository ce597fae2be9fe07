/* SPDX-License-Identifier: MIT */
#include "samba/socket_dir/pipe_query.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "net/loop.h"
#include "net/process.h"
#include "system/log.h"

enum { MAX_PROGRAMS = 64, DEADLINE_MS = 10000, MAX_OUTPUT_BYTES = 4 << 20 };

struct pipe_query {
	struct pipe_names *names;
	struct net_loop *loop;
	const char *libexec_dir;
	char *configuration; /* an argument; NULL: none */
	size_t count;
	bool is_complete;
	struct pipe_query_program {
		struct pipe_query *query;
		char name[NAME_MAX + 1];
	} programs[MAX_PROGRAMS];
};

static void pipe_query_log_failure(const struct pipe_query_program *program, const struct err *err)
{
	program->query->is_complete = false;
	log_write(LOG_LEVEL_WARNING, "%s/%s does not list its pipes: %s",
	          program->query->libexec_dir, program->name, err_text(err));
}

static void pipe_query_on_ended(void *context, const struct net_process_result *result)
{
	struct pipe_query_program *program = context;
	struct err err = { 0 };

	if (!net_process_succeeded(result, program->name, &err))
		pipe_query_log_failure(program, &err);
	else if (result->output != NULL)
		pipe_names_parse(program->query->names, result->output);
	free(result->output);
}

static void pipe_query_start(struct pipe_query_program *program)
{
	struct pipe_query *q = program->query;
	char path[PATH_MAX];
	const char *argv[] = { path, "--list-interfaces", q->configuration, NULL };
	const struct net_process_settings settings = { .argv = argv,
		                                       .max_output_bytes = MAX_OUTPUT_BYTES,
		                                       .deadline_ms = DEADLINE_MS };
	struct err err = { 0 };

	(void)snprintf(path, sizeof path, "%s/%s", q->libexec_dir, program->name);
	if (net_process_start(q->loop, &settings, pipe_query_on_ended, program, &err) == NULL)
		pipe_query_log_failure(program, &err);
}

/* While a package is updated, the new files stand there with a dot in their names. */
static bool pipe_query_is_program(const char *name)
{
	return strncmp(name, "rpcd_", 5) == 0 && strchr(name, '.') == NULL;
}

/* False: some programs were not started, or there are none. */
static bool pipe_query_start_all(struct pipe_query *q, DIR *folder)
{
	const struct dirent *entry;

	while ((entry = readdir(folder)) != NULL) {
		struct pipe_query_program *program = &q->programs[q->count];

		if (!pipe_query_is_program(entry->d_name))
			continue;
		if (q->count == MAX_PROGRAMS)
			return false;
		program->query = q;
		(void)snprintf(program->name, sizeof program->name, "%s", entry->d_name);
		pipe_query_start(program);
		q->count++;
	}
	return q->count > 0;
}

bool pipe_query_run(struct pipe_names *names, const char *libexec_dir, const char *smb_conf)
{
	struct pipe_query q = { .names = names,
		                .loop = net_loop_new(),
		                .libexec_dir = libexec_dir,
		                .is_complete = true };
	DIR *folder = opendir(libexec_dir);

	if (smb_conf != NULL && asprintf(&q.configuration, "--configfile=%s", smb_conf) < 0)
		q.configuration = NULL;
	if (q.loop == NULL || folder == NULL || (smb_conf != NULL && q.configuration == NULL) ||
	    !pipe_query_start_all(&q, folder)) {
		q.is_complete = false;
		log_write(LOG_LEVEL_WARNING,
		          "not all rpcd_* programs in %s could be asked for their pipes",
		          libexec_dir);
	}
	if (q.count > 0)
		net_loop_run(q.loop);
	if (folder != NULL)
		closedir(folder);
	net_loop_free(q.loop);
	free(q.configuration);
	return q.is_complete;
}
