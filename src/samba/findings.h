/* SPDX-License-Identifier: MIT */
/* What was found about this computer's Samba, told line by line. */
#ifndef SAMBA_FINDINGS_H
#define SAMBA_FINDINGS_H

#include <stdbool.h>

enum samba_verdict {
	SAMBA_GOOD,
	SAMBA_NOTE,
	SAMBA_WRONG, /* it is in the way */
};

struct samba_findings {
	bool is_terse; /* what is wrong alone, on stderr */
	unsigned wrong;
};

__attribute__((format(printf, 4, 5))) void samba_findings_add(struct samba_findings *f,
                                                              enum samba_verdict verdict,
                                                              const char *what, const char *format,
                                                              ...);

#endif
