/* SPDX-License-Identifier: MIT */
#include "samba/setup/smb_conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MARK "# netsession-samba: "
#define BEGIN \
	MARK "begin, by \"netsession-samba enable\"; \"netsession-samba disable\" takes it out"
#define END MARK "end"

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

/* An address of a Unix socket has 108 bytes with its terminator; this leaves 20 for a pipe's name
 * behind "/np/". */
enum { DIRECTORY_MOST_BYTES = 108 - 1 - 20 - 4 };

/* Of ASCII, whatever the locale. */
static bool smb_conf_is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

const char *smb_conf_directory_fault(const char *directory)
{
	size_t bytes = strlen(directory);

	if (directory[0] != '/')
		return "is no absolute path";
	if (directory[bytes - 1] == '/')
		return "ends in /";
	if (bytes > DIRECTORY_MOST_BYTES)
		return "is too long: paths of Unix sockets below it would not fit";
	for (size_t i = 0; i < bytes; i++)
		if ((unsigned char)directory[i] < 0x20 || directory[i] == 0x7F)
			return "holds a control character";
	/* Samba makes one blank of several, and none at the end. */
	if (strstr(directory, "  ") != NULL || directory[bytes - 1] == ' ')
		return "has blanks that smb.conf does not keep";
	if (strpbrk(directory, "%\"\\") != NULL)
		return "holds one of % \" \\, which mean something else in smb.conf";
	return NULL;
}

/* ---- the text, as Samba reads it ---- */

enum smb_conf_item { ITEM_END, ITEM_EMPTY, ITEM_COMMENT, ITEM_SECTION, ITEM_PARAMETER };

struct smb_conf_scan {
	const char *text;
	size_t bytes, at, line;
	char *said; /* room for all of the text and a terminator */
	/* What was found. */
	size_t begin, first_line;
	size_t said_bytes;
	bool is_ended; /* by a line's end, and not by the text's */
};

static void smb_conf_skip_line(struct smb_conf_scan *s)
{
	const char *end = memchr(s->text + s->at, '\n', s->bytes - s->at);

	s->at = end != NULL ? (size_t)(end - s->text) + 1 : s->bytes;
	s->line++;
}

/* A backslash before the line's end, and before one blank there, continues it. What stands before
 * is looked at again after an empty line, as Samba does it. */
static bool smb_conf_take_continuation(struct smb_conf_scan *s)
{
	size_t said = s->said_bytes;

	if (said > 0 && s->said[said - 1] == '\\') {
		s->said_bytes = said - 1;
		return true;
	}
	if (said > 1 && s->said[said - 2] == '\\' && smb_conf_is_blank(s->said[said - 1])) {
		s->said_bytes = said - 2;
		return true;
	}
	return false;
}

/* What lines say until one is not continued, with one blank for several. */
static void smb_conf_take_text(struct smb_conf_scan *s)
{
	s->said_bytes = 0;
	s->is_ended = false;
	for (; s->at < s->bytes; s->at++) {
		char c = s->text[s->at];

		if (c == '\n') {
			s->line++;
			if (smb_conf_take_continuation(s))
				continue;
			s->at++;
			s->is_ended = true;
			break;
		}
		if (s->said_bytes > 0 && smb_conf_is_blank(c) &&
		    smb_conf_is_blank(s->said[s->said_bytes - 1]))
			continue;
		s->said[s->said_bytes++] = c;
	}
	s->said[s->said_bytes] = '\0';
}

static enum smb_conf_item smb_conf_next_item(struct smb_conf_scan *s)
{
	s->begin = s->at;
	s->first_line = s->line;
	while (s->at < s->bytes && smb_conf_is_blank(s->text[s->at]) && s->text[s->at] != '\n')
		s->at++;
	if (s->at == s->bytes)
		return ITEM_END;
	switch (s->text[s->at]) {
	case '\n':
		smb_conf_skip_line(s);
		return ITEM_EMPTY;
	case '#':
	case ';':
		smb_conf_skip_line(s);
		return ITEM_COMMENT;
	case '[':
		smb_conf_take_text(s);
		return ITEM_SECTION;
	default:
		smb_conf_take_text(s);
		return ITEM_PARAMETER;
	}
}

/* Samba compares names without their blanks and without regard to case. */
static bool smb_conf_is_name(const char *said, size_t bytes, const char *name)
{
	for (size_t i = 0; i < bytes; i++) {
		if (smb_conf_is_blank(said[i]))
			continue;
		if (*name == '\0' || strncasecmp(said + i, name, 1) != 0)
			return false;
		name++;
	}
	return *name == '\0';
}

static bool smb_conf_is_global(const struct smb_conf_scan *s)
{
	size_t bytes = strcspn(s->said + 1, "]");

	return smb_conf_is_name(s->said + 1, bytes, "global") ||
	       smb_conf_is_name(s->said + 1, bytes, "globals");
}

