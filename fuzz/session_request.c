/* SPDX-License-Identifier: MIT */
/* The requests that a server takes: NetrSessionEnum, NetrSessionDel, and the texts in them.
 * Input: kind (bits 0-1: enum, del, a text alone; bit 2: big-endian; bits 3-4: the text's longest),
 * then the stub, or the text's 16-bit units.
 * Must reach: session_enum_request_decode enum_container_decode_empty session_enum_request_check
 *   session_enum_request_encode session_del_request_decode session_del_request_encode
 *   session_del_answer_decode ndr_get_wstring ndr_get_unique_wstring ndr_get_count
 *   session_qualifier_is_too_long ndr_put_wstring
 * Holds: a decoded text is UTF-8, ends inside its room, and is what the same units are elsewhere;
 * whatever decodes encodes again and decodes to the same. */
#include "fuzz.h"
#include "base/text.h"
#include "srvsvc/session_messages.h"

static void check_text(const char *text)
{
	if (text == NULL)
		return;
	MUST(strnlen(text, NDR_TEXT_BYTES(SESSION_QUALIFIER_MAX_UNITS)) <
	     NDR_TEXT_BYTES(SESSION_QUALIFIER_MAX_UNITS));
	MUST(text_utf8_is_valid(text));
}

static void session_enum(const uint8_t *stub, size_t bytes, bool big_endian)
{
	struct session_qualifier_texts *texts = malloc(sizeof *texts);
	struct session_qualifier_texts *texts_again = malloc(sizeof *texts_again);
	struct session_enum_request request, again;
	struct wire_writer wire = { 0 };
	struct wire_reader r;
	struct ndr_writer w;

	wire_reader_init(&r, stub, bytes);
	r.big_endian = big_endian;
	session_enum_request_decode(&r, &request, texts);
	if (r.error != NULL)
		goto out;
	check_text(request.client);
	check_text(request.user);
	ndr_writer_init(&w, &wire);
	session_enum_request_encode(&w, &request);
	wire_reader_init(&r, wire.data, wire.len);
	session_enum_request_decode(&r, &again, texts_again);
	MUST(r.error == NULL);
	/* What follows a level that does not exist is not read. */
	MUST(wire_left(&r) == 0 || session_level_find(request.level) == NULL);
	MUST(fuzz_text_equal(request.client, again.client));
	MUST(fuzz_text_equal(request.user, again.user));
	MUST(request.level == again.level && request.preferred_bytes == again.preferred_bytes);
	MUST(request.has_resume_handle == again.has_resume_handle);
	MUST(request.resume_handle == again.resume_handle);
	MUST(session_enum_request_check(&request) == session_enum_request_check(&again));
out:
	wire_writer_fini(&wire);
	free(texts);
	free(texts_again);
}

static void session_del(const uint8_t *stub, size_t bytes, bool big_endian)
{
	struct session_qualifier_texts *texts = malloc(sizeof *texts);
	struct session_qualifier_texts *texts_again = malloc(sizeof *texts_again);
	struct session_del_request request, again;
	struct wire_writer wire = { 0 };
	struct wire_reader r;
	struct ndr_writer w;

	wire_reader_init(&r, stub, bytes);
	r.big_endian = big_endian;
	(void)session_del_answer_decode(&r);
	wire_reader_init(&r, stub, bytes);
	r.big_endian = big_endian;
	session_del_request_decode(&r, &request, texts);
	if (r.error != NULL)
		goto out;
	check_text(request.client);
	check_text(request.user);
	ndr_writer_init(&w, &wire);
	session_del_request_encode(&w, &request);
	wire_reader_init(&r, wire.data, wire.len);
	session_del_request_decode(&r, &again, texts_again);
	MUST(r.error == NULL && wire_left(&r) == 0);
	MUST(fuzz_text_equal(request.client, again.client));
	MUST(fuzz_text_equal(request.user, again.user));
	MUST(session_qualifier_is_too_long(request.user) ==
	     session_qualifier_is_too_long(again.user));
out:
	wire_writer_fini(&wire);
	free(texts);
	free(texts_again);
}

static void put_unit(struct wire_writer *w, unsigned unit, bool big_endian)
{
	wire_put_u16le(w, (uint16_t)(big_endian ? (unit & 0xFF) << 8 | unit >> 8 : unit));
}

static void put_word(struct wire_writer *w, size_t word, bool big_endian)
{
	wire_put_u32le(w, big_endian ? __builtin_bswap32((uint32_t)word) : (uint32_t)word);
}

/* A well-formed string of any units: what comes out is what text_utf8_from_utf16 makes of them. */
static void text_alone(struct fuzz_input *in, bool big_endian, size_t max_units)
{
	size_t units = in->left / 2;
	WCHAR *utf16 = calloc(units + 1, sizeof *utf16);
	char *expected = malloc(3 * units + 1), *text = malloc(NDR_TEXT_BYTES(max_units));
	struct wire_writer wire = { 0 };
	struct wire_reader r;

	put_word(&wire, units + 1, big_endian);
	put_word(&wire, 0, big_endian);
	put_word(&wire, units + 1, big_endian);
	for (size_t i = 0; i < units; i++) {
		utf16[i] = (WCHAR)fuzz_u16(in);
		put_unit(&wire, utf16[i], big_endian);
	}
	put_unit(&wire, 0, big_endian);
	wire_reader_init(&r, wire.data, wire.len);
	r.big_endian = big_endian;
	ndr_get_wstring(&r, text, max_units);
	MUST(r.error == NULL && wire_left(&r) == 0);
	MUST(strnlen(text, NDR_TEXT_BYTES(max_units)) < NDR_TEXT_BYTES(max_units));
	(void)text_utf8_from_utf16(expected, utf16);
	MUST(text_utf8_is_valid(expected));
	if (text_utf16_units(expected) > max_units) {
		MUST(text_utf16_units(text) > max_units);
		MUST(strncmp(expected, text, strlen(text)) == 0);
	} else {
		MUST(strcmp(expected, text) == 0);
	}
	wire_writer_fini(&wire);
	free(utf16);
	free(expected);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static const size_t longest[] = { 0, 3, 16, SESSION_QUALIFIER_MAX_UNITS };
	struct fuzz_input in = { data, bytes };
	unsigned kind = fuzz_u8(&in);
	bool big_endian = (kind & 4) != 0;
	size_t stub_bytes;
	uint8_t *stub;

	if ((kind & 3) >= 2) {
		text_alone(&in, big_endian, longest[kind >> 3 & 3]);
		return 0;
	}
	stub = fuzz_rest(&in, &stub_bytes);
	if ((kind & 3) == 0)
		session_enum(stub, stub_bytes, big_endian);
	else
		session_del(stub, stub_bytes, big_endian);
	free(stub);
	return 0;
}
