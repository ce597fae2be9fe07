/* SPDX-License-Identifier: MIT */
/* By what a log-on can be made here: GSSAPI's mechanisms are plug-ins. */
#ifndef AUTH_MECHANISMS_H
#define AUTH_MECHANISMS_H

#include <stdbool.h>

enum auth_mechanism { AUTH_KERBEROS, AUTH_NTLM, AUTH_MECHANISMS };

bool auth_has_mechanism(enum auth_mechanism mechanism);

#endif
