/* SPDX-License-Identifier: MIT */
#include "auth/mechanisms.h"

#include <string.h>
#include "auth/gss.h"
#include "auth/spnego/mechanism.h"
#include "auth/ticket_cache.h"
#include "base/locale.h"

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

bool auth_tickets_principal(char to[AUTH_PRINCIPAL_BYTES])
{
	gss_OID_set_desc krb5_only = { 1, &auth_oids[AUTH_KERBEROS] };
	gss_cred_id_t credential = GSS_C_NO_CREDENTIAL;
	gss_name_t name = GSS_C_NO_NAME;
	OM_uint32 minor, lifetime_s = 0;
	struct err ignored = { 0 };
	locale_t previous = locale_enter();
	bool known;

	known = ticket_cache_is_readable(&ignored) &&
	        !GSS_ERROR(gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &krb5_only,
	                                    GSS_C_INITIATE, &credential, NULL, NULL)) &&
	        !GSS_ERROR(gss_inquire_cred(&minor, credential, &name, &lifetime_s, NULL, NULL)) &&
	        lifetime_s > 0 && auth_name_text(name, to);
	(void)gss_release_name(&minor, &name);
	(void)gss_release_cred(&minor, &credential);
	locale_leave(previous);
	return known;
}

bool auth_name_text(gss_name_t name, char to[AUTH_PRINCIPAL_BYTES])
{
	gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
	OM_uint32 minor;
	bool fits;

	if (GSS_ERROR(gss_display_name(&minor, name, &text, NULL)))
		return false;
	fits = text.length > 0 && text.length < AUTH_PRINCIPAL_BYTES;
	if (fits) {
		memcpy(to, text.value, text.length);
		to[text.length] = '\0';
	}
	(void)gss_release_buffer(&minor, &text);
	return fits;
}
