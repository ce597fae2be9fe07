/* SPDX-License-Identifier: MIT */
#include "auth/mechanisms.h"

#include "auth/gss.h"
#include "auth/spnego/mechanism.h"

gss_OID_desc auth_oids[AUTH_MECHANISMS] = {
	[AUTH_KERBEROS] = AUTH_OID(KERBEROS_OID_BYTES),
	[AUTH_NTLM] = AUTH_OID(NTLM_OID_BYTES),
};

bool auth_has_mechanism(enum auth_mechanism mechanism)
{
	gss_OID_set set = GSS_C_NO_OID_SET;
	OM_uint32 minor;
	int is_there = 0;

	if (GSS_ERROR(gss_indicate_mechs(&minor, &set)))
		return false;
	(void)gss_test_oid_set_member(&minor, &auth_oids[mechanism], set, &is_there);
	(void)gss_release_oid_set(&minor, &set);
	return is_there != 0;
}
