/* SPDX-License-Identifier: MIT */
/* What `smbstatus --json` says, of all versions that have it: 4.17 and later.
 * Source: source3/utils/status_json.c of Samba 4.17 to 4.23. */
#ifndef SAMBA_SMBSTATUS_SMBSTATUS_PARSE_H
#define SAMBA_SMBSTATUS_SMBSTATUS_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

/* Which session it is. smbd chooses session_id, and may choose it again; the process is never the
 * same one again: unique_id is random. */
struct smbstatus_identity {
	uint64_t session_id, pid, unique_id;
};

struct smbstatus_session {
	struct smbstatus_identity identity;
	uint32_t node;          /* of a cluster whose smbd it is; SMBSTATUS_NO_CLUSTER */
	const char *client;     /* as Samba calls it: an address, of SMB1 its NetBIOS name */
	const char *user;       /* a Unix account */
	const char *transport;  /* a device name, static text; NULL: it is not told */
	const char *peer;       /* "ipv4:192.0.2.1:56346": all that is told of how it came, before
	                           4.20; NULL: more is, or it has no such form */
	int64_t started_s;      /* Unix time; 0: it is not told, as before 4.20 */
	int64_t had_share_at_s; /* the first of its shares was connected then; 0: not told */
};

#define SMBSTATUS_NO_CLUSTER UINT32_MAX

struct smbstatus_list {
	struct smbstatus_session *sessions; /* in the order of smbstatus_compare_identities */
	size_t count;
	size_t passed_over; /* whose entries are not of the form that is known here */
	char *texts;
};

int smbstatus_compare_identities(const struct smbstatus_identity *a,
                                 const struct smbstatus_identity *b);

/* What `-p` said. Sessions whose log-on goes on are none yet. text need not be ended by NUL.
 * Gives the list; NULL: see err. */
struct smbstatus_list *smbstatus_parse_sessions(const char *text, size_t bytes, struct err *err);
/* What `-S` said: sets had_share_at_s of those that are in list. False: see err. */
bool smbstatus_parse_shares(struct smbstatus_list *list, const char *text, size_t bytes,
                            struct err *err);
/* NULL is allowed. */
void smbstatus_list_free(struct smbstatus_list *list);

/* The transport of what came in at this port; NULL: it could be any. */
const char *smbstatus_transport_of_port(unsigned port);
/* Unix time of "2026-11-25T20:06:08.725385+00:00", as smbstatus writes it; 0: it is none. */
int64_t smbstatus_parse_time(const char *text);

#endif
