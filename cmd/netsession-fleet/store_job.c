/* SPDX-License-Identifier: MIT */
#include "store_job.h"

#include <pthread.h>
#include <stdlib.h>
#include "net/work.h"

struct store_job {
	struct sweep_record *record;
	const struct swept_host *hosts;
	size_t count;
	struct err err;
	pthread_mutex_t mutex; /* of is_done */
	pthread_cond_t done;
	bool is_done;
};

static void *store_job_main(void *argument)
{
	struct store_job *job = argument;

	(void)sweep_record_hosts(job->record, job->hosts, job->count, &job->err);
	pthread_mutex_lock(&job->mutex);
	job->is_done = true;
	pthread_cond_signal(&job->done);
	pthread_mutex_unlock(&job->mutex);
	return NULL;
}

static void store_job_free(struct store_job *job)
{
	pthread_cond_destroy(&job->done);
	pthread_mutex_destroy(&job->mutex);
	free(job);
}

struct store_job *store_job_start(struct sweep_record *record, const struct swept_host hosts[],
                                  size_t count)
{
	struct store_job *job = calloc(1, sizeof *job);

	if (job == NULL)
		return NULL;
	job->record = record;
	job->hosts = hosts;
	job->count = count;
	pthread_mutex_init(&job->mutex, NULL);
	pthread_cond_init(&job->done, NULL);
	if (net_thread_start(store_job_main, job))
		return job;
	store_job_free(job);
	return NULL;
}

bool store_job_is_done(struct store_job *job)
{
	bool is_done;

	pthread_mutex_lock(&job->mutex);
	is_done = job->is_done;
	pthread_mutex_unlock(&job->mutex);
	return is_done;
}

uint32_t store_job_end(struct store_job *job, struct err *err)
{
	pthread_mutex_lock(&job->mutex);
	while (!job->is_done)
		pthread_cond_wait(&job->done, &job->mutex);
	pthread_mutex_unlock(&job->mutex);
	*err = job->err;
	store_job_free(job);
	return err->status;
}
