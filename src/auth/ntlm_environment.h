/* SPDX-License-Identifier: MIT */
/* Inside src/auth only: what gss-ntlmssp takes from the environment of the process, and cannot
 * work with. It reports each of it as something else, or not at all. */
#ifndef AUTH_NTLM_ENVIRONMENT_H
#define AUTH_NTLM_ENVIRONMENT_H

#include <stdbool.h>
#include "base/err.h"

/* Whether gss-ntlmssp can use the name of this computer. False: see err. */
bool ntlm_environment_has_host(struct err *err);

/* Whether gss-ntlmssp can log a user on. False: see err. */
bool ntlm_environment_can_log_on(struct err *err);

#endif
