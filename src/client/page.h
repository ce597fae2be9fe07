/* SPDX-License-Identifier: MIT */
/* Inside the library: what a netsession_page holds. */
#ifndef CLIENT_PAGE_H
#define CLIENT_PAGE_H

#include <stdbool.h>
#include "srvsvc/session_levels.h"

struct netsession_page {
	const struct session_level *level;
	void *infos; /* SESSION_INFO_<level>[entries]; NULL: none */
	uint32_t entries, total_entries;
	bool has_more;
	uint32_t resume_handle;
	char *scratch; /* the texts of the row given last */
	size_t scratch_bytes;
};

#endif
