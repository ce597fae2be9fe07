/* SPDX-License-Identifier: MIT */
/* Text files that people write for netsessiond: lines, the configuration with an option of the
 * command line, the NTLM users.
 * Input: kind, then the file; of the configuration: the option's key and value before it; or the
 * name and the password of a new account.
 * Must reach: text_lines_begin text_lines_next text_lines_fail text_lines_fail_at config_read
 *   config_check_section config_check_line config_next_line config_on_key config_append_value
 *   config_fail_unknown_key config_check_value config_check_writing config_set_override
 *   config_value_parse config_value_expected config_networks config_has_word config_explain_key
 *   config_is_set config_key_renamed net_address_text accounts_read account_line_parse
 *   account_line_make accounts_find accounts_find_duplicate accounts_may_exist account_name_read
 *   accounts_free ip_network_parse ip_network_has
 * Holds: a line is UTF-8 without its end; a failure names the file and its line; numbers are inside
 * their bounds, and texts are values of their keys; an account is found by its names, whatever
 * their case, and no complaint repeats what may be a password; a line that is made is read. */
#include <lmerr.h>
#include "auth/account_line.h"
#include "auth/accounts.h"
#include "base/text.h"
#include "base/text_lines.h"
#include "daemon/config.h"
#include "file.h"
#include "fuzz.h"

/* A word of the seeds that stands for a password. */
#define SECRET "Hunter2"

static void check_complaint(const struct err *err, const char *file)
{
	MUST(err->status != NERR_Success && text_utf8_is_valid(err->text));
	if (err->status == ERROR_INVALID_PARAMETER)
		MUST(strncmp(err->text, file, strlen(file)) == 0 ||
		     strncmp(err->text, "--", 2) == 0);
}

static void lines(struct fuzz_input *in)
{
	size_t bytes = in->left, given = 0;
	char *text = malloc(bytes + 1);
	struct text_lines l;
	struct err err = { 0 };
	unsigned count = 0;
	const char *line;

	if (bytes > 0)
		memcpy(text, in->at, bytes);
	text_lines_begin(&l, text, bytes, "file", "step", &err);
	while ((line = text_lines_next(&l)) != NULL) {
		MUST(l.line == ++count && text_utf8_is_valid(line));
		MUST(strpbrk(line, "\r\n") == NULL && strlen(line) <= TEXT_LINES_MOST_BYTES);
		given += strlen(line);
	}
	MUST(given <= bytes);
	if (err.status != NERR_Success)
		check_complaint(&err, "file:");
	MUST(text_lines_next(&l) == NULL);
	free(text);
}

/* A network has its own address, and no address that differs in its first bit. */
static void check_networks(const char *value)
{
	struct ip_network list[CONFIG_MAX_NETWORKS];
	unsigned count = config_networks(value, list);

	MUST(count <= CONFIG_MAX_NETWORKS);
	for (unsigned i = 0; i < count; i++) {
		struct ip_address other = list[i].address;

		MUST(ip_network_has(&list[i], &list[i].address));
		other.bytes[IP_ADDRESS_V4_AT] ^= 0x80;
		MUST(!ip_network_has(&list[i], &other) || list[i].bits <= 8 * IP_ADDRESS_V4_AT);
	}
}

static void check_value(const struct config *c, const struct config_key *key)
{
	const void *member = (const char *)c + key->member;
	const struct config_place *place = &c->places[key - config_keys];
	const struct err reason = { .status = ERROR_INVALID_PARAMETER, .text = "for a reason" };
	char expected[256];
	struct config other = { 0 };
	struct err err = { 0 };

	config_value_expected(key, expected);
	config_explain_key(c, member, &reason, &err);
	MUST(err.status == reason.status);
	MUST(strstr(err.text, place->option != NULL ? place->option : key->name) != NULL);
	MUST(config_is_set(c, member) == (place->line != 0 || place->option != NULL));
	if (key->type == CONFIG_NUMBER) {
		uint32_t value = *(const uint32_t *)member;

		MUST(key->least <= value && value <= key->most);
	} else if (key->type == CONFIG_NETWORKS) {
		check_networks(*(char *const *)member);
	} else if (key->type == CONFIG_ADDRESSES) {
		MUST(c->listen.count <= NET_MAX_ADDRESSES);
	} else if (key->type != CONFIG_BOOL) {
		const char *value = *(char *const *)member;

		MUST(value != NULL && (place->option != NULL || text_utf8_is_valid(value)));
		MUST(config_value_parse(&other, key, value));
		MUST(strcmp(*(char **)((char *)&other + key->member), value) == 0);
		free(*(char **)((char *)&other + key->member));
	}
}

