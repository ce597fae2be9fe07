/* SPDX-License-Identifier: MIT */
#include "smb2/spnego_hint.h"

#include <stddef.h>
#include <string.h>
#include "smb2/negotiate.h"

/* The tags of DER that lead to the list of mechanisms, one inside the other. */
enum {
	APPLICATION_0 = 0x60,
	OBJECT_IDENTIFIER = 0x06,
	CONTEXT_0 = 0xA0,
	SEQUENCE = 0x30,
};

static const struct {
	enum smb2_mechanism mechanism;
	const char *oid;
	size_t bytes;
} mechanisms[] = {
	{ SMB2_MECHANISM_KERBEROS, "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02", 9 },
	{ SMB2_MECHANISM_KERBEROS, "\x2a\x86\x48\x82\xf7\x12\x01\x02\x02", 9 }, /* Windows' own */
	{ SMB2_MECHANISM_NTLM, "\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a", 10 },
};

/* X.690 8.1.3: a length of up to two bytes behind its first. */
static size_t get_length(struct wire_reader *r)
{
	uint8_t first = wire_get_u8(r);

	if (first < 0x80)
		return first;
	if (first == 0x81)
		return wire_get_u8(r);
	if (first == 0x82) {
		size_t high = wire_get_u8(r);

		return high << 8 | wire_get_u8(r);
	}
	wire_reader_fail(r, "a length that no hint has");
	return 0;
}

/* What is inside an element with this tag, which r steps over. */
static struct wire_reader enter(struct wire_reader *r, uint8_t tag)
{
	struct wire_reader inside;
	size_t bytes;
	const uint8_t *content;

	if (wire_get_u8(r) != tag)
		wire_reader_fail(r, "another element than expected");
	bytes = get_length(r);
	content = wire_get_bytes(r, bytes);
	wire_reader_init(&inside, content, content != NULL ? bytes : 0);
	if (content == NULL)
		wire_reader_fail(&inside, "the element is cut off");
	return inside;
}

unsigned smb2_spnego_hint_mechanisms(struct wire_reader *hint)
{
	struct wire_reader token = enter(hint, APPLICATION_0), list;
	unsigned found = 0;

	(void)enter(&token, OBJECT_IDENTIFIER);
	list = enter(&token, CONTEXT_0); /* negTokenInit */
	list = enter(&list, SEQUENCE);
	list = enter(&list, CONTEXT_0); /* mechTypes */
	list = enter(&list, SEQUENCE);
	while (list.error == NULL && wire_left(&list) > 0) {
		struct wire_reader oid = enter(&list, OBJECT_IDENTIFIER);

		for (size_t i = 0; i < sizeof mechanisms / sizeof *mechanisms; i++)
			if (wire_left(&oid) == mechanisms[i].bytes &&
			    memcmp(oid.at, mechanisms[i].oid, mechanisms[i].bytes) == 0)
				found |= mechanisms[i].mechanism;
	}
	return found;
}
