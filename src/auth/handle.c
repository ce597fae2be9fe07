/* SPDX-License-Identifier: MIT */
#include "auth/handle.h"

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
static OM_uint32 import_user(OM_uint32 *minor, const struct netsession_credentials *c,
                             gss_name_t *name)
{
	size_t room = strlen(c->domain) + strlen(c->user) + 2;
	gss_buffer_desc text = { .value = malloc(room) };
	OM_uint32 major;

	if (text.value == NULL)
		return GSS_S_FAILURE;
	text.length = (size_t)snprintf(text.value, room, "%s%s%s", c->domain,
	                               c->domain[0] != '\0' ? "\\" : "", c->user);
	major = gss_import_name(minor, &text, GSS_C_NT_USER_NAME, name);
	free(text.value);
	return major;
}

/* Not gss_acquire_cred_with_password: for SPNEGO that tries the password with Kerberos too, and
 * asks the KDC of whatever realm krb5.conf names. The credential store names one mechanism. */
static OM_uint32 acquire_with_password(OM_uint32 *minor, const struct netsession_credentials *c,
                                       gss_cred_id_t *credential)
{
	gss_OID_set_desc mechanisms = { 1, &auth_spnego }, ntlm_only = { 1, &auth_ntlmssp };
	gss_key_value_element_desc element = { GSS_NTLMSSP_CS_PASSWORD, c->password };
	gss_key_value_set_desc store = { 1, &element };
	gss_name_t user = GSS_C_NO_NAME;
	OM_uint32 major, ignored;

	major = import_user(minor, c, &user);
	if (!GSS_ERROR(major))
		major = gss_acquire_cred_from(minor, user, GSS_C_INDEFINITE, &mechanisms,
		                              GSS_C_INITIATE, &store, credential, NULL, NULL);
	if (!GSS_ERROR(major))
		major = gss_set_neg_mechs(minor, *credential, &ntlm_only);
	(void)gss_release_name(&ignored, &user);
	return major;
}

static OM_uint32 acquire_tickets(OM_uint32 *minor, gss_cred_id_t *credential)
{
	gss_OID_set_desc mechanisms = { 1, &auth_spnego }, krb5_only = { 1, &auth_krb5 };
	OM_uint32 major;

	major = gss_acquire_cred(minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &mechanisms,
	                         GSS_C_INITIATE, credential, NULL, NULL);
	return GSS_ERROR(major) ? major : gss_set_neg_mechs(minor, *credential, &krb5_only);
}

static struct auth_handle *acquire(const struct netsession_credentials *c, struct err *err)
{
	struct auth_handle *handle = calloc(1, sizeof *handle);
	OM_uint32 major, minor;

	if (handle == NULL) {
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, AUTH_DOING, NULL);
		return NULL;
	}
	major = c != NULL ? acquire_with_password(&minor, c, &handle->credential)
	                  : acquire_tickets(&minor, &handle->credential);
	if (!GSS_ERROR(major))
		return handle;
	auth_handle_free(handle);
	if (c != NULL)
		err_set(err, ERROR_NOT_SUPPORTED, AUTH_DOING,
		        "GSSAPI has no NTLM: is gss-ntlmssp installed?");
	else
		err_set(err, ERROR_NO_SUCH_LOGON_SESSION, AUTH_DOING,
		        "no credentials, no Kerberos ticket");
	return NULL;
}

struct auth_handle *auth_handle_acquire(struct netsession_credentials *c, struct err *err)
{
	struct auth_handle *handle;

	if (c == NULL)
		return acquire(NULL, err);
	pthread_mutex_lock(&c->mutex);
	if (c->handle == NULL)
		c->handle = acquire(c, err);
	handle = c->handle;
	pthread_mutex_unlock(&c->mutex);
	return handle;
}
