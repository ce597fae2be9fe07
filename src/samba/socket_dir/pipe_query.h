/* SPDX-License-Identifier: MIT */
/* Which pipes there are when Samba's services run: asked from their programs, as samba-dcerpcd
 * itself asks them. */
#ifndef SAMBA_SOCKET_DIR_PIPE_QUERY_H
#define SAMBA_SOCKET_DIR_PIPE_QUERY_H

#include <stdbool.h>
#include "samba/socket_dir/pipe_names.h"

/* Runs all rpcd_* of libexec_dir side by side and adds what they say. smb_conf NULL: Samba's own
 * default. Blocks, ten seconds at most. False: the answer is not complete, which is logged. */
bool pipe_query_run(struct pipe_names *names, const char *libexec_dir, const char *smb_conf);

#endif
