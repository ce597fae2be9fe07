/* SPDX-License-Identifier: MIT */
#include "results.h"

#include <stdlib.h>

bool server_result_add(struct server_result *result, struct netsession_page *page)
{
	struct netsession_page **pages;

	pages = realloc(result->pages, (result->page_count + 1) * sizeof *pages);
	if (pages == NULL) {
		netsession_page_free(page);
		return false;
	}
	if (result->page_count == 0) {
		result->total = netsession_page_total(page);
		result->level = session_level_find(netsession_page_level(page));
	}
	result->pages = pages;
	result->pages[result->page_count++] = page;
	return true;
}

void server_result_fini(struct server_result *result)
{
	for (size_t i = 0; i < result->page_count; i++)
		netsession_page_free(result->pages[i]);
	free(result->pages);
}

const char *server_result_name(const struct server_result *result)
{
	return result->server != NULL ? result->server : LOCAL_COMPUTER;
}

size_t server_result_count(const struct server_result *result)
{
	size_t count = 0;

	for (size_t i = 0; i < result->page_count; i++)
		count += netsession_page_entries(result->pages[i]);
	return count;
}

void server_result_each(const struct server_result *result,
                        void (*each)(void *context, const struct server_result *result,
                                     const struct netsession_row *row),
                        void *context)
{
	for (size_t i = 0; i < result->page_count; i++)
		for (uint32_t e = 0; e < netsession_page_entries(result->pages[i]); e++) {
			struct netsession_row row;

			if (netsession_page_row(result->pages[i], e, &row) != 0)
				abort(); /* out of memory for one line of text */
			if (row.active_s == UINT32_MAX)
				row.active_s = 0;
			each(context, result, &row);
		}
}

size_t server_result_underflows(const struct server_result *result)
{
	size_t count = 0;

	for (size_t i = 0; i < result->page_count; i++)
		for (uint32_t e = 0; e < netsession_page_entries(result->pages[i]); e++) {
			struct netsession_row row;

			if (netsession_page_row(result->pages[i], e, &row) == 0)
				count += row.active_s == UINT32_MAX;
		}
	return count;
}
