/* SPDX-License-Identifier: MIT */
#include "smb2/frames.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void smb2_frames_fini(struct smb2_frames *f)
{
	free(f->data);
	*f = (struct smb2_frames){ 0 };
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
		size_t cap = f->cap > 0 ? 2 * f->cap : 8192;
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
	f->has_received = f->has_received || bytes > 0;
}

bool smb2_frames_is_untouched(const struct smb2_frames *f)
{
	return !f->has_received;
}

bool smb2_frames_next(struct smb2_frames *f, uint8_t **message, size_t *bytes)
{
	size_t have = f->end - f->begin, length;
	uint8_t *prefix;

	if (f->error != NULL || have < SMB2_FRAME_PREFIX_BYTES)
		return false;
	prefix = f->data + f->begin;
	length = (size_t)prefix[1] << 16 | (size_t)prefix[2] << 8 | prefix[3];
	if (prefix[0] != 0)
		f->error = "the peer does not speak SMB";
	else if (length > SMB2_MAX_FRAME_BYTES)
		f->error = "the message is longer than 128 KiB";
	if (f->error != NULL || have - SMB2_FRAME_PREFIX_BYTES < length)
		return false;
	*message = prefix + SMB2_FRAME_PREFIX_BYTES;
	*bytes = length;
	f->begin += SMB2_FRAME_PREFIX_BYTES + length;
	return true;
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
