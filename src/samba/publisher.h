/* SPDX-License-Identifier: MIT */
/* Publishes Samba's sessions to netsessiond, from smbstatus and from what the relay has cached.
 * netsessiond says when a caller wants them; otherwise nothing is polled. */
#ifndef SAMBA_PUBLISHER_H
#define SAMBA_PUBLISHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <netsession.h>
#include "net/loop.h"

struct samba_publisher_settings {
	bool is_off;                /* nothing is published; the relay may still wait for polls */
	const char *publish_socket; /* NULL: the default one */
	const char *bin_dir;        /* where smbstatus, smbcontrol and wbinfo are */
	const char *smb_conf;       /* for smbstatus and smbcontrol */
	bool is_controller;         /* of an Active Directory domain */
	const char *guest_account;  /* the user whose sessions are a guest's */
	const char *unix_charset;   /* of Samba */
	/* Gives when the one session of this client and user started that started about then (Unix
	 * time; 0: unknown), as the relay has cached it. False: nothing, or several sessions could
	 * be meant. */
	bool (*find_start)(void *context, const char *client, const char *user, int64_t started_s,
	                   int64_t *seen_started_s);
	void *context;
};

struct samba_publisher;

/* Connects to netsessiond, and connects again whenever the connection is lost. Copies the texts,
 * keeps loop and the rest. NULL: out of memory. */
struct samba_publisher *samba_publisher_new(struct net_loop *loop,
                                            const struct samba_publisher_settings *settings);
/* NULL is allowed. */
void samba_publisher_free(struct samba_publisher *p);

struct samba_publisher_state {
	bool is_connected;
	size_t sessions; /* that are published */
	uint64_t polls;  /* runs of smbstatus, or several where one was cut short */
	uint64_t failed_polls;
	uint64_t closed;     /* sessions that were closed for netsessiond */
	const char *message; /* what prevents publishing; "": nothing. Lives until the loop runs */
};
void samba_publisher_get_state(const struct samba_publisher *p,
                               struct samba_publisher_state *state);

enum { SAMBA_PUBLISHER_WAIT_MS = 2000 }; /* as long as netsessiond waits for a publisher */

/* A wait for a poll of Samba's sessions. */
struct samba_publisher_wait {
	/* is_current: a poll that began after samba_publisher_wait_for_poll has succeeded; else it
	 * failed, or took too long. */
	void (*over)(void *context, bool is_current);
	void *context;

	TAILQ_ENTRY(samba_publisher_wait) next; /* the rest is the publisher's */
	bool is_waiting;
	uint64_t since; /* polls that had begun by then */
	int64_t until_ms;
};

/* Keeps wait until over is called, which is never from here. False: polls fail, and none is tried
 * now. */
bool samba_publisher_wait_for_poll(struct samba_publisher *p, struct samba_publisher_wait *wait);
/* over is not called. */
void samba_publisher_cancel_wait(struct samba_publisher *p, struct samba_publisher_wait *wait);

/* Logs which sessions close when Samba is asked to close those of this client and user, and which
 * others close with them. NULL or "": of any. */
void samba_publisher_log_closing(struct samba_publisher *p, const char *client, const char *user);

/* How many sessions of this client and user the last poll found that may have started within two
 * seconds of started_s (Unix time; 0: whenever). */
uint32_t samba_publisher_count_sessions(const struct samba_publisher *p, const char *client,
                                        const char *user, int64_t started_s);
/* The transport that smbstatus names for the sessions of this client and user, as a device name.
 * NULL: unknown. */
const char *samba_publisher_find_transport(const struct samba_publisher *p, const char *client,
                                           const char *user);

#endif
