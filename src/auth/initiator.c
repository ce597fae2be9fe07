/* SPDX-License-Identifier: MIT */
#include "auth/initiator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <gssapi/gssapi_ntlmssp.h>
#include "crypto/crypto.h"

#define DOING "SESSION_SETUP"

#define OID(bytes) { sizeof(bytes) - 1, (void *)(uintptr_t)(bytes) }

static gss_OID_desc spnego = OID("\x2b\x06\x01\x05\x05\x02");
static gss_OID_desc ntlmssp = OID("\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a");
static gss_OID_desc krb5 = OID("\x2a\x86\x48\x86\xf7\x12\x01\x02\x02");
/* GSS_C_INQ_SSPI_SESSION_KEY, 1.2.840.113554.1.2.2.5.5 */
static gss_OID_desc inquire_session_key = OID("\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x05\x05");

struct auth_initiator {
	struct netsession_credentials *password; /* until the credential is acquired; NULL: tickets */
	gss_name_t target;
	gss_cred_id_t credential;
	gss_ctx_id_t context;
	gss_buffer_desc answer;
};

struct auth_initiator *auth_initiator_new(const struct netsession_credentials *credentials, const char *host)
{
	struct auth_initiator *a = calloc(1, sizeof *a);
	gss_buffer_desc service;
	char name[300];
	OM_uint32 minor;

	if (a == NULL)
		return NULL;
	service.length = (size_t)snprintf(name, sizeof name, "cifs@%s", host);
	service.value = name;
	a->password = credentials != NULL ? credentials_copy(credentials) : NULL;
	if ((credentials != NULL && a->password == NULL) || service.length >= sizeof name ||
	    GSS_ERROR(gss_import_name(&minor, &service, GSS_C_NT_HOSTBASED_SERVICE, &a->target))) {
		auth_initiator_free(a);
		return NULL;
	}
	return a;
}

void auth_initiator_free(struct auth_initiator *a)
{
	OM_uint32 minor;

	if (a == NULL)
		return;
	credentials_free(a->password);
	(void)gss_release_name(&minor, &a->target);
	(void)gss_release_cred(&minor, &a->credential);
	(void)gss_delete_sec_context(&minor, &a->context, GSS_C_NO_BUFFER);
	(void)gss_release_buffer(&minor, &a->answer);
	free(a);
}

/* The user's name as gss-ntlmssp parses it: DOMAIN\user. */
static OM_uint32 import_user(OM_uint32 *minor, const struct netsession_credentials *c, gss_name_t *name)
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
static OM_uint32 acquire_with_password(OM_uint32 *minor, struct auth_initiator *a)
{
	gss_OID_set_desc mechanisms = { 1, &spnego };
	gss_key_value_element_desc element = { GSS_NTLMSSP_CS_PASSWORD, a->password->password };
	gss_key_value_set_desc store = { 1, &element };
	gss_name_t user = GSS_C_NO_NAME;
	OM_uint32 major, ignored;

	major = import_user(minor, a->password, &user);
	if (!GSS_ERROR(major))
		major = gss_acquire_cred_from(minor, user, GSS_C_INDEFINITE, &mechanisms,
		                              GSS_C_INITIATE, &store, &a->credential, NULL, NULL);
	(void)gss_release_name(&ignored, &user);
	return major;
}

static OM_uint32 acquire_tickets(OM_uint32 *minor, struct auth_initiator *a)
{
	gss_OID_set_desc mechanisms = { 1, &spnego };

	return gss_acquire_cred(minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &mechanisms, GSS_C_INITIATE,
	                        &a->credential, NULL, NULL);
}

static bool acquire(struct auth_initiator *a, struct err *err)
{
	gss_OID_set_desc mechanism = { 1, a->password != NULL ? &ntlmssp : &krb5 };
	OM_uint32 major, minor;

	major = a->password != NULL ? acquire_with_password(&minor, a) : acquire_tickets(&minor, a);
	if (!GSS_ERROR(major))
		major = gss_set_neg_mechs(&minor, a->credential, &mechanism);
	if (!GSS_ERROR(major)) {
		credentials_free(a->password);
		a->password = NULL;
		return true;
	}
	if (a->password != NULL)
		err_set(err, ERROR_NOT_SUPPORTED, DOING, "GSSAPI has no NTLM: is gss-ntlmssp installed?");
	else
		err_set(err, ERROR_NO_SUCH_LOGON_SESSION, DOING, "no credentials, no Kerberos ticket");
	return false;
}

/* What a failure of the exchange itself means. */
static void explain(OM_uint32 major, struct err *err)
{
	switch (GSS_ROUTINE_ERROR(major)) {
	case GSS_S_NO_CRED:
	case GSS_S_CREDENTIALS_EXPIRED:
		err_set(err, ERROR_NO_SUCH_LOGON_SESSION, DOING, "no usable Kerberos ticket");
		break;
	case GSS_S_DEFECTIVE_TOKEN:
	case GSS_S_BAD_SIG:
		err_set(err, ERROR_DOWNGRADE_DETECTED, DOING, "the server's token does not hold");
		break;
	default:
		err_set(err, ERROR_LOGON_FAILURE, DOING, "no ticket for this server, or a bad token");
		break;
	}
}

enum auth_progress auth_initiator_step(struct auth_initiator *a, const uint8_t *token, size_t bytes,
                                       const uint8_t **answer, size_t *answer_bytes,
                                       struct err *err)
{
	gss_buffer_desc input = { bytes, (void *)(uintptr_t)token };
	OM_uint32 major, minor;

	if (a->credential == GSS_C_NO_CREDENTIAL && !acquire(a, err))
		return AUTH_FAILED;
	(void)gss_release_buffer(&minor, &a->answer);
	major = gss_init_sec_context(&minor, a->credential, &a->context, a->target, &spnego,
	                             GSS_C_MUTUAL_FLAG | GSS_C_INTEG_FLAG | GSS_C_CONF_FLAG,
	                             GSS_C_INDEFINITE, GSS_C_NO_CHANNEL_BINDINGS,
	                             token != NULL ? &input : GSS_C_NO_BUFFER, NULL, &a->answer, NULL,
	                             NULL);
	*answer = a->answer.value;
	*answer_bytes = a->answer.length;
	if (GSS_ERROR(major)) {
		explain(major, err);
		return AUTH_FAILED;
	}
	return (major & GSS_S_CONTINUE_NEEDED) != 0 ? AUTH_CONTINUE : AUTH_COMPLETE;
}

NET_API_STATUS auth_initiator_key(struct auth_initiator *a, uint8_t key[AUTH_MAX_KEY_BYTES],
                                  size_t *bytes, struct err *err)
{
	gss_buffer_set_t set = GSS_C_NO_BUFFER_SET;
	OM_uint32 minor, major;
	NET_API_STATUS status = NERR_Success;

	major = gss_inquire_sec_context_by_oid(&minor, a->context, &inquire_session_key, &set);
	if (GSS_ERROR(major) || set == GSS_C_NO_BUFFER_SET || set->count == 0 ||
	    set->elements[0].length == 0 || set->elements[0].length > AUTH_MAX_KEY_BYTES) {
		status = err_set(err, ERROR_LOGON_FAILURE, DOING, "the log-on gave no session key");
	} else {
		*bytes = set->elements[0].length;
		memcpy(key, set->elements[0].value, *bytes);
		crypto_wipe(set->elements[0].value, *bytes);
	}
	(void)gss_release_buffer_set(&minor, &set);
	return status;
}
