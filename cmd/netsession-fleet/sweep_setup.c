/* SPDX-License-Identifier: MIT */
#include "sweep_setup.h"

#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include "query.h"
#include "terminal/terminal.h"

enum {
	MOST_DESCRIPTORS = 65536,
	/* For the libraries, name services, KDCs and idle connections. */
	OTHER_DESCRIPTORS = 256,
	DESCRIPTORS_A_HOST = 2,
	DEFAULT_CONCURRENCY = 1000,
	LEAST_MAPPED_BYTES = 32000,
};

static volatile sig_atomic_t is_interrupted;

static void sweep_setup_on_signal(int number)
{
	(void)number;
	is_interrupted = 1;
}

void sweep_setup_catch_signals(void)
{
	struct sigaction action = { .sa_handler = sweep_setup_on_signal,
		                    .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

bool sweep_setup_is_interrupted(void)
{
	return is_interrupted != 0;
}

/* Raises the limit of open files as far as it may be raised. Returns how many hosts it has room
 * for.
 */
static uint32_t sweep_setup_most_at_once(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 1;
	if (limit.rlim_cur < MOST_DESCRIPTORS && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max < MOST_DESCRIPTORS ? limit.rlim_max
		                                                   : MOST_DESCRIPTORS;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
		(void)getrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur <= OTHER_DESCRIPTORS + DESCRIPTORS_A_HOST)
		return 1;
	return limit.rlim_cur > MOST_DESCRIPTORS
	               ? (MOST_DESCRIPTORS - OTHER_DESCRIPTORS) / DESCRIPTORS_A_HOST
	               : (uint32_t)(limit.rlim_cur - OTHER_DESCRIPTORS) / DESCRIPTORS_A_HOST;
}

/* Returns false after a message: the limit of open files has no room for so many hosts. */
static bool sweep_setup_choose_concurrency(const struct options *options, uint32_t *concurrency)
{
	uint32_t most = sweep_setup_most_at_once();

	*concurrency = options->concurrency;
	if (*concurrency == 0)
		*concurrency = most < DEFAULT_CONCURRENCY ? most : DEFAULT_CONCURRENCY;
	if (*concurrency <= most)
		return true;
	terminal_print_line(stderr,
	                    "netsession: the limit of open files has room for %u hosts at once; "
	                    "raise it (ulimit -n), or lower --concurrency",
	                    (unsigned)most);
	return false;
}

/* Whether hosts get a password, which too many log-ons could lock. */
static bool sweep_setup_uses_password(const struct options *options,
                                      const struct netsession_credentials *credentials)
{
	const char *file = getenv("NETSESSION_CREDENTIALS");

	return !options->anonymous && (credentials != NULL || (file != NULL && file[0] != '\0'));
}

/* Log-ons run on many threads, one after the other. glibc would keep an arena for each of eight
 * times as many threads as there are processors, and in each of them the memory that is free.
 * gss-ntlmssp opens iconv twice for a log-on, which has a buffer of 32,640 bytes each time and uses
 * the first few of them. In pages of its own the rest stays out of memory; from the heap it is
 * pages that others have written to. */
static void sweep_setup_limit_memory(void)
{
#ifdef M_ARENA_MAX
	(void)mallopt(M_ARENA_MAX, 2);
	(void)mallopt(M_MMAP_THRESHOLD, LEAST_MAPPED_BYTES);
#endif
}

bool sweep_setup_settings(const struct options *options, struct netsession_credentials *credentials,
                          struct sweep_settings *settings)
{
	struct netsession_error error;
	struct server_operand room;

	sweep_setup_limit_memory();
	*settings = (struct sweep_settings){
		.connect_ms = options->connect_ms,
		.per_network = options->per_network,
		.rate = options->rate,
		.jitter_ms = options->jitter_ms,
		.retries = options->retries,
		.backoff_ms = options->backoff_ms,
		.in_order = options->in_order,
	};
	(void)query_from_options(options, credentials, NULL, &room, &settings->query, &error);
	if (sweep_setup_uses_password(options, credentials))
		settings->max_log_on_failures = options->max_log_on_failures;
	return sweep_setup_choose_concurrency(options, &settings->concurrency);
}

void sweep_setup_print_end(enum sweep_end end, const struct sweep_counts *counts)
{
	if (end == SWEEP_LOCK_OUT)
		terminal_print_line(
			stderr,
			"netsession: the sweep stopped, because hosts refused the password (%zu "
			"times): another attempt could lock the account; check it with netsession "
			"doctor on one host",
			counts->outcomes[OUTCOME_LOG_ON_FAILED]);
	else if (end == SWEEP_OUT_OF_MEMORY)
		terminal_print_line(stderr, "netsession: out of memory");
}

void sweep_setup_print_outcomes(const struct sweep_counts *counts)
{
	for (size_t i = 0; i < OUTCOME_COUNT; i++)
		if (counts->outcomes[i] > 0)
			terminal_print_line(stderr, "%8zu  %-26s %s", counts->outcomes[i],
			                    host_outcomes[i].name, host_outcomes[i].text);
}
