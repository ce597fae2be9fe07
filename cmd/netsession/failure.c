/* SPDX-License-Identifier: MIT */
#include "failure.h"

#include "terminal/terminal.h"

void failure_print(const struct err *err)
{
	terminal_print_line(stderr, "netsession: %s%s%s", err_text(err),
	                    err->advice != NULL ? "; " : "",
	                    err->advice != NULL ? err->advice : "");
}
