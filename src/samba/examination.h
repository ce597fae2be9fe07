/* SPDX-License-Identifier: MIT */
/* Whether this Samba fits, and what is in the way of pointing its smbd to the relay: what check
 * tells, and what enable asks first. */
#ifndef SAMBA_EXAMINATION_H
#define SAMBA_EXAMINATION_H

#include "samba/findings.h"
#include "samba/installation.h"
#include "samba/options.h"
#include "samba/pipe_folder.h"
#include "samba/smb_conf.h"
#include "samba/smb_conf_file.h"

struct samba_examination {
	const char *directory; /* that of the options */
	struct samba_installation samba;
	struct smb_conf_file file;
	struct smb_conf conf;
	struct pipe_folder pipes;
	bool is_enabled; /* Samba gets the directory from its configuration */
};

/* Reads all of that. False: something cannot be read, which was told. to is good for
 * samba_examination_fini in any case. Keeps what options holds. */
bool samba_examination_read(struct samba_examination *to, const struct samba_options *options,
                            struct samba_findings *findings);
void samba_examination_fini(struct samba_examination *x);

/* Tells all of it; and parts of it. */
void samba_examine(struct samba_examination *x, struct samba_findings *findings);
void samba_examine_version(const struct samba_installation *samba, struct samba_findings *findings);
void samba_examine_registry(const struct samba_examination *x, struct samba_findings *findings);
void samba_examine_text(const struct samba_examination *x, struct samba_findings *findings);
void samba_examine_pipes(const struct samba_examination *x, struct samba_findings *findings);
void samba_examine_links(const struct samba_examination *x, struct samba_findings *findings);

#endif
