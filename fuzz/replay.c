/* SPDX-License-Identifier: MIT */
/* Runs a fuzz target without libFuzzer, with any compiler: once with each file that is named.
 * Prints the name of each before it is run, so that the last one is the input that ended the
 * program. */
#include "fuzz.h"

/* In a block of exactly its size, so that a sanitizer sees a read behind its end. */
static uint8_t *replay_read(const char *path, size_t *bytes)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data;
	long end;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (end = ftell(file)) < 0) {
		perror(path);
		exit(2);
	}
	rewind(file);
	data = malloc(end > 0 ? (size_t)end : 1);
	*bytes = data != NULL ? fread(data, 1, (size_t)end, file) : 0;
	if (*bytes != (size_t)end) {
		fprintf(stderr, "%s cannot be read\n", path);
		exit(2);
	}
	fclose(file);
	return data;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		size_t bytes;
		uint8_t *data = replay_read(argv[i], &bytes);

		puts(argv[i]);
		fflush(stdout);
		(void)LLVMFuzzerTestOneInput(data, bytes);
		free(data);
	}
	return 0;
}
