/* SPDX-License-Identifier: MIT */
#ifndef STORE_DATABASE_ACCESS_H
#define STORE_DATABASE_ACCESS_H

enum database_access {
	DATABASE_READ,   /* it must exist */
	DATABASE_WRITE,  /* it must exist */
	DATABASE_CREATE, /* it is made, with its folder, where it is missing; only its owner may
	                    read it */
};

#endif