static void config(struct fuzz_input *in)
{
	const struct config_key *key = &config_keys[fuzz_u8(in) % config_key_count];
	char *value = fuzz_text(in);
	const struct config_override override = { "option", key->section, key->name, value };
	struct fuzz_file file = fuzz_file_open(in);
	struct config c;
	struct err err = { 0 };

	if (config_read(&c, file.path, true, &override, value[0] != '\0', &err)) {
		MUST(c.file != NULL && strcmp(c.file, file.path) == 0);
		for (size_t i = 0; i < config_key_count; i++)
			check_value(&c, &config_keys[i]);
		config_fini(&c);
	} else {
		check_complaint(&err, file.path);
	}
	fuzz_file_close(&file);
	free(value);
}

/* As a log-on gives them: each with its domain, and as user@DOMAIN. */
static void find_accounts(const struct accounts *accounts, struct fuzz_input *in)
{
	char *text = fuzz_text(in), *at = text, *line;

	while ((line = strsep(&at, "\r\n")) != NULL) {
		char *domain = strsep(&line, ":"), *user = strsep(&line, ":");
		const struct account *found;
		struct account_name name;

		if (user == NULL || domain[0] == '#')
			continue;
		account_name_read(&name, domain, user);
		found = accounts_find(accounts, name.domain, name.user);
		if (found == NULL)
			continue;
		MUST(text_equal_nocase(found->domain, domain));
		MUST(text_equal_nocase(found->user, user));
		MUST(accounts_may_exist(found->domain, found->user));
		MUST(accounts_find(accounts, "", user) != NULL);
	}
	free(text);
}

static void accounts(struct fuzz_input *in)
{
	struct fuzz_file file = fuzz_file_open(in);
	struct accounts *list = NULL;
	struct err err = { 0 };

	if (accounts_read(file.path, &list, &err) == NERR_Success) {
		MUST(list != NULL);
		find_accounts(list, in);
	} else {
		MUST(list == NULL && strstr(err.text, SECRET) == NULL);
		MUST(err.status != NERR_Success && text_utf8_is_valid(err.text));
	}
	accounts_free(list);
	fuzz_file_close(&file);
}

/* A line that is made is one that is read, with the same hash as the password has. */
static void new_account(struct fuzz_input *in)
{
	char *name = fuzz_text(in), *password = fuzz_text(in), line[ACCOUNT_LINE_BYTES + 1];
	struct account_line hashed, plain;
	struct text_lines lines;
	struct err err = { 0 };

	if (account_line_make(name, password, line, &err)) {
		char *copy = NULL, *made;

		MUST(strstr(line, SECRET) == NULL || strstr(name, SECRET) != NULL);
		text_lines_begin(&lines, line, strlen(line), "file", "step", &err);
		made = text_lines_next(&lines);
		MUST(made != NULL && made[0] != '#');
		MUST(account_line_parse(&lines, made, &hashed));
		MUST(asprintf(&copy, "%s:%s", name, password) > 0);
		if (strncmp(password, "$3$", 3) != 0) {
			MUST(account_line_parse(&lines, copy, &plain));
			MUST(strcmp(plain.domain, hashed.domain) == 0);
			MUST(strcmp(plain.user, hashed.user) == 0);
			MUST(memcmp(plain.nt, hashed.nt, sizeof plain.nt) == 0);
		}
		free(copy);
	} else {
		MUST(err.status != NERR_Success && strstr(err.text, SECRET) == NULL);
	}
	free(name);
	free(password);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static void (*const kinds[])(struct fuzz_input *) = { lines, config, accounts,
		                                              new_account };
	struct fuzz_input in = { data, bytes };

	kinds[fuzz_u8(&in) % 4](&in);
	return 0;
}
