/* SPDX-License-Identifier: MIT */
#include "auth/mechanism_error.h"

#include <errno.h>
#include <krb5.h>
#include <stdio.h>
#include <string.h>
#include "auth/gss.h"
#include "auth/mechanisms.h"
#include "base/ip_address.h"
#include "base/text.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

struct mechanism_meaning {
	int32_t code; /* the mechanism's own: GSSAPI's minor status */
	NET_API_STATUS status;
	const char *text;
	const char *advice; /* NULL: that of the status */
};

static const struct mechanism_meaning *
mechanism_meaning_find(const struct mechanism_meaning table[], size_t count, uint32_t minor)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].code == (int32_t)minor)
			return &table[i];
	return NULL;
}

static void mechanism_error_set(const struct mechanism_meaning *meaning, struct err *err)
{
	err_set(err, meaning->status, AUTH_STEP, meaning->text);
	err_advise(err, meaning->advice);
}

void mechanism_error_text(enum auth_mechanism mechanism, uint32_t minor,
                          char to[MECHANISM_TEXT_BYTES])
{
	gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
	OM_uint32 more = 0, ignored;

	to[0] = '\0';
	if (!GSS_ERROR(gss_display_status(&ignored, minor, GSS_C_MECH_CODE, &auth_oids[mechanism],
	                                  &more, &text)))
		(void)snprintf(to, MECHANISM_TEXT_BYTES, "%.*s", (int)text.length,
		               (const char *)text.value);
	(void)gss_release_buffer(&ignored, &text);
	if (to[0] == '\0' || !text_utf8_is_valid(to))
		(void)snprintf(to, MECHANISM_TEXT_BYTES, "code %d", (int)minor);
}

/* ---- Kerberos ---- */

#define ADVICE_REALM                                                                               \
	"set default_realm in krb5.conf, or name the realm: user@REALM, or domain = REALM in the " \
	"credentials file"
#define ADVICE_KDC                                                                                   \
	"name the realm's KDC in krb5.conf, or set dns_lookup_kdc = true there and have the domain " \
	"in DNS (_kerberos._udp)"
#define ADVICE_CONFIGURATION "correct krb5.conf, or the file that KRB5_CONFIG names"
#define ADVICE_ENCRYPTION                                                                              \
	"let the account have AES keys (set its password anew, msDS-SupportedEncryptionTypes 24), or " \
	"see permitted_enctypes in krb5.conf"

/* Kerberos was not available, and no KDC refused the user: another mechanism does no harm. */
static const struct mechanism_meaning kerberos_absences[] = {
	{ KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, ERROR_WRONG_TARGET_NAME,
	  "the domain has no ticket for a server of that name", NULL },
	{ KRB5_KDC_UNREACH, ERROR_NO_LOGON_SERVERS, "no KDC of the realm can be reached", NULL },
	{ KRB5_REALM_CANT_RESOLVE, ERROR_NO_LOGON_SERVERS,
	  "no KDC of the realm can be found: neither krb5.conf nor DNS names one", ADVICE_KDC },
	{ KRB5_REALM_UNKNOWN, ERROR_NO_LOGON_SERVERS,
	  "no KDC of the realm can be found: neither krb5.conf nor DNS names one", ADVICE_KDC },
	{ KRB5KDC_ERR_WRONG_REALM, ERROR_NO_LOGON_SERVERS,
	  "the KDC that krb5.conf or DNS names for the realm serves another one", ADVICE_KDC },
	{ KRB5_CONFIG_NODEFREALM, ERROR_NO_LOGON_SERVERS, "krb5.conf names no default realm",
	  ADVICE_REALM },
	{ KRB5_CONFIG_ETYPE_NOSUPP, ERROR_BAD_CONFIGURATION,
	  "krb5.conf permits no encryption type that this computer's Kerberos has",
	  "correct permitted_enctypes in krb5.conf" },
	{ KRB5_CONFIG_BADFORMAT, ERROR_BAD_CONFIGURATION, "krb5.conf is malformed",
	  ADVICE_CONFIGURATION },
	{ KRB5_CONFIG_CANTOPEN, ERROR_BAD_CONFIGURATION, "krb5.conf cannot be read",
	  ADVICE_CONFIGURATION },
};

