/* SPDX-License-Identifier: MIT */
#include "auth/acceptance.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <gssapi/gssapi_krb5.h>
#include "auth/mechanisms.h"

static bool is_given(const char *text)
{
	return text != NULL && text[0] != '\0';
}

/* A keytab that is a file may be readable by a group, as is usual, and not by everybody. */
static NET_API_STATUS check_keytab(const char *keytab, struct err *err)
{
	static const char prefix[] = "FILE:";
	const char *path = strncmp(keytab, prefix, sizeof prefix - 1) == 0
	                           ? keytab + sizeof prefix - 1
	                           : keytab;
	struct stat info;

	if (path[0] != '/')
		return NERR_Success;
	if (stat(path, &info) != 0)
		return err_set(err, ERROR_FILE_NOT_FOUND, AUTH_DOING_KEYTAB, "no such file");
	if ((info.st_mode & (S_IWGRP | S_IRWXO)) != 0)
		return err_set(err, ERROR_ACCESS_DENIED, AUTH_DOING_KEYTAB,
		               "others may read or change it; chmod 600 it");
	return NERR_Success;
}

/* What libkrb5 takes for the keytab is one variable of the process. */
static pthread_mutex_t keytab_mutex = PTHREAD_MUTEX_INITIALIZER;

/* Whether there is a keytab with a key in it. The keytab stays set until it is set again. */
static bool has_key(const char *keytab)
{
	gss_OID_set_desc krb5_only = { 1, &auth_krb5 };
	gss_cred_id_t credential = GSS_C_NO_CREDENTIAL;
	OM_uint32 minor;
	bool has;

	has = !GSS_ERROR(krb5_gss_register_acceptor_identity(is_given(keytab) ? keytab : NULL)) &&
	      !GSS_ERROR(gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &krb5_only,
	                                  GSS_C_ACCEPT, &credential, NULL, NULL));
	(void)gss_release_cred(&minor, &credential);
	return has;
}

/* One credential for tokens in SPNEGO and for those without it. No name: any principal of
 * the keytab will do. No credential store: gss-ntlmssp 1.2.0 would take that for a user's. */
static NET_API_STATUS acquire(struct auth_acceptance *a, struct err *err)
{
	gss_OID_desc outer[3] = { auth_spnego }, inner[2];
	gss_OID_set_desc mechanisms = { 1, outer }, offered = { 0, inner };
	OM_uint32 major, minor;

	if (a->kerberos)
		inner[offered.count++] = auth_krb5;
	if (a->accounts != NULL || a->anonymous)
		inner[offered.count++] = auth_ntlmssp;
	for (size_t i = 0; i < offered.count; i++)
		outer[mechanisms.count++] = inner[i];
	if (offered.count == 0)
		return NERR_Success;
	major = gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &mechanisms, GSS_C_ACCEPT,
	                         &a->credential, NULL, NULL);
	if (!GSS_ERROR(major))
		major = gss_set_neg_mechs(&minor, a->credential, &offered);
	return GSS_ERROR(major) ? err_set(err, ERROR_NOT_SUPPORTED, AUTH_DOING,
	                                  "GSSAPI gives no credential to accept log-ons with")
	                        : NERR_Success;
}

static NET_API_STATUS acquire_with_keytab(struct auth_acceptance *a, const char *keytab,
                                          struct err *err)
{
	NET_API_STATUS status = NERR_Success;

	pthread_mutex_lock(&keytab_mutex);
	if (a->kerberos && !has_key(keytab)) {
		a->kerberos = false;
		if (is_given(keytab))
			status = err_set(err, ERROR_NO_SUCH_LOGON_SESSION, AUTH_DOING_KEYTAB,
			                 "it cannot be read, or has no key");
	}
	if (status == NERR_Success)
		status = acquire(a, err);
	pthread_mutex_unlock(&keytab_mutex);
	return status;
}

