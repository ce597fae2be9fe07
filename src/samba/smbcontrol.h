/* SPDX-License-Identifier: MIT */
/* smbcontrol, run beside the loop: smbds are told to end, which is how Samba's own NetrSessionDel
 * closes sessions. With an smbd all sessions of its client's connection end. */
#ifndef SAMBA_SMBCONTROL_H
#define SAMBA_SMBCONTROL_H

#include <stdint.h>
#include "net/loop.h"
#include "samba/smbstatus/smbstatus_parse.h"

struct smbcontrol;

/* Tells the process of identity that it is to end. Borrows smb_conf and identity.
 * done     called once, never from here; story says what failed, borrowed; NULL: it was told
 * Returns  NULL: out of memory. */
struct smbcontrol *smbcontrol_shutdown(struct net_loop *loop, const char *smb_conf,
                                       const struct smbstatus_identity *identity, uint32_t node,
                                       void (*done)(void *context, const char *story),
                                       void *context);
/* done will not be called. NULL is allowed. */
void smbcontrol_cancel(struct smbcontrol *c);

#endif
