/* SPDX-License-Identifier: MIT */
#include "net/folder_watch.h"

#include <stdlib.h>
#include "net/uv.h"

struct net_folder_watch {
	uv_fs_event_t uv; /* its data is the watch */
	void (*changed)(void *context);
	void *context;
};

/* That something could not be read of the events is a reason to look, too. */
static void folder_watch_on_event(uv_fs_event_t *uv, const char *name, int events, int status)
{
	struct net_folder_watch *w = uv->data;

	(void)name;
	(void)events;
	(void)status;
	w->changed(w->context);
}

static void folder_watch_on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

struct net_folder_watch *net_folder_watch_start(struct net_loop *loop, const char *path,
                                                void (*changed)(void *context), void *context)
{
	struct net_folder_watch *w = calloc(1, sizeof *w);

	if (w == NULL)
		return NULL;
	w->changed = changed;
	w->context = context;
	uv_fs_event_init(loop->uv, &w->uv);
	w->uv.data = w;
	if (uv_fs_event_start(&w->uv, folder_watch_on_event, path, 0) != 0) {
		net_folder_watch_stop(w);
		return NULL;
	}
	uv_unref((uv_handle_t *)&w->uv);
	return w;
}

void net_folder_watch_stop(struct net_folder_watch *w)
{
	if (w != NULL)
		uv_close((uv_handle_t *)&w->uv, folder_watch_on_closed);
}
