/* SPDX-License-Identifier: MIT */
#include "auth/ntlm_environment.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>
#include "auth/gss.h"

#define LEVEL_VARIABLE "LM_COMPAT_LEVEL"
#define LEVEL_NTLM_V2  3 /* below, a client sends NTLM version 1 */

bool ntlm_environment_has_host(struct err *err)
{
	char host[HOST_NAME_MAX]; /* no room for the longest name and its NUL, as in gss-ntlmssp */

	if (gethostname(host, sizeof host) == 0)
		return true;
	err_set(err, ERROR_NOT_SUPPORTED, AUTH_STEP,
	        "gss-ntlmssp cannot use the name of this computer, which is longer than 63 bytes");
	err_advise(err, "give this computer a shorter name (hostnamectl), or use Kerberos");
	return false;
}

bool ntlm_environment_can_log_on(struct err *err)
{
	const char *level = getenv(LEVEL_VARIABLE);

	if (level != NULL && atoi(level) < LEVEL_NTLM_V2) { /* so does gss-ntlmssp read it */
		err_set(err, ERROR_NOT_SUPPORTED, AUTH_STEP,
		        "the environment variable " LEVEL_VARIABLE
		        " demands NTLM version 1, which proves nothing");
		err_advise(err, "unset " LEVEL_VARIABLE);
		return false;
	}
	return ntlm_environment_has_host(err);
}
