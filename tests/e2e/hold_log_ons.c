/* SPDX-License-Identifier: MIT */
/* Logs on many times, each time on a connection of its own, and holds them all:
 * hold_log_ons CREDENTIALS_FILE HOST:PORT COUNT AT_ONCE
 * AT_ONCE log-ons are under way at a time. Prints "held N failed N", and the first failure's story,
 * when all of them are over; the connections last until its input ends. */
#include <netsession.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include "client/connection.h"
#include "srvsvc/interface.h"

struct holder {
	struct net_loop *loop;
	struct connection_key key;
	unsigned count, begun, held, failed;
	struct err first_err;
	struct connection **links;
};

/* One of the links. */
struct seat {
	struct holder *holder;
	unsigned number;
};

static void begin_next(struct holder *h);

static void finish_if_over(struct holder *h)
{
	char line[16];

	if (h->held + h->failed < h->count)
		return;
	printf("held %u failed %u", h->held, h->failed);
	if (h->failed > 0)
		printf(" (%u %s: %s)", h->first_err.status,
		       h->first_err.step != NULL ? h->first_err.step : "-",
		       h->first_err.text[0] != '\0' ? h->first_err.text : "-");
	printf("\n");
	fflush(stdout);
	while (fgets(line, sizeof line, stdin) != NULL)
		;
	exit(0);
}

static bool on_ready(void *context)
{
	struct seat *seat = context;

	seat->holder->held++;
	begin_next(seat->holder);
	finish_if_over(seat->holder);
	return false; /* as if it were gone: nothing is asked of it */
}

static bool on_more(void *context)
{
	(void)context;
	return true; /* nothing was asked */
}

static void on_failed(void *context, const struct err *err)
{
	struct seat *seat = context;
	struct holder *h = seat->holder;

	if (h->failed++ == 0)
		h->first_err = *err;
	connection_close(h->links[seat->number]);
	begin_next(h);
	finish_if_over(h);
}

static void begin_next(struct holder *h)
{
	static const struct connection_handler handler = { on_ready, on_more, on_more, on_failed };
	struct seat *seat;

	if (h->begun == h->count)
		return;
	seat = malloc(sizeof *seat);
	*seat = (struct seat){ h, h->begun++ };
	h->links[seat->number] = connection_new(h->loop, &h->key, &handler, seat);
	connection_open(h->links[seat->number]);
}

int main(int argc, char **argv)
{
	struct netsession_error error;
	struct rlimit files;
	struct holder h = { 0 };
	unsigned at_once;

	if (argc != 5)
		return 2;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	if (netsession_credentials_read(argv[1], &h.key.credentials, &error) != 0 ||
	    !server_name_parse(argv[2], &h.key.server))
		return 3;
	h.key.interface = &conversation_srvsvc;
	h.key.authentication = NETSESSION_AUTHENTICATION_NTLM;
	h.count = (unsigned)atoi(argv[3]);
	at_once = (unsigned)atoi(argv[4]);
	h.links = calloc(h.count, sizeof(*h.links));
	h.loop = net_loop_new();
	for (unsigned i = 0; i < at_once; i++)
		begin_next(&h);
	net_loop_run(h.loop);
	return 4;
}
