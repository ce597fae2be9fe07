/* SPDX-License-Identifier: MIT */
/* What a domain's controller says of a ticket's owner.
 * Input: how many SIDs are taken (255: all), then KERB_VALIDATION_INFO as it is serialized.
 * Must reach: pac_decode pac_open_serialized pac_get_validation_info pac_get_string pac_get_text
 *   pac_get_sid pac_get_groups pac_give_groups pac_give_extra_sids pac_give_member pac_give_sid
 *   pac_group_is_enabled
 * Holds: each SID is one by its form; no more are told than the bytes could hold; after one that is
 * not taken there is none; names are UTF-8; a second look finds the same. */
#include "auth/pac.h"
#include "base/sid.h"
#include "base/text.h"
#include "fuzz.h"

struct taken {
	size_t count, most;
	uint32_t sum; /* of their characters */
};

static bool take(void *context, const char *sid)
{
	struct taken *taken = context;

	MUST(taken->count <= taken->most);
	MUST(strncmp(sid, "S-1-", 4) == 0 && strlen(sid) < SID_TEXT_BYTES);
	MUST(sid[strspn(sid, "S-x0123456789ABCDEF")] == '\0');
	for (const char *at = sid; *at != '\0'; at++)
		taken->sum = taken->sum * 31 + (unsigned char)*at;
	return taken->count++ < taken->most;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input in = { data, bytes };
	size_t most = fuzz_u8(&in), length;
	struct taken first = { .most = most < 255 ? most : SIZE_MAX - 1 }, second = first;
	uint8_t *info = fuzz_rest(&in, &length);
	struct pac_account account, again;
	NET_API_STATUS status = pac_decode(info, length, &account, take, &first);

	MUST(status == NERR_Success || status == ERROR_INVALID_DATA ||
	     status == ERROR_NOT_ENOUGH_MEMORY);
	MUST(first.count <= 2 + length / 8);
	MUST(text_utf8_is_valid(account.user) && text_utf8_is_valid(account.domain));
	MUST(pac_decode(info, length, &again, take, &second) == status);
	MUST(first.count == second.count && first.sum == second.sum);
	MUST(strcmp(account.user, again.user) == 0 && strcmp(account.domain, again.domain) == 0);
	free(info);
	return 0;
}
