/* SPDX-License-Identifier: MIT */
#include "swept_host.h"

#include <string.h>
#include <time.h>

static void swept_host_write_time(int64_t ms, char text[32])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm utc;

	gmtime_r(&seconds, &utc);
	(void)strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

void swept_host_take(struct swept_host *host, struct sweep_result *result)
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
