/* SPDX-License-Identifier: MIT */
/* Parses what `smbstatus --json` prints, of all versions that have it: 4.17 and later.
 * Source: source3/utils/status_json.c of Samba 4.17 to 4.23. */
#ifndef SAMBA_SMBSTATUS_SMBSTATUS_PARSE_H
#define SAMBA_SMBSTATUS_SMBSTATUS_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <netsession.h>
#include "base/err.h"

/* Identifies a session. smbd may use a session_id again, but never in the same process: unique_id
 * is random. */
struct smbstatus_identity {
	uint64_t session_id, pid, unique_id;
};

struct smbstatus_session {
	struct smbstatus_identity identity;
	uint32_t node;          /* the cluster's node that its smbd runs on; SMBSTATUS_NO_CLUSTER */
	const char *client;     /* as Samba names it: an address; the NetBIOS name with SMB1 */
	const char *user;       /* a Unix account; its number where smbstatus has no name for it */
	uint32_t uid;           /* of that account; SMBSTATUS_NO_UID: not told */
	const char *transport;  /* a device name, static text; NULL: unknown */
	const char *peer;       /* "ipv4:192.0.2.1:56346"; NULL: channels are listed, as from 4.20
	                           on, or the peer has another form */
	int64_t started_s;      /* Unix time; 0: unknown, as before 4.20 */
	int64_t had_share_at_s; /* when its first share was connected; 0: unknown */
	int64_t smbd_started_s; /* when its smbd was started, for its connection; 0: unknown */
	uint32_t num_opens;     /* files and folders; NETSESSION_UNKNOWN: not known */
};

#define SMBSTATUS_NO_CLUSTER UINT32_MAX
#define SMBSTATUS_NO_UID     UINT32_MAX

enum { SMBSTATUS_COMPLAINT_BYTES = 256 };

struct smbstatus_list {
	struct smbstatus_session *sessions; /* in the order of smbstatus_compare_identities */
	size_t count;
	size_t passed_over; /* entries of a form that is not known here */
	size_t unnamed;     /* sessions whose user has a name that cannot be shown: user is "" */
	bool is_incomplete; /* smbstatus has left out sessions */
	/* What smbstatus wrote to stderr; why it has left out sessions if it has. "": nothing. */
	char complaint[SMBSTATUS_COMPLAINT_BYTES];
	struct err opens_err; /* why no numbers of open files are known; status 0: they are */
	char *texts;
	struct smbstatus_list *named; /* whose names are borrowed; NULL: none */
	SLIST_HEAD(, smbstatus_name) names;
};

/* A name that smbstatus did not print. */
struct smbstatus_name {
	SLIST_ENTRY(smbstatus_name) entry;
	char text[];
};

int smbstatus_compare_identities(const struct smbstatus_identity *a,
                                 const struct smbstatus_identity *b);

/* Parses what `-p` prints, but for sessions whose log-on is still under way. text needs no NUL at
 * its end. Gives the list; NULL: see err. */
struct smbstatus_list *smbstatus_parse_sessions(const char *text, size_t bytes, struct err *err);
/* Parses what `-p -n` prints, which has user ids in the place of names: gives all sessions, those
 * that named has with the names that they have there. Finds the other names in the system's
 * database of users, which has them in this charset, as Samba has. Takes named; NULL: there is
 * none. */
struct smbstatus_list *smbstatus_parse_numeric(const char *text, size_t bytes,
                                               struct smbstatus_list *named, const char *charset,
                                               struct err *err);
/* Parses what `-L` prints, and sets num_opens of the sessions in list. Samba knows of an open file
 * by which smbd it is open, and under which user id, but not for which session: where several
 * sessions could have it open, their numbers are not known. False: see err; no number is known. */
bool smbstatus_parse_opens(struct smbstatus_list *list, const char *text, size_t bytes,
                           struct err *err);
/* Parses what `-S` prints, and sets had_share_at_s of the sessions in list. False: see err. */
bool smbstatus_parse_shares(struct smbstatus_list *list, const char *text, size_t bytes,
                            struct err *err);
/* NULL is allowed. */
void smbstatus_list_free(struct smbstatus_list *list);

/* The transport of a connection that came in at this port; NULL: it could be any. */
const char *smbstatus_transport_of_port(unsigned port);
/* Unix time of "2026-11-25T20:06:08.725385+00:00", as smbstatus writes it; 0: another text. */
int64_t smbstatus_parse_time(const char *text);

#endif
