/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

static int64_t progress_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_begin(struct progress *p, bool is_wanted)
{
	*p = (struct progress){ .is_shown = is_wanted && isatty(STDERR_FILENO),
		                .began_ms = progress_now_ms() };
}

double progress_seconds(const struct progress *p)
{
	return (double)(progress_now_ms() - p->began_ms) / 1000;
}

void progress_clear(struct progress *p)
{
	if (p->width > 0)
		fprintf(stderr, "\r%*s\r", (int)p->width, "");
	p->width = 0;
}

/* The rest of the time, by the rate so far. */
static void progress_format_rest(const struct progress *p, const struct sweep_counts *counts,
                                 char text[32])
{
	double seconds = progress_seconds(p);
	double rest = counts->done > 0 ? seconds * (double)(counts->total - counts->done) /
	                                         (double)counts->done
	                               : 0;

	if (counts->done == 0 || rest > 359999)
		(void)snprintf(text, 32, "-");
	else
		(void)snprintf(text, 32, "%u:%02u:%02u", (unsigned)rest / 3600,
		               (unsigned)rest / 60 % 60, (unsigned)rest % 60);
}

void progress_show(struct progress *p, const struct sweep_counts *counts)
{
	size_t answered = counts->outcomes[OUTCOME_ANSWERED] + counts->outcomes[OUTCOME_EMPTY];
	size_t denied = counts->outcomes[OUTCOME_DENIED];
	double seconds = progress_seconds(p);
	char line[160], rest[32];
	int length;

	if (!p->is_shown)
		return;
	progress_format_rest(p, counts, rest);
	length = snprintf(line, sizeof line,
	                  "%zu of %zu hosts, %zu in flight, %.0f/s, %zu answered, %zu denied, "
	                  "%zu others, left %s",
	                  counts->done, counts->total, counts->in_flight,
	                  seconds > 0 ? (double)counts->done / seconds : 0, answered, denied,
	                  counts->done - answered - denied, rest);
	fprintf(stderr, "\r%s%*s", line, (int)p->width > length ? (int)p->width - length : 0, "");
	p->width = (size_t)length > p->width ? (size_t)length : p->width;
	fflush(stderr);
}
