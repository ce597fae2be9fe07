/* SPDX-License-Identifier: MIT */
#include "also_closed.h"

#include <string.h>

struct also_closed_search {
	const struct server_result *selected;
	const struct netsession_row *row; /* compared with the selected ones */
	bool is_selected, is_same_client; /* what the comparison found */
	void (*each)(void *context, const struct netsession_row *row);
	void *context;
};

static bool also_closed_same_text(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static void also_closed_compare_row(void *context, const struct server_result *result,
                                    const struct netsession_row *row)
{
	struct also_closed_search *search = context;

	(void)result;
	if (!also_closed_same_text(row->client, search->row->client))
		return;
	search->is_same_client = true;
	search->is_selected = search->is_selected ||
	                      also_closed_same_text(row->user, search->row->user);
}

static void also_closed_check_row(void *context, const struct server_result *result,
                                  const struct netsession_row *row)
{
	struct also_closed_search *search = context;

	(void)result;
	search->row = row;
	search->is_selected = search->is_same_client = false;
	server_result_each(search->selected, also_closed_compare_row, search);
	if (search->is_same_client && !search->is_selected)
		search->each(search->context, row);
}

void also_closed_each(const struct server_result *selected, const struct server_result *all,
                      void (*each)(void *context, const struct netsession_row *row), void *context)
{
	struct also_closed_search search = { .selected = selected,
		                             .each = each,
		                             .context = context };

	server_result_each(all, also_closed_check_row, &search);
}
