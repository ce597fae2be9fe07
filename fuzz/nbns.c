/* SPDX-License-Identifier: MIT */
/* Answers of the NetBIOS name service, and the names in questions.
 * Input: kind (bit 0: a name alone), then the name's text; or bits 1 and 2: whether the answer gets
 * the id and the name of the question, then the datagram.
 * Must reach: nbns_answer_decode nbns_get_record nbns_get_addresses nbns_is_host_address
 *   nbns_name_fits nbns_name_encode nbns_query_encode
 * Holds: an answer has addresses if its verdict is that, and all are those of hosts; the answer
 * to another query is not accepted; a valid name is encoded in letters from A to P, and in
 * capitals it is the same name. */
#include "fuzz.h"
#include "wire/nbns_query.h"

static void answer(const uint8_t *data, size_t bytes, struct nbns_query *query)
{
	struct nbns_answer found;
	struct wire_reader r;

	wire_reader_init(&r, data, bytes);
	nbns_answer_decode(&r, query, &found);
	MUST(found.count <= NBNS_MAX_ADDRESSES);
	if (r.error != NULL) {
		MUST(found.count == 0);
		return;
	}
	MUST((found.verdict == NBNS_FOUND) == (found.count > 0));
	MUST(found.wait_s == 0 || found.verdict == NBNS_WAIT);
	for (unsigned i = 0; i < found.count; i++)
		MUST(found.addresses[i][0] > 0 && found.addresses[i][0] < 224);
	query->id ^= 0x0101;
	wire_reader_init(&r, data, bytes);
	nbns_answer_decode(&r, query, &found);
	MUST(r.error != NULL && found.count == 0);
}

static void datagram(struct fuzz_input *in, bool has_id, bool has_name)
{
	struct nbns_query query = { .id = 0x2328 };
	size_t bytes;
	uint8_t *data = fuzz_rest(in, &bytes);

	nbns_name_encode(query.name, "FILESRV", NBNS_FILE_SERVER);
	if (has_id && bytes >= 2) {
		data[0] = 0x23;
		data[1] = 0x28;
	}
	if (has_name && bytes >= 12 + sizeof query.name)
		memcpy(data + 12, query.name, sizeof query.name);
	answer(data, bytes, &query);
	free(data);
}

static void name(struct fuzz_input *in)
{
	struct nbns_query query = { 0 };
	uint8_t capitals[NBNS_ENCODED_BYTES];
	struct wire_writer w = { 0 };
	char *host = malloc(in->left + 1);

	memcpy(host, in->at, in->left);
	host[in->left] = '\0';
	if (nbns_name_fits(host)) {
		MUST(strlen(host) <= NBNS_NAME_MAX_BYTES && strchr(host, '.') == NULL);
		nbns_name_encode(query.name, host, NBNS_FILE_SERVER);
		MUST(query.name[0] == 32 && query.name[NBNS_ENCODED_BYTES - 1] == 0);
		for (int i = 1; i <= 32; i++)
			MUST(query.name[i] >= 'A' && query.name[i] <= 'P');
		for (char *at = host; *at != '\0'; at++)
			if (*at >= 'a' && *at <= 'z')
				*at = (char)(*at - 'a' + 'A');
		nbns_name_encode(capitals, host, NBNS_FILE_SERVER);
		MUST(memcmp(capitals, query.name, sizeof capitals) == 0);
		nbns_query_encode(&w, &query);
		MUST(!w.failed && w.len == 50);
		answer(w.data, w.len, &query); /* a question is no answer */
	}
	wire_writer_fini(&w);
	free(host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input in = { data, bytes };
	unsigned kind = fuzz_u8(&in);

	if ((kind & 1) != 0)
		name(&in);
	else
		datagram(&in, (kind & 2) != 0, (kind & 4) != 0);
	return 0;
}
