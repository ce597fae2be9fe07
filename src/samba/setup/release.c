/* SPDX-License-Identifier: MIT */
/* netsession-samba release. */
#include "samba/setup/setup.h"

#include <limits.h>
#include <stdio.h>
#include "samba/socket_dir/socket_dir.h"
#include "samba/installation.h"
#include "samba/socket_dir/inspection.h"

/* smbd's callers wait for it: the links that are there tell at once where they lead, Samba's own
 * programs need a tenth of a second, and an smb.conf that they can read. */
int setup_release(const struct samba_options *options)
{
	struct samba_installation samba = { 0 };
	struct err err = { 0 };
	char target[PATH_MAX];
	const char *ncalrpc_dir = target;
	bool is_good = true;

	if (!socket_dir_find_target(options->directory, target)) {
		is_good = samba_installation_read(&samba, options->smb_conf, &err);
		ncalrpc_dir = samba.ncalrpc_dir;
	}
	is_good = is_good && socket_dir_release(options->directory, ncalrpc_dir, &err);
	if (!is_good)
		fprintf(stderr, "netsession-samba: %s: %s\n", options->directory, err_text(&err));
	samba_installation_fini(&samba);
	return is_good ? SETUP_DONE : SETUP_FAILED;
}
