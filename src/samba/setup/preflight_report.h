/* SPDX-License-Identifier: MIT */
/* What was found about this computer's Samba, told line by line. */
#ifndef SAMBA_SETUP_PREFLIGHT_REPORT_H
#define SAMBA_SETUP_PREFLIGHT_REPORT_H

#include <stdbool.h>

enum preflight_verdict {
	PREFLIGHT_OK,
	PREFLIGHT_NOTE,
	PREFLIGHT_WRONG, /* it is in the way */
};

struct doctor_report {
	bool is_terse; /* what is wrong alone, on stderr */
	unsigned wrong;
};

__attribute__((format(printf, 4, 5))) void preflight_report_add(struct doctor_report *f,
                                                                enum preflight_verdict verdict,
                                                                const char *what,
                                                                const char *format, ...);

#endif
