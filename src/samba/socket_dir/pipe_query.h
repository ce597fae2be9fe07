/* SPDX-License-Identifier: MIT */
/* Asks the programs of Samba's services which pipes they have, as samba-dcerpcd does itself. */
#ifndef SAMBA_SOCKET_DIR_PIPE_QUERY_H
#define SAMBA_SOCKET_DIR_PIPE_QUERY_H

#include <stdbool.h>
#include "samba/socket_dir/pipe_names.h"

/* Runs all rpcd_* of libexec_dir side by side and adds the pipes that they print. smb_conf NULL:
 * Samba's own default. Blocks, for ten seconds at most. False: the answer is incomplete, which is
 * logged. */
bool pipe_query_run(struct pipe_names *names, const char *libexec_dir, const char *smb_conf);

#endif
