/* SPDX-License-Identifier: MIT */
#include "net/readable.h"

#include <stdlib.h>
#include "net/uv.h"

struct net_readable {
	uv_poll_t uv; /* its data is this */
	void (*came)(void *context);
	void *context;
};

/* What fails is found by whoever reads. */
static void readable_on_event(uv_poll_t *uv, int status, int events)
{
	struct net_readable *r = uv->data;

	(void)status;
	(void)events;
	r->came(r->context);
}

static void readable_on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

struct net_readable *net_readable_start(struct net_loop *loop, int fd, void (*came)(void *context),
                                        void *context)
{
	struct net_readable *r = calloc(1, sizeof *r);

	if (r == NULL)
		return NULL;
	r->came = came;
	r->context = context;
	if (uv_poll_init(loop->uv, &r->uv, fd) != 0) {
		free(r);
		return NULL;
	}
	r->uv.data = r;
	(void)uv_poll_start(&r->uv, UV_READABLE | UV_DISCONNECT, readable_on_event);
	return r;
}

void net_readable_stop(struct net_readable *r)
{
	if (r == NULL)
		return;
	(void)uv_poll_stop(&r->uv);
	uv_close((uv_handle_t *)&r->uv, readable_on_closed);
}
