/* SPDX-License-Identifier: MIT */
#include "daemon/config.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/database_name.h"
#include "base/locale.h"
#include "base/text_lines.h"
#include "daemon/config_keys.h"

#define STEP           "configuration"
#define EXPECTED_BYTES 256
#define BLANKS         " \t"

enum { MOST_FILE_BYTES = 1 << 20 };

/* A file while it is read. libinih gets its lines from here, and gives keys and values back. */
struct config_reader {
	struct config *config;
	struct text_lines lines;
	const struct config_key *last; /* the key that a line which begins with a blank continues */
	bool goes_on;                  /* the line continues it */
};

/* ---- lines ---- */

/* Sections are checked here, because libinih does not report one without keys. */
static void config_check_section(struct config_reader *r, const char *line)
{
	size_t bytes = strcspn(line + 1, "]\n");
	char names[EXPECTED_BYTES] = "";

	r->last = NULL;
	for (const struct config_section *s = config_sections; s->name != NULL; s++) {
		if (strlen(s->name) == bytes && strncmp(s->name, line + 1, bytes) == 0)
			return;
		snprintf(names + strlen(names), sizeof names - strlen(names), "%s[%s]",
		         s == config_sections ? "" : ", ", s->name);
	}
	text_lines_fail(&r->lines, "there is no section [%.*s]; expected %s", (int)bytes, line + 1,
	                names);
}

static void config_check_line(struct config_reader *r, const char *line)
{
	size_t blanks = strspn(line, BLANKS);

	for (const char *at = line; *at != '\0'; at++)
		if (((unsigned char)*at < 0x20 && *at != '\t') || *at == 0x7F)
			text_lines_fail(&r->lines,
			                "the line has a control character; expected text");
	r->goes_on = blanks > 0 && line[blanks] != '\0' && strchr("#;", line[blanks]) == NULL;
	if (r->goes_on && (r->last == NULL || r->last->type != CONFIG_LIST))
		text_lines_fail(
			&r->lines,
			"a line that begins with a blank continues a list, but there is no list before it");
	if (*line == '[')
		config_check_section(r, line);
}

/* For libinih instead of fgets, which would read a longer line as several. */
static char *config_next_line(char *to, int room, void *stream)
{
	struct config_reader *r = stream;
	const char *line = text_lines_next(&r->lines);

	if (line == NULL)
		return NULL;
	if (strlen(line) + 2 > (size_t)room)
		text_lines_fail(
			&r->lines,
			"the line is longer than %d bytes; continue a list on lines that begin with a "
			"blank",
			room - 2);
	else
		config_check_line(r, line);
	return r->lines.err->status == NERR_Success ? strcpy(to, line) : NULL;
}

/* ---- keys ---- */

static void config_fail_unknown_key(struct config_reader *r, const char *section, const char *name)
{
	const char *renamed = config_key_renamed(section, name);
	char names[1024] = "";

	for (size_t i = 0; i < config_key_count; i++)
		if (strcmp(config_keys[i].section, section) == 0)
			snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s",
			         *names == '\0' ? "" : ", ", config_keys[i].name);
	if (renamed != NULL)
		text_lines_fail(&r->lines, "the key %s in [%s] was renamed; use %s", name, section,
		                renamed);
	else if (*section == '\0')
		text_lines_fail(
			&r->lines,
			"the key %s is in no section; expected a line such as [server] before it",
			name);
	else
		text_lines_fail(&r->lines, "there is no key %s in [%s]; expected %s", name, section,
		                names);
}

