/* SPDX-License-Identifier: MIT */
/* smbstatus, run beside the loop: a look at Samba's sessions. */
#ifndef SAMBA_SMBSTATUS_SMBSTATUS_H
#define SAMBA_SMBSTATUS_SMBSTATUS_H

#include <stdbool.h>
#include "net/loop.h"
#include "samba/smbstatus/smbstatus_parse.h"

enum { SMBSTATUS_MESSAGE_BYTES = 384 };

struct smbstatus_handler {
	/* Whether it is worth another run that the shares of these sessions are known. */
	bool (*wants_shares)(void *context, const struct smbstatus_list *list);
	/* The last thing. Gives list; NULL: story says why, borrowed. */
	void (*done)(void *context, struct smbstatus_list *list, const char *story);
};

struct smbstatus;

/* Borrows smb_conf, keeps handler and context until done is called, never from here.
 * NULL: out of memory. */
struct smbstatus *smbstatus_start(struct net_loop *loop, const char *smb_conf,
                                  const struct smbstatus_handler *handler, void *context);
/* done will not be called. NULL is allowed. */
void smbstatus_cancel(struct smbstatus *s);

#endif
