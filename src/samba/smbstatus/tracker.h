/* SPDX-License-Identifier: MIT */
/* Samba's sessions as smbstatus listed them last, and the values that were published of them. */
#ifndef SAMBA_SMBSTATUS_TRACKER_H
#define SAMBA_SMBSTATUS_TRACKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "samba/smbstatus/smbstatus_parse.h"

enum published_closing {
	PUBLISHED_OPEN,
	PUBLISHED_TO_CLOSE,   /* netsessiond asked for that; the next poll must list it again */
	PUBLISHED_SEEN_AGAIN, /* the next poll did */
	PUBLISHED_CLOSING,    /* its smbd has been sent a shutdown */
};

/* Lives until the next smbstatus_tracker_update. */
struct published_session {
	struct smbstatus_identity identity;
	uint32_t node;
	uint64_t key; /* towards netsessiond; grows by age, and is never used again */
	const char *client, *user;
	const char *transport; /* static text; NULL: not known */
	int64_t started_s;     /* Unix time */
	bool is_start_known;   /* else the session started then or earlier */
	uint32_t num_opens;    /* NETSESSION_UNKNOWN: not known */
	uint32_t user_flags;

	bool is_published;
	bool is_renamed;       /* since it was published */
	bool is_unpublishable; /* netsessiond refuses its names */
	bool is_refused;       /* netsessiond has no room for it, until another session closes */
	bool is_postponed;     /* memory ran out here or there, until the next poll */
	struct {
		const char *transport;
		int64_t started_s;
		bool is_start_known;
		uint32_t num_opens, user_flags;
	} published; /* as netsessiond knows the session */
	enum published_closing closing;
	uint64_t closing_since; /* polls that had begun when netsessiond asked */
	int64_t closing_by_ms;  /* when the session should have ended */
};

struct smbstatus_tracker;

struct smbstatus_tracker_handler {
	/* Publishes a session that netsessiond does not know, or knows otherwise. False: it was not
	 * published. */
	bool (*put)(void *context, struct published_session *s);
	/* num_opens of a session has changed, and nothing else. */
	void (*touch)(void *context, const struct published_session *s);
	/* A session that was published has closed. */
	void (*remove)(void *context, const struct published_session *s);
	/* As samba_publisher_settings has it. */
	bool (*find_cached)(void *context, const struct published_session *s, int64_t started_s,
	                    int64_t *seen_started_s);
};

/* Keeps handler and context. guest: the user whose sessions are a guest's, in any case, as Samba
 * takes it; copied, NULL: there is none. NULL: out of memory. */
struct smbstatus_tracker *smbstatus_tracker_new(const char *guest,
                                                const struct smbstatus_tracker_handler *handler,
                                                void *context);
/* NULL is allowed. */
void smbstatus_tracker_free(struct smbstatus_tracker *k);

enum smbstatus_tracker_change { SMBSTATUS_UNCHANGED, SMBSTATUS_CHANGED, SMBSTATUS_NO_MEMORY };

/* Tracks what list says, which was true at now_s (Unix time), and publishes the difference. After
 * SMBSTATUS_NO_MEMORY nothing has changed. */
enum smbstatus_tracker_change smbstatus_tracker_update(struct smbstatus_tracker *k,
                                                       const struct smbstatus_list *list,
                                                       int64_t now_s);
/* Whether list has sessions that are not tracked yet, and whose start it does not say. */
bool smbstatus_tracker_lacks_starts(struct smbstatus_tracker *k, const struct smbstatus_list *list);
/* The connection to netsessiond is lost, and with it all that was published. */
void smbstatus_tracker_forget_published(struct smbstatus_tracker *k);

size_t smbstatus_tracker_count(const struct smbstatus_tracker *k);
/* In the order of their keys. */
struct published_session *smbstatus_tracker_at(const struct smbstatus_tracker *k, size_t i);
/* NULL: no session has this key. */
struct published_session *smbstatus_tracker_find(const struct smbstatus_tracker *k, uint64_t key);
/* Whether both sessions are served by one smbd, with which both end. */
bool published_session_shares_smbd(const struct published_session *a,
                                   const struct published_session *b);
/* How many sessions this client and user have that may have started within two seconds of started_s
 * (Unix time; 0: whenever). */
uint32_t smbstatus_tracker_count_names(const struct smbstatus_tracker *k, const char *client,
                                       const char *user, int64_t started_s);
/* The transport that all sessions of this client and user share; NULL: they have none, or several.
 */
const char *smbstatus_tracker_transport(const struct smbstatus_tracker *k, const char *client,
                                        const char *user);

#endif
