/* SPDX-License-Identifier: MIT */
#include "auth/acceptor_settings.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <gssapi/gssapi_krb5.h>
#include "auth/accounts.h"
#include "auth/context.h"
#include "auth/gss.h"
#include "auth/ntlm_environment.h"
#include "auth/keytab.h"
#include "auth/spnego/message.h"
#include "base/locale.h"

struct auth_acceptor_settings {
	atomic_int holders;
	bool anonymous;
	struct accounts *accounts;                  /* NULL: no accounts for NTLM */
	gss_cred_id_t credentials[AUTH_MECHANISMS]; /* GSS_C_NO_CREDENTIAL: not accepted */
	bool serves[AUTH_MECHANISMS];
	struct wire_writer hint; /* NegTokenInit2 */
	struct err no_kerberos;  /* why Kerberos is not accepted, though it may be */
	char *realm;             /* the default realm; NULL: it is not known */
};

static bool acceptor_text_is_set(const char *text)
{
	return text != NULL && text[0] != '\0';
}

/* libkrb5 has one variable for the keytab in a process. */
static pthread_mutex_t keytab_mutex = PTHREAD_MUTEX_INITIALIZER;

/* No name: any principal of the keytab will do. No credential store: gss-ntlmssp 1.2.0 would take
 * it for a user's. */
static bool acceptor_acquire_mechanism(struct auth_acceptor_settings *s,
                                       enum auth_mechanism mechanism)
{
	gss_OID_set_desc one = { 1, &auth_oids[mechanism] };
	OM_uint32 minor;

	s->serves[mechanism] = !GSS_ERROR(gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE,
	                                                   &one, GSS_C_ACCEPT,
	                                                   &s->credentials[mechanism], NULL, NULL));
	return s->serves[mechanism];
}

/* The keytab stays set until another one is set. False: GSSAPI finds no key in it. */
static bool acceptor_acquire_kerberos(struct auth_acceptor_settings *s, const char *keytab)
{
	bool is_acquired;

	pthread_mutex_lock(&keytab_mutex);
	is_acquired = !GSS_ERROR(krb5_gss_register_acceptor_identity(keytab)) &&
	              acceptor_acquire_mechanism(s, AUTH_KERBEROS);
	pthread_mutex_unlock(&keytab_mutex);
	return is_acquired;
}

/* A keytab without a key is an error if it is configured; without configuration, Kerberos is not
 * accepted. */
static NET_API_STATUS acceptor_use_keytab(struct auth_acceptor_settings *s, const char *keytab,
                                          struct err *err)
{
	struct err reason = { 0 };

	keytab = acceptor_text_is_set(keytab) ? keytab : NULL;
	if (keytab_check(keytab, &reason) == NERR_Success && !acceptor_acquire_kerberos(s, keytab))
		err_set(&reason, ERROR_NO_SUCH_LOGON_SESSION, KEYTAB_STEP,
		        "GSSAPI finds no key in it that it could use");
	if (keytab == NULL)
		s->no_kerberos = reason;
	else if (reason.status != NERR_Success)
		*err = reason;
	return keytab != NULL ? reason.status : NERR_Success;
}

/* gss-ntlmssp 1.2.0 encodes no CHALLENGE on a big-endian machine: it adds a length that is in the
 * order of the message's bytes already to an offset. Each log-on would end as if the password were
 * wrong. */
static bool acceptor_can_challenge(const struct auth_acceptor_settings *s)
{
	static const uint8_t negotiate[] = { 'N', 'T', 'L', 'M',  'S',  'S',  'P',  0,          1,
		                             0,   0,   0,   0x35, 0x82, 0x08, 0xE2, [39] = 0x0F };
	struct auth_context context = { .mechanism = AUTH_NTLM };
	struct crypto_span token = { negotiate, sizeof negotiate };
	OM_uint32 major, minor;

	major = auth_context_accept(&context, s->credentials[AUTH_NTLM], token, &minor);
	auth_context_fini(&context);
	return major == GSS_S_CONTINUE_NEEDED;
}