/* An acceptor that hears nothing says what it takes: RFC 4178 4.2.1 as [MS-SPNG] 3.2.5.2 has it. */
static NET_API_STATUS make_hint(struct auth_acceptance *a, struct err *err)
{
	char none[] = "";
	gss_buffer_desc nothing = { 0, none };
	gss_ctx_id_t context = GSS_C_NO_CONTEXT;
	OM_uint32 major, minor;

	if (a->credential == GSS_C_NO_CREDENTIAL)
		return NERR_Success;
	major = gss_accept_sec_context(&minor, &context, a->credential, &nothing,
	                               GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL, &a->hint, NULL, NULL,
	                               NULL);
	(void)gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
	return GSS_ERROR(major) ? err_set(err, ERROR_NOT_SUPPORTED, AUTH_DOING,
	                                  "GSSAPI gives no hint of SPNEGO")
	                        : NERR_Success;
}

/* The default realm: that of a name without one. */
static void find_realm(struct auth_acceptance *a)
{
	char user[] = "user", text[AUTH_PRINCIPAL_BYTES], *realm;
	gss_buffer_desc buffer = { sizeof user - 1, user };
	gss_name_t name = GSS_C_NO_NAME, canonical = GSS_C_NO_NAME;
	OM_uint32 minor;

	if (!GSS_ERROR(gss_import_name(&minor, &buffer, GSS_C_NT_USER_NAME, &name)) &&
	    !GSS_ERROR(gss_canonicalize_name(&minor, name, &auth_krb5, &canonical)) &&
	    auth_name_text(canonical, text) && (realm = strrchr(text, '@')) != NULL)
		a->realm = strdup(realm + 1);
	(void)gss_release_name(&minor, &name);
	(void)gss_release_name(&minor, &canonical);
}

NET_API_STATUS auth_acceptance_new(const struct auth_acceptance_options *options,
                                   struct auth_acceptance **out, struct err *err)
{
	struct auth_acceptance *a = calloc(1, sizeof *a);
	bool ntlm = options->ntlm && is_given(options->ntlm_users);
	NET_API_STATUS status = NERR_Success;

	*out = NULL;
	if (a == NULL)
		return err_set(err, ERROR_NOT_ENOUGH_MEMORY, AUTH_DOING, NULL);
	atomic_init(&a->holders, 1);
	a->kerberos = options->kerberos && auth_has_mechanism(AUTH_KERBEROS);
	a->anonymous = options->anonymous;
	if (a->kerberos)
		find_realm(a);
	if ((ntlm || a->anonymous) && !auth_has_mechanism(AUTH_NTLM))
		status = err_set(err, ERROR_NOT_SUPPORTED, AUTH_DOING,
		                 "GSSAPI has no NTLM: is gss-ntlmssp installed?");
	if (status == NERR_Success && a->kerberos && is_given(options->keytab))
		status = check_keytab(options->keytab, err);
	if (status == NERR_Success && ntlm)
		status = accounts_read(options->ntlm_users, &a->accounts, err);
	if (status == NERR_Success)
		status = acquire_with_keytab(a, options->keytab, err);
	if (status == NERR_Success)
		status = make_hint(a, err);
	if (status == NERR_Success && ntlm)
		status = accounts_publish(a->accounts, err);
	if (status == NERR_Success)
		*out = a;
	else
		auth_acceptance_release(a);
	return status;
}

struct auth_acceptance *auth_acceptance_hold(struct auth_acceptance *a)
{
	if (a != NULL)
		atomic_fetch_add(&a->holders, 1);
	return a;
}

void auth_acceptance_release(struct auth_acceptance *a)
{
	OM_uint32 minor;

	if (a == NULL || atomic_fetch_sub(&a->holders, 1) != 1)
		return;
	(void)gss_release_cred(&minor, &a->credential);
	(void)gss_release_buffer(&minor, &a->hint);
	accounts_free(a->accounts);
	free(a->realm);
	free(a);
}

const uint8_t *auth_acceptance_hint(const struct auth_acceptance *a, size_t *bytes)
{
	*bytes = a->hint.length;
	return a->hint.value;
}

bool auth_acceptance_takes(const struct auth_acceptance *a, enum auth_mechanism mechanism)
{
	return mechanism == AUTH_KERBEROS ? a->kerberos : a->accounts != NULL;
}
