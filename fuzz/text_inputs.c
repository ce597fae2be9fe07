/* SPDX-License-Identifier: MIT */
/* What people type, and what servers call things: server names, qualifiers, credentials, UTF-8 and
 * UTF-16.
 * Input: kind, then a text (for two texts: a zero byte between them).
 * Must reach: server_name_parse server_name_check_host server_name_parse_port
 *   server_operand_parse operand_parse operand_parse_url operand_parse_unc operand_parse_plain
 *   operand_find_password server_operand_hide_password operand_decode operand_set_user
 *   ip_address_parse ip_address_parse_v4 ip_address_parse_v6 ip_address_parse_scope
 *   ip_address_undo_literal text_next text_utf16_encode text_utf16_units text_utf8_bound
 *   text_utf8_from_utf16 text_utf16_is_valid text_utf8_is_valid text_equal_nocase
 *   client_name_equal client_name_spell session_qualifier_is_too_long enumeration_init
 *   qualifiers_unc_name enumeration_set_levels secret_file_read text_lines_next credentials_read
 *   credentials_parse_line credentials_split_user credentials_make credentials_make_new
 *   client_name_compare user_name_split user_name_account user_name_matches clock_time_text
 *   clock_duration_text text_utf8_from_charset text_utf8_make_valid text_drop_cut_character
 *   escape_is_needed escape_next escape_text escape_put_csv escape_write_json
 *   deletion_init deletion_end_list deletion_receive enumeration_init_for_deletion
 * Holds: a server's name parses to something that parses to itself; a text survives UTF-16 and
 * back, inside the bounds that are told for it; equality is symmetric; an address is spelled to
 * itself; names have one order; a query that is taken is encoded and decoded to itself; a deletion
 * without a list is one request; what is shown of a text has no character that is escaped, a field
 * is read back to the same bytes, and no cell of CSV is a formula; credentials that are taken lack
 * nothing. */
#include "file.h"
#include "fuzz.h"
#include "auth/credentials.h"
#include "base/client_name.h"
#include "base/clock_text.h"
#include "base/escape.h"
#include "base/text.h"
#include "base/user_name.h"
#include "client/request.h"
#include "client/server_operand.h"
#include "srvsvc/session_messages.h"

static void server_name(struct fuzz_input *in)
{
	char *text = fuzz_text(in), again_text[SERVER_NAME_MAX_BYTES + 16];
	struct server_name name, again;
	struct err err = { 0 };

	if (server_name_parse(text, &name, &err)) {
		MUST(name.host[0] != '\0' && strlen(name.host) <= SERVER_NAME_MAX_BYTES);
		MUST(text_utf8_is_valid(name.host));
		MUST(strchr(name.host, '\\') == NULL && strchr(name.host, '/') == NULL);
		snprintf(again_text, sizeof again_text,
		         strchr(name.host, ':') != NULL ? "\\\\[%s]:%u" : "\\\\%s:%u", name.host,
		         name.port != 0 ? name.port : 445u);
		MUST(server_name_parse(again_text, &again, &err));
		MUST(strcmp(name.host, again.host) == 0);
		MUST(again.port == (name.port != 0 ? name.port : 445));
	}
	free(text);
}

static void server_operand(struct fuzz_input *in)
{
	char *text = fuzz_text(in);
	size_t bytes = strlen(text);
	struct server_operand operand;
	struct netsession_error error;
	struct server_name name;
	struct err err = { 0 };
	bool is_good = server_operand_parse(text, &operand, &error);

	MUST(is_good == (error.status == NERR_Success));
	MUST(!is_good || server_name_parse(operand.server, &name, &err));
	server_operand_hide_password(text);
	MUST(strlen(text) <= bytes);
	MUST(is_good == server_operand_parse(text, &operand, &error));
	free(text);
}

