/* SPDX-License-Identifier: MIT */
/* Whether this Samba fits, and what is in the way of pointing its smbd to the relay: what check
 * tells, and what enable asks first. */
#ifndef SAMBA_SETUP_PREFLIGHT_H
#define SAMBA_SETUP_PREFLIGHT_H

#include "samba/setup/preflight_report.h"
#include "samba/installation.h"
#include "samba/daemon.h"
#include "samba/socket_dir/inspection.h"
#include "samba/setup/smb_conf.h"
#include "samba/setup/smb_conf_file.h"

struct preflight {
	const char *directory; /* that of the options */
	struct samba_installation samba;
	struct smb_conf_file file;
	struct smb_conf conf;
	struct socket_dir_inspection pipes;
	bool is_enabled; /* Samba gets the directory from its configuration */
};

/* Reads all of that. False: something cannot be read, which was told. to is good for
 * preflight_fini in any case. Keeps what options holds. */
bool preflight_read(struct preflight *to, const struct samba_options *options,
                    struct doctor_report *findings);
void preflight_fini(struct preflight *x);

/* Tells all of it; and parts of it. */
void preflight_check_all(struct preflight *x, struct doctor_report *findings);
void preflight_check_version(const struct samba_installation *samba,
                             struct doctor_report *findings);
void preflight_check_registry(const struct preflight *x, struct doctor_report *findings);
void preflight_check_smb_conf(const struct preflight *x, struct doctor_report *findings);
void preflight_check_relay(const struct preflight *x, struct doctor_report *findings);
void preflight_check_links(const struct preflight *x, struct doctor_report *findings);

#endif
