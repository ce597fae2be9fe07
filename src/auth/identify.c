/* SPDX-License-Identifier: MIT */
#include "auth/identify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "auth/accounts.h"
#include "auth/pac.h"

static struct identity *identify_refuse(struct err *err, const char *text)
{
	err_set(err, ERROR_LOGON_FAILURE, AUTH_STEP, text);
	return NULL;
}

/* The account, with its names as the file spells them. */
struct identity *identify_ntlm(const struct auth_acceptor_settings *settings, gss_name_t name,
                               struct err *err)
{
	char text[AUTH_PRINCIPAL_BYTES], *user;
	const struct account *account;
	struct identity *who;

	if (!auth_name_text(name, text))
		return identify_refuse(err, "the user's name is too long");
	user = strchr(text, '\\');
	if (user != NULL)
		*user++ = '\0';
	account = auth_acceptor_settings_account(settings, user != NULL ? text : "",
	                                         user != NULL ? user : text);
	if (account == NULL)
		return identify_refuse(err, "no such user in the NTLM users' file");
	who = identity_new(account->user, account->domain);
	if (who == NULL)
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, AUTH_STEP, NULL);
	return who;
}

/* Returns what the domain controller wrote into the ticket; empty unless its signature is valid. */
static gss_buffer_desc identify_logon_info(gss_name_t name)
{
	char urn[] = "urn:mspac:logon-info";
	gss_buffer_desc attribute = { sizeof urn - 1, urn };
	gss_buffer_desc value = GSS_C_EMPTY_BUFFER, shown = GSS_C_EMPTY_BUFFER;
	int authenticated = 0, complete = 0, more = -1;
	OM_uint32 minor;

	(void)gss_get_name_attribute(&minor, name, &attribute, &authenticated, &complete, &value,
	                             &shown, &more);
	(void)gss_release_buffer(&minor, &shown);
	/* MIT krb5 allocates a byte for empty logon information, and does not release it. */
	if (value.length == 0) {
		free(value.value);
		value.value = NULL;
	}
	if (authenticated == 0)
		(void)gss_release_buffer(&minor, &value);
	return value;
}

static bool identify_ignore_sid(void *context, const char *sid)
{
	(void)context;
	(void)sid;
	return true;
}

static bool identify_add_sid(void *who, const char *sid)
{
	return identity_add_label(who, sid);
}

/* Only a controller of the default realm names accounts of this computer's domain. */
static bool identify_is_own_domain(const struct auth_acceptor_settings *settings, const char *realm,
                                   const struct pac_account *account)
{
	return auth_acceptor_settings_own_realm(settings, realm) && account->user[0] != '\0' &&
	       account->domain[0] != '\0';
}

static bool identify_add_qualified(struct identity *who, const struct pac_account *account)
{
	char label[2 * PAC_NAME_BYTES];

	(void)snprintf(label, sizeof label, "%s\\%s", account->domain, account->user);
	return identity_add_label(who, label);
}

/* If a ticket's information does not decode, none of it is used. */
static struct identity *identify_make_identity(const struct auth_acceptor_settings *settings,
                                               const char *user, const char *realm,
                                               gss_buffer_desc info)
{
	struct pac_account account = { 0 };
	bool has_info = info.length > 0 && pac_decode(info.value, info.length, &account,
	                                              identify_ignore_sid, NULL) == NERR_Success;
	bool is_own = has_info && identify_is_own_domain(settings, realm, &account);
	struct identity *who = is_own ? identity_new_unlabelled(account.user, account.domain)
	                              : identity_new_unlabelled(user, realm);

	if (who != NULL &&
	    (!has_info || pac_decode(info.value, info.length, &account, identify_add_sid, who) ==
	                          NERR_Success) &&
	    (!is_own || identify_add_qualified(who, &account)))
		return who;
	identity_release(who);
	return NULL;
}

struct identity *identify_kerberos(const struct auth_acceptor_settings *settings, gss_name_t name,
                                   struct err *err)
{
	char principal[AUTH_PRINCIPAL_BYTES], user[AUTH_PRINCIPAL_BYTES], *realm;
	gss_buffer_desc info;
	struct identity *who;
	OM_uint32 minor;

	if (!auth_name_text(name, principal) || (realm = strrchr(principal, '@')) == NULL)
		return identify_refuse(err, "the principal's name is too long");
	if (strncmp(principal, "WELLKNOWN/", 10) == 0) /* RFC 8062: the anonymous principal */
		return identify_refuse(err, "anonymous tickets are not accepted");
	strcpy(user, principal);
	user[realm++ - principal] = '\0';
	info = identify_logon_info(name);
	who = identify_make_identity(settings, user, realm, info);
	(void)gss_release_buffer(&minor, &info);
	if (who != NULL && identity_add_label(who, principal))
		return who;
	identity_release(who);
	err_set(err, ERROR_NOT_ENOUGH_MEMORY, AUTH_STEP, NULL);
	return NULL;
}