/* RFC 4120 7.5.9, and what libkrb5 adds. */
static const struct mechanism_meaning kerberos_refusals[] = {
	{ KRB5KRB_AP_ERR_SKEW, ERROR_TIME_SKEW, "the domain's clock shows another time", NULL },
	{ KRB5_KDCREP_SKEW, ERROR_TIME_SKEW, "the domain's clock shows another time", NULL },
	{ KRB5KDC_ERR_NEVER_VALID, ERROR_TIME_SKEW,
	  "the domain cannot issue a ticket for the times that this computer's clock asks for",
	  NULL },
	{ KRB5KDC_ERR_CANNOT_POSTDATE, ERROR_TIME_SKEW,
	  "the domain cannot issue a ticket for the times that this computer's clock asks for",
	  NULL },
	{ KRB5KRB_AP_ERR_TKT_NYV, ERROR_TIME_SKEW, "the Kerberos ticket is not valid yet", NULL },
	{ KRB5KRB_AP_ERR_TKT_EXPIRED, ERROR_NO_SUCH_LOGON_SESSION,
	  "the Kerberos ticket has expired", NULL },
	{ KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN, ERROR_LOGON_FAILURE, "the domain knows no such user",
	  NULL },
	{ KRB5KDC_ERR_PREAUTH_FAILED, ERROR_LOGON_FAILURE, "the domain refuses the password",
	  NULL },
	{ KRB5KRB_AP_ERR_BAD_INTEGRITY, ERROR_LOGON_FAILURE, "the domain refuses the password",
	  NULL },
	{ KRB5_PREAUTH_FAILED, ERROR_ACCOUNT_RESTRICTION,
	  "the domain wants another proof than a password, such as a smart card",
	  "run kinit in the way that the domain wants, and use its tickets" },
	/* Samba's KDC says so of expired accounts and of log-on hours, too. */
	{ KRB5KDC_ERR_CLIENT_REVOKED, ERROR_ACCOUNT_RESTRICTION,
	  "the account is disabled, locked or expired in the domain, or may not log on at this hour",
	  "use another account, or have it enabled or unlocked by an administrator of the domain" },
	{ KRB5KDC_ERR_NAME_EXP, ERROR_ACCOUNT_EXPIRED, NULL, NULL },
	{ KRB5KDC_ERR_CLIENT_NOTYET, ERROR_ACCOUNT_RESTRICTION, "the account is not valid yet",
	  NULL },
	{ KRB5KDC_ERR_SERVICE_REVOKED, ERROR_WRONG_TARGET_NAME,
	  "the account of the server is disabled, locked or expired in the domain",
	  "have the server's account enabled by an administrator of the domain" },
	{ KRB5KDC_ERR_KEY_EXP, ERROR_PASSWORD_EXPIRED, NULL, NULL },
	{ KRB5KDC_ERR_POLICY, ERROR_ACCOUNT_RESTRICTION, "the domain's policy forbids it",
	  "see the account's restrictions and authentication policy in the domain" },
	{ KRB5KDC_ERR_ETYPE_NOSUPP, ERROR_NOT_SUPPORTED,
	  "the domain has no encryption type in common with this computer or with the server's "
	  "account",
	  ADVICE_ENCRYPTION },
	{ KRB5_PROG_ETYPE_NOSUPP, ERROR_NOT_SUPPORTED,
	  "this computer's Kerberos does not support the encryption type of the ticket",
	  ADVICE_ENCRYPTION },
	{ KRB5KDC_ERR_SVC_UNAVAILABLE, ERROR_NO_LOGON_SERVERS, "the KDC is not ready, or too busy",
	  NULL },
	{ KRB5_PARSE_MALFORMED, ERROR_INVALID_PARAMETER,
	  "the user's name cannot be the name of a Kerberos principal", NULL },
	{ KRB5_FCC_NOFILE, ERROR_NO_SUCH_LOGON_SESSION, "no credentials, no Kerberos ticket",
	  NULL },
	{ KRB5_CC_NOTFOUND, ERROR_NO_SUCH_LOGON_SESSION, "no credentials, no Kerberos ticket",
	  NULL },
	{ ENOMEM, ERROR_NOT_ENOUGH_MEMORY, NULL, NULL },
};

/* With a password no ticket is older than the log-on itself. */
static const struct mechanism_meaning kerberos_fresh_ticket[] = {
	{ KRB5KRB_AP_ERR_TKT_EXPIRED, ERROR_TIME_SKEW,
	  "the domain issued a ticket that has expired by this computer's clock", NULL },
	{ KRB5KRB_AP_ERR_TKT_NYV, ERROR_TIME_SKEW,
	  "the domain issued a ticket that is not valid yet by this computer's clock", NULL },
};

