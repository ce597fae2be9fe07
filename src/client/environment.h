/* SPDX-License-Identifier: MIT */
/* Who asks when nobody was named: the file that NETSESSION_CREDENTIALS names. */
#ifndef CLIENT_ENVIRONMENT_H
#define CLIENT_ENVIRONMENT_H

#include "auth/credentials.h"

/* Gives a hold on the file's credentials; NULL where no file is named, or with err where it was
 * refused. The same file is read once, and so is what GSSAPI makes of it, until it changes. */
struct netsession_credentials *environment_credentials(struct err *err);

#endif
