/* SPDX-License-Identifier: MIT */
/* main() for programs that have only wmain(). It is in an archive, so the linker prefers a main of
 * the program. C++ has a different name for each signature of wmain. C has one name for all of
 * them, and a wmain with fewer parameters ignores the other arguments. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "utf.h"

#define TEXT_OF_(token) #token
#define TEXT_OF(token)  TEXT_OF_(token)
#define WEAK(symbol)    __asm__(TEXT_OF(__USER_LABEL_PREFIX__) symbol) __attribute__((weak))

extern int wmain(int argc, WCHAR **argv, WCHAR **envp) __attribute__((weak));
extern int wmain_v(void) WEAK("_Z5wmainv");
extern int wmain_a(int argc, WCHAR **argv) WEAK("_Z5wmainiPPw");
extern int wmain_ca(int argc, WCHAR **argv) WEAK("_Z5wmainiPPKw");
extern int wmain_ae(int argc, WCHAR **argv, WCHAR **envp) WEAK("_Z5wmainiPPwS0_");
extern int wmain_cae(int argc, WCHAR **argv, WCHAR **envp) WEAK("_Z5wmainiPPKwS1_");

extern char **environ;

/* The program uses them until it ends. A leak checker finds them here. */
static WCHAR **volatile wide_argv, **volatile wide_envp;

static void *argument_allocate(size_t bytes)
{
	void *given = malloc(bytes);

	if (given == NULL) {
		fputs("out of memory for the arguments of the program\n", stderr);
		abort();
	}
	return given;
}

static WCHAR *argument_widen(const char *text)
{
	/* A character never has more units than bytes. */
	WCHAR *units = argument_allocate((strlen(text) + 1) * sizeof *units), *at = units;
	uint32_t code_point;

	while ((code_point = netapi32_crt_utf8_next(&text)) != 0)
		at += netapi32_crt_utf16_put(at, code_point);
	*at = 0;
	return units;
}

static WCHAR **argument_widen_all(char **texts)
{
	size_t count = 0;
	WCHAR **all;

	while (texts[count] != NULL)
		count++;
	all = argument_allocate((count + 1) * sizeof *all);
	for (size_t i = 0; i < count; i++)
		all[i] = argument_widen(texts[i]);
	all[count] = NULL;
	return all;
}

int main(int argc, char **argv)
{
	/* A Windows console shows each line as soon as it is complete. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	wide_argv = argument_widen_all(argv);
	wide_envp = argument_widen_all(environ);
	if (wmain != NULL)
		return wmain(argc, wide_argv, wide_envp);
	if (wmain_v != NULL)
		return wmain_v();
	if (wmain_a != NULL)
		return wmain_a(argc, wide_argv);
	if (wmain_ca != NULL)
		return wmain_ca(argc, wide_argv);
	if (wmain_ae != NULL)
		return wmain_ae(argc, wide_argv, wide_envp);
	if (wmain_cae != NULL)
		return wmain_cae(argc, wide_argv, wide_envp);
	fputs("this program has neither main nor wmain\n", stderr);
	return EXIT_FAILURE;
}
