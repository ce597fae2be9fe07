/* SPDX-License-Identifier: MIT */
#include "auth/initiator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "auth/gss.h"
#include "crypto/crypto.h"

/* GSS_C_INQ_SSPI_SESSION_KEY, 1.2.840.113554.1.2.2.5.5 */
static gss_OID_desc inquire_session_key = AUTH_OID("\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x05\x05");

struct auth_initiator {
	struct netsession_credentials *credentials; /* held; NULL: the caller's tickets */
	struct auth_handle *handle; /* NULL until the first step; ours when credentials is NULL */
	gss_name_t target;
	gss_ctx_id_t context;
	gss_buffer_desc answer;
};

struct auth_initiator *auth_initiator_new(struct netsession_credentials *credentials,
                                          const char *host)
{
	struct auth_initiator *a = calloc(1, sizeof *a);
	gss_buffer_desc service;
	char name[300];
	OM_uint32 minor;

	if (a == NULL)
		return NULL;
	a->credentials = credentials_hold(credentials);
	service.length = (size_t)snprintf(name, sizeof name, "cifs@%s", host);
	service.value = name;
	if (service.length >= sizeof name ||
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
	(void)gss_delete_sec_context(&minor, &a->context, GSS_C_NO_BUFFER);
	(void)gss_release_name(&minor, &a->target);
	(void)gss_release_buffer(&minor, &a->answer);
	if (a->credentials == NULL)
		auth_handle_free(a->handle);
	credentials_release(a->credentials);
	free(a);
}

/* What a failure of the exchange itself means. */
static void explain(OM_uint32 major, struct err *err)
{
	switch (GSS_ROUTINE_ERROR(major)) {
	case GSS_S_NO_CRED:
	case GSS_S_CREDENTIALS_EXPIRED:
		err_set(err, ERROR_NO_SUCH_LOGON_SESSION, AUTH_DOING, "no usable Kerberos ticket");
		break;
	case GSS_S_DEFECTIVE_TOKEN:
	case GSS_S_BAD_SIG:
		err_set(err, ERROR_DOWNGRADE_DETECTED, AUTH_DOING,
		        "the server's token does not hold");
		break;
	default:
		err_set(err, ERROR_LOGON_FAILURE, AUTH_DOING,
		        "no ticket for this server, or a bad token");
		break;
	}
}

enum auth_progress auth_initiator_step(struct auth_initiator *a, const uint8_t *token, size_t bytes,
                                       const uint8_t **answer, size_t *answer_bytes,
                                       struct err *err)
{
	gss_buffer_desc input = { bytes, (void *)(uintptr_t)token };
	OM_uint32 major, minor;

	if (a->handle == NULL)
		a->handle = auth_handle_acquire(a->credentials, err);
	if (a->handle == NULL)
		return AUTH_FAILED;
	(void)gss_release_buffer(&minor, &a->answer);
	major = gss_init_sec_context(
		&minor, a->handle->credential, &a->context, a->target, &auth_spnego,
		GSS_C_MUTUAL_FLAG | GSS_C_INTEG_FLAG | GSS_C_CONF_FLAG, GSS_C_INDEFINITE,
		GSS_C_NO_CHANNEL_BINDINGS, token != NULL ? &input : GSS_C_NO_BUFFER, NULL,
		&a->answer, NULL, NULL);
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
		status = err_set(err, ERROR_LOGON_FAILURE, AUTH_DOING,
		                 "the log-on gave no session key");
	} else {
		*bytes = set->elements[0].length;
		memcpy(key, set->elements[0].value, *bytes);
		crypto_wipe(set->elements[0].value, *bytes);
	}
	(void)gss_release_buffer_set(&minor, &set);
	return status;
}
