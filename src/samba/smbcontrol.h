/* SPDX-License-Identifier: MIT */
/* Ends smbds by smbcontrol, as Samba's own NetrSessionDel closes sessions: with an smbd, all
 * sessions end that it serves. */
#ifndef SAMBA_SMBCONTROL_H
#define SAMBA_SMBCONTROL_H

#include <stdint.h>
#include "net/loop.h"
#include "samba/smbstatus/smbstatus_parse.h"

struct smbcontrol;

/* Tells the smbd of identity to end. Borrows the texts and identity.
 * bin_dir  where the programs of this Samba are
 * done     called once, never from here; err, borrowed: why smbd was not told; NULL: smbd was told
 * Returns  NULL: out of memory. */
struct smbcontrol *smbcontrol_shutdown(struct net_loop *loop, const char *bin_dir,
                                       const char *smb_conf,
                                       const struct smbstatus_identity *identity, uint32_t node,
                                       void (*done)(void *context, const struct err *err),
                                       void *context);
/* done is not called. NULL is allowed. */
void smbcontrol_cancel(struct smbcontrol *c);

#endif