/* Null sessions use NTLM, too. */
static NET_API_STATUS acceptor_acquire_ntlm(struct auth_acceptor_settings *s, struct err *err)
{
	if (s->accounts == NULL && !s->anonymous)
		return NERR_Success;
	if (!ntlm_environment_has_host(err))
		return err->status;
	if (!acceptor_acquire_mechanism(s, AUTH_NTLM))
		return err_set(err, ERROR_NOT_SUPPORTED, AUTH_STEP,
		               "GSSAPI gives no credential for accepting NTLM log-ons");
	return acceptor_can_challenge(s)
	               ? NERR_Success
	               : err_set(err, ERROR_NOT_SUPPORTED, AUTH_STEP,
	                         "gss-ntlmssp cannot encode an NTLM challenge on this "
	                         "machine");
}

/* The message that an acceptor sends before it has received one: [MS-SPNG] 3.2.5.2. */
static NET_API_STATUS acceptor_make_hint(struct auth_acceptor_settings *s, struct err *err)
{
	enum auth_mechanism served[AUTH_MECHANISMS];
	struct wire_writer list = { 0 };
	size_t count = 0;

	for (unsigned i = 0; i < AUTH_MECHANISMS; i++)
		if (s->serves[i])
			served[count++] = (enum auth_mechanism)i;
	if (count == 0)
		return NERR_Success;
	spnego_mechanism_list_encode(&list, served, count, true);
	spnego_init2_encode(&s->hint, (struct crypto_span){ list.data, list.len });
	s->hint.failed |= list.failed;
	wire_writer_fini(&list);
	return s->hint.failed ? err_set(err, ERROR_NOT_ENOUGH_MEMORY, AUTH_STEP, NULL)
	                      : NERR_Success;
}

/* The default realm is the realm of a name without one. */
static void acceptor_find_realm(struct auth_acceptor_settings *s)
{
	char user[] = "user", text[AUTH_PRINCIPAL_BYTES], *realm;
	gss_buffer_desc buffer = { sizeof user - 1, user };
	gss_name_t name = GSS_C_NO_NAME, canonical = GSS_C_NO_NAME;
	OM_uint32 minor;

	if (!GSS_ERROR(gss_import_name(&minor, &buffer, GSS_C_NT_USER_NAME, &name)) &&
	    !GSS_ERROR(
		    gss_canonicalize_name(&minor, name, &auth_oids[AUTH_KERBEROS], &canonical)) &&
	    auth_name_text(canonical, text) && (realm = strrchr(text, '@')) != NULL)
		s->realm = strdup(realm + 1);
	(void)gss_release_name(&minor, &name);
	(void)gss_release_name(&minor, &canonical);
}

static NET_API_STATUS acceptor_settings_fill(struct auth_acceptor_settings *s,
                                             const struct auth_acceptor_options *options,
                                             struct err *err)
{
	bool kerberos = options->kerberos && auth_has_mechanism(AUTH_KERBEROS),
	     ntlm = options->ntlm && acceptor_text_is_set(options->ntlm_users);
	NET_API_STATUS status = NERR_Success;

	s->anonymous = options->anonymous;
	if (kerberos)
		acceptor_find_realm(s);
	if ((ntlm || s->anonymous) && !auth_has_mechanism(AUTH_NTLM))
		status = err_set(err, ERROR_NOT_SUPPORTED, AUTH_STEP,
		                 "GSSAPI has no NTLM: is gss-ntlmssp installed?");
	if (status == NERR_Success && ntlm)
		status = accounts_read(options->ntlm_users, &s->accounts, err);
	if (status == NERR_Success && (ntlm || s->anonymous))
		status = accounts_prepare(err);
	if (status == NERR_Success && s->accounts != NULL)
		status = accounts_check_locale(s->accounts, err);
	if (status == NERR_Success && kerberos)
		status = acceptor_use_keytab(s, options->keytab, err);
	if (status == NERR_Success)
		status = acceptor_acquire_ntlm(s, err);
	if (status == NERR_Success)
		status = acceptor_make_hint(s, err);
	return status;
}