static const struct mechanism_meaning *kerberos_meaning(uint32_t minor, bool has_password)
{
	const struct mechanism_meaning *meaning = NULL;

	if (has_password)
		meaning = mechanism_meaning_find(kerberos_fresh_ticket,
		                                 COUNT(kerberos_fresh_ticket), minor);
	if (meaning == NULL)
		meaning = mechanism_meaning_find(kerberos_absences, COUNT(kerberos_absences),
		                                 minor);
	return meaning != NULL
	               ? meaning
	               : mechanism_meaning_find(kerberos_refusals, COUNT(kerberos_refusals), minor);
}

/* Whether libkrb5 can read krb5.conf, with the files that it includes. Each fault has a code of its
 * own, of the profile library or of the system. */
static bool kerberos_is_configured(void)
{
	krb5_context context;

	if (krb5_init_context(&context) != 0)
		return false;
	krb5_free_context(context);
	return true;
}

static void kerberos_error_set_unknown(const char *text, struct err *err)
{
	if (!kerberos_is_configured()) {
		err_format(err, ERROR_BAD_CONFIGURATION, AUTH_STEP, "krb5.conf cannot be used: %s",
		           text);
		err_advise(err, ADVICE_CONFIGURATION);
	} else {
		err_format(err, ERROR_LOGON_FAILURE, AUTH_STEP, "Kerberos gives no ticket: %s",
		           text);
		err_advise(err, "KRB5_TRACE=/dev/stderr in the environment shows each step of "
		                "Kerberos");
	}
}

void kerberos_error_set(uint32_t minor, const char *host, bool has_password, struct err *err)
{
	const struct mechanism_meaning *meaning = kerberos_meaning(minor, has_password);
	char text[MECHANISM_TEXT_BYTES];
	struct ip_address address;

	if ((krb5_error_code)minor == KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN &&
	    ip_address_parse(host, &address)) {
		err_set(err, ERROR_WRONG_TARGET_NAME, AUTH_STEP,
		        "Kerberos issues tickets for names, and the server was given as an address");
	} else if (meaning != NULL) {
		mechanism_error_set(meaning, err);
	} else {
		mechanism_error_text(AUTH_KERBEROS, minor, text);
		kerberos_error_set_unknown(text, err);
	}
}

bool kerberos_error_is_about_cache(uint32_t minor)
{
	return (krb5_error_code)minor == KRB5KRB_AP_ERR_TKT_EXPIRED ||
	       (krb5_error_code)minor == KRB5_FCC_NOFILE ||
	       (krb5_error_code)minor == KRB5_CC_NOTFOUND || kerberos_meaning(minor, false) == NULL;
}

bool kerberos_error_is_about_time(uint32_t minor)
{
	const struct mechanism_meaning *meaning = kerberos_meaning(minor, false);

	return (krb5_error_code)minor == KRB5KRB_AP_ERR_TKT_EXPIRED ||
	       (meaning != NULL && meaning->status == ERROR_TIME_SKEW);
}

#define ADVICE_KEY                                                                                      \
	"renew the server's keytab (Samba: net ads keytab create), and then your tickets by kinit; or " \
	"use the name that the server has in its domain"

/* What a server says of a ticket: RFC 4120 7.5.9. */
static const struct mechanism_meaning kerberos_answers[] = {
	{ KRB5KRB_AP_ERR_SKEW, ERROR_TIME_SKEW, "the server's clock shows another time", NULL },
	{ KRB5KRB_AP_ERR_TKT_EXPIRED, ERROR_NO_SUCH_LOGON_SESSION,
	  "the server says that the Kerberos ticket has expired", NULL },
	{ KRB5KRB_AP_ERR_TKT_NYV, ERROR_TIME_SKEW,
	  "the server says that the Kerberos ticket is not valid yet", NULL },
	{ KRB5KRB_AP_ERR_MODIFIED, ERROR_WRONG_TARGET_NAME,
	  "the server does not have the key that the Kerberos ticket is for", ADVICE_KEY },
	{ KRB5KRB_AP_ERR_NOT_US, ERROR_WRONG_TARGET_NAME,
	  "the server says that the Kerberos ticket is for another server", NULL },
	{ KRB5KRB_AP_ERR_NOKEY, ERROR_WRONG_TARGET_NAME,
	  "the server has no key for the Kerberos ticket", ADVICE_KEY },
	{ KRB5KRB_AP_ERR_REPEAT, ERROR_LOGON_FAILURE,
	  "the server says that the Kerberos ticket was used before: a replay", NULL },
	{ ENOMEM, ERROR_NOT_ENOUGH_MEMORY, NULL, NULL },
	{ KRB5KRB_AP_ERR_BADKEYVER, ERROR_WRONG_TARGET_NAME,
	  "the server's key is older or newer than the Kerberos ticket", ADVICE_KEY },
};

