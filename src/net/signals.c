/* SPDX-License-Identifier: MIT */
#include "net/signals.h"

#include <stdlib.h>
#include "net/uv.h"

struct net_signals {
	void (*came)(void *context, int number);
	void *context;
	unsigned count, open;
	uv_signal_t signals[]; /* their data is this */
};

static void signals_on_signal(uv_signal_t *signal, int number)
{
	struct net_signals *s = signal->data;

	s->came(s->context, number);
}

static void signals_on_closed(uv_handle_t *handle)
{
	struct net_signals *s = handle->data;

	if (--s->open == 0)
		free(s);
}

struct net_signals *net_signals_new(struct net_loop *loop, const int *numbers,
                                    void (*came)(void *context, int number), void *context)
{
	struct net_signals *s;
	size_t count = 0;

	while (numbers[count] != 0)
		count++;
	s = calloc(1, sizeof *s + count * sizeof *s->signals);
	if (s == NULL)
		return NULL;
	s->came = came;
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
