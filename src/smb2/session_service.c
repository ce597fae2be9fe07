/* SPDX-License-Identifier: MIT */
#include "smb2/session_service.h"

#include "wire/nbns_name.h"

#define CALLED_NAME  "*SMBSERVER"
#define CALLING_NAME "NETSESSION"

#define NBNS_WORKSTATION 0x00

#define ENCODED_NAME_BYTES 32 /* the first label, without its length */
#define MAX_LABEL_BYTES    63

static void session_put_prefix(struct wire_writer *w, enum session_packet type, uint16_t bytes)
{
	wire_put_u8(w, (uint8_t)type);
	wire_put_u8(w, 0);
	wire_put_u8(w, (uint8_t)(bytes >> 8));
	wire_put_u8(w, (uint8_t)bytes);
}

void session_request_encode(struct wire_writer *w)
{
	uint8_t name[NBNS_ENCODED_BYTES];

	session_put_prefix(w, SESSION_REQUEST, 2 * sizeof name);
	nbns_name_encode(name, CALLED_NAME, NBNS_FILE_SERVER);
	wire_put_bytes(w, name, sizeof name);
	nbns_name_encode(name, CALLING_NAME, NBNS_WORKSTATION);
	wire_put_bytes(w, name, sizeof name);
}

void session_positive_response_encode(struct wire_writer *w)
{
	session_put_prefix(w, SESSION_POSITIVE_RESPONSE, 0);
}

/* RFC 1001 14.1: the encoded name, the labels of a scope, and an empty label. */
static void session_skip_name(struct wire_reader *r)
{
	uint8_t label_bytes = wire_get_u8(r);
	const uint8_t *encoded = wire_get_bytes(r, ENCODED_NAME_BYTES);

	if (label_bytes != ENCODED_NAME_BYTES)
		wire_reader_fail(r, "the session request contains no NetBIOS name");
	for (size_t i = 0; r->error == NULL && i < ENCODED_NAME_BYTES; i++)
		if (encoded[i] < 'A' || encoded[i] > 'P')
			wire_reader_fail(r, "a NetBIOS name in the session request is malformed");
	do {
		label_bytes = wire_get_u8(r);
		if (label_bytes > MAX_LABEL_BYTES)
			wire_reader_fail(r, "a NetBIOS scope in the session request is malformed");
		wire_skip(r, label_bytes);
	} while (r->error == NULL && label_bytes > 0);
}

void session_request_decode(struct wire_reader *r)
{
	session_skip_name(r); /* called */
	session_skip_name(r); /* calling */
	if (r->error == NULL && wire_left(r) > 0)
		wire_reader_fail(r, "the session request is longer than its names");
}

/* RFC 1002 4.3.4, and what servers mean by it. Samba sends 0x81 to a computer that `hosts allow` or
 * `hosts deny` excludes, without a session request. */
static const struct session_refusal {
	uint8_t code;
	NET_API_STATUS status;
	const char *text;
} session_refusals[] = {
	{ 0x80, ERROR_BAD_NETPATH,
	  "no file server listens for the NetBIOS name " CALLED_NAME " there" },
	{ 0x81, ERROR_REM_NOT_LIST, "this server refuses connections from this computer" },
	{ 0x82, ERROR_BAD_NETPATH, "that computer does not have the NetBIOS name " CALLED_NAME },
	{ 0x83, ERROR_REQ_NOT_ACCEP,
	  "this server lacks the resources for another connection: try again later" },
	{ 0x8F, ERROR_REM_NOT_LIST,
	  "this server refuses connections from this computer, for a reason that it does not name" },
};

void session_negative_response_explain(struct wire_reader *r, struct err *err)
{
	uint8_t code = wire_get_u8(r);

	for (size_t i = 0; i < sizeof session_refusals / sizeof *session_refusals; i++)
		if (r->error == NULL && session_refusals[i].code == code)
			err_format(err, session_refusals[i].status, NULL,
			           "%s (NetBIOS session error 0x%02X)", session_refusals[i].text,
			           (unsigned)code);
	if (r->error != NULL)
		err_set(err, ERROR_REM_NOT_LIST, NULL,
		        "this server refuses connections from this computer, without an error code");
	err_format(
		err, ERROR_REM_NOT_LIST, NULL,
		"this server refuses connections from this computer (unknown NetBIOS session error 0x%02X)",
		(unsigned)code);
}

void session_retarget_response_explain(struct wire_reader *r, struct err *err)
{
	const uint8_t *address = wire_get_bytes(r, 4);
	uint8_t high = wire_get_u8(r), low = wire_get_u8(r);

	if (r->error != NULL)
		err_set(err, ERROR_BAD_NET_RESP, NULL,
		        "the server refers to another address, but does not name it");
	else
		err_format(
			err, ERROR_BAD_NETPATH, NULL,
			"the server refers to another address: give %u.%u.%u.%u:%u as the server",
			address[0], address[1], address[2], address[3], (unsigned)high << 8 | low);
}
