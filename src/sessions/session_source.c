/* SPDX-License-Identifier: MIT */
#include "sessions/session_source.h"

void session_sources_warn(const struct session_sources *sources, session_warning_found *found,
                          void *found_context)
{
	const struct session_source *source;

	LIST_FOREACH(source, sources, entry)
		source->warn(source->context, found, found_context);
}

static void session_sources_note_missing(void *is_complete, const struct session_warning *warning)
{
	if (warning->is_incomplete)
		*(bool *)is_complete = false;
}

bool session_sources_are_complete(const struct session_sources *sources)
{
	bool is_complete = true;

	session_sources_warn(sources, session_sources_note_missing, &is_complete);
	return is_complete;
}