static void utf8(struct fuzz_input *in)
{
	char *text = fuzz_text(in), *back;
	size_t units = text_utf16_units(text), count = 0;
	WCHAR *utf16 = malloc((units + 1) * sizeof *utf16);
	const char *at = text;
	uint32_t code_point;

	MUST(units <= strlen(text));
	while ((code_point = text_next(&at)) != 0) {
		WCHAR pair[2];
		size_t n = text_utf16_encode(code_point, pair);

		MUST(count + n <= units);
		memcpy(utf16 + count, pair, n * sizeof *pair);
		count += n;
	}
	MUST(count == units && at == text + strlen(text));
	utf16[count] = 0;
	MUST(text_utf16_is_valid(utf16));
	back = malloc(text_utf8_bound(utf16));
	MUST(text_utf8_from_utf16(back, utf16) == back + strlen(back) + 1);
	MUST(text_utf8_is_valid(back));
	MUST(!text_utf8_is_valid(text) || strcmp(text, back) == 0);
	MUST(text_utf16_units(back) == units);
	free(back);
	free(utf16);
	free(text);
}

static void utf16(struct fuzz_input *in)
{
	size_t units = in->left / 2;
	WCHAR *text = calloc(units + 1, sizeof *text);
	char *to;

	for (size_t i = 0; i < units; i++)
		text[i] = (WCHAR)fuzz_u16(in);
	to = malloc(text_utf8_bound(text));
	MUST(text_utf8_from_utf16(to, text) == to + strlen(to) + 1);
	MUST(text_utf8_is_valid(to));
	free(to);
	free(text);
}

static void equality(struct fuzz_input *in)
{
	char *a = fuzz_text(in), *b = fuzz_text(in), room[CLIENT_NAME_ROOM],
	     again[CLIENT_NAME_ROOM];
	const char *spelled;
	bool are_valid = text_utf8_is_valid(a) && text_utf8_is_valid(b);

	MUST(text_equal_nocase(a, b) == text_equal_nocase(b, a));
	MUST(client_name_equal(a, b) == client_name_equal(b, a));
	MUST(!are_valid || (text_equal_nocase(a, a) && client_name_equal(b, b)));
	MUST(!are_valid || strcmp(a, b) != 0 || text_equal_nocase(a, b));
	MUST(!text_equal_nocase(a, NULL) && !client_name_equal(NULL, b));
	spelled = client_name_spell(a, room);
	MUST(!are_valid || client_name_equal(spelled, a));
	MUST(strcmp(client_name_spell(spelled, again), spelled) == 0);
	free(a);
	free(b);
}

static void query(struct fuzz_input *in)
{
	static const uint32_t levels[] = { 0, 1, 2, 10, 502, NETSESSION_LEVEL_AUTO, 3 };
	uint32_t level = levels[fuzz_u8(in) % (sizeof levels / sizeof *levels)];
	char *client = fuzz_text(in), *user = fuzz_text(in);
	struct netsession_query query = { .level = level, .client = client, .user = user };
	struct session_qualifier_texts *texts = malloc(sizeof *texts);
	struct session_enum_request request;
	struct wire_writer wire = { 0 };
	struct wire_reader r;
	struct enumeration e;
	struct ndr_writer w;
	struct err err = { 0 };

	if (enumeration_init(&e, &query, &err) == NERR_Success) {
		MUST(err.status == NERR_Success);
		MUST(e.request.client == NULL || strncmp(e.request.client, "\\\\", 2) == 0);
		ndr_writer_init(&w, &wire);
		session_enum_request_encode(&w, &e.request);
		wire_reader_init(&r, wire.data, wire.len);
		session_enum_request_decode(&r, &request, texts);
		MUST(r.error == NULL && wire_left(&r) == 0);
		MUST(session_enum_request_check(&request) == NERR_Success);
		MUST(fuzz_text_equal(request.client, e.request.client));
		MUST(fuzz_text_equal(request.user, e.request.user));
	} else {
		MUST(err.status != NERR_Success);
	}
	enumeration_fini(&e);
	wire_writer_fini(&wire);
	free(texts);
	free(client);
	free(user);
}