void kerberos_error_set_answer(uint32_t minor, struct err *err)
{
	const struct mechanism_meaning *answer =
		mechanism_meaning_find(kerberos_answers, COUNT(kerberos_answers), minor);

	if (answer != NULL)
		mechanism_error_set(answer, err);
	else
		err_set(err, ERROR_DOWNGRADE_DETECTED, AUTH_STEP,
		        "the server did not prove that it has the key that the ticket is for");
}

bool kerberos_error_allows_other(uint32_t minor)
{
	return mechanism_meaning_find(kerberos_absences, COUNT(kerberos_absences), minor) != NULL ||
	       (kerberos_meaning(minor, false) == NULL && !kerberos_is_configured());
}

/* ---- NTLM ---- */

/* gss-ntlmssp's own codes, which no header of it names: it has had them since 0.7. */
enum {
	NTLM_NOT_DECODED = 0x4E540001,
	NTLM_NOT_ENCODED = 0x4E540002,
	NTLM_REQUIRED_FLAG_MISSING = 0x4E54000E,
	NTLM_NO_COMMON_FLAGS = 0x4E54000F,
	NTLM_WRONG_FLAGS = 0x4E540010,
	NTLM_CLOCKS_DIFFER = 0x4E540019,
	NTLM_V1_REFUSED = 0x4E54001C,
};

static const struct mechanism_meaning ntlm_meanings[] = {
	{ NTLM_NOT_DECODED, ERROR_BAD_NET_RESP, "the server's NTLM challenge is malformed", NULL },
	{ NTLM_NOT_ENCODED, ERROR_NOT_SUPPORTED,
	  "gss-ntlmssp cannot encode an NTLM message on this machine", NULL },
	{ NTLM_REQUIRED_FLAG_MISSING, ERROR_NOT_SUPPORTED,
	  "the server's NTLM challenge does not grant a flag that gss-ntlmssp requires", NULL },
	{ NTLM_NO_COMMON_FLAGS, ERROR_NOT_SUPPORTED,
	  "the server's NTLM challenge has no option in common with this side", NULL },
	{ NTLM_WRONG_FLAGS, ERROR_BAD_NET_RESP,
	  "the server's NTLM challenge has options that exclude each other", NULL },
	{ NTLM_CLOCKS_DIFFER, ERROR_TIME_SKEW, "the server's clock shows another time", NULL },
	{ NTLM_V1_REFUSED, ERROR_NOT_SUPPORTED, "the server offers NTLM version 1 alone", NULL },
	{ ENOMEM, ERROR_NOT_ENOUGH_MEMORY, NULL, NULL },
};

bool ntlm_error_is_about_time(uint32_t minor)
{
	return minor == NTLM_CLOCKS_DIFFER;
}

void ntlm_error_set(uint32_t major, uint32_t minor, struct err *err)
{
	const struct mechanism_meaning *meaning =
		mechanism_meaning_find(ntlm_meanings, COUNT(ntlm_meanings), minor);
	char text[MECHANISM_TEXT_BYTES];

	if (meaning != NULL) {
		mechanism_error_set(meaning, err);
	} else if (GSS_ROUTINE_ERROR(major) == GSS_S_DEFECTIVE_TOKEN ||
	           GSS_ROUTINE_ERROR(major) == GSS_S_NO_CONTEXT) {
		err_set(err, ERROR_BAD_NET_RESP, AUTH_STEP,
		        "the server's NTLM challenge is malformed");
	} else {
		mechanism_error_text(AUTH_NTLM, minor, text);
		err_format(err, ERROR_LOGON_FAILURE, AUTH_STEP,
		           "the server's NTLM challenge cannot be answered: %s", text);
	}
}

static bool ntlm_error_is_installed(struct err *err)
{
	if (auth_has_mechanism(AUTH_NTLM))
		return true;
	err_set(err, ERROR_NOT_SUPPORTED, AUTH_STEP,
	        "GSSAPI has no NTLM: is gss-ntlmssp installed?");
	return false;
}

void ntlm_error_set_credentials(uint32_t minor, struct err *err)
{
	char text[MECHANISM_TEXT_BYTES];

	if (!ntlm_error_is_installed(err))
		return;
	if (minor == ENOMEM) {
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, AUTH_STEP, NULL);
	} else {
		mechanism_error_text(AUTH_NTLM, minor, text);
		err_format(err, ERROR_NOT_SUPPORTED, AUTH_STEP,
		           "gss-ntlmssp does not take the credentials: %s", text);
	}
}
