/* SPDX-License-Identifier: MIT */
#include "auth/context.h"

#include <string.h>
#include <gssapi/gssapi_ntlmssp.h>

/* GSS_C_INQ_SSPI_SESSION_KEY, 1.2.840.113554.1.2.2.5.5 */
static gss_OID_desc inquire_session_key = AUTH_OID("\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x05\x05");
static gss_OID_desc require_mic = AUTH_OID(GSS_SPNEGO_REQUIRE_MIC_OID_STRING);
static gss_OID_desc reset_crypto = AUTH_OID(GSS_NTLMSSP_RESET_CRYPTO_OID_STRING);

/* gss-ntlmssp's numbers for the state that is reset. */
enum ntlm_direction { SENDING, RECEIVING };

void auth_context_fini(struct auth_context *c)
{
	OM_uint32 minor;

	(void)gss_delete_sec_context(&minor, &c->gss, GSS_C_NO_BUFFER);
	(void)gss_release_name(&minor, &c->initiator);
	(void)gss_release_buffer(&minor, &c->token);
	*c = (struct auth_context){ 0 };
}

void auth_context_discard_token(struct auth_context *c)
{
	OM_uint32 minor;

	(void)gss_release_buffer(&minor, &c->token);
}

static gss_buffer_desc auth_context_buffer(struct crypto_span span)
{
	return (gss_buffer_desc){ span.bytes, (void *)(uintptr_t)span.data };
}

static bool auth_context_is_complete(OM_uint32 major)
{
	return !GSS_ERROR(major) && (major & GSS_S_CONTINUE_NEEDED) == 0;
}

/* gss-ntlmssp protects AUTHENTICATE by a MIC only if it is inquired for that before it makes the
 * message; inquired again afterwards, it returns whether it did. Windows then wants a mechListMIC,
 * too: [MS-SPNG], product note on 3.1.5.1. */
static bool auth_context_asks_mic(const struct auth_context *c)
{
	gss_buffer_set_t answers = GSS_C_NO_BUFFER_SET;
	OM_uint32 major, minor;
	bool wants;

	if (c->mechanism != AUTH_NTLM || c->gss == GSS_C_NO_CONTEXT)
		return false;
	major = gss_inquire_sec_context_by_oid(&minor, c->gss, &require_mic, &answers);
	wants = !GSS_ERROR(major) && answers != GSS_C_NO_BUFFER_SET && answers->count > 0 &&
	        answers->elements[0].length > 0 && *(uint8_t *)answers->elements[0].value != 0;
	(void)gss_release_buffer_set(&minor, &answers);
	return wants;
}

OM_uint32 auth_context_initiate(struct auth_context *c, gss_cred_id_t credential, gss_name_t target,
                                OM_uint32 wanted, struct crypto_span token, OM_uint32 *minor)
{
	gss_buffer_desc input = auth_context_buffer(token);
	OM_uint32 major;

	auth_context_discard_token(c);
	major = gss_init_sec_context(minor, credential, &c->gss, target, &auth_oids[c->mechanism],
	                             wanted, GSS_C_INDEFINITE, GSS_C_NO_CHANNEL_BINDINGS,
	                             token.data != NULL ? &input : GSS_C_NO_BUFFER, NULL, &c->token,
	                             &c->flags, NULL);
	c->is_complete = auth_context_is_complete(major);
	if (!GSS_ERROR(major))
		c->wants_mic = auth_context_asks_mic(c);
	return major;
}

OM_uint32 auth_context_accept(struct auth_context *c, gss_cred_id_t credential,
                              struct crypto_span token, OM_uint32 *minor)
{
	gss_buffer_desc input = auth_context_buffer(token);
	OM_uint32 major;

	auth_context_discard_token(c);
	major = gss_accept_sec_context(minor, &c->gss, credential, &input,
	                               GSS_C_NO_CHANNEL_BINDINGS, &c->initiator, NULL, &c->token,
	                               &c->flags, &c->lifetime_s, NULL);
	c->is_complete = auth_context_is_complete(major);
	return major;
}

struct crypto_span auth_context_token(const struct auth_context *c)
{
	return (struct crypto_span){ c->token.length > 0 ? c->token.value : NULL, c->token.length };
}

struct spnego_mechanism_state auth_context_state(const struct auth_context *c)
{
	return (struct spnego_mechanism_state){
		.is_complete = c->is_complete,
		.has_token = c->token.length > 0,
		.can_sign = c->is_complete && (c->flags & GSS_C_INTEG_FLAG) != 0,
		.wants_mic = c->wants_mic,
	};
}

static bool auth_context_reset_ntlm(struct auth_context *c, uint32_t direction)
{
	gss_buffer_desc value = { sizeof direction, &direction };
	OM_uint32 minor;

	return c->mechanism != AUTH_NTLM ||
	       !GSS_ERROR(gss_set_sec_context_option(&minor, &c->gss, &reset_crypto, &value));
}

bool auth_context_make_mic(struct auth_context *c, struct crypto_span list, gss_buffer_t mic)
{
	gss_buffer_desc text = auth_context_buffer(list);
	OM_uint32 minor;

	if (GSS_ERROR(gss_get_mic(&minor, c->gss, GSS_C_QOP_DEFAULT, &text, mic)))
		return false;
	if (auth_context_reset_ntlm(c, SENDING))
		return true;
	(void)gss_release_buffer(&minor, mic);
	return false;
}

bool auth_context_verify_mic(struct auth_context *c, struct crypto_span list,
                             struct crypto_span mic)
{
	gss_buffer_desc text = auth_context_buffer(list), token = auth_context_buffer(mic);
	OM_uint32 minor;

	/* gss-ntlmssp does not check the length of a MIC. */
	return (c->mechanism != AUTH_NTLM || mic.bytes == AUTH_NTLM_MIC_BYTES) &&
	       gss_verify_mic(&minor, c->gss, &text, &token, NULL) == GSS_S_COMPLETE &&
	       auth_context_reset_ntlm(c, RECEIVING);
}

NET_API_STATUS auth_context_key(const struct auth_context *c, uint8_t key[AUTH_MAX_KEY_BYTES],
                                size_t *bytes, struct err *err)
{
	gss_buffer_set_t set = GSS_C_NO_BUFFER_SET;
	OM_uint32 minor, major;
	NET_API_STATUS status = NERR_Success;

	*bytes = 0;
	major = gss_inquire_sec_context_by_oid(&minor, c->gss, &inquire_session_key, &set);
	if (GSS_ERROR(major) || set == GSS_C_NO_BUFFER_SET || set->count == 0 ||
	    set->elements[0].length == 0 || set->elements[0].length > AUTH_MAX_KEY_BYTES) {
		status = err_set(err, ERROR_LOGON_FAILURE, AUTH_STEP,
		                 "the log-on established no session key");
	} else {
		*bytes = set->elements[0].length;
		memcpy(key, set->elements[0].value, *bytes);
		crypto_wipe(set->elements[0].value, *bytes);
	}
	(void)gss_release_buffer_set(&minor, &set);
	return status;
}
