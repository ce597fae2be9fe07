/* SPDX-License-Identifier: MIT */
#include "samba/daemon.h"

#include "samba/installation.h"
#include "system/log.h"

int samba_run(const struct samba_options *options)
{
	struct samba_installation samba;
	struct err err = { 0 };

	log_begin("netsession-samba");
	log_set_level(options->log_level);
	if (samba_installation_read(&samba, options->smb_conf, &err))
		log_write(LOG_LEVEL_ERROR, "Samba %s is here, but cannot be relayed to yet",
		          samba.version_text);
	else
		log_write(LOG_LEVEL_ERROR, "%s", err.why);
	samba_installation_fini(&samba);
	return 1;
}
