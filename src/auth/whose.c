/* SPDX-License-Identifier: MIT */
#include "auth/whose.h"

#include <stdlib.h>
#include <string.h>

static struct identity *refuse(struct err *err, const char *why)
{
	err_set(err, ERROR_LOGON_FAILURE, AUTH_DOING, why);
	return NULL;
}

/* gss-ntlmssp asks winbind of a user whom the file does not name: such a one does not come in. */
struct identity *whose_ntlm(const struct auth_acceptance *acceptance, gss_name_t name,
                            struct err *err)
{
	char text[AUTH_PRINCIPAL_BYTES], *user;
	const struct account *account;
	struct identity *who;

	if (!auth_name_text(name, text))
		return refuse(err, "the user's name is too long");
	user = strchr(text, '\\');
	if (user != NULL)
		*user++ = '\0';
	account = accounts_find(acceptance->accounts, user != NULL ? text : "",
	                        user != NULL ? user : text);
	if (account == NULL)
		return refuse(err, "no such user in the NTLM users' file");
	who = identity_new(account->user, account->domain);
	if (who == NULL)
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, AUTH_DOING, NULL);
	return who;
}

/* The user of this computer that a principal is. */
static bool add_local_name(struct identity *who, gss_name_t name)
{
	gss_buffer_desc local = GSS_C_EMPTY_BUFFER;
	OM_uint32 minor;
	char *label;
	bool added = true;

	if (GSS_ERROR(gss_localname(&minor, name, &auth_krb5, &local)))
		return true;
	label = strndup(local.value, local.length);
	if (local.length > 0)
		added = label != NULL && identity_add_label(who, label);
	free(label);
	(void)gss_release_buffer(&minor, &local);
	return added;
}

struct identity *whose_kerberos(const struct auth_acceptance *acceptance, gss_name_t name,
                                struct err *err)
{
	char principal[AUTH_PRINCIPAL_BYTES], user[AUTH_PRINCIPAL_BYTES], *realm;
	struct identity *who;

	(void)acceptance;
	if (!auth_name_text(name, principal) || (realm = strrchr(principal, '@')) == NULL)
		return refuse(err, "the principal's name is too long");
	memcpy(user, principal, sizeof user);
	user[realm++ - principal] = '\0';
	who = identity_new_unlabelled(user, realm);
	if (who != NULL && identity_add_label(who, principal) && add_local_name(who, name))
		return who;
	identity_release(who);
	err_set(err, ERROR_NOT_ENOUGH_MEMORY, AUTH_DOING, NULL);
	return NULL;
}
