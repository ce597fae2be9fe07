/* SPDX-License-Identifier: MIT */
/* Asks one server many times over one kept connection, and says how long that took:
 * time_calls FILE SERVER. FILE holds the credentials. Each line of its input is "LEVEL COUNT"; it
 * is answered by "ENTRIES MEDIAN_NS", or by the story of what went wrong. */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include <netsession.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MAX_CALLS 1000

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	long long one = *(const long long *)a, other = *(const long long *)b;

	return (one > other) - (one < other);
}

int main(int argc, char **argv)
{
	struct netsession_query query = { .timeout_ms = 60000 };
	struct netsession_error error;
	unsigned count;

	if (argc != 3 || netsession_credentials_read(argv[1], &query.credentials, &error) != 0)
		return 2;
	query.server = argv[2];
	while (scanf("%u %u", &query.level, &count) == 2 && count > 0 && count <= MAX_CALLS) {
		static long long took_ns[MAX_CALLS];
		unsigned entries = 0, made = 0;

		for (; made < count; made++) {
			struct netsession_page *page;
			long long began_ns = now_ns();

			if (netsession_enum(&query, &page, &error) != 0)
				break;
			took_ns[made] = now_ns() - began_ns;
			entries = netsession_page_entries(page);
			netsession_page_free(page);
		}
		qsort(took_ns, made, sizeof *took_ns, compare);
		if (made == count)
			printf("%u %lld\n", entries, took_ns[made / 2]);
		else
			printf("%s\n", error.text);
		fflush(stdout);
	}
	netsession_credentials_free(query.credentials);
	return 0;
}
