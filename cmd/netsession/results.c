/* SPDX-License-Identifier: MIT */
#include "results.h"

#include <stdio.h>
#include <stdlib.h>
#include "options.h"

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

void server_result_drop_sessions(struct server_result *result)
{
	for (size_t i = 0; i < result->page_count; i++)
		free(netsession_page_take_infos(result->pages[i]));
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

			if (netsession_page_row(result->pages[i], e, &row) != 0) {
				fprintf(stderr, "netsession: out of memory\n");
				exit(EXIT_NONE);
			}
			each(context, result, &row);
		}
}

struct unknown_count {
	const struct session_column *column;
	size_t count;
};

static void unknown_count_row(void *context, const struct server_result *result,
                              const struct netsession_row *row)
{
	struct unknown_count *unknown = context;
	const struct session_field *field = session_level_field(result->level, unknown->column);

	if (field != NULL && session_row_is_unknown(row, field))
		unknown->count++;
}

size_t server_result_count_unknown(const struct server_result *result,
                                   const struct session_column *column)
{
	struct unknown_count unknown = { column, 0 };

	server_result_each(result, unknown_count_row, &unknown);
	return unknown.count;
}

bool server_result_is_complete(const struct server_result *result)
{
	if (result->error.status != 0)
		return false;
	for (size_t i = 0; i < result->page_count; i++)
		if (!netsession_page_is_complete(result->pages[i]))
			return false;
	return true;
}

bool server_result_has_lost_source(const struct server_result *result)
{
	for (size_t i = 0; i < result->page_count; i++)
		if (netsession_page_has_lost_source(result->pages[i]))
			return true;
	return false;
}

void server_result_each_warning(const struct server_result *result,
                                void (*each)(void *context, const char *warning), void *context)
{
	const char *warning;

	for (size_t i = 0; i < result->page_count; i++)
		for (uint32_t w = 0;
		     (warning = netsession_page_warning(result->pages[i], w)) != NULL; w++)
			each(context, warning);
}