NET_API_STATUS auth_acceptor_settings_new(const struct auth_acceptor_options *options,
                                          struct auth_acceptor_settings **out, struct err *err)
{
	struct auth_acceptor_settings *s = calloc(1, sizeof *s);
	locale_t previous = locale_enter();
	NET_API_STATUS status;

	*out = NULL;
	if (s == NULL) {
		status = err_set(err, ERROR_NOT_ENOUGH_MEMORY, AUTH_STEP, NULL);
	} else {
		atomic_init(&s->holders, 1);
		status = acceptor_settings_fill(s, options, err);
	}
	if (status == NERR_Success)
		*out = s;
	else
		auth_acceptor_settings_release(s);
	locale_leave(previous);
	return status;
}

struct auth_acceptor_settings *auth_acceptor_settings_hold(struct auth_acceptor_settings *s)
{
	if (s != NULL)
		atomic_fetch_add(&s->holders, 1);
	return s;
}

void auth_acceptor_settings_release(struct auth_acceptor_settings *s)
{
	OM_uint32 minor;

	if (s == NULL || atomic_fetch_sub(&s->holders, 1) != 1)
		return;
	for (unsigned i = 0; i < AUTH_MECHANISMS; i++)
		(void)gss_release_cred(&minor, &s->credentials[i]);
	wire_writer_fini(&s->hint);
	accounts_free(s->accounts);
	free(s->realm);
	free(s);
}

const uint8_t *auth_acceptor_settings_hint(const struct auth_acceptor_settings *s, size_t *bytes)
{
	*bytes = s->hint.len;
	return s->hint.data;
}

bool auth_acceptor_settings_serve(const struct auth_acceptor_settings *s,
                                  enum auth_mechanism mechanism)
{
	return mechanism == AUTH_KERBEROS ? s->serves[AUTH_KERBEROS] : s->accounts != NULL;
}

const char *auth_acceptor_settings_no_kerberos(const struct auth_acceptor_settings *s)
{
	return s->no_kerberos.status != NERR_Success ? err_text(&s->no_kerberos) : NULL;
}

const bool *auth_acceptor_settings_accepted(const struct auth_acceptor_settings *s)
{
	return s->serves;
}

bool auth_acceptor_settings_allow_anonymous(const struct auth_acceptor_settings *s)
{
	return s->anonymous;
}

gss_cred_id_t auth_acceptor_settings_credential(const struct auth_acceptor_settings *s,
                                                enum auth_mechanism mechanism)
{
	return s->credentials[mechanism];
}

const struct accounts *auth_acceptor_settings_accounts(const struct auth_acceptor_settings *s)
{
	return s->accounts;
}

const struct account *auth_acceptor_settings_account(const struct auth_acceptor_settings *s,
                                                     const char *domain, const char *user)
{
	return s->accounts != NULL ? accounts_find(s->accounts, domain, user) : NULL;
}

bool auth_acceptor_settings_keep(const struct auth_acceptor_settings *s,
                                 const struct auth_acceptor_settings *former,
                                 enum auth_mechanism mechanism, const struct identity *who)
{
	const char *domain = identity_domain(who), *user = identity_user(who);
	const struct account *now, *then;

	if (mechanism == AUTH_KERBEROS)
		return s->serves[AUTH_KERBEROS];
	if (!identity_is_authenticated(who))
		return s->anonymous;
	now = auth_acceptor_settings_account(s, domain, user);
	then = auth_acceptor_settings_account(former, domain, user);
	return now != NULL && then != NULL &&
	       accounts_have_same_password(s->accounts, now, former->accounts, then);
}

bool auth_acceptor_settings_own_realm(const struct auth_acceptor_settings *s, const char *realm)
{
	return s->realm != NULL && strcmp(s->realm, realm) == 0;
}
