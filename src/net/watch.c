/* SPDX-License-Identifier: MIT */
#include "net/watch.h"

#include <stdlib.h>
#include "net/uv.h"

/* ---- descriptors ---- */

struct net_readable {
	uv_poll_t uv; /* its data is this */
	void (*readable)(void *context);
	void *context;
};

/* Errors are left to the owner, which finds them when it reads. */
static void readable_on_event(uv_poll_t *uv, int status, int events)
{
	struct net_readable *r = uv->data;

	(void)status;
	(void)events;
	r->readable(r->context);
}

static void readable_on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

struct net_readable *net_readable_start(struct net_loop *loop, int fd,
                                        void (*readable)(void *context), void *context)
{
	struct net_readable *r = calloc(1, sizeof *r);

	if (r == NULL)
		return NULL;
	r->readable = readable;
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

/* ---- folders ---- */

struct net_folder_watch {
	uv_fs_event_t uv; /* its data is the watch */
	void (*changed)(void *context);
	void *context;
};

/* An event that could not be read may have been a change, too. */
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

/* ---- signals ---- */

struct net_signals {
	void (*received)(void *context, int number);
	void *context;
	unsigned count, open;
	uv_signal_t signals[]; /* their data is this */
};

static void signals_on_signal(uv_signal_t *signal, int number)
{
	struct net_signals *s = signal->data;

	s->received(s->context, number);
}

static void signals_on_closed(uv_handle_t *handle)
{
	struct net_signals *s = handle->data;

	if (--s->open == 0)
		free(s);
}

struct net_signals *net_signals_new(struct net_loop *loop, const int *numbers,
                                    void (*received)(void *context, int number), void *context)
{
	struct net_signals *s;
	size_t count = 0;

	while (numbers[count] != 0)
		count++;
	s = calloc(1, sizeof *s + count * sizeof *s->signals);
	if (s == NULL)
		return NULL;
	s->received = received;
	s->context = context;
	for (; s->count < count; s->count++) {
		uv_signal_t *signal = &s->signals[s->count];

		uv_signal_init(loop->uv, signal);
		signal->data = s;
		if (uv_signal_start(signal, signals_on_signal, numbers[s->count]) != 0) {
			s->count++;
			net_signals_free(s);
			return NULL;
		}
	}
	return s;
}

void net_signals_free(struct net_signals *s)
{
	if (s == NULL)
		return;
	s->open = s->count;
	for (unsigned i = 0; i < s->count; i++)
		uv_close((uv_handle_t *)&s->signals[i], signals_on_closed);
}
