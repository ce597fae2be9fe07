/* SPDX-License-Identifier: MIT */
#include "smb2/frames.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* There may be thousands of connections, and most of them receive short messages alone. */
	SHORT_BYTES = 1024,
	LONG_BYTES = 4096, /* and twice as many each time, when so many are received */
};

_Static_assert(SMB2_FRAME_PREFIX_BYTES + SMB2_MAX_NEGOTIATE_BYTES <= LONG_BYTES,
               "a connection costs no more until its client has negotiated");

void smb2_frames_fini(struct smb2_frames *f)
{
	free(f->data);
	*f = (struct smb2_frames){ 0 };
}

static size_t smb2_frames_next_cap(size_t cap)
{
	if (cap < LONG_BYTES)
		return cap == 0 ? SHORT_BYTES : LONG_BYTES;
	return 2 * cap;
}

uint8_t *smb2_frames_space(struct smb2_frames *f, size_t *room)
{
	if (f->begin > 0) {
		memmove(f->data, f->data + f->begin, f->end - f->begin);
		f->end -= f->begin;
		f->begin = 0;
	}
	/* The buffer grows when it is full, never by a length that a peer states. */
	if (f->end == f->cap && f->cap >= 2 * SMB2_MAX_FRAME_BYTES)
		return NULL; /* input waits while a token is made, and no message is that long */
	if (f->end == f->cap) {
		size_t cap = smb2_frames_next_cap(f->cap);
		uint8_t *data = realloc(f->data, cap);

		if (data == NULL)
			return NULL;
		f->data = data;
		f->cap = cap;
	}
	*room = f->cap - f->end;
	return f->data + f->end;
}

void smb2_frames_received(struct smb2_frames *f, size_t bytes)
{
	assert(bytes <= f->cap - f->end);
	f->end += bytes;
}

bool smb2_frames_is_untouched(const struct smb2_frames *f)
{
	return !f->has_message && f->error == NULL && f->begin == f->end;
}

/* Reads the prefix of the next packet. Sets error if no such packet may come. */
static void smb2_frames_read_prefix(struct smb2_frames *f, enum session_packet *type, size_t *bytes)
{
	const uint8_t *prefix = f->data + f->begin;

	*type = prefix[0];
	*bytes = (size_t)prefix[1] << 16 | (size_t)prefix[2] << 8 | prefix[3];
	switch (*type) {
	case SESSION_MESSAGE:
		if (f->max_message_bytes > 0 && *bytes > f->max_message_bytes)
			f->error = "the first message is too long for a NEGOTIATE";
		else if (*bytes > SMB2_MAX_FRAME_BYTES)
			f->error = "the message is longer than 128 KiB";
		break;
	case SESSION_REQUEST:
	case SESSION_POSITIVE_RESPONSE:
	case SESSION_NEGATIVE_RESPONSE:
	case SESSION_RETARGET_RESPONSE:
		if (*bytes > SESSION_MAX_CONTROL_BYTES)
			f->error = "a NetBIOS session packet is longer than RFC 1002 allows";
		break;
	case SESSION_KEEP_ALIVE:
		if (*bytes > 0)
			f->error = "a NetBIOS keep-alive is not empty";
		break;
	default:
		f->error = f->has_message ? "the peer sent a packet that is not of SMB"
		                          : "the peer does not speak SMB";
	}
}

bool smb2_frames_next(struct smb2_frames *f, enum session_packet *type, uint8_t **data,
                      size_t *bytes)
{
	while (f->error == NULL && f->end - f->begin >= SESSION_PREFIX_BYTES) {
		smb2_frames_read_prefix(f, type, bytes);
		if (f->error != NULL || f->end - f->begin - SESSION_PREFIX_BYTES < *bytes)
			return false;
		*data = f->data + f->begin + SESSION_PREFIX_BYTES;
		f->begin += SESSION_PREFIX_BYTES + *bytes;
		f->has_message = f->has_message || *type == SESSION_MESSAGE;
		if (*type != SESSION_KEEP_ALIVE)
			return true;
	}
	return false;
}

size_t smb2_frame_begin(struct wire_writer *w)
{
	wire_put_zeros(w, SMB2_FRAME_PREFIX_BYTES);
	return w->len;
}

void smb2_frame_end(struct wire_writer *w, size_t begin)
{
	uint32_t length = (uint32_t)(w->len - begin);

	assert(length <= SMB2_MAX_FRAME_BYTES || w->failed);
	wire_set_u32le(w, begin - SMB2_FRAME_PREFIX_BYTES, __builtin_bswap32(length));
}
