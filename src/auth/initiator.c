/* SPDX-License-Identifier: MIT */
#include "auth/initiator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "auth/gss.h"
#include "auth/kerberos_story.h"

struct auth_initiator {
	struct netsession_credentials *credentials; /* held; NULL: the caller's tickets */
	enum netsession_authentication mode;
	char *host;
	struct auth_handle *handle; /* NULL until the first step */
	bool owns_handle;           /* else the credentials do */
	gss_name_t target;
	gss_ctx_id_t context;
	gss_buffer_desc answer;
};

struct auth_initiator *auth_initiator_new(struct netsession_credentials *credentials,
                                          enum netsession_authentication mode, const char *host)
{
	struct auth_initiator *a = calloc(1, sizeof *a);
	gss_buffer_desc service;
	char name[300];
	OM_uint32 minor;

	if (a == NULL)
		return NULL;
	a->credentials = credentials_hold(credentials);
	a->mode = mode;
	a->host = strdup(host);
	service.length = (size_t)snprintf(name, sizeof name, "cifs@%s", host);
	service.value = name;
	if (a->host == NULL || service.length >= sizeof name ||
	    GSS_ERROR(gss_import_name(&minor, &service, GSS_C_NT_HOSTBASED_SERVICE, &a->target))) {
		auth_initiator_free(a);
		return NULL;
	}
	return a;
}

static void forget_handle(struct auth_initiator *a)
{
	if (a->owns_handle)
		auth_handle_free(a->handle);
	a->handle = NULL;
}

void auth_initiator_free(struct auth_initiator *a)
{
	OM_uint32 minor;

	if (a == NULL)
		return;
	(void)gss_delete_sec_context(&minor, &a->context, GSS_C_NO_BUFFER);
	(void)gss_release_name(&minor, &a->target);
	(void)gss_release_buffer(&minor, &a->answer);
	forget_handle(a);
	credentials_release(a->credentials);
	free(a->host);
	free(a);
}

/* A domain with a dot is a realm, whose KDC may be asked: nobody else is told of a name. */
static bool has_realm(const struct netsession_credentials *c)
{
	const char *at = strrchr(c->user, '@');

	return strchr(c->domain, '.') != NULL ||
	       (c->domain[0] == '\0' && at != NULL && strchr(at, '.') != NULL);
}

bool auth_initiator_asks_kdc(const struct auth_initiator *a)
{
	return a->credentials == NULL ||
	       (a->mode == NETSESSION_AUTHENTICATION_KERBEROS && !a->credentials->is_anonymous) ||
	       (a->mode == NETSESSION_AUTHENTICATION_ANY && has_realm(a->credentials));
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

static bool is_anonymous(const struct auth_initiator *a)
{
	return a->credentials != NULL && a->credentials->is_anonymous;
}

static OM_uint32 exchange(struct auth_initiator *a, const uint8_t *token, size_t bytes)
{
	gss_buffer_desc input = { bytes, (void *)(uintptr_t)token };
	OM_uint32 minor;

	(void)gss_release_buffer(&minor, &a->answer);
	return gss_init_sec_context(
		&minor, a->handle->credential, &a->context, a->target, &auth_spnego,
		is_anonymous(a) ? GSS_C_ANON_FLAG
				: GSS_C_MUTUAL_FLAG | GSS_C_INTEG_FLAG | GSS_C_CONF_FLAG,
		GSS_C_INDEFINITE, GSS_C_NO_CHANNEL_BINDINGS,
		token != NULL ? &input : GSS_C_NO_BUFFER, NULL, &a->answer, NULL, NULL);
}

/* The first token by NTLM. Returns its major status; GSS_S_FAILURE with err when it has no handle.
 */
static OM_uint32 begin_ntlm(struct auth_initiator *a, struct err *err)
{
	a->owns_handle = false;
	a->handle = auth_handle_ntlm(a->credentials, err);
	return a->handle != NULL ? exchange(a, NULL, 0) : GSS_S_FAILURE;
}

/* The first token by Kerberos, or where that cannot be had, and may be done without, by NTLM. */
static OM_uint32 begin_kerberos(struct auth_initiator *a, struct err *err)
{
	OM_uint32 major = GSS_S_FAILURE, minor;

	a->owns_handle = true;
	a->handle = auth_handle_kerberos(a->credentials, &minor);
	if (a->handle != NULL)
		major = exchange(a, NULL, 0);
	if (!GSS_ERROR(major))
		return major;
	minor = auth_handle_diagnose(a->credentials, a->target);
	if (a->credentials != NULL && a->mode == NETSESSION_AUTHENTICATION_ANY &&
	    kerberos_story_allows_other(minor)) {
		forget_handle(a);
		(void)gss_delete_sec_context(&minor, &a->context, GSS_C_NO_BUFFER);
		return begin_ntlm(a, err);
	}
	kerberos_story_tell(minor, a->host, err);
	return major;
}

static OM_uint32 begin(struct auth_initiator *a, struct err *err)
{
	if (auth_initiator_asks_kdc(a) &&
	    (a->credentials != NULL || a->mode != NETSESSION_AUTHENTICATION_NTLM))
		return begin_kerberos(a, err);
	if (is_anonymous(a) && a->mode == NETSESSION_AUTHENTICATION_KERBEROS) {
		err_set(err, ERROR_NOT_SUPPORTED, AUTH_DOING, "Kerberos knows no null session");
		return GSS_S_FAILURE;
	}
	if (a->credentials != NULL)
		return begin_ntlm(a, err);
	err_set(err, ERROR_NO_SUCH_LOGON_SESSION, AUTH_DOING, "NTLM needs a password");
	return GSS_S_FAILURE;
}

enum auth_progress auth_initiator_step(struct auth_initiator *a, const uint8_t *token, size_t bytes,
                                       const uint8_t **answer, size_t *answer_bytes,
                                       struct err *err)
{
	OM_uint32 major = a->handle == NULL ? begin(a, err) : exchange(a, token, bytes);

	*answer = a->answer.value;
	*answer_bytes = a->answer.length;
	if (GSS_ERROR(major)) {
		explain(major, err); /* unless that is done */
		return AUTH_FAILED;
	}
	return (major & GSS_S_CONTINUE_NEEDED) != 0 ? AUTH_CONTINUE : AUTH_COMPLETE;
}

bool auth_initiator_principal(const struct auth_initiator *a, char to[AUTH_PRINCIPAL_BYTES])
{
	gss_name_t name = GSS_C_NO_NAME;
	OM_uint32 minor;
	bool known;

	known = a->credentials == NULL &&
	        !GSS_ERROR(gss_inquire_context(&minor, a->context, &name, NULL, NULL, NULL, NULL,
	                                       NULL, NULL)) &&
	        auth_name_text(name, to);
	(void)gss_release_name(&minor, &name);
	return known;
}

NET_API_STATUS auth_initiator_key(struct auth_initiator *a, uint8_t key[AUTH_MAX_KEY_BYTES],
                                  size_t *bytes, struct err *err)
{
	*bytes = 0;
	return is_anonymous(a) ? NERR_Success : auth_session_key(a->context, key, bytes, err);
}
