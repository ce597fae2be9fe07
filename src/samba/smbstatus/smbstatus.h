/* SPDX-License-Identifier: MIT */
/* Polls Samba's sessions by smbstatus, beside the loop. */
#ifndef SAMBA_SMBSTATUS_SMBSTATUS_H
#define SAMBA_SMBSTATUS_SMBSTATUS_H

#include <stdbool.h>
#include "net/loop.h"
#include "samba/smbstatus/smbstatus_parse.h"
#include "samba/smbstatus/user_names.h"

struct smbstatus_settings {
	const char *bin_dir; /* of the programs of this Samba: those of another one know other
	                        sessions */
	const char *smb_conf;
	const char *charset; /* Samba's `unix charset` */
	bool wants_opens;    /* the numbers of open files, which takes another run */
};

struct smbstatus_handler {
	/* Whether to run smbstatus once more, for the shares of these sessions. */
	bool (*wants_shares)(void *context, const struct smbstatus_list *list);
	/* Called last. Gives list; NULL: err, borrowed, says why there is none. */
	void (*done)(void *context, struct smbstatus_list *list, const struct err *err);
};

struct smbstatus;

/* Copies settings; keeps names, handler and context until done is called, which is never from here.
 * names    of users; the list borrows from it
 * Returns  NULL: out of memory. */
struct smbstatus *smbstatus_start(struct net_loop *loop, const struct smbstatus_settings *settings,
                                  struct user_names *names, const struct smbstatus_handler *handler,
                                  void *context);
/* done is not called. NULL is allowed. */
void smbstatus_cancel(struct smbstatus *s);

#endif
