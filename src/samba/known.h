/* SPDX-License-Identifier: MIT */
/* Samba's sessions as the last look had them, and what netsessiond was told of them. Pure: whoever
 * tells it is called. */
#ifndef SAMBA_KNOWN_H
#define SAMBA_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "samba/smbstatus_parse.h"

enum known_closing {
	KNOWN_OPEN,
	KNOWN_TO_CLOSE, /* somebody wants that; the next look has to see it again */
	KNOWN_IS_SURE,  /* it did */
	KNOWN_CLOSING,  /* its smbd was told */
};

struct known_session {
	struct smbstatus_identity identity;
	uint32_t node;
	uint64_t key; /* its name towards netsessiond; grows, and is never used again */
	char *client, *user;
	const char *transport; /* NULL: not known */
	int64_t started_s;     /* Unix time */
	bool is_start_known;   /* else it began then at the latest */
	uint32_t num_opens, user_flags;

	bool is_told, is_renamed; /* renamed: since it was told */
	bool is_unfit;            /* its names cannot be told */
	bool is_refused;          /* until another one has gone: there was no room for it */
	struct {
		const char *transport;
		int64_t started_s;
		uint32_t num_opens, user_flags;
	} told;
	enum known_closing closing;
	uint64_t closing_since; /* looks that had begun by then */
	int64_t closing_by_ms;  /* when it should have ended */
};

struct known;

struct known_handler {
	/* A session that is new to netsessiond, or another one than it was told. False: it was
	 * not told. */
	bool (*put)(void *context, struct known_session *s);
	/* It is there still, and nothing but num_opens may have changed. Samba does not know for
	 * how long a session has been idle, and says 0: netsessiond would count on by itself. */
	void (*touch)(void *context, const struct known_session *s);
	/* One that was told is not there any more; s is gone afterwards. */
	void (*remove)(void *context, const struct known_session *s);
	/* As samba_feeding_settings has it. */
	bool (*seen)(void *context, const struct known_session *s, int64_t started_s,
	             uint32_t *num_opens, int64_t *seen_started_s);
};

/* Keeps handler and context. guest: whose sessions are a guest's; copied, NULL: nobody's. NULL: out
 * of memory. */
struct known *known_new(const char *guest, const struct known_handler *handler, void *context);
/* NULL is allowed. */
void known_free(struct known *k);

enum known_change { KNOWN_SAME, KNOWN_CHANGED, KNOWN_NO_MEMORY };

/* Makes it what list says, which was so at now_s. After KNOWN_NO_MEMORY it is what it was. */
enum known_change known_take(struct known *k, const struct smbstatus_list *list, int64_t now_s);
/* Whether list has sessions that are new here, and says nothing of when they began. */
bool known_lacks_starts(const struct known *k, const struct smbstatus_list *list);
/* netsessiond knows of none of them any more. */
void known_untell(struct known *k);

size_t known_count(const struct known *k);
/* In the order of their keys. */
struct known_session *known_at(const struct known *k, size_t i);
/* Whether both are served by one smbd, with which both end. */
bool known_is_beside(const struct known_session *a, const struct known_session *b);
/* NULL: there is none. */
struct known_session *known_find(const struct known *k, uint64_t key);
/* How many sessions this client and user have that may have begun within two seconds of started_s
 * (Unix time; 0: whenever). */
uint32_t known_count_names(const struct known *k, const char *client, const char *user,
                           int64_t started_s);
/* The one that all sessions of this client and user share; NULL: none, or they differ. */
const char *known_transport(const struct known *k, const char *client, const char *user);

#endif
