/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <string.h>

#include "output.h"
#include "utf.h"

/* A program may write the two halves of a character by two calls. The first half is kept here. If
 * something else is written to the stream, the half is printed as U+FFFD. The stream may be closed
 * meanwhile: it is only compared, and never written to. */
static _Thread_local struct {
	FILE *stream;
	WCHAR high;
} pending_half;

static void output_send_chunk(struct output *output)
{
	if (output->chunk_bytes > 0 &&
	    fwrite(output->chunk, 1, output->chunk_bytes, output->stream) != output->chunk_bytes)
		output->failed = true;
	output->chunk_bytes = 0;
}

/* Sends a byte. Wide functions count units, so only a narrow function counts the byte. */
static void output_send_byte(struct output *output, char byte)
{
	if (output->stream != NULL) {
		if (output->chunk_bytes == sizeof output->chunk)
			output_send_chunk(output);
		output->chunk[output->chunk_bytes++] = byte;
	} else if (output->count < output->capacity) {
		output->bytes[output->count] = byte;
	}
	if (!output->wide)
		output->count++;
}

static void output_send_code_point(struct output *output, uint32_t code_point)
{
	char bytes[4];
	unsigned length = netapi32_crt_utf8_put(bytes, code_point);

	for (unsigned i = 0; i < length; i++)
		output_send_byte(output, bytes[i]);
}

/* The second half does not follow: the first one is printed as U+FFFD. */
static void output_drop_half(struct output *output)
{
	if (output->high != 0)
		output_send_code_point(output, UTF_REPLACEMENT);
	output->high = 0;
}

void netapi32_crt_output_to_stream(struct output *output, FILE *stream, bool wide)
{
	*output = (struct output){ .stream = stream, .wide = wide };
	flockfile(stream);
	if (pending_half.high != 0 && pending_half.stream == stream) {
		output->high = pending_half.high;
		pending_half.high = 0;
	}
}

void netapi32_crt_output_to_units(struct output *output, WCHAR *units, size_t capacity)
{
	*output = (struct output){ .units = units, .capacity = capacity, .wide = true };
}

void netapi32_crt_output_to_bytes(struct output *output, char *bytes, size_t capacity)
{
	*output = (struct output){ .bytes = bytes, .capacity = capacity };
}

void netapi32_crt_output_unit(struct output *output, WCHAR unit)
{
	if (output->wide && output->stream == NULL) {
		if (output->count < output->capacity)
			output->units[output->count] = unit;
		output->count++;
		return;
	}
	if (output->wide)
		output->count++;
	if (output->high != 0 && utf16_is_low(unit)) {
		uint32_t high = output->high;

		output->high = 0;
		output_send_code_point(output, 0x10000 + ((high & 0x3FF) << 10) + (unit & 0x3FF));
		return;
	}
	output_drop_half(output);
	if (utf16_is_high(unit))
		output->high = unit;
	else
		output_send_code_point(output, utf16_is_low(unit) ? UTF_REPLACEMENT : unit);
}

void netapi32_crt_output_byte(struct output *output, char byte)
{
	output_drop_half(output);
	output_send_byte(output, byte);
}

void netapi32_crt_output_ascii(struct output *output, const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		if (output->wide)
			netapi32_crt_output_unit(output, (WCHAR)(unsigned char)text[i]);
		else
			netapi32_crt_output_byte(output, text[i]);
	}
}

void netapi32_crt_output_pad(struct output *output, char filler, size_t times)
{
	for (; times > 0 && !output->failed; times--)
		netapi32_crt_output_ascii(output, &filler, 1);
}

int netapi32_crt_output_finish(struct output *output)
{
	if (output->stream != NULL) {
		if (output->high != 0 && output->wide) {
			pending_half.stream = output->stream;
			pending_half.high = output->high;
		} else {
			output_drop_half(output);
		}
		output_send_chunk(output);
		funlockfile(output->stream);
	} else {
		output_drop_half(output);
	}
	return output->failed || output->count > INT_MAX ? -1 : (int)output->count;
}
