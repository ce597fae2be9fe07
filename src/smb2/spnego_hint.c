/* SPDX-License-Identifier: MIT */
#include "smb2/spnego_hint.h"

#include <stddef.h>
#include <string.h>
#include "smb2/negotiate.h"
#include "wire/der.h"

static const struct {
	enum smb2_mechanism mechanism;
	const char *oid;
	size_t bytes;
} mechanisms[] = {
	{ SMB2_MECHANISM_KERBEROS, "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02", 9 },
	{ SMB2_MECHANISM_KERBEROS, "\x2a\x86\x48\x82\xf7\x12\x01\x02\x02", 9 }, /* Windows' own */
	{ SMB2_MECHANISM_NTLM, "\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a", 10 },
};

unsigned smb2_spnego_hint_mechanisms(struct wire_reader *hint)
{
	struct wire_reader token = der_enter(hint, DER_APPLICATION_0), list;
	unsigned found = 0;

	(void)der_enter(&token, DER_OBJECT_IDENTIFIER);
	list = der_enter(&token, DER_CONTEXT_0); /* negTokenInit */
	list = der_enter(&list, DER_SEQUENCE);
	list = der_enter(&list, DER_CONTEXT_0); /* mechTypes */
	list = der_enter(&list, DER_SEQUENCE);
	while (list.error == NULL && wire_left(&list) > 0) {
		struct wire_reader oid = der_enter(&list, DER_OBJECT_IDENTIFIER);

		for (size_t i = 0; i < sizeof mechanisms / sizeof *mechanisms; i++)
			if (wire_left(&oid) == mechanisms[i].bytes &&
			    memcmp(oid.at, mechanisms[i].oid, mechanisms[i].bytes) == 0)
				found |= mechanisms[i].mechanism;
	}
	return found;
}
