/* SPDX-License-Identifier: MIT */
#include "samba/socket_dir/pipe_names.h"

#include <string.h>
#include "base/ascii.h"

/* A name of a file, without a dot at its beginning: so none is hidden, "." or "..". */
static bool pipe_names_is_valid(const char *name)
{
	size_t bytes = strlen(name);

	if (bytes == 0 || bytes >= MAX_PIPE_NAME_BYTES || name[0] == '.')
		return false;
	for (size_t i = 0; i < bytes; i++)
		if ((unsigned char)name[i] < ' ' || name[i] == '/' || name[i] == 0x7f)
			return false;
	return true;
}

bool pipe_names_has(const struct pipe_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->list[i], name) == 0)
			return true;
	return false;
}

bool pipe_names_add(struct pipe_names *names, const char *name)
{
	if (!pipe_names_is_valid(name))
		return false;
	if (pipe_names_has(names, name))
		return true;
	if (names->count == MAX_PIPE_NAMES)
		return false;
	strcpy(names->list[names->count++], name);
	return true;
}

/* An endpoint, "\pipe\InitShutdown": Samba's socket has the name in lower case. */
static void pipe_names_add_endpoint(struct pipe_names *names, const char *endpoint, size_t bytes)
{
	static const char prefix[] = "\\pipe\\";
	char name[MAX_PIPE_NAME_BYTES];

	if (bytes >= strlen(prefix) && ascii_begins_nocase(endpoint, prefix)) {
		endpoint += strlen(prefix);
		bytes -= strlen(prefix);
	}
	if (bytes >= sizeof name)
		return;
	for (size_t i = 0; i < bytes; i++)
		name[i] = ascii_lower(endpoint[i]);
	name[bytes] = '\0';
	(void)pipe_names_add(names, name);
}

/* Each binding stands on a line of its own behind a space, as [C706] writes it: protocol sequence,
 * host, and the endpoint in brackets, with options behind a comma. */
void pipe_names_parse(struct pipe_names *names, const char *text)
{
	static const char binding[] = " ncacn_np:";

	while (*text != '\0') {
		size_t bytes = strcspn(text, "\n");
		const char *opened = memchr(text, '[', bytes), *line = text;

		text += bytes + (text[bytes] == '\n');
		if (opened != NULL && strncmp(line, binding, strlen(binding)) == 0)
			pipe_names_add_endpoint(names, opened + 1, strcspn(opened + 1, "],\n"));
	}
}