static void credentials(struct fuzz_input *in)
{
	struct fuzz_file file = fuzz_file_open(in);
	struct netsession_credentials *c = NULL;
	struct err err = { 0 };

	if (credentials_read(file.path, &c, &err) == NERR_Success) {
		MUST(c != NULL && c->user[0] != '\0' && c->domain != NULL && c->password != NULL);
		MUST(text_utf8_is_valid(c->user) && text_utf8_is_valid(c->password));
		MUST(strchr(c->user, '\n') == NULL && strchr(c->password, '\n') == NULL);
		MUST(strpbrk(c->password, "\r") == NULL);
	} else {
		MUST(c == NULL && err.status != NERR_Success && err.text[0] != 0);
	}
	credentials_release(c);
	fuzz_file_close(&file);
}

static int sign(int order)
{
	return (order > 0) - (order < 0);
}

/* Names in order, of users and of clients; and what makes a text fit and valid. */
static void names(struct fuzz_input *in)
{
	char *a = fuzz_text(in), *b = fuzz_text(in), room[16];
	struct user_name user = user_name_split(a);
	const char *account = user_name_account(a, room, sizeof room);

	MUST(user.account_bytes + user.domain_bytes <= strlen(a));
	MUST(account == a || strlen(account) == user.account_bytes || account >= a);
	MUST(user_name_matches(a, b) == user_name_matches(b, a));
	MUST(user_name_matches(a, a) || !text_utf8_is_valid(a));
	MUST(sign(client_name_compare(a, b)) == -sign(client_name_compare(b, a)));
	MUST(client_name_compare(a, a) == 0 && client_name_compare(NULL, a) != 0);
	text_utf8_make_valid(b);
	MUST(text_utf8_is_valid(b));
	b[strlen(b) / 2] = '\0';
	text_drop_cut_character(b);
	MUST(text_utf8_is_valid(b));
	free(a);
	free(b);
}

/* A name of another charset, as smbstatus prints it. */
static void charset(struct fuzz_input *in)
{
	static const char *const charsets[] = { "UTF-8", "CP850", "ISO-8859-1", "no-such-charset" };
	const char *name = charsets[fuzz_u8(in) % 4];
	char *text = fuzz_text(in), to[64];

	if (text_utf8_from_charset(name, text, to, sizeof to))
		MUST(text_utf8_is_valid(to) && strlen(to) < sizeof to);
	free(text);
}

static void clock_texts(struct fuzz_input *in)
{
	char time[CLOCK_TIME_BYTES], duration[CLOCK_DURATION_BYTES];
	uint64_t filetime = 0;

	for (int i = 0; i < 4; i++)
		filetime = filetime << 16 | fuzz_u16(in);
	clock_time_text(time, clock_of_filetime(filetime));
	clock_duration_text(duration, (int64_t)filetime);
	MUST(strlen(time) >= 23 && strcmp(time + strlen(time) - 4, " UTC") == 0);
	MUST(duration[0] >= '0' && duration[0] <= '9' && strchr(duration, ' ') != NULL);
}

/* What closes sessions, by names alone. */
static void deletion(struct fuzz_input *in)
{
	NET_API_STATUS answer = fuzz_u8(in) % 8, list_status = fuzz_u8(in) % 3;
	char *client = fuzz_text(in), *user = fuzz_text(in);
	const struct netsession_query query = { .client = client, .user = user };
	struct err list_err = { 0 }, err = { 0 };
	struct enumeration e;
	struct deletion d;
	unsigned sent = 0;

	if (enumeration_init_for_deletion(&e, &query, &err) == NERR_Success &&
	    deletion_init(&d, &query, true, &err) == NERR_Success) {
		MUST(d.client != NULL || d.user != NULL);
		if (list_status != 0)
			err_set(&list_err,
			        list_status == 1 ? NERR_UserNotFound : NERR_ClientNameNotFound,
			        "list", NULL);
		MUST(deletion_end_list(&d, &list_err, &err) == NERR_Success);
		do
			sent++;
		while (deletion_receive(&d, answer, &err));
		MUST(sent == 1 && (answer == 0) == (err.status == NERR_Success));
		deletion_fini(&d);
	} else {
		MUST(err.status != NERR_Success);
	}
	enumeration_fini(&e);
	free(client);
	free(user);
}

