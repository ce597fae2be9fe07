/* SPDX-License-Identifier: MIT */
/* Where formatted text goes: a stream of bytes or a buffer, from narrow or from wide functions. */
#ifndef MSVC_OUTPUT_H
#define MSVC_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <windows.h>

struct output {
	FILE *stream;    /* borrows, locked; NULL: there is a buffer */
	WCHAR *units;    /* borrows; the buffer of a wide function */
	char *bytes;     /* borrows; the buffer of a narrow function */
	size_t capacity; /* units or bytes that the buffer holds */
	size_t count;    /* units or bytes so far, also those that did not fit */
	bool wide;       /* whose output it is: count is in units */
	bool failed;     /* to write */
	WCHAR high;      /* half a character that waits for its other half, or 0 */
	unsigned chunk_bytes;
	char chunk[256]; /* on its way to the stream: stderr would write each byte by itself */
};

/* Begins; locks the stream until netapi32_crt_output_finish. */
void netapi32_crt_output_to_stream(struct output *output, FILE *stream, bool wide);
void netapi32_crt_output_to_units(struct output *output, WCHAR *units, size_t capacity);
void netapi32_crt_output_to_bytes(struct output *output, char *bytes, size_t capacity);

void netapi32_crt_output_unit(struct output *output, WCHAR unit);
void netapi32_crt_output_byte(struct output *output, char byte); /* of narrow functions */
void netapi32_crt_output_ascii(struct output *output, const char *text, size_t bytes);
void netapi32_crt_output_pad(struct output *output, char filler, size_t times);

/* Ends. Returns count, or -1 where it failed or is too large to tell. */
int netapi32_crt_output_finish(struct output *output);

#endif
