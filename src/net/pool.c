/* SPDX-License-Identifier: MIT */
#include "net/pool.h"

#include <stdbool.h>
#include <stdlib.h>
#include "net/uv.h"

/* libuv's own threads: as many as UV_THREADPOOL_SIZE says, else four. */
struct net_pooled {
	uv_work_t uv;
	const struct net_pool_job *kind;
	void *job, *context;
	bool is_unwanted;
};

static void pool_on_work(uv_work_t *uv)
{
	struct net_pooled *pooled = uv->data;

	pooled->kind->run(pooled->job);
}

/* Also when the loop's end cancels a job that has not begun. */
static void pool_on_worked(uv_work_t *uv, int status)
{
	struct net_pooled *pooled = uv->data;

	if (!pooled->is_unwanted && status == 0)
		pooled->kind->done(pooled->context);
	pooled->kind->drop(pooled->job);
	free(pooled);
}

struct net_pooled *net_pool_start(struct net_loop *loop, const struct net_pool_job *kind, void *job,
                                  void *context)
{
	struct net_pooled *pooled = calloc(1, sizeof *pooled);

	if (pooled == NULL) {
		kind->drop(job);
		return NULL;
	}
	*pooled = (struct net_pooled){ .kind = kind, .job = job, .context = context };
	pooled->uv.data = pooled;
	if (uv_queue_work(loop->uv, &pooled->uv, pool_on_work, pool_on_worked) != 0) {
		kind->drop(job);
		free(pooled);
		return NULL;
	}
	return pooled;
}

void net_pool_abandon(struct net_pooled *pooled)
{
	if (pooled == NULL)
		return;
	pooled->is_unwanted = true;
	(void)uv_cancel((uv_req_t *)&pooled->uv); /* if it has not begun: drop comes at once then */
}
