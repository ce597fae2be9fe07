/* SPDX-License-Identifier: MIT */
#include "auth/mechanism_error.h"

#include <errno.h>
#include <krb5.h>
#include <string.h>
#include "auth/gss.h"
#include "auth/mechanisms.h"
#include "base/ip_address.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

struct mechanism_meaning {
	int32_t code; /* the mechanism's own: GSSAPI's minor status */
	NET_API_STATUS status;
	const char *text;
	bool allows_other;
};

static const struct mechanism_meaning *
mechanism_meaning_find(const struct mechanism_meaning table[], size_t count, uint32_t minor)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].code == (int32_t)minor)
			return &table[i];
	return NULL;
}

/* ---- Kerberos ---- */

/* RFC 4120 7.5.9, and what libkrb5 adds. */
static const struct mechanism_meaning kerberos_meanings[] = {
	{ KRB5KRB_AP_ERR_SKEW, ERROR_TIME_SKEW, "the domain's clock shows another time", false },
	{ KRB5KRB_AP_ERR_TKT_EXPIRED, ERROR_NO_SUCH_LOGON_SESSION,
	  "the Kerberos ticket has expired", false },
	{ KRB5KRB_AP_ERR_TKT_NYV, ERROR_TIME_SKEW, "the Kerberos ticket is not valid yet", false },
	{ KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, ERROR_WRONG_TARGET_NAME,
	  "the domain has no ticket for a server of that name", true },
	{ KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN, ERROR_LOGON_FAILURE, "the domain knows no such user",
	  false },
	{ KRB5KDC_ERR_PREAUTH_FAILED, ERROR_LOGON_FAILURE, "the domain refuses the password",
	  false },
	{ KRB5KRB_AP_ERR_BAD_INTEGRITY, ERROR_LOGON_FAILURE, "the domain refuses the password",
	  false },
	/* Samba's KDC says so of expired accounts, too. */
	{ KRB5KDC_ERR_CLIENT_REVOKED, ERROR_ACCOUNT_RESTRICTION,
	  "the account is disabled, locked or expired in the domain", false },
	{ KRB5KDC_ERR_KEY_EXP, ERROR_PASSWORD_EXPIRED, NULL, false },
	{ KRB5KDC_ERR_POLICY, ERROR_ACCOUNT_RESTRICTION, "the domain's policy forbids it", false },
	{ KRB5_KDC_UNREACH, ERROR_NO_LOGON_SERVERS, "no KDC of the realm can be reached", true },
	{ KRB5_REALM_CANT_RESOLVE, ERROR_NO_LOGON_SERVERS,
	  "no KDC of the realm can be found: neither krb5.conf nor DNS names one", true },
	{ KRB5_REALM_UNKNOWN, ERROR_NO_LOGON_SERVERS,
	  "no KDC of the realm can be found: neither krb5.conf nor DNS names one", true },
	{ KRB5_CONFIG_NODEFREALM, ERROR_NO_LOGON_SERVERS, "krb5.conf names no default realm",
	  true },
	{ KRB5_FCC_NOFILE, ERROR_NO_SUCH_LOGON_SESSION, "no credentials, no Kerberos ticket",
	  false },
	{ KRB5_CC_NOTFOUND, ERROR_NO_SUCH_LOGON_SESSION, "no credentials, no Kerberos ticket",
	  false },
};

void kerberos_error_set(uint32_t minor, const char *host, struct err *err)
{
	const struct mechanism_meaning *meaning =
		mechanism_meaning_find(kerberos_meanings, COUNT(kerberos_meanings), minor);
	struct ip_address address;

	if ((krb5_error_code)minor == KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN &&
	    ip_address_parse(host, &address))
		err_set(err, ERROR_WRONG_TARGET_NAME, AUTH_STEP,
		        "Kerberos issues tickets for names, and the server was given as an address");
	else if (meaning != NULL)
		err_set(err, meaning->status, AUTH_STEP, meaning->text);
	else
		err_set(err, ERROR_LOGON_FAILURE, AUTH_STEP, "Kerberos gives no ticket for it");
}

/* What a server says of a ticket: RFC 4120 7.5.9. */
static const struct mechanism_meaning kerberos_answers[] = {
	{ KRB5KRB_AP_ERR_SKEW, ERROR_TIME_SKEW, "the server's clock shows another time", false },
	{ KRB5KRB_AP_ERR_TKT_EXPIRED, ERROR_NO_SUCH_LOGON_SESSION,
	  "the server says that the Kerberos ticket has expired", false },
	{ KRB5KRB_AP_ERR_TKT_NYV, ERROR_TIME_SKEW,
	  "the server says that the Kerberos ticket is not valid yet", false },
	{ KRB5KRB_AP_ERR_MODIFIED, ERROR_WRONG_TARGET_NAME,
	  "the server does not have the key that the Kerberos ticket is for", false },
	{ KRB5KRB_AP_ERR_NOT_US, ERROR_WRONG_TARGET_NAME,
	  "the server says that the Kerberos ticket is for another server", false },
	{ KRB5KRB_AP_ERR_BADKEYVER, ERROR_WRONG_TARGET_NAME,
	  "the server's key is older or newer than the Kerberos ticket", false },
};

