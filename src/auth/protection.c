/* SPDX-License-Identifier: MIT */
#include "auth/protection.h"

#include <string.h>
#include "auth/gss.h"

static bool auth_protection_is_ntlm(const struct auth_acceptor *a)
{
	return strcmp(auth_acceptor_mechanism(a), "ntlm") == 0;
}

static OM_uint32 auth_protection_flags(const struct auth_acceptor *a)
{
	OM_uint32 minor, flags = 0;

	if (GSS_ERROR(gss_inquire_context(&minor, auth_acceptor_context(a), NULL, NULL, NULL, NULL,
	                                  &flags, NULL, NULL)))
		return 0;
	return flags;
}

static size_t auth_protection_kerberos_bytes(gss_ctx_id_t context, bool seals)
{
	gss_iov_buffer_desc iov[2] = { { .type = seals ? GSS_IOV_BUFFER_TYPE_HEADER
		                                       : GSS_IOV_BUFFER_TYPE_MIC_TOKEN },
		                       { .type = GSS_IOV_BUFFER_TYPE_DATA, .buffer.length = 16 } };
	OM_uint32 major, minor;

	if (seals)
		major = gss_wrap_iov_length(&minor, context, 1, GSS_C_QOP_DEFAULT, NULL, iov, 2);
	else
		major = gss_get_mic_iov_length(&minor, context, GSS_C_QOP_DEFAULT, iov, 2);
	return GSS_ERROR(major) ? 0 : iov[0].buffer.length;
}

size_t auth_protection_bytes(const struct auth_acceptor *a, bool seals)
{
	/* Kerberos puts all that it adds into the token only in DCE style, which the initiator
	 * requests. */
	OM_uint32 wanted = seals ? GSS_C_CONF_FLAG | GSS_C_DCE_STYLE : GSS_C_INTEG_FLAG;

	if (auth_acceptor_context(a) == GSS_C_NO_CONTEXT || /* a null session */
	    (auth_protection_flags(a) & wanted) != wanted || (seals && auth_protection_is_ntlm(a)))
		return 0;
	return auth_protection_is_ntlm(a)
	               ? AUTH_NTLM_MIC_BYTES
	               : auth_protection_kerberos_bytes(auth_acceptor_context(a), seals);
}

/* What is signed of a message that is not sealed. NTLM signs all of it even where that was not
 * agreed on: so do Windows and Samba. */
static gss_buffer_desc auth_protection_signed_part(const struct auth_acceptor *a,
                                                   const struct auth_message *m)
{
	if (m->signs_all || auth_protection_is_ntlm(a))
		return (gss_buffer_desc){ m->bytes, m->data };
	return (gss_buffer_desc){ m->body_bytes, m->data + m->body_at };
}

bool auth_protection_sign(struct auth_acceptor *a, const struct auth_message *m, uint8_t *token)
{
	gss_buffer_desc part = auth_protection_signed_part(a, m), mic = GSS_C_EMPTY_BUFFER;
	OM_uint32 minor;
	bool is_good;

	if (GSS_ERROR(
		    gss_get_mic(&minor, auth_acceptor_context(a), GSS_C_QOP_DEFAULT, &part, &mic)))
		return false;
	is_good = mic.length == auth_protection_bytes(a, false);
	if (is_good)
		memcpy(token, mic.value, mic.length);
	(void)gss_release_buffer(&minor, &mic);
	return is_good;
}

bool auth_protection_verify(struct auth_acceptor *a, const struct auth_message *m,
                            const uint8_t *token, size_t token_bytes)
{
	gss_buffer_desc part = auth_protection_signed_part(a, m),
			mic = { token_bytes, (void *)(uintptr_t)token };
	OM_uint32 minor;

	/* gss-ntlmssp does not check the length of a token. */
	return token_bytes > 0 && token_bytes == auth_protection_bytes(a, false) &&
	       gss_verify_mic(&minor, auth_acceptor_context(a), &part, &mic, NULL) ==
	               GSS_S_COMPLETE;
}

#define IOV_COUNT 4

/* What is before the body and behind it is signed, too, where both sides agreed on that. */
static void auth_protection_set_iov(gss_iov_buffer_desc iov[IOV_COUNT],
                                    const struct auth_message *m, uint8_t *token,
                                    size_t token_bytes)
{
	size_t tail_at = m->body_at + m->body_bytes;

	iov[0] = (gss_iov_buffer_desc){ GSS_IOV_BUFFER_TYPE_HEADER, { token_bytes, token } };
	iov[1] = (gss_iov_buffer_desc){ GSS_IOV_BUFFER_TYPE_SIGN_ONLY,
		                        { m->signs_all ? m->body_at : 0, m->data } };
	iov[2] = (gss_iov_buffer_desc){ GSS_IOV_BUFFER_TYPE_DATA,
		                        { m->body_bytes, m->data + m->body_at } };
	iov[3] = (gss_iov_buffer_desc){ GSS_IOV_BUFFER_TYPE_SIGN_ONLY,
		                        { m->signs_all ? m->bytes - tail_at : 0,
		                          m->data + tail_at } };
}

bool auth_protection_seal(struct auth_acceptor *a, const struct auth_message *m, uint8_t *token)
{
	gss_iov_buffer_desc iov[IOV_COUNT];
	OM_uint32 minor;
	int is_sealed = 0;

	auth_protection_set_iov(iov, m, token, auth_protection_bytes(a, true));
	return gss_wrap_iov(&minor, auth_acceptor_context(a), 1, GSS_C_QOP_DEFAULT, &is_sealed, iov,
	                    IOV_COUNT) == GSS_S_COMPLETE &&
	       is_sealed != 0;
}

bool auth_protection_unseal(struct auth_acceptor *a, const struct auth_message *m,
                            const uint8_t *token, size_t token_bytes)
{
	gss_iov_buffer_desc iov[IOV_COUNT];
	OM_uint32 minor;
	uint8_t copy[256]; /* the library may write there */
	int is_sealed = 0;

	if (token_bytes == 0 || token_bytes > sizeof copy ||
	    token_bytes != auth_protection_bytes(a, true))
		return false;
	memcpy(copy, token, token_bytes);
	auth_protection_set_iov(iov, m, copy, token_bytes);
	return gss_unwrap_iov(&minor, auth_acceptor_context(a), &is_sealed, NULL, iov, IOV_COUNT) ==
	               GSS_S_COMPLETE &&
	       is_sealed != 0;
}
