/* SPDX-License-Identifier: MIT */
/* What this library is, and what it can do. */
#include <netsession.h>

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include "auth/mechanisms.h"

const char *netsession_version(void)
{
	return NETSESSION_VERSION;
}

uint32_t netsession_version_number(void)
{
	return NETSESSION_VERSION_NUMBER;
}

static bool feature_has_kerberos(void)
{
	return auth_has_mechanism(AUTH_KERBEROS);
}

static bool feature_has_ntlm(void)
{
	return auth_has_mechanism(AUTH_NTLM);
}

static bool feature_is_built_in(void)
{
	return true;
}

int netsession_has_feature(const char *name)
{
	static const struct {
		const char *name;
		bool (*is_there)(void);
	} features[] = {
		{ "kerberos", feature_has_kerberos },
		{ "ntlm", feature_has_ntlm },
		{ "nbns", feature_is_built_in },
		{ "kept-connections", feature_is_built_in },
		{ "local-service", feature_is_built_in },
	};

	for (size_t i = 0; i < sizeof features / sizeof *features; i++)
		if (strcmp(features[i].name, name) == 0)
			return features[i].is_there();
	return 0;
}