/* The value where it is our parameter; NULL: it is another. Its end may be a blank. */
static const char *smb_conf_find_value(const struct smb_conf_scan *s)
{
	const char *equals = strchr(s->said, '=');

	if (equals == NULL ||
	    !smb_conf_is_name(s->said, (size_t)(equals - s->said), SMB_CONF_PARAMETER))
		return NULL;
	return equals + 1 + strspn(equals + 1, " \t\r\v\f");
}

/* ---- our block ---- */

/* The line at *at, without its end; steps over it. False: there is none. */
static bool smb_conf_cut_line(const char *text, size_t bytes, size_t *at, const char **line,
                              size_t *line_bytes)
{
	const char *end;

	if (*at == bytes)
		return false;
	*line = text + *at;
	end = memchr(*line, '\n', bytes - *at);
	*line_bytes = end != NULL ? (size_t)(end - *line) : bytes - *at;
	*at += *line_bytes + (end != NULL);
	if (*line_bytes > 0 && (*line)[*line_bytes - 1] == '\r')
		--*line_bytes;
	return true;
}

static bool smb_conf_is_line(const char *line, size_t bytes, const char *expected)
{
	return bytes == strlen(expected) && memcmp(line, expected, bytes) == 0;
}

/* Whether a whole block begins at begin. Gives its end, and the directory that it says; NULL: it is
 * not whole, or out of memory. */
static char *smb_conf_find_block(const char *text, size_t bytes, size_t begin, size_t *end,
                                 bool *brings_section)
{
	static const char parameter[] = SMB_CONF_PARAMETER " = ";
	const char *line;
	size_t at = begin, line_bytes;
	char *directory;

	if (!smb_conf_cut_line(text, bytes, &at, &line, &line_bytes) ||
	    !smb_conf_is_line(line, line_bytes, BEGIN) ||
	    !smb_conf_cut_line(text, bytes, &at, &line, &line_bytes))
		return NULL;
	*brings_section = smb_conf_is_line(line, line_bytes, "[global]");
	if (*brings_section && !smb_conf_cut_line(text, bytes, &at, &line, &line_bytes))
		return NULL;
	if (line_bytes <= strlen(parameter) || memcmp(line, parameter, strlen(parameter)) != 0)
		return NULL;
	directory = strndup(line + strlen(parameter), line_bytes - strlen(parameter));
	if (directory != NULL && smb_conf_directory_fault(directory) == NULL &&
	    smb_conf_cut_line(text, bytes, &at, &line, &line_bytes) &&
	    smb_conf_is_line(line, line_bytes, END)) {
		*end = at;
		return directory;
	}
	free(directory);
	return NULL;
}

static bool smb_conf_has_mark(const struct smb_conf_scan *s)
{
	const char *line = s->text + s->begin;
	size_t bytes = s->at - s->begin;

	while (bytes > 0 && smb_conf_is_blank(*line)) {
		line++;
		bytes--;
	}
	return bytes >= strlen(MARK) && memcmp(line, MARK, strlen(MARK)) == 0;
}

/* ---- what there is ---- */

struct smb_conf_reading {
	struct smb_conf *c;
	size_t blocks;
	bool is_global; /* as far as the text was read */
	bool has_place;
	size_t behind_first; /* bytes: behind the first line; 0: that has no end */
	size_t line_behind_first;
	size_t foreign_line, changed_line; /* 0: none */
	char *foreign;                     /* what it says */
	bool is_out_of_memory;
};

static void smb_conf_set_changed(struct smb_conf_reading *f, size_t line)
{
	if (f->changed_line == 0)
		f->changed_line = line;
}

/* Steps over a whole block. */
static void smb_conf_on_mark(struct smb_conf_reading *f, struct smb_conf_scan *s)
{
	size_t end;
	bool brings_section;
	char *directory = smb_conf_find_block(s->text, s->bytes, s->begin, &end, &brings_section);

	if (directory == NULL) {
		smb_conf_set_changed(f, s->first_line);
		return;
	}
	if (++f->blocks == 1) {
		f->c->begin = s->begin;
		f->c->end = end;
		f->c->directory = directory;
		f->c->brings_section = brings_section;
		f->c->line = s->first_line;
	} else {
		free(directory);
		smb_conf_set_changed(f, s->first_line);
	}
	if (brings_section)
		f->is_global = true;
	if (!f->is_global)
		smb_conf_set_changed(f, s->first_line);
	while (s->at < end)
		smb_conf_skip_line(s);
}

static void smb_conf_on_section(struct smb_conf_reading *f, struct smb_conf_scan *s)
{
	f->is_global = smb_conf_is_global(s);
	/* Behind a last line that has no end, a block would be part of it. */
	if (!f->is_global || f->has_place || f->blocks > 0 || !s->is_ended)
		return;
	f->has_place = true;
	f->c->begin = f->c->end = s->at;
	f->c->line = s->line;
	f->c->has_crlf = s->at > 1 && s->text[s->at - 2] == '\r';
}

