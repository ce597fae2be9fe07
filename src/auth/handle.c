/* SPDX-License-Identifier: MIT */
#include "auth/handle.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gssapi/gssapi_ntlmssp.h>
#include "auth/gss.h"

void auth_handle_free(struct auth_handle *handle)
{
	OM_uint32 minor;

	if (handle == NULL)
		return;
	(void)gss_release_cred(&minor, &handle->credential);
	free(handle);
}

/* The user's name as gss-ntlmssp parses it: DOMAIN\user. */
static OM_uint32 auth_handle_import_user(OM_uint32 *minor, const struct netsession_credentials *c,
                                         gss_name_t *name)
{
	size_t room = strlen(c->domain) + strlen(c->user) + 3;
	gss_buffer_desc text = { .value = malloc(room) };
	OM_uint32 major;

	if (text.value == NULL)
		return GSS_S_FAILURE;
	if (c->is_anonymous) /* GSS_C_NT_ANONYMOUS it does not take (1.2.0), but an empty name */
		text.length = (size_t)snprintf(text.value, room, "@\\");
	else
		text.length = (size_t)snprintf(text.value, room, "%s%s%s", c->domain,
		                               c->domain[0] != '\0' ? "\\" : "", c->user);
	major = gss_import_name(minor, &text, GSS_C_NT_USER_NAME, name);
	free(text.value);
	return major;
}

/* Not gss_acquire_cred_with_password, which knows no domain; nor for SPNEGO, which would try the
 * password with Kerberos, too, and ask the KDC of whatever realm krb5.conf names. */
static OM_uint32 auth_handle_acquire_ntlm(OM_uint32 *minor, const struct netsession_credentials *c,
                                          gss_cred_id_t *credential)
{
	gss_OID_set_desc ntlm_only = { 1, &auth_oids[AUTH_NTLM] };
	gss_key_value_element_desc elements[] = { { GSS_NTLMSSP_CS_PASSWORD, c->password },
		                                  { GSS_NTLMSSP_CS_DOMAIN, "" } };
	gss_key_value_set_desc store = { c->is_anonymous ? 2 : 1, elements };
	gss_name_t user = GSS_C_NO_NAME;
	OM_uint32 major, ignored;

	major = auth_handle_import_user(minor, c, &user);
	if (!GSS_ERROR(major))
		major = gss_acquire_cred_from(minor, user, GSS_C_INDEFINITE, &ntlm_only,
		                              GSS_C_INITIATE, &store, credential, NULL, NULL);
	(void)gss_release_name(&ignored, &user);
	return major;
}

/* user@REALM; the default realm's where the domain is no realm. */
static OM_uint32 auth_handle_import_principal(OM_uint32 *minor,
                                              const struct netsession_credentials *c,
                                              gss_name_t *name)
{
	size_t room = strlen(c->user) + strlen(c->domain) + 2;
	gss_buffer_desc text = { .value = malloc(room) };
	OM_uint32 major;
	char *realm;

	if (text.value == NULL)
		return GSS_S_FAILURE;
	strcpy(text.value, c->user);
	if (strchr(c->domain, '.') != NULL) {
		realm = (char *)text.value + strlen(c->user);
		*realm++ = '@';
		for (const char *at = c->domain; *at != '\0'; at++)
			*realm++ = (char)toupper((unsigned char)*at);
		*realm = '\0';
	}
	text.length = strlen(text.value);
	major = gss_import_name(minor, &text, GSS_C_NT_USER_NAME, name);
	free(text.value);
	return major;
}

static OM_uint32 auth_handle_acquire_kerberos(OM_uint32 *minor,
                                              const struct netsession_credentials *c,
                                              gss_cred_id_t *credential)
{
	gss_OID_set_desc kerberos_only = { 1, &auth_oids[AUTH_KERBEROS] };
	gss_key_value_element_desc element = { "password", c != NULL ? c->password : "" };
	gss_key_value_set_desc store = { c != NULL ? 1 : 0, &element };
	gss_name_t user = GSS_C_NO_NAME;
	OM_uint32 major = GSS_S_COMPLETE, ignored;

	if (c != NULL)
		major = auth_handle_import_principal(minor, c, &user);
	if (!GSS_ERROR(major))
		major = gss_acquire_cred_from(minor, user, GSS_C_INDEFINITE, &kerberos_only,
		                              GSS_C_INITIATE, c != NULL ? &store : NULL, credential,
		                              NULL, NULL);
	(void)gss_release_name(&ignored, &user);
	return major;
}

struct auth_handle *auth_handle_kerberos(const struct netsession_credentials *c, OM_uint32 *minor)
{
	struct auth_handle *handle = calloc(1, sizeof *handle);

	*minor = 0;
	if (handle != NULL &&
	    !GSS_ERROR(auth_handle_acquire_kerberos(minor, c, &handle->credential)))
		return handle;
	auth_handle_free(handle);
	return NULL;
}

struct auth_handle *auth_handle_ntlm(struct netsession_credentials *c, struct err *err)
{
	struct auth_handle *handle;
	OM_uint32 minor;

	pthread_mutex_lock(&c->mutex);
	if (c->handle == NULL) {
		handle = calloc(1, sizeof *handle);
		if (handle == NULL) {
			err_set(err, ERROR_NOT_ENOUGH_MEMORY, AUTH_STEP, NULL);
		} else if (GSS_ERROR(auth_handle_acquire_ntlm(&minor, c, &handle->credential))) {
			err_set(err, ERROR_NOT_SUPPORTED, AUTH_STEP,
			        "GSSAPI has no NTLM: is gss-ntlmssp installed?");
			auth_handle_free(handle);
		} else {
			c->handle = handle;
		}
	}
	handle = c->handle;
	pthread_mutex_unlock(&c->mutex);
	return handle;
}
