/* SPDX-License-Identifier: MIT */
/* The Samba that is installed here, as its own programs describe it (smbd -V, smbd -b, testparm):
 * its version, and the settings that matter here. */
#ifndef SAMBA_INSTALLATION_H
#define SAMBA_INSTALLATION_H

#include <stdbool.h>
#include "base/err.h"
#include "net/process.h"

struct samba_installation {
	unsigned version[3]; /* 4.17.12 */
	char *version_text;  /* "4.17.12-Debian" */
	char *bin_dir;       /* where testparm and smbcontrol are */
	char *libexec_dir;   /* where samba-dcerpcd and rpcd_* are; "": not found */
	char *smb_conf;      /* which was read, an absolute path */
	char *settings;      /* all that testparm prints of it */
	char *ncalrpc_dir;   /* samba-dcerpcd listens in np/ below it */
	char *socket_dir;    /* external_rpc_pipe:socket_dir; "": not set */
	char *config_file;   /* which smbd reads instead of smb_conf; "": none */
	char *guest_account;
	char *unix_charset;  /* of the names of users and files */
	char *server_role;   /* as testparm prints it */
	bool has_own_conf;   /* smb_conf is another file than Samba's default */
	bool starts_helpers; /* rpc start on demand helpers */
	bool uses_registry;  /* config backend = registry: the text of smb.conf does not count */
};

/* Runs those programs and waits for them: not on a loop. smb_conf NULL: Samba's own default. False:
 * see err; to is good for samba_installation_fini only. */
bool samba_installation_read(struct samba_installation *to, const char *smb_conf, struct err *err);
void samba_installation_fini(struct samba_installation *i);

/* Whether this process may write to Samba's lock directory, as smbstatus and smbcontrol do, if it
 * exists. Gives the directory; the caller frees it. NULL: out of memory, which counts as a yes. */
bool samba_installation_may_lock(const struct samba_installation *i, char **lock_directory);

/* Runs one of Samba's programs and waits for it, for 20 s and 4 MiB at most; otherwise as
 * net_process_run. */
bool samba_program_run(const char *const argv[], struct net_process_result *result,
                       struct err *err);

#endif
