/* SPDX-License-Identifier: MIT */
#include "auth/mechanisms.h"

#include "auth/gss.h"

gss_OID_desc auth_spnego = AUTH_OID("\x2b\x06\x01\x05\x05\x02");
gss_OID_desc auth_ntlmssp = AUTH_OID("\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a");
gss_OID_desc auth_krb5 = AUTH_OID("\x2a\x86\x48\x86\xf7\x12\x01\x02\x02");

bool auth_has_mechanism(enum auth_mechanism mechanism)
{
	gss_OID_desc *wanted = mechanism == AUTH_KERBEROS ? &auth_krb5 : &auth_ntlmssp;
	gss_OID_set set = GSS_C_NO_OID_SET;
	OM_uint32 minor;
	int is_there = 0;

	if (GSS_ERROR(gss_indicate_mechs(&minor, &set)))
		return false;
	(void)gss_test_oid_set_member(&minor, wanted, set, &is_there);
	(void)gss_release_oid_set(&minor, &set);
	return is_there != 0;
}
