/* SPDX-License-Identifier: MIT */
/* What doctor finds, for people and for programs. */
#ifndef NETSESSION_FINDINGS_H
#define NETSESSION_FINDINGS_H

#include <stdbool.h>
#include <jansson.h>
#include <netsession.h>

struct doctor_report {
	const char *server; /* as the user wrote it; NULL: the local computer */
	json_t *list;       /* NULL: each finding is written as it comes */
};

struct doctor_report_format {
	const char *name;
	bool (*begin)(struct doctor_report *findings,
	              const char *server); /* false: out of memory */
	void (*put)(void *findings, const struct netsession_report *finding);
	void (*end)(struct doctor_report *findings, const struct netsession_error *error);
};

/* NULL: findings have no such format. */
const struct doctor_report_format *doctor_report_format_find(const char *name);

#endif