void kerberos_error_set_answer(uint32_t minor, struct err *err)
{
	const struct mechanism_meaning *answer =
		mechanism_meaning_find(kerberos_answers, COUNT(kerberos_answers), minor);

	if (answer != NULL)
		err_set(err, answer->status, AUTH_STEP, answer->text);
	else
		err_set(err, ERROR_DOWNGRADE_DETECTED, AUTH_STEP,
		        "the server did not prove that it has the key that the ticket is for");
}

bool kerberos_error_allows_other(uint32_t minor)
{
	const struct mechanism_meaning *meaning =
		mechanism_meaning_find(kerberos_meanings, COUNT(kerberos_meanings), minor);

	return meaning != NULL && meaning->allows_other;
}

/* ---- NTLM ---- */

/* gss-ntlmssp's own codes, which no header of it names: it has had them since 0.7. */
enum {
	NTLM_NOT_DECODED = 0x4E540001,
	NTLM_NOT_ENCODED = 0x4E540002,
	NTLM_CRYPTO_FAILED = 0x4E540003,
	NTLM_REQUIRED_FLAG_MISSING = 0x4E54000E,
	NTLM_NO_COMMON_FLAGS = 0x4E54000F,
	NTLM_WRONG_FLAGS = 0x4E540010,
	NTLM_CLOCKS_DIFFER = 0x4E540019,
	NTLM_V1_REFUSED = 0x4E54001C,
};

static const struct mechanism_meaning ntlm_meanings[] = {
	{ NTLM_NOT_DECODED, ERROR_BAD_NET_RESP, "the server's NTLM challenge is malformed", false },
	{ NTLM_NOT_ENCODED, ERROR_NOT_SUPPORTED,
	  "gss-ntlmssp cannot encode an NTLM message on this machine", false },
	{ NTLM_REQUIRED_FLAG_MISSING, ERROR_NOT_SUPPORTED,
	  "the server's NTLM challenge does not grant a flag that gss-ntlmssp requires", false },
	{ NTLM_NO_COMMON_FLAGS, ERROR_NOT_SUPPORTED,
	  "the server's NTLM challenge has no option in common with this side", false },
	{ NTLM_WRONG_FLAGS, ERROR_BAD_NET_RESP,
	  "the server's NTLM challenge has options that exclude each other", false },
	{ NTLM_CLOCKS_DIFFER, ERROR_TIME_SKEW, "the server's clock shows another time", false },
	{ NTLM_V1_REFUSED, ERROR_NOT_SUPPORTED, "the server offers NTLM version 1 alone", false },
	{ ENOMEM, ERROR_NOT_ENOUGH_MEMORY, NULL, false },
};

void ntlm_error_set(uint32_t major, uint32_t minor, struct err *err)
{
	const struct mechanism_meaning *meaning =
		mechanism_meaning_find(ntlm_meanings, COUNT(ntlm_meanings), minor);

	if (meaning != NULL)
		(void)err_set(err, meaning->status, AUTH_STEP, meaning->text);
	if (GSS_ROUTINE_ERROR(major) == GSS_S_DEFECTIVE_TOKEN ||
	    GSS_ROUTINE_ERROR(major) == GSS_S_NO_CONTEXT)
		(void)err_set(err, ERROR_BAD_NET_RESP, AUTH_STEP,
		              "the server's NTLM challenge is malformed");
	(void)err_set(err, ERROR_LOGON_FAILURE, AUTH_STEP,
	              "the server's NTLM challenge cannot be answered");
}

void ntlm_error_set_credentials(uint32_t minor, struct err *err)
{
	static const char by_kerberos[] =
		"in FIPS mode use Kerberos: run kinit, or give the password's realm as its domain; "
		"otherwise install OpenSSL's legacy provider";

	if (!auth_has_mechanism(AUTH_NTLM)) {
		err_set(err, ERROR_NOT_SUPPORTED, AUTH_STEP,
		        "GSSAPI has no NTLM: is gss-ntlmssp installed?");
	} else if (minor == NTLM_CRYPTO_FAILED) {
		err_set(err, ERROR_NOT_SUPPORTED, AUTH_STEP,
		        "OpenSSL does not provide MD4, which NTLM needs");
		err_advise(err, by_kerberos);
	} else {
		err_format(err, ERROR_NOT_SUPPORTED, AUTH_STEP,
		           "gss-ntlmssp does not take the credentials (minor status 0x%08X)",
		           (unsigned)minor);
	}
}
