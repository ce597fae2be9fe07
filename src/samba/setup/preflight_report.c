/* SPDX-License-Identifier: MIT */
#include "samba/setup/preflight_report.h"

#include <stdarg.h>
#include <stdio.h>
#include "system/log.h"

enum { TEXT_BYTES = 2048 };

void preflight_report_add(struct doctor_report *f, enum preflight_verdict verdict, const char *what,
                          const char *format, ...)
{
	static const char *const words[] = {
		[PREFLIGHT_OK] = "ok",
		[PREFLIGHT_NOTE] = "note",
		[PREFLIGHT_WRONG] = "wrong",
	};
	char text[TEXT_BYTES], escaped[TEXT_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	/* Others' names are in it. */
	log_escape(escaped, sizeof escaped, text);
	f->wrong += verdict == PREFLIGHT_WRONG;
	if (!f->is_terse)
		printf("%-5s %-13s %s\n", words[verdict], what, escaped);
	else if (verdict == PREFLIGHT_WRONG)
		fprintf(stderr, "netsession-samba: %s: %s\n", what, escaped);
}
