/* SPDX-License-Identifier: MIT */
/* Whether this Samba fits, and what is in the way of pointing its smbd to the relay: what check
 * tells, and what enable asks first. */
#ifndef SETUP_EXAMINATION_H
#define SETUP_EXAMINATION_H

#include "setup/findings.h"
#include "samba/installation.h"
#include "setup/options.h"
#include "samba/pipe_folder.h"
#include "setup/smb_conf.h"
#include "setup/smb_conf_file.h"

struct examination {
	const char *directory; /* that of the options */
	struct samba_installation samba;
	struct smb_conf_file file;
	struct smb_conf conf;
	struct pipe_folder pipes;
	bool is_enabled; /* Samba gets the directory from its configuration */
};

/* Reads all of that. False: something cannot be read, which was told. to is good for
 * examination_fini in any case. Keeps what options holds. */
bool examination_read(struct examination *to, const struct samba_options *options,
                      struct findings *findings);
void examination_fini(struct examination *x);

/* Tells all of it; and parts of it. */
void examine(struct examination *x, struct findings *findings);
void examine_version(const struct samba_installation *samba, struct findings *findings);
void examine_registry(const struct examination *x, struct findings *findings);
void examine_text(const struct examination *x, struct findings *findings);
void examine_pipes(const struct examination *x, struct findings *findings);
void examine_links(const struct examination *x, struct findings *findings);

#endif