/* Whether a value could be set; else the line fails. */
static bool config_check_value(struct config_reader *r, const struct config_key *key, bool is_set,
                               const char *value)
{
	char expected[EXPECTED_BYTES];

	if (is_set)
		return true;
	if (r->config->is_out_of_memory) {
		err_set(r->lines.err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
		return false;
	}
	config_value_expected(key, expected);
	text_lines_fail(&r->lines, "[%s] %s cannot %s \"%s\"; expected %s", key->section, key->name,
	                r->goes_on ? "continue with" : "be", value, expected);
	return false;
}

/* What people know from other files: quotes around a value, and a comment behind it. Here both
 * would be part of the value. */
static bool config_check_writing(struct config_reader *r, const struct config_key *key,
                                 const char *value)
{
	size_t bytes = strlen(value);
	bool is_quoted = bytes >= 2 && strchr("\"'", value[0]) != NULL &&
	                 value[bytes - 1] == value[0];

	/* No label of a list has a quotation mark. */
	if (is_quoted || (key->type == CONFIG_LIST && strchr(value, '"') != NULL))
		text_lines_fail(
			&r->lines,
			"the value of [%s] %s is in quotes, which would be part of it; write "
			"it without quotes",
			key->section, key->name);
	else if (key->type != CONFIG_TEXT &&
	         (strstr(value, " #") != NULL || strstr(value, "\t#") != NULL))
		text_lines_fail(&r->lines,
		                "a # behind the value of [%s] %s would be part of it; write the "
		                "comment on a line of its own, or behind \" ;\"",
		                key->section, key->name);
	else
		return true;
	return false;
}

/* The file may be read by others; and the name of the database is in the command line of the
 * program that records. */
static bool config_check_database(struct config_reader *r, const struct config_key *key,
                                  const char *value)
{
	if (key->type != CONFIG_DATABASE || !database_name_has_password(value))
		return true;
	text_lines_fail(&r->lines,
	                "the value of [%s] %s has a password, which others can see; leave it out, "
	                "and write it into a service file of libpq, as netsessiond.conf(5) "
	                "shows",
	                key->section, key->name);
	return false;
}

/* Adds more to the list that is the key's value. */
static bool config_append_value(struct config_reader *r, const struct config_key *key,
                                const char *more)
{
	char **member = (char **)((char *)r->config + key->member);
	char *all;
	bool is_set;

	if (asprintf(&all, "%s,%s", *member, more) < 0) {
		r->config->is_out_of_memory = true;
		return false;
	}
	is_set = config_value_parse(r->config, key, all);
	free(all);
	return is_set;
}

static int config_on_key(void *user, const char *section, const char *name, const char *value)
{
	struct config_reader *r = user;
	const struct config_key *key = config_key_find(section, name);
	struct config_place *place;

	if (key == NULL) {
		config_fail_unknown_key(r, section, name);
		return 0;
	}
	if (!config_check_writing(r, key, value) || !config_check_database(r, key, value))
		return 0;
	if (r->goes_on)
		return config_check_value(r, key, config_append_value(r, key, value), value);
	place = &r->config->places[key - config_keys];
	r->last = key;
	if (place->line != 0) {
		text_lines_fail(&r->lines, "[%s] %s was already set in line %u", section, name,
		                place->line);
		return 0;
	}
	place->line = r->lines.line;
	return config_check_value(r, key, config_value_parse(r->config, key, value), value);
}

static bool config_read_text(struct config *c, char *text, size_t bytes, const char *path,
                             struct err *err)
{
	struct config_reader r = { .config = c };
	int line;

	text_lines_begin(&r.lines, text, bytes, path, STEP, err);
	line = ini_parse_stream(config_next_line, &r, config_on_key, &r);
	if (line < 0)
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	if (line > 0)
		text_lines_fail_at(&r.lines, (unsigned)line, "expected [SECTION] or KEY = VALUE");
	return err->status == NERR_Success;
}

static bool config_read_file(struct config *c, FILE *file, const char *path, struct err *err)
{
	char *text = malloc(MOST_FILE_BYTES + 2);
	size_t bytes = text != NULL ? fread(text, 1, MOST_FILE_BYTES + 1, file) : 0;
	bool is_good = false;

	if (text == NULL)
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	else if (ferror(file))
		err_format(err, ERROR_ACCESS_DENIED, STEP, "%.200s: cannot be read: %s", path,
		           locale_error_text(errno));
	else if (bytes > MOST_FILE_BYTES)
		err_format(err, ERROR_INVALID_PARAMETER, STEP, "%.200s: it is larger than 1 MiB",
		           path);
	else
		is_good = config_read_text(c, text, bytes, path, err);
	free(text);
	return is_good;
}

/* ---- all of it ---- */

static bool config_key_is_text(const struct config_key *key)
{
	return key->type != CONFIG_NUMBER && key->type != CONFIG_BOOL &&
	       key->type != CONFIG_ADDRESSES;
}

void config_fini(struct config *c)
{
	for (size_t i = 0; i < config_key_count; i++)
		if (config_key_is_text(&config_keys[i]))
			free(*(char **)((char *)c + config_keys[i].member));
	free(c->file);
	*c = (struct config){ 0 };
}

static bool config_set_defaults(struct config *c, struct err *err)
{
	*c = (struct config){ 0 };
	for (size_t i = 0; i < config_key_count; i++)
		if (!config_value_parse(c, &config_keys[i], config_keys[i].initial)) {
			err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
			return false;
		}
	return true;
}

static bool config_set_override(struct config *c, const struct config_override *override,
                                struct err *err)
{
	const struct config_key *key = config_key_find(override->section, override->key);
	char expected[EXPECTED_BYTES];

	c->places[key - config_keys].option = override->option;
	if (config_value_parse(c, key, override->value))
		return true;
	if (c->is_out_of_memory) {
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
		return false;
	}
	config_value_expected(key, expected);
	err_format(err, ERROR_INVALID_PARAMETER, STEP, "--%s cannot be \"%.200s\"; expected %s",
	           override->option, override->value, expected);
	return false;
}

static bool config_open_and_read(struct config *c, const char *path, bool must_exist,
                                 struct err *err)
{
	FILE *file = fopen(path, "re");
	bool is_good;

	if (file == NULL) {
		if (errno == ENOENT && !must_exist)
			return true;
		err_format(err, ERROR_FILE_NOT_FOUND, STEP, "%.200s: %s", path,
		           locale_error_text(errno));
		return false;
	}
	c->file = strdup(path);
	if (c->file == NULL)
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	is_good = c->file != NULL && config_read_file(c, file, path, err);
	fclose(file);
	return is_good;
}

bool config_read(struct config *c, const char *file, bool must_exist,
                 const struct config_override *overrides, size_t count, struct err *err)
{
	bool is_good = config_set_defaults(c, err) &&
	               config_open_and_read(c, file, must_exist, err);

	for (size_t i = 0; is_good && i < count; i++)
		is_good = config_set_override(c, &overrides[i], err);
	if (!is_good)
		config_fini(c);
	return is_good;
}

static const struct config_key *config_key_of_member(const struct config *c, const void *member)
{
	size_t offset = (size_t)((const char *)member - (const char *)c);
	const struct config_key *key = config_keys;

	while (key->member != offset)
		key++;
	return key;
}

bool config_is_set(const struct config *c, const void *member)
{
	const struct config_place *place =
		&c->places[config_key_of_member(c, member) - config_keys];

	return place->line != 0 || place->option != NULL;
}

/* Writes the key's value as in the file, in quotes. */
static void config_put_value(const struct config *c, const struct config_key *key, char *to,
                             size_t room)
{
	const struct net_addresses *addresses = &c->listen;
	char one[NET_ADDRESS_TEXT_BYTES];

	if (config_key_is_text(key)) {
		snprintf(to, room, " cannot be \"%.200s\"",
		         *(char *const *)((const char *)c + key->member));
		return;
	}
	if (key->type != CONFIG_ADDRESSES)
		return;
	for (unsigned i = 0; i < addresses->count; i++) {
		net_address_text(&addresses->list[i], one);
		snprintf(to + strlen(to), room - strlen(to), "%s%s",
		         i == 0 ? " cannot be \"" : ", ", one);
	}
	snprintf(to + strlen(to), room - strlen(to), "\"");
}

void config_explain_key(const struct config *c, const void *member, const struct err *reason,
                        struct err *err)
{
	const struct config_key *key = config_key_of_member(c, member);
	const struct config_place *place = &c->places[key - config_keys];
	char where[256], value[512] = "";

	if (place->option != NULL)
		(void)snprintf(where, sizeof where, "--%s", place->option);
	else if (place->line != 0)
		(void)snprintf(where, sizeof where, "%.200s:%u: [%s] %s", c->file, place->line,
		               key->section, key->name);
	else
		(void)snprintf(where, sizeof where, "[%s] %s (the default)", key->section,
		               key->name);
	config_put_value(c, key, value, sizeof value);
	err_format(err, reason->status, STEP, "%s%s: %s", where, value, err_text(reason));
}
