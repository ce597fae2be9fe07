/* SPDX-License-Identifier: MIT */
#include "client/page.h"

#include <stdlib.h>
#include <lmerr.h>
#include "srvsvc/session_block.h"

uint32_t netsession_page_level(const struct netsession_page *page)
{
	return page->level->number;
}

uint32_t netsession_page_entries(const struct netsession_page *page)
{
	return page->entries;
}

uint32_t netsession_page_total(const struct netsession_page *page)
{
	return page->total_entries;
}

int netsession_page_has_more(const struct netsession_page *page)
{
	return page->has_more;
}

uint32_t netsession_page_resume_handle(const struct netsession_page *page)
{
	return page->resume_handle;
}

uint32_t netsession_page_row(struct netsession_page *page, uint32_t entry,
                             struct netsession_row *row)
{
	return session_infos_row(page->level, page->infos, entry, row, &page->scratch,
	                         &page->scratch_bytes)
	               ? NERR_Success
	               : ERROR_NOT_ENOUGH_MEMORY;
}

void *netsession_page_take_infos(struct netsession_page *page)
{
	void *infos = page->infos;

	page->infos = NULL;
	page->entries = 0;
	return infos;
}

void netsession_page_free(struct netsession_page *page)
{
	if (page == NULL)
		return;
	free(page->infos);
	free(page->scratch);
	free(page);
}
