/* SPDX-License-Identifier: MIT */
#include "auth/pac.h"

#include <string.h>
#include "base/sid.h"
#include "base/text.h"
#include "wire/ndr_reader.h"

/* [MS-PAC] 2.2.1, 2.2.2: a group that the account has, and not only to be denied something. */
#define GROUP_ENABLED       0x00000004u
#define GROUP_ONLY_FOR_DENY 0x00000010u

/* An RPC_UNICODE_STRING's header; what it points at follows the whole structure. */
struct pac_string {
	uint16_t bytes;
	uint32_t pointer;
};

static struct pac_string pac_get_string(struct wire_reader *r)
{
	struct pac_string s;

	wire_skip_padding(r, 4);
	s.bytes = wire_get_u16(r);
	wire_skip(r, 2); /* its buffer's size */
	s.pointer = wire_get_u32(r);
	return s;
}

/* Reads the characters of a string, without a terminator: C706 14.3.4.2. to may be NULL. */
static void pac_get_text(struct wire_reader *r, struct pac_string s, char *to)
{
	WCHAR units[PAC_MAX_UNITS + 1];
	uint32_t max, offset, count;
	size_t used = 0;

	if (to != NULL)
		*to = '\0';
	if (s.pointer == 0)
		return;
	max = ndr_get_u32(r);
	offset = ndr_get_u32(r);
	count = ndr_get_count(r, sizeof(WCHAR));
	if (offset != 0 || count > max || count != s.bytes / sizeof(WCHAR))
		wire_reader_fail(r, "malformed conformant varying string");
	if (to == NULL || count > PAC_MAX_UNITS) {
		wire_skip(r, count * sizeof(WCHAR));
		return;
	}
	while (used < count)
		units[used++] = wire_get_u16(r);
	units[used] = 0;
	if (r->error == NULL)
		(void)text_utf8_from_utf16(to, units);
}

/* An RPC_SID behind its pointer: [MS-DTYP] 2.4.2.3. */
static struct sid pac_get_sid(struct wire_reader *r)
{
	uint32_t max = ndr_get_count(r, 4);
	struct sid sid = { 0 };
	uint8_t revision = wire_get_u8(r);

	sid.count = wire_get_u8(r);
	for (unsigned i = 0; i < 6; i++)
		sid.authority = sid.authority << 8 | wire_get_u8(r);
	if (revision != 1 || sid.count != max || sid.count > SID_MAX_SUB_AUTHORITIES) {
		wire_reader_fail(r, "malformed SID");
		sid.count = 0;
	}
	for (unsigned i = 0; i < sid.count; i++)
		sid.sub_authorities[i] = ndr_get_u32(r);
	return sid;
}

/* The receiver of the SIDs. */
struct pac_sink {
	pac_take_sid *take;
	void *context;
	bool failed;
};

static void pac_give_sid(struct pac_sink *sink, const struct sid *sid)
{
	char text[SID_TEXT_BYTES];

	if (!sink->failed)
		sink->failed = !sink->take(sink->context, sid_text(sid, text));
}

/* The account or group with this number in a domain. */
static void pac_give_member(struct pac_sink *sink, const struct sid *domain, uint32_t rid)
{
	struct sid member = *domain;

	if (member.count == 0 || member.count >= SID_MAX_SUB_AUTHORITIES)
		return;
	member.sub_authorities[member.count++] = rid;
	pac_give_sid(sink, &member);
}

static bool pac_group_is_enabled(uint32_t attributes)
{
	return (attributes & GROUP_ENABLED) != 0 && (attributes & GROUP_ONLY_FOR_DENY) == 0;
}

/* GROUP_MEMBERSHIP, 2.2.2, as many as announced: an array behind its pointer. Its reader starts at
 * the first of them. */
static struct wire_reader pac_get_groups(struct wire_reader *r, uint32_t pointer,
                                         uint32_t announced)
{
	struct wire_reader groups;
	uint32_t count;
	const uint8_t *data;

	wire_reader_init(&groups, NULL, 0);
	if (pointer == 0)
		return groups;
	count = ndr_get_count(r, 8);
	if (count != announced)
		wire_reader_fail(r, "the number of groups is not the announced number");
	data = wire_get_bytes(r, 8 * (size_t)count);
	wire_reader_init(&groups, data, data != NULL ? 8 * (size_t)count : 0);
	groups.big_endian = r->big_endian;
	return groups;
}

static void pac_give_groups(struct pac_sink *sink, const struct sid *domain,
                            struct wire_reader groups)
{
	while (wire_left(&groups) > 0) {
		uint32_t rid = wire_get_u32(&groups), attributes = wire_get_u32(&groups);

		if (pac_group_is_enabled(attributes))
			pac_give_member(sink, domain, rid);
	}
}

