/* SPDX-License-Identifier: MIT */
#include "swept_hosts.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/growing.h"

static void swept_host_write_time(int64_t ms, char text[32])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm utc;

	gmtime_r(&seconds, &utc);
	(void)strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

/* Takes the pages. */
static void swept_host_take(struct swept_host *host, struct sweep_result *result)
{
	*host = (struct swept_host){
		.result = { .server = result->name,
		            .error = *result->error,
		            .pages = result->pages,
		            .page_count = result->page_count },
		.outcome = result->outcome,
		.attempts = result->attempts,
		.answered_ms = result->answered_ms,
	};
	memcpy(host->address, result->address, sizeof host->address);
	swept_host_write_time(result->answered_ms, host->time);
	if (result->page_count > 0) {
		host->result.total = netsession_page_total(result->pages[0]);
		host->result.level = session_level_find(netsession_page_level(result->pages[0]));
	}
	result->pages = NULL;
	result->page_count = 0;
}

bool swept_hosts_add(struct swept_hosts *list, struct sweep_result *result)
{
	struct swept_host *hosts = growing_make_room(list->hosts, list->count, &list->room,
	                                             sizeof *hosts);

	if (hosts == NULL)
		return false;
	list->hosts = hosts;
	swept_host_take(&list->hosts[list->count++], result);
	return true;
}

void swept_hosts_clear(struct swept_hosts *list)
{
	for (size_t i = 0; i < list->count; i++)
		server_result_fini(&list->hosts[i].result);
	list->count = 0;
}

void swept_hosts_fini(struct swept_hosts *list)
{
	swept_hosts_clear(list);
	free(list->hosts);
}

void swept_hosts_swap(struct swept_hosts *a, struct swept_hosts *b)
{
	struct swept_hosts kept = *a;

	*a = *b;
	*b = kept;
}
