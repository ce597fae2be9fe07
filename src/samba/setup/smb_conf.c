/* SPDX-License-Identifier: MIT */
#include "samba/setup/smb_conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ascii.h"

#define MARK "# netsession-samba: "
#define BEGIN \
	MARK "begin, by \"netsession-samba enable\"; \"netsession-samba disable\" takes it out"
#define SECTION "[global]"
#define SETS    SMB_CONF_PARAMETER " = "
#define END     MARK "end"

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

static bool smb_conf_is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

const char *smb_conf_directory_fault(const char *directory)
{
	size_t bytes = strlen(directory);

	if (directory[0] != '/')
		return "is not an absolute path";
	if (directory[bytes - 1] == '/')
		return "ends in /";
	if (bytes >= SMB_CONF_DIRECTORY_BYTES)
		return "is too long: paths of Unix sockets below it would not fit";
	for (size_t i = 0; i < bytes; i++)
		if ((unsigned char)directory[i] < 0x20 || directory[i] == 0x7F)
			return "contains a control character";
	/* Samba makes one blank of several, and drops those at the end. */
	if (strstr(directory, "  ") != NULL || directory[bytes - 1] == ' ')
		return "has blanks that smb.conf does not keep";
	if (strpbrk(directory, "%\"\\") != NULL)
		return "contains one of % \" \\, which have a special meaning in smb.conf";
	return NULL;
}

/* ---- lines ---- */

struct conf_line {
	const char *text;
	size_t bytes; /* without its end */
};

/* Steps over the line at *at. False: there is none. */
static bool smb_conf_next_line(const char *text, size_t bytes, size_t *at, struct conf_line *line)
{
	const char *end;

	if (*at == bytes)
		return false;
	line->text = text + *at;
	end = memchr(line->text, '\n', bytes - *at);
	line->bytes = end != NULL ? (size_t)(end - line->text) : bytes - *at;
	*at += line->bytes + (end != NULL);
	if (line->bytes > 0 && line->text[line->bytes - 1] == '\r')
		line->bytes--;
	return true;
}

static bool smb_conf_line_is(const struct conf_line *line, const char *expected)
{
	return line->bytes == strlen(expected) && memcmp(line->text, expected, line->bytes) == 0;
}

static bool smb_conf_line_has_mark(const struct conf_line *line)
{
	size_t at = 0;

	while (at < line->bytes && (line->text[at] == ' ' || line->text[at] == '\t'))
		at++;
	return line->bytes - at >= strlen(MARK) && memcmp(line->text + at, MARK, strlen(MARK)) == 0;
}

bool smb_conf_line_sets_parameter(const char *line, size_t bytes)
{
	const char *name = SMB_CONF_PARAMETER;

	for (size_t i = 0; i < bytes; i++) {
		if (smb_conf_is_blank(line[i]))
			continue;
		if (*name == '\0')
			return line[i] == '=';
		if (ascii_lower(line[i]) != ascii_lower(*name++))
			return false;
	}
	return false;
}

/* ---- our block ---- */

/* Whether a whole block begins at begin; gives its end, and the directory that it sets. Earlier
 * versions put a block without a [global] of its own behind the first one. */
static bool smb_conf_find_block(const char *text, size_t bytes, size_t begin, size_t *end,
                                char directory[SMB_CONF_DIRECTORY_BYTES])
{
	struct conf_line line;
	size_t at = begin;

	if (!smb_conf_next_line(text, bytes, &at, &line) || !smb_conf_line_is(&line, BEGIN) ||
	    !smb_conf_next_line(text, bytes, &at, &line) ||
	    (smb_conf_line_is(&line, SECTION) && !smb_conf_next_line(text, bytes, &at, &line)) ||
	    line.bytes < strlen(SETS) || memcmp(line.text, SETS, strlen(SETS)) != 0 ||
	    line.bytes - strlen(SETS) >= SMB_CONF_DIRECTORY_BYTES)
		return false;
	memcpy(directory, line.text + strlen(SETS), line.bytes - strlen(SETS));
	directory[line.bytes - strlen(SETS)] = '\0';
	if (smb_conf_directory_fault(directory) != NULL ||
	    !smb_conf_next_line(text, bytes, &at, &line) || !smb_conf_line_is(&line, END))
		return false;
	*end = at;
	return true;
}

