/* SPDX-License-Identifier: MIT */
/* Calls over many connections at once: many_callers FILE SERVER CONNECTIONS SECONDS. FILE holds the
 * credentials. Each connection has one call under way, at level 1. Prints how many calls were
 * answered a second, after all connections have answered once. */
#include <netsession.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

struct bench {
	struct netsession *session;
	struct netsession_query query;
	double seconds;
	unsigned connections, ready, calls;
	double began_s, ended_s;
};

static struct bench bench;

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void start_call(bool *was_ready);

static void on_page(void *context, struct netsession_page *page)
{
	(void)context;
	netsession_page_free(page);
}

static void on_end(void *context, const struct netsession_error *error)
{
	bool *was_ready = context;

	if (error->status != 0) {
		fprintf(stderr, "%s\n", error->text);
		exit(3);
	}
	if (!*was_ready) {
		*was_ready = true;
		if (++bench.ready == bench.connections)
			bench.began_s = now_s();
	} else if (bench.ready == bench.connections) {
		bench.calls++;
	}
	bench.ended_s = now_s();
	if (bench.ready < bench.connections || bench.ended_s - bench.began_s < bench.seconds)
		start_call(was_ready);
}

static void start_call(bool *was_ready)
{
	static const struct netsession_handler handler = { .on_page = on_page, .on_end = on_end };
	struct netsession_call *call;

	if (netsession_start(bench.session, &bench.query, &handler, was_ready, &call) != 0)
		exit(4);
}

int main(int argc, char **argv)
{
	struct netsession_error error;
	struct rlimit files;
	bool *was_ready;

	if (argc != 5 ||
	    netsession_credentials_read(argv[1], &bench.query.credentials, &error) != 0)
		return 2;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	bench.query.server = argv[2];
	bench.query.level = 1;
	bench.query.timeout_ms = 60000;
	bench.connections = (unsigned)atoi(argv[3]);
	bench.seconds = atof(argv[4]);
	was_ready = calloc(bench.connections, sizeof *was_ready);
	bench.session = netsession_new();
	if (was_ready == NULL || bench.session == NULL)
		return 4;
	for (unsigned i = 0; i < bench.connections; i++)
		start_call(&was_ready[i]);
	netsession_run(bench.session);
	printf("%.1f\n", bench.calls / (bench.ended_s - bench.began_s));
	netsession_free(bench.session);
	netsession_credentials_free(bench.query.credentials);
	free(was_ready);
	return 0;
}
