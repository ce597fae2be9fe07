/* SPDX-License-Identifier: MIT */
#include "fleet/target_list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winerror.h>
#include "base/ascii.h"
#include "base/ip_address.h"
#include "base/text_lines.h"
#include "client/server_operand.h"

#define STEP   "targets"
#define BLANKS " \t"

enum { READ_BYTES = 65536 };

void target_list_fini(struct target_list *list)
{
	text_list_fini(&list->names);
	list->refused = 0;
}

static NET_API_STATUS target_list_refuse(struct target_list *list, struct err *err, const char *why)
{
	list->refused++;
	return err_set(err, NERR_InvalidComputer, STEP, why);
}

/* ---- ranges ---- */

bool target_list_is_range(const char *text)
{
	const char *slash = strchr(text, '/');
	char address[IP_ADDRESS_TEXT_BYTES];
	struct ip_address parsed;
	size_t length;

	if (slash == NULL || slash[1] == '\0' || slash[1 + strspn(slash + 1, "0123456789")] != '\0')
		return false;
	length = (size_t)(slash - text);
	if (length >= sizeof address)
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	return ip_address_parse(address, &parsed);
}

static void target_step_address(struct ip_address *address)
{
	for (size_t i = sizeof address->bytes; i-- > 0 && ++address->bytes[i] == 0;)
		;
}

static NET_API_STATUS target_list_add_range(struct target_list *list, const char *text,
                                            struct err *err)
{
	struct ip_network network;
	struct ip_address address;
	char name[IP_ADDRESS_TEXT_BYTES];
	size_t count, first, end;

	if (!ip_network_parse(text, &network))
		return target_list_refuse(list, err,
		                          "the range does not begin at the first address of its "
		                          "network; write 192.0.2.0/24");
	if (128 - network.bits > 20)
		return target_list_refuse(list, err,
		                          "the range has more than 1048576 addresses; name "
		                          "smaller ones");
	count = (size_t)1 << (128 - network.bits);
	address = network.address;
	first = ip_address_is_v4(&address) && count > 2 ? 1 : 0;
	end = count - first;
	for (size_t i = 0; i < end; i++, target_step_address(&address))
		if (i >= first && !text_list_add(&list->names, ip_address_text(&address, name)))
			return err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	return NERR_Success;
}

/* ---- one target ---- */

NET_API_STATUS target_list_add(struct target_list *list, const char *text, struct err *err)
{
	struct server_operand operand;
	struct netsession_error error;

	if (target_list_is_range(text))
		return target_list_add_range(list, text, err);
	if (!server_operand_parse(text, &operand, &error))
		return target_list_refuse(list, err, error.text);
	if (operand.user[0] != '\0')
		return target_list_refuse(list, err,
		                          "a user stands before the server; use --as USER for "
		                          "all servers");
	return text_list_add(&list->names, operand.server)
	               ? NERR_Success
	               : err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
}

/* ---- files ---- */

/* Reads all of a file, with room for one more byte. NULL: see err. */
static char *target_file_read(FILE *from, const char *path, size_t *bytes, struct err *err)
{
	char *text = NULL;
	size_t room = 0, got;

	*bytes = 0;
	do {
		if (*bytes + READ_BYTES + 1 > room) {
			char *grown = realloc(text, room = 2 * room + READ_BYTES + 1);

			if (grown == NULL) {
				free(text);
				err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
				return NULL;
			}
			text = grown;
		}
		got = fread(text + *bytes, 1, READ_BYTES, from);
		*bytes += got;
	} while (got > 0);
	if (!ferror(from))
		return text;
	err_set_errno(err, STEP, path);
	free(text);
	return NULL;
}

/* Cuts comment and blanks off. */
static char *target_line_trim(char *line)
{
	size_t length;

	line[strcspn(line, "#")] = '\0';
	line += strspn(line, BLANKS);
	length = strlen(line);
	while (length > 0 && strchr(BLANKS, line[length - 1]) != NULL)
		line[--length] = '\0';
	return line;
}

/* Returns 0, or ERROR_NOT_ENOUGH_MEMORY. A line that is no target is reported in err, too. */
static NET_API_STATUS target_list_add_line(struct target_list *list, struct text_lines *lines,
                                           char *line)
{
	struct err why = { 0 };

	line = target_line_trim(line);
	if (line[0] == '\0' || target_list_add(list, line, &why) == NERR_Success)
		return NERR_Success;
	if (why.status == ERROR_NOT_ENOUGH_MEMORY)
		return why.status;
	(void)text_lines_fail(lines, "%s", err_text(&why));
	return NERR_Success;
}

static NET_API_STATUS target_list_add_lines(struct target_list *list, char *text, size_t bytes,
                                            const char *path,
                                            void (*refused)(void *context, const char *message),
                                            void *context, struct err *err)
{
	struct text_lines lines;
	struct err why = { 0 };
	char *line;

	text_lines_begin(&lines, text, bytes, path, STEP, &why);
	for (;;) {
		line = text_lines_next(&lines);
		if (line == NULL && why.status == NERR_Success)
			return NERR_Success;
		if (line == NULL)
			list->refused++;
		else if (target_list_add_line(list, &lines, line) != NERR_Success)
			return err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
		if (why.status != NERR_Success) {
			refused(context, why.text);
			text_lines_resume(&lines);
		}
	}
}

NET_API_STATUS target_list_read(struct target_list *list, const char *path,
                                void (*refused)(void *context, const char *message), void *context,
                                struct err *err)
{
	bool is_input = strcmp(path, "-") == 0;
	FILE *from = is_input ? stdin : fopen(path, "re");
	size_t bytes;
	char *text;

	if (from == NULL)
		return err_set_errno(err, STEP, path);
	text = target_file_read(from, path, &bytes, err);
	if (text != NULL)
		(void)target_list_add_lines(list, text, bytes, is_input ? "standard input" : path,
		                            refused, context, err);
	free(text);
	if (!is_input)
		fclose(from);
	return err->status;
}

/* ---- repeated targets ---- */

/* By their letters without case, then by their place. */
static int target_compare(const void *left, const void *right)
{
	char *const *a = *(char *const *const *)left, *const *b = *(char *const *const *)right;
	const char *at = *a, *bt = *b;

	while (*at != '\0' && ascii_lower(*at) == ascii_lower(*bt)) {
		at++;
		bt++;
	}
	if (*at == '\0' && *bt == '\0')
		return a < b ? -1 : a > b;
	return (unsigned char)ascii_lower(*at) < (unsigned char)ascii_lower(*bt) ? -1 : 1;
}

static bool target_is_equal(const char *a, const char *b)
{
	while (*a != '\0' && ascii_lower(*a) == ascii_lower(*b)) {
		a++;
		b++;
	}
	return *a == *b;
}

bool target_list_drop_repeated(struct target_list *list)
{
	struct text_list *names = &list->names;
	char ***sorted = calloc(names->count + 1, sizeof *sorted);
	const char *kept = NULL;
	size_t left = 0;

	if (sorted == NULL)
		return false;
	for (size_t i = 0; i < names->count; i++)
		sorted[i] = &names->texts[i];
	qsort(sorted, names->count, sizeof *sorted, target_compare);
	for (size_t i = 0; i < names->count; i++) {
		if (kept != NULL && target_is_equal(kept, *sorted[i])) {
			free(*sorted[i]);
			*sorted[i] = NULL;
		} else {
			kept = *sorted[i];
		}
	}
	for (size_t i = 0; i < names->count; i++)
		if (names->texts[i] != NULL)
			names->texts[left++] = names->texts[i];
	names->count = left;
	free(sorted);
	return true;
}