/* Finds where a block would go: first, but behind the line of a byte order mark, which stays the
 * file's first bytes. A backslash continues that line. */
static void smb_conf_find_place(struct smb_conf *c, const char *text, size_t bytes)
{
	struct conf_line line = { 0 };
	size_t at = 0, count = 0;
	bool is_continued = bytes >= 3 && memcmp(text, BYTE_ORDER_MARK, 3) == 0;

	while (is_continued && smb_conf_next_line(text, bytes, &at, &line)) {
		count++;
		while (line.bytes > 0 && smb_conf_is_blank(line.text[line.bytes - 1]))
			line.bytes--;
		is_continued = line.bytes > 0 && line.text[line.bytes - 1] == '\\';
	}
	c->begin = c->end = at;
	c->line = count + 1;
	if (is_continued || (at > 0 && text[at - 1] != '\n')) {
		c->state = SMB_CONF_UNUSABLE;
		c->fault = "it begins with a byte order mark, and its first line has no line end";
	}
}

void smb_conf_read(struct smb_conf *to, const char *text, size_t bytes)
{
	struct conf_line line;
	size_t at = 0, changed_line = 0;

	*to = (struct smb_conf){ 0 };
	if (bytes > 0 && memchr(text, '\0', bytes) != NULL) {
		to->state = SMB_CONF_UNUSABLE;
		to->fault = "it contains a NUL byte";
		return;
	}
	for (size_t number = 1, begin = 0; smb_conf_next_line(text, bytes, &at, &line);
	     number++, begin = at) {
		char directory[SMB_CONF_DIRECTORY_BYTES];
		size_t end;

		if (number == 1)
			to->has_crlf = at > 1 && text[at - 1] == '\n' && text[at - 2] == '\r';
		if (smb_conf_line_sets_parameter(line.text, line.bytes) && to->other_line == 0)
			to->other_line = number;
		if (!smb_conf_line_has_mark(&line))
			continue;
		if (to->state == SMB_CONF_WITH ||
		    !smb_conf_find_block(text, bytes, begin, &end, directory)) {
			changed_line = changed_line == 0 ? number : changed_line;
			continue;
		}
		to->state = SMB_CONF_WITH;
		to->line = number;
		to->begin = begin;
		to->end = end;
		strcpy(to->directory, directory);
		for (; at < end; number++)
			(void)smb_conf_next_line(text, bytes, &at, &line);
	}
	if (changed_line != 0) {
		to->state = SMB_CONF_CHANGED;
		to->line = changed_line;
		to->directory[0] = '\0';
	} else if (to->state == SMB_CONF_WITHOUT) {
		smb_conf_find_place(to, text, bytes);
	}
}

/* ---- put in, and taken out ---- */

char *smb_conf_block(const struct smb_conf *c, const char *directory)
{
	const char *end = c->has_crlf ? "\r\n" : "\n";
	char *block;

	if (asprintf(&block, BEGIN "%s" SECTION "%s" SETS "%s%s" END "%s", end, end, directory, end,
	             end) < 0)
		return NULL;
	return block;
}

static char *smb_conf_replace_bytes(const struct smb_conf *c, const char *text, size_t bytes,
                                    const char *by, size_t *made_bytes)
{
	size_t by_bytes = strlen(by);
	char *made = malloc(bytes - (c->end - c->begin) + by_bytes + 1);

	if (made == NULL)
		return NULL;
	memcpy(made, text, c->begin);
	memcpy(made + c->begin, by, by_bytes);
	memcpy(made + c->begin + by_bytes, text + c->end, bytes - c->end);
	*made_bytes = bytes - (c->end - c->begin) + by_bytes;
	return made;
}

char *smb_conf_insert(const struct smb_conf *c, const char *text, size_t bytes, const char *block,
                      size_t *made_bytes)
{
	return smb_conf_replace_bytes(c, text, bytes, block, made_bytes);
}

char *smb_conf_remove(const struct smb_conf *c, const char *text, size_t bytes, size_t *made_bytes)
{
	return smb_conf_replace_bytes(c, text, bytes, "", made_bytes);
}
