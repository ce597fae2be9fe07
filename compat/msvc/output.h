/* SPDX-License-Identifier: MIT */
/* Receives formatted text from narrow or wide functions, for a stream of bytes or a buffer. */
#ifndef MSVC_OUTPUT_H
#define MSVC_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <windows.h>

struct output {
	FILE *stream;    /* borrows, locked; NULL: the output is a buffer */
	WCHAR *units;    /* borrows; the buffer of a wide function */
	char *bytes;     /* borrows; the buffer of a narrow function */
	size_t capacity; /* units or bytes that the buffer holds */
	size_t count;    /* units or bytes so far, with those that did not fit */
	bool wide;       /* a wide function writes: count is in units */
	bool failed;     /* a write failed */
	WCHAR high;      /* the first half of a character whose second half is to follow, or 0 */
	unsigned chunk_bytes;
	char chunk[256]; /* collected for the stream: stderr would write each byte separately */
};

/* Begin an output. The first one locks the stream until netapi32_crt_output_finish. */
void netapi32_crt_output_to_stream(struct output *output, FILE *stream, bool wide);
void netapi32_crt_output_to_units(struct output *output, WCHAR *units, size_t capacity);
void netapi32_crt_output_to_bytes(struct output *output, char *bytes, size_t capacity);

void netapi32_crt_output_unit(struct output *output, WCHAR unit);
void netapi32_crt_output_byte(struct output *output, char byte); /* narrow functions only */
void netapi32_crt_output_ascii(struct output *output, const char *text, size_t bytes);
void netapi32_crt_output_pad(struct output *output, char filler, size_t times);

/* Ends the output. Returns count, or -1 if a write failed or count does not fit into an int. */
int netapi32_crt_output_finish(struct output *output);

#endif