/* KERB_SID_AND_ATTRIBUTES, 2.2.1: an array of pointers, then what they point at. */
static void pac_give_extra_sids(struct pac_sink *sink, struct wire_reader *r, uint32_t pointer,
                                uint32_t announced)
{
	struct wire_reader heads;
	uint32_t count;

	if (pointer == 0)
		return;
	count = ndr_get_count(r, 8);
	if (count != announced)
		wire_reader_fail(r, "the number of SIDs is not the announced number");
	heads = *r;
	wire_skip(r, 8 * (size_t)count);
	for (uint32_t i = 0; i < count && r->error == NULL; i++) {
		uint32_t sid_pointer = wire_get_u32(&heads), attributes = wire_get_u32(&heads);
		struct sid sid = { 0 };

		if (sid_pointer != 0)
			sid = pac_get_sid(r);
		if (sid_pointer != 0 && r->error == NULL && pac_group_is_enabled(attributes))
			pac_give_sid(sink, &sid);
	}
}

enum { STRINGS_IN_FRONT = 6, FILETIME_BYTES = 8 };

/* The structure behind its first pointer, 2.5. */
static void pac_get_validation_info(struct wire_reader *r, struct pac_account *account,
                                    struct pac_sink *sink)
{
	struct pac_string front[STRINGS_IN_FRONT], logon_server, logon_domain;
	uint32_t user, primary_group, group_count, groups_at, domain_at, sid_count, sids_at;
	uint32_t resource_domain_at, resource_count, resources_at;
	struct sid domain = { 0 }, resource_domain = { 0 };
	struct wire_reader groups;

	wire_skip(r, 6 * FILETIME_BYTES);
	for (unsigned i = 0; i < STRINGS_IN_FRONT; i++)
		front[i] = pac_get_string(r); /* EffectiveName ... HomeDirectoryDrive */
	wire_skip(r, 4);                      /* LogonCount, BadPasswordCount */
	user = ndr_get_u32(r);
	primary_group = ndr_get_u32(r);
	group_count = ndr_get_u32(r);
	groups_at = ndr_get_u32(r);
	wire_skip(r, 4 + 16); /* UserFlags, UserSessionKey */
	logon_server = pac_get_string(r);
	logon_domain = pac_get_string(r);
	domain_at = ndr_get_u32(r);
	wire_skip(r, 8 + 4 + 4 + 2 * FILETIME_BYTES + 4 + 4); /* Reserved1 ... Reserved3 */
	sid_count = ndr_get_u32(r);
	sids_at = ndr_get_u32(r);
	resource_domain_at = ndr_get_u32(r);
	resource_count = ndr_get_u32(r);
	resources_at = ndr_get_u32(r);

	/* The data that the pointers refer to, in the same order. */
	pac_get_text(r, front[0], account->user);
	for (unsigned i = 1; i < STRINGS_IN_FRONT; i++)
		pac_get_text(r, front[i], NULL);
	groups = pac_get_groups(r, groups_at, group_count);
	pac_get_text(r, logon_server, NULL);
	pac_get_text(r, logon_domain, account->domain);
	if (domain_at != 0)
		domain = pac_get_sid(r);
	if (user != 0) /* else its SID is one of ExtraSids */
		pac_give_member(sink, &domain, user);
	pac_give_member(sink, &domain, primary_group);
	pac_give_groups(sink, &domain, groups);
	pac_give_extra_sids(sink, r, sids_at, sid_count);
	if (resource_domain_at != 0)
		resource_domain = pac_get_sid(r);
	groups = pac_get_groups(r, resources_at, resource_count);
	pac_give_groups(sink, &resource_domain, groups);
}

/* [MS-RPCE] 2.2.6.1, 2.2.6.2: the headers of a type that is serialized by itself. */
static struct wire_reader pac_open_serialized(struct wire_reader *r)
{
	uint8_t version = wire_get_u8(r), endianness = wire_get_u8(r);
	uint16_t header_bytes;
	uint32_t bytes;

	r->big_endian = endianness == 0;
	header_bytes = wire_get_u16(r);
	if (version != 1 || (endianness != 0x10 && endianness != 0) || header_bytes != 8)
		wire_reader_fail(r, "not a type's serialization, version 1");
	wire_skip(r, 4);
	bytes = wire_get_u32(r);
	wire_skip(r, 4);
	return wire_part(r, 16, bytes);
}

NET_API_STATUS pac_decode(const uint8_t *info, size_t bytes, struct pac_account *account,
                          pac_take_sid *take, void *context)
{
	struct pac_sink sink = { .take = take, .context = context };
	struct wire_reader whole, r;

	*account = (struct pac_account){ 0 };
	wire_reader_init(&whole, info, bytes);
	r = pac_open_serialized(&whole);
	if (ndr_get_u32(&r) == 0)
		wire_reader_fail(&r, "no account");
	pac_get_validation_info(&r, account, &sink);
	if (r.error != NULL)
		return ERROR_INVALID_DATA;
	return sink.failed ? ERROR_NOT_ENOUGH_MEMORY : NERR_Success;
}
