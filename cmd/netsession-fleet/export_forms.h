/* SPDX-License-Identifier: MIT */
/* Inside export: what the store has seen, in the forms of other programs, on standard output. */
#ifndef NETSESSION_FLEET_EXPORT_FORMS_H
#define NETSESSION_FLEET_EXPORT_FORMS_H

#include "options.h"
#include "store/database.h"

/* A file of computers for BloodHound Community Edition, version 6. Both return an exit code. */
int export_bloodhound(struct database *db, const struct options *options);
/* Events "User Session Query" of the Open Cybersecurity Schema Framework, one a line. */
int export_ocsf(struct database *db, const struct options *options);

#endif