static void check_escaped(const char *text)
{
	uint32_t code_point;

	MUST(text_utf8_is_valid(text));
	while ((code_point = text_next(&text)) != 0)
		MUST(!escape_is_needed(code_point));
}

/* Reads ESCAPE_FIELD back: text is as long as it was at most. */
static void unescape(char *to, const char *text)
{
	while (*text != '\0') {
		unsigned digits = text[0] != '\\'  ? 0
		                  : text[1] == 'x' ? 2
		                  : text[1] == 'u' ? 4
		                  : text[1] == 'U' ? 8
		                                   : 0;
		char number[9] = "", utf8[8], *end;
		const char *next = utf8;
		WCHAR units[3] = { 0 };
		unsigned long value;

		if (digits == 0 || strspn(text + 2, "0123456789ABCDEFabcdef") < digits) {
			*to++ = *text++;
			continue;
		}
		memcpy(number, text + 2, digits);
		value = strtoul(number, &end, 16);
		MUST(*end == '\0' && value <= 0x10FFFF);
		text += 2 + digits;
		if (digits == 2) {
			*to++ = (char)value;
			continue;
		}
		(void)text_utf16_encode((uint32_t)value, units);
		(void)text_utf8_from_utf16(utf8, units);
		while (*next != '\0')
			*to++ = *next++;
	}
	*to = '\0';
}

/* A text from elsewhere, as it is shown. */
static void escaping(struct fuzz_input *in)
{
	char *text = fuzz_text(in), *again = malloc(strlen(text) + 1), *csv = NULL;
	size_t room = strlen(text) * ESCAPE_MAX_BYTES + 8, bytes = 0, csv_bytes;
	char *shown = malloc(room), *twice = malloc(room * ESCAPE_MAX_BYTES), cut[32];
	const char *at = text;
	FILE *to;

	MUST(escape_text(shown, room, text) == strlen(shown));
	check_escaped(shown);
	(void)escape_text(twice, room * ESCAPE_MAX_BYTES, shown);
	MUST(strcmp(twice, shown) == 0);
	MUST(escape_text(cut, sizeof cut, text) < sizeof cut);
	check_escaped(cut);
	while (*at != '\0')
		bytes += escape_next(ESCAPE_FIELD, &at, shown + bytes);
	shown[bytes] = '\0';
	check_escaped(shown);
	unescape(again, shown);
	MUST(strcmp(again, text) == 0);
	to = open_memstream(&csv, &csv_bytes);
	escape_put_csv(to, text);
	fclose(to);
	check_escaped(csv);
	MUST(strchr("=+-@", csv[0]) == NULL || csv[0] == '\0');
	MUST(csv[0] != '"' || strchr("=+-@", csv[1]) == NULL);
	free(csv);
	text_utf8_make_valid(text);
	to = open_memstream(&csv, &csv_bytes);
	MUST(escape_write_json(text, strlen(text), to) == 0);
	fclose(to);
	for (at = csv; *at != '\0';) {
		uint32_t code_point = text_next(&at);

		MUST(code_point < 0x7F || !escape_is_needed(code_point));
	}
	free(csv);
	free(twice);
	free(shown);
	free(again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static void (*const kinds[])(struct fuzz_input *) = {
		server_name,    utf8,  utf16,   equality,    query,    credentials,
		server_operand, names, charset, clock_texts, deletion, escaping,
	};
	struct fuzz_input in = { data, bytes };

	kinds[fuzz_u8(&in) % (sizeof kinds / sizeof *kinds)](&in);
	return 0;
}