static void smb_conf_on_parameter(struct smb_conf_reading *f, struct smb_conf_scan *s)
{
	const char *value = smb_conf_find_value(s);
	size_t bytes;

	if (value == NULL || !f->is_global || f->foreign != NULL)
		return;
	bytes = strlen(value);
	while (bytes > 0 && smb_conf_is_blank(value[bytes - 1]))
		bytes--;
	f->foreign = strndup(value, bytes);
	f->is_out_of_memory = f->foreign == NULL;
	f->foreign_line = s->first_line;
}

/* There is no [global] to go into: a block with one, before everything else. What stands there
 * without a section is Samba's [global] as well. A byte order mark stays the file's first bytes;
 * its line is none that Samba knows. */
static void smb_conf_find_place(struct smb_conf_reading *f, const char *text, size_t bytes)
{
	struct smb_conf *c = f->c;
	const char *end = bytes > 0 ? memchr(text, '\n', bytes) : NULL;
	bool has_mark = bytes >= 3 && memcmp(text, BYTE_ORDER_MARK, 3) == 0;

	c->brings_section = true;
	c->has_crlf = end != NULL && end > text && end[-1] == '\r';
	c->begin = c->end = has_mark ? f->behind_first : 0;
	c->line = has_mark ? f->line_behind_first : 1;
	if (has_mark && f->behind_first == 0) {
		c->state = SMB_CONF_UNUSABLE;
		c->fault = "it begins with a byte order mark, and its first line has no end";
	}
}

static void smb_conf_conclude(struct smb_conf_reading *f, const char *text, size_t bytes)
{
	struct smb_conf *c = f->c;

	if (f->foreign != NULL) {
		free(c->directory);
		c->directory = f->foreign;
		c->line = f->foreign_line;
		c->state = SMB_CONF_FOREIGN;
	} else if (f->changed_line > 0) {
		c->line = f->changed_line;
		c->state = SMB_CONF_CHANGED;
	} else if (f->blocks == 1) {
		c->state = SMB_CONF_WITH;
	} else if (!f->has_place) {
		smb_conf_find_place(f, text, bytes);
	}
}

bool smb_conf_read(struct smb_conf *to, const char *text, size_t bytes)
{
	struct smb_conf_scan s = { .text = text, .bytes = bytes, .line = 1 };
	struct smb_conf_reading f = { .c = to, .is_global = true };
	enum smb_conf_item kind;

	*to = (struct smb_conf){ 0 };
	if (bytes > 0 && memchr(text, '\0', bytes) != NULL) {
		to->state = SMB_CONF_UNUSABLE;
		to->fault = "it holds a byte of zero";
		return true;
	}
	s.said = malloc(bytes + 1);
	if (s.said == NULL)
		return false;
	while ((kind = smb_conf_next_item(&s)) != ITEM_END) {
		if (s.begin == 0 && s.is_ended) {
			f.behind_first = s.at;
			f.line_behind_first = s.line;
		}
		if (kind == ITEM_COMMENT && smb_conf_has_mark(&s))
			smb_conf_on_mark(&f, &s);
		else if (kind == ITEM_SECTION)
			smb_conf_on_section(&f, &s);
		else if (kind == ITEM_PARAMETER)
			smb_conf_on_parameter(&f, &s);
	}
	free(s.said);
	smb_conf_conclude(&f, text, bytes);
	return !f.is_out_of_memory;
}

void smb_conf_fini(struct smb_conf *c)
{
	free(c->directory);
	c->directory = NULL;
}

/* ---- put in, and taken out ---- */

char *smb_conf_block(const struct smb_conf *c, const char *directory)
{
	const char *end = c->has_crlf ? "\r\n" : "\n";
	char *block;

	if (asprintf(&block, BEGIN "%s%s%s" SMB_CONF_PARAMETER " = %s%s" END "%s", end,
	             c->brings_section ? "[global]" : "", c->brings_section ? end : "", directory,
	             end, end) < 0)
		return NULL;
	return block;
}

static char *smb_conf_replace_bytes(const char *text, size_t bytes, size_t begin, size_t end,
                                    const char *by, size_t *made_bytes)
{
	size_t by_bytes = strlen(by);
	char *made = malloc(bytes - (end - begin) + by_bytes + 1);

	if (made == NULL)
		return NULL;
	memcpy(made, text, begin);
	memcpy(made + begin, by, by_bytes);
	memcpy(made + begin + by_bytes, text + end, bytes - end);
	*made_bytes = bytes - (end - begin) + by_bytes;
	return made;
}

char *smb_conf_insert(const struct smb_conf *c, const char *text, size_t bytes, const char *block,
                      size_t *made_bytes)
{
	return smb_conf_replace_bytes(text, bytes, c->begin, c->begin, block, made_bytes);
}

char *smb_conf_remove(const struct smb_conf *c, const char *text, size_t bytes, size_t *made_bytes)
{
	return smb_conf_replace_bytes(text, bytes, c->begin, c->end, "", made_bytes);
}
