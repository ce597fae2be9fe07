/* SPDX-License-Identifier: MIT */
/* Samba's sessions as the last look had them, and what netsessiond was told of them. Pure: whoever
 * tells it is called. */
#ifndef SAMBA_SMBSTATUS_TRACKER_H
#define SAMBA_SMBSTATUS_TRACKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "samba/smbstatus/smbstatus_parse.h"

enum published_closing {
	PUBLISHED_OPEN,
	PUBLISHED_TO_CLOSE,   /* somebody wants that; the next look has to see it again */
	PUBLISHED_SEEN_AGAIN, /* it did */
	PUBLISHED_CLOSING,    /* its smbd was told */
};

struct published_session {
	struct smbstatus_identity identity;
	uint32_t node;
	uint64_t key; /* its name towards netsessiond; grows, and is never used again */
	char *client, *user;
	const char *transport; /* NULL: not known */
	int64_t started_s;     /* Unix time */
	bool is_start_known;   /* else it began then at the latest */
	uint32_t num_opens, user_flags;

	bool is_published, is_renamed; /* renamed: since it was told */
	bool is_unpublishable;         /* its names cannot be told */
	bool is_refused;               /* until another one has gone: there was no room for it */
	struct {
		const char *transport;
		int64_t started_s;
		uint32_t num_opens, user_flags;
	} published;
	enum published_closing closing;
	uint64_t closing_since; /* looks that had begun by then */
	int64_t closing_by_ms;  /* when it should have ended */
};

struct smbstatus_tracker;

struct smbstatus_tracker_handler {
	/* A session that is new to netsessiond, or another one than it was told. False: it was
	 * not told. */
	bool (*put)(void *context, struct published_session *s);
	/* It is there still, and nothing but num_opens may have changed. Samba does not know for
	 * how long a session has been idle, and says 0: netsessiond would count on by itself. */
	void (*touch)(void *context, const struct published_session *s);
	/* One that was told is not there any more; s is gone afterwards. */
	void (*remove)(void *context, const struct published_session *s);
	/* As samba_feeding_settings has it. */
	bool (*find_cached)(void *context, const struct published_session *s, int64_t started_s,
	                    uint32_t *num_opens, int64_t *seen_started_s);
};

/* Keeps handler and context. guest: whose sessions are a guest's; copied, NULL: nobody's. NULL: out
 * of memory. */
struct smbstatus_tracker *smbstatus_tracker_new(const char *guest,
                                                const struct smbstatus_tracker_handler *handler,
                                                void *context);
/* NULL is allowed. */
void smbstatus_tracker_free(struct smbstatus_tracker *k);

enum smbstatus_tracker_change { SMBSTATUS_UNCHANGED, SMBSTATUS_CHANGED, SMBSTATUS_NO_MEMORY };

/* Makes it what list says, which was so at now_s. After SMBSTATUS_NO_MEMORY it is what it was. */
enum smbstatus_tracker_change smbstatus_tracker_update(struct smbstatus_tracker *k,
                                                       const struct smbstatus_list *list,
                                                       int64_t now_s);
/* Whether list has sessions that are new here, and says nothing of when they began. */
bool smbstatus_tracker_lacks_starts(const struct smbstatus_tracker *k,
                                    const struct smbstatus_list *list);
/* netsessiond knows of none of them any more. */
void smbstatus_tracker_forget_published(struct smbstatus_tracker *k);

size_t smbstatus_tracker_count(const struct smbstatus_tracker *k);
/* In the order of their keys. */
struct published_session *smbstatus_tracker_at(const struct smbstatus_tracker *k, size_t i);
/* Whether both are served by one smbd, with which both end. */
bool published_session_shares_smbd(const struct published_session *a,
                                   const struct published_session *b);
/* NULL: there is none. */
struct published_session *smbstatus_tracker_find(const struct smbstatus_tracker *k, uint64_t key);
/* How many sessions this client and user have that may have begun within two seconds of started_s
 * (Unix time; 0: whenever). */
uint32_t smbstatus_tracker_count_names(const struct smbstatus_tracker *k, const char *client,
                                       const char *user, int64_t started_s);
/* The one that all sessions of this client and user share; NULL: none, or they differ. */
const char *smbstatus_tracker_transport(const struct smbstatus_tracker *k, const char *client,
                                        const char *user);

#endif
