/* SPDX-License-Identifier: MIT */
/* Samba's sessions in netsessiond's table: told from smbstatus, and from what the relay has seen.
 * netsessiond says when somebody asks; between whiles nothing is polled. */
#ifndef SAMBA_PUBLISHER_H
#define SAMBA_PUBLISHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <netsession.h>
#include "net/loop.h"

struct samba_publisher_settings {
	bool is_off;                /* netsessiond is told nothing; the relay may still ask */
	const char *publish_socket; /* NULL: the default one */
	const char *smb_conf;       /* for smbstatus and smbcontrol */
	const char *guest_account;  /* whose sessions are a guest's */
	/* What the relay has seen of the one session of this client and user that began about then
	 * (Unix time; 0: not known). False: nothing, or several could be meant. row's texts are not
	 * given. */
	bool (*find_cached)(void *context, const char *client, const char *user, int64_t started_s,
	                    struct netsession_row *row, int64_t *seen_started_s);
	void *context;
};

struct samba_publisher;

/* Begins to connect to netsessiond, and does it again whenever that is away. Copies the texts,
 * keeps loop and the rest. NULL: out of memory. */
struct samba_publisher *samba_publisher_new(struct net_loop *loop,
                                            const struct samba_publisher_settings *settings);
/* NULL is allowed. */
void samba_publisher_free(struct samba_publisher *f);

struct samba_publisher_state {
	bool is_connected;
	size_t sessions; /* told to netsessiond */
	uint64_t polls;  /* of smbstatus */
	uint64_t failed_polls;
	uint64_t closed;     /* sessions that netsessiond wanted closed */
	const char *message; /* what stands in the way; "": nothing does. Lives until the loop runs
	                        on */
};
void samba_publisher_get_state(const struct samba_publisher *f,
                               struct samba_publisher_state *state);

enum { SAMBA_PUBLISHER_WAIT_MS = 2000 }; /* as long as netsessiond waits for a publisher */

/* Somebody who waits for a look at Samba's sessions. */
struct samba_publisher_wait {
	/* is_current: a look that began since samba_publisher_wait_for_poll has ended well; else it
	 * failed, or took too long. */
	void (*over)(void *context, bool is_current);
	void *context;

	TAILQ_ENTRY(samba_publisher_wait) next; /* the rest is the feeding's */
	bool is_waiting;
	uint64_t since; /* looks that had begun by then */
	int64_t until_ms;
};

/* Keeps wait until over is called, never from here. False: looks fail, and none is made now. */
bool samba_publisher_wait_for_poll(struct samba_publisher *f, struct samba_publisher_wait *wait);
/* over will not be called. */
void samba_publisher_cancel_wait(struct samba_publisher *f, struct samba_publisher_wait *wait);

/* Samba is about to be asked to close the sessions of this client and user, NULL or "": of any.
 * Logs whose sessions end with them. */
void samba_publisher_log_closing(struct samba_publisher *f, const char *client, const char *user);

/* How many sessions of this client and user the last look found that may have begun within two
 * seconds of started_s (Unix time; 0: whenever). */
uint32_t samba_publisher_count_sessions(const struct samba_publisher *f, const char *client,
                                        const char *user, int64_t started_s);
/* The transport that smbstatus told of the sessions of this client and user, as a device name;
 * NULL: none is known. */
const char *samba_publisher_find_transport(const struct samba_publisher *f, const char *client,
                                           const char *user);

#endif
