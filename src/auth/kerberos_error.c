/* SPDX-License-Identifier: MIT */
#include "auth/kerberos_error.h"

#include <krb5.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* RFC 4120 7.5.9, and what libkrb5 adds. */
static const struct kerberos_meaning {
	krb5_error_code code;
	NET_API_STATUS status;
	const char *text;
	bool allows_other;
} stories[] = {
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

static const struct kerberos_meaning *kerberos_error_find(const struct kerberos_meaning table[],
                                                          size_t count, OM_uint32 minor)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].code == (krb5_error_code)minor)
			return &table[i];
	return NULL;
}

static bool kerberos_host_is_address(const char *host)
{
	return strchr(host, ':') != NULL || host[strspn(host, "0123456789.")] == '\0';
}

void kerberos_error_set(OM_uint32 minor, const char *host, struct err *err)
{
	const struct kerberos_meaning *story = kerberos_error_find(stories, COUNT(stories), minor);

	if ((krb5_error_code)minor == KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN &&
	    kerberos_host_is_address(host))
		err_set(err, ERROR_WRONG_TARGET_NAME, AUTH_STEP,
		        "Kerberos has tickets for names, and this is an address");
	else if (story != NULL)
		err_set(err, story->status, AUTH_STEP, story->text);
	else
		err_set(err, ERROR_LOGON_FAILURE, AUTH_STEP, "Kerberos gives no ticket for it");
}

/* What a server says of a ticket: RFC 4120 7.5.9. */
static const struct kerberos_meaning answers[] = {
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

void kerberos_error_set_answer(OM_uint32 minor, struct err *err)
{
	const struct kerberos_meaning *answer = kerberos_error_find(answers, COUNT(answers), minor);

	if (answer != NULL)
		err_set(err, answer->status, AUTH_STEP, answer->text);
	else
		err_set(err, ERROR_DOWNGRADE_DETECTED, AUTH_STEP,
		        "the server did not prove that it has the key that the ticket is for");
}

bool kerberos_error_allows_other(OM_uint32 minor)
{
	const struct kerberos_meaning *story = kerberos_error_find(stories, COUNT(stories), minor);

	return story != NULL && story->allows_other;
}
