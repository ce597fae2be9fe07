/* SPDX-License-Identifier: MIT */
/* Whether this Samba is supported, and what prevents its smbd from using the relay: what check and
 * status print, and what enable checks first. */
#ifndef SAMBA_SETUP_PREFLIGHT_H
#define SAMBA_SETUP_PREFLIGHT_H

#include <stdbool.h>
#include "samba/daemon.h"
#include "samba/installation.h"
#include "samba/setup/smb_conf.h"
#include "samba/setup/smb_conf_file.h"
#include "samba/socket_dir/inspection.h"

enum preflight_verdict {
	PREFLIGHT_OK,
	PREFLIGHT_NOTE,
	PREFLIGHT_WRONG, /* has to be put right first */
};

/* Prints what was found, a line each. */
struct preflight_report {
	bool is_terse; /* prints only what is wrong, to stderr */
	unsigned wrong;
};

__attribute__((format(printf, 4, 5))) void preflight_report_add(struct preflight_report *r,
                                                                enum preflight_verdict verdict,
                                                                const char *subject,
                                                                const char *format, ...);

struct preflight {
	const char *directory; /* that of the options */
	struct samba_installation samba;
	struct smb_conf_file file;
	struct smb_conf conf;
	struct socket_dir_inspection pipes;
	bool is_enabled; /* Samba's configuration sets the directory */
};

/* Reads all of that. False: something cannot be read, which is reported. to is good for
 * preflight_fini in any case. Keeps what options holds. */
bool preflight_read(struct preflight *to, const struct samba_options *options,
                    struct preflight_report *report);
void preflight_fini(struct preflight *p);

enum { PREFLIGHT_TEXT_BYTES = 2048 };

/* What sets the parameter beside our block: "line 7 of smb.conf", or what smb.conf includes. */
const char *preflight_other_place(const struct preflight *p, char to[PREFLIGHT_TEXT_BYTES]);
/* The option with which Samba's net reads the registry that this smb.conf names; "": none. */
const char *preflight_net_option(const struct samba_installation *samba,
                                 char to[PREFLIGHT_TEXT_BYTES]);

/* Whether the parameter is set, and not by a block of ours: as Samba says or, where Samba could not
 * be asked, by a line of smb.conf. */
bool preflight_is_set_by_others(const struct preflight *p);

/* Report all of it, and parts of it. */
void preflight_check_all(const struct preflight *p, struct preflight_report *report);
void preflight_check_version(const struct samba_installation *samba,
                             struct preflight_report *report);
void preflight_check_registry(const struct preflight *p, struct preflight_report *report);
void preflight_check_smb_conf(const struct preflight *p, struct preflight_report *report);
void preflight_check_relay(const struct preflight *p, struct preflight_report *report);
void preflight_check_links(const struct preflight *p, struct preflight_report *report);

#endif
