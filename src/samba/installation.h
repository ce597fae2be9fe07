/* SPDX-License-Identifier: MIT */
/* The Samba that is installed here, as its own programs tell it (smbd -V, smbd -b, testparm): its
 * version, and what its configuration says of what matters here. */
#ifndef SAMBA_INSTALLATION_H
#define SAMBA_INSTALLATION_H

#include <stdbool.h>
#include "base/err.h"
#include "net/process.h"

struct samba_installation {
	unsigned version[3]; /* 4.17.12 */
	char *version_text;  /* "4.17.12-Debian" */
	char *bin_dir;       /* where its testparm and smbcontrol are */
	char *libexec_dir;   /* where its rpcd_* and samba-dcerpcd are; "": not found */
	char *smb_conf;      /* which was read, an absolute path */
	char *ncalrpc_dir;   /* below which samba-dcerpcd listens, in np/ */
	char *socket_dir;    /* external_rpc_pipe:socket_dir; "": not said */
	char *config_file;   /* which smbd reads in the place of that one; "": none */
	char *guest_account;
	char *server_role;   /* as testparm says it */
	bool starts_helpers; /* rpc start on demand helpers */
	bool uses_registry;  /* config backend = registry: smb.conf's text does not count */
	char message[512];   /* what went wrong */
};

/* Runs those programs and waits for them: not on a loop. smb_conf NULL: Samba's own default. False:
 * see err, whose texts live as long as to; to is good for samba_installation_fini only. */
bool samba_installation_read(struct samba_installation *to, const char *smb_conf, struct err *err);
void samba_installation_fini(struct samba_installation *i);

/* Runs one of Samba's programs and waits for it, for 20 s and 4 MiB at most; otherwise as
 * net_process_run. */
bool samba_program_run(const char *const argv[], struct net_process_result *result,
                       struct err *err);

#endif
