/* SPDX-License-Identifier: MIT */
/* What was found about this computer's Samba, told line by line. */
#ifndef SETUP_FINDINGS_H
#define SETUP_FINDINGS_H

#include <stdbool.h>

enum verdict {
	FINDING_GOOD,
	FINDING_NOTE,
	FINDING_WRONG, /* it is in the way */
};

struct findings {
	bool is_terse; /* what is wrong alone, on stderr */
	unsigned wrong;
};

__attribute__((format(printf, 4, 5))) void findings_add(struct findings *f, enum verdict verdict,
                                                        const char *what, const char *format, ...);

#endif
