/* SPDX-License-Identifier: MIT */
#include "auth/credentials.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <gssapi/gssapi_ntlmssp.h>
#include "auth/gss.h"
#include "auth/mechanism_error.h"
#include "auth/mechanisms.h"
#include "auth/ntlm_environment.h"
#include "auth/password_hash.h"
#include "auth/secret_file.h"
#include "base/ascii.h"
#include "base/text.h"
#include "base/text_lines.h"
#include "crypto/crypto.h"
#include "crypto/secret.h"

enum { MOST_FILE_BYTES = 64 << 10 };

struct netsession_credentials *credentials_hold(struct netsession_credentials *c)
{
	if (c != NULL)
		atomic_fetch_add(&c->holders, 1);
	return c;
}

void credentials_release(struct netsession_credentials *c)
{
	if (c == NULL || atomic_fetch_sub(&c->holders, 1) != 1)
		return;
	auth_handle_free(c->handle);
	pthread_mutex_destroy(&c->mutex);
	free(c->user);
	free(c->domain);
	free(c->realm);
	crypto_secret_free(c->password);
	free(c);
}

static bool credentials_same_secret(const char *a, const char *b)
{
	return strlen(a) == strlen(b) && crypto_equal(a, b, strlen(a));
}

bool credentials_are_equal(const struct netsession_credentials *a,
                           const struct netsession_credentials *b)
{
	if (a == NULL || b == NULL || a == b)
		return a == b;
	return a->is_anonymous == b->is_anonymous && strcmp(a->user, b->user) == 0 &&
	       strcmp(a->domain, b->domain) == 0 && strcmp(a->realm, b->realm) == 0 &&
	       credentials_same_secret(a->password, b->password);
}

static bool credentials_is_quoted(const char *text)
{
	size_t bytes = strlen(text);

	return bytes >= 2 && strchr("\"'", text[0]) != NULL && text[bytes - 1] == text[0];
}

static bool credentials_has_blank_end(const char *text)
{
	size_t bytes = strlen(text);

	return bytes > 0 &&
	       (strchr(" \t", text[0]) != NULL || strchr(" \t", text[bytes - 1]) != NULL);
}

const char *credentials_find_doubt(const struct netsession_credentials *c)
{
	const char *const texts[] = { c->user, c->domain, c->password };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (credentials_is_quoted(texts[i]))
			return "check user, domain and password: one of them is in quotes, which "
			       "are part of it";
		if (strstr(texts[i], " #") != NULL)
			return "check user, domain and password: one of them has a blank and a #, "
			       "which begin no comment but are part of it";
		if (credentials_has_blank_end(texts[i]))
			return "check user, domain and password: one of them begins or ends with a "
			       "blank, which is part of it";
	}
	return NULL;
}

static struct netsession_credentials *credentials_make_new(const char *user, const char *domain,
                                                           const char *realm, const char *password)
{
	struct netsession_credentials *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	atomic_init(&c->holders, 1);
	pthread_mutex_init(&c->mutex, NULL);
	c->user = strdup(user);
	c->domain = strdup(domain);
	c->realm = strdup(realm);
	c->password = crypto_secret_copy(password);
	if (c->user == NULL || c->domain == NULL || c->realm == NULL || c->password == NULL) {
		credentials_release(c);
		return NULL;
	}
	return c;
}

/* NULL: nothing is wrong. A password may hold any character. */
static const char *credentials_find_text_fault(const char *user, const char *domain,
                                               const char *realm, const char *password)
{
	if (!text_utf8_is_valid(user) || !text_utf8_is_valid(domain) ||
	    !text_utf8_is_valid(realm) || !text_utf8_is_valid(password))
		return "the username, the domain or the password is not UTF-8";
	if (ascii_has_control(user))
		return "the username has a control character; delete it";
	if (ascii_has_control(domain) || ascii_has_control(realm))
		return "the domain or the realm has a control character; delete it";
	return NULL;
}

/* Where the domain of DOMAIN\user or DOMAIN/user ends; NULL: user names no domain. A slash in
 * alice/admin@REALM belongs to the principal. */
static const char *credentials_find_separator(const char *user)
{
	const char *backslash = strchr(user, '\\');

	return backslash != NULL ? backslash : strchr(user, '@') == NULL ? strchr(user, '/') : NULL;
}

static NET_API_STATUS credentials_make(const char *user, const char *domain, const char *realm,
                                       const char *password, struct netsession_credentials **out,
                                       struct err *err)
{
	const char *fault = credentials_find_text_fault(user, domain, realm, password);
	const char *separator = credentials_find_separator(user);
	char *from_user = NULL;

	*out = NULL;
	if (fault != NULL)
		return err_set(err, ERROR_INVALID_PARAMETER, CREDENTIALS_STEP, fault);
	if (separator != NULL) {
		from_user = strndup(user, (size_t)(separator - user));
		if (from_user == NULL)
			return err_set(err, ERROR_NOT_ENOUGH_MEMORY, CREDENTIALS_STEP, NULL);
		domain = from_user;
		user = separator + strspn(separator, "\\/");
	}
	if (user[0] == '@')
		err_set(err, ERROR_INVALID_PARAMETER, CREDENTIALS_STEP,
		        "the username is a realm and nothing else; write user@REALM");
	else if (user[0] == '\0')
		err_set(err, ERROR_INVALID_PARAMETER, CREDENTIALS_STEP,
		        separator != NULL
		                ? "the username is a domain and nothing else; write DOMAIN\\user"
		                : "the username is empty; write one");
	else if ((*out = credentials_make_new(user, domain, realm, password)) == NULL)
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, CREDENTIALS_STEP, NULL);
	free(from_user);
	return *out != NULL ? NERR_Success : err->status;
}

NET_API_STATUS credentials_new(const char *user, const char *domain, const char *password,
                               struct netsession_credentials **out, struct err *err)
{
	return credentials_make(user, domain != NULL ? domain : "", "", password, out, err);
}

NET_API_STATUS credentials_new_anonymous(struct netsession_credentials **out, struct err *err)
{
	*out = credentials_make_new("", "", "", "");
	if (*out == NULL)
		return err_set(err, ERROR_NOT_ENOUGH_MEMORY, CREDENTIALS_STEP, NULL);
	(*out)->is_anonymous = true;
	return NERR_Success;
}

/* ---- the file ---- */

static const char *credentials_find_fault(const struct stat *info)
{
	/* Its owner could change the user who logs on, and the server would see that user. */
	if (info->st_uid != geteuid() && info->st_uid != 0)
		return "it belongs to another user: chown it to yourself or to root";
	return (info->st_mode & (S_IRWXG | S_IRWXO)) != 0
	               ? "other users can read or change it: chmod 600 it"
	               : NULL;
}

/* A value of the file, and the line that it stands in; 0: in none. */
struct credentials_value {
	char *text;
	unsigned line;
	bool is_named_exactly; /* by a key that smbclient reads, too */
};

struct credentials_fields {
	struct credentials_value user, domain, realm, password;
	unsigned odd_line; /* the first one that is neither KEY = VALUE nor a comment; 0: none is */
};

static char *credentials_skip_blanks(char *text)
{
	return text + strspn(text, " \t");
}

static void credentials_cut_blanks(char *text)
{
	size_t length = strlen(text);

	while (length > 0 && strchr(" \t", text[length - 1]) != NULL)
		text[--length] = '\0';
}

/* Copies a key in small letters, without its blanks, as smbclient compares it. */
static void credentials_read_key(const char *line, size_t bytes, char key[16])
{
	size_t count = 0;

	for (size_t i = 0; i < bytes && count < 15; i++)
		if (strchr(" \t\v\f", line[i]) == NULL)
			key[count++] = ascii_lower(line[i]);
	key[count] = '\0';
}

/* The field that a key sets; NULL: none. smbclient reads username, password, domain and realm only.
 * mount.cifs reads every key that begins with user, pass or dom, but from version 7.1 on a second
 * password apart. */
static struct credentials_value *credentials_find_field(struct credentials_fields *fields,
                                                        const char *key, bool *is_exact)
{
	const struct {
		const char *exact, *prefix;
		struct credentials_value *value;
	} keys[] = {
		{ "username", "user", &fields->user },
		{ "password", "pass", &fields->password },
		{ "domain", "dom", &fields->domain },
		{ "realm", "realm", &fields->realm },
	};

	if (strcmp(key, "pass2") == 0 || strcmp(key, "password2") == 0)
		return NULL;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (strncmp(key, keys[i].prefix, strlen(keys[i].prefix)) == 0) {
			*is_exact = strcmp(key, keys[i].exact) == 0;
			return *is_exact || keys[i].value != &fields->realm ? keys[i].value : NULL;
		}
	return NULL;
}

/* Ignores comments and other keys, as smbclient and mount.cifs do. Of two lines of one key the last
 * one counts, and a key that only mount.cifs reads does not replace one that both read. Blanks
 * before a value do not belong to it, which is smbclient's rule; mount.cifs keeps them. libinih
 * does not read such files: it would cut a password at " ;". */
static void credentials_parse_line(char *line, unsigned number, struct credentials_fields *fields)
{
	char *equals = strchr(line, '='), *begin = credentials_skip_blanks(line), key[16];
	struct credentials_value *value;
	bool is_exact;

	if (equals == NULL) {
		if (fields->odd_line == 0 && *begin != '\0' && strchr("#;[", *begin) == NULL)
			fields->odd_line = number;
		return;
	}
	credentials_read_key(line, (size_t)(equals - line), key);
	value = credentials_find_field(fields, key, &is_exact);
	if (value != NULL && (is_exact || !value->is_named_exactly))
		*value = (struct credentials_value){ credentials_skip_blanks(equals + 1), number,
			                             is_exact };
}

/* Whether the user is DOMAIN\user or DOMAIN/user with another domain than the line of the domain.
 */
static bool credentials_names_other_domain(const struct credentials_fields *fields)
{
	const char *user = fields->user.text, *separator = credentials_find_separator(user);
	const char *domain = fields->domain.text != NULL ? fields->domain.text : "";

	return separator != NULL &&
	       (strlen(domain) != (size_t)(separator - user) || !ascii_begins_nocase(user, domain));
}

/* Splits what smbclient allows as a user: user%password, DOMAIN\user, DOMAIN/user, user@REALM. What
 * it says replaces what other lines say; another domain leaves no realm either. */
static void credentials_split_user(struct credentials_fields *fields)
{
	struct credentials_value *user = &fields->user;
	char *percent = strchr(user->text, '%');

	if (percent != NULL) {
		*percent = '\0';
		fields->password = (struct credentials_value){ percent + 1, user->line, true };
	}
	credentials_cut_blanks(user->text);
	if (credentials_names_other_domain(fields))
		fields->realm.text = NULL;
	if (strpbrk(user->text, "@\\/") != NULL)
		fields->domain.text = NULL;
}

/* Blames a line that may have been meant, such as "username: alice". */
static NET_API_STATUS credentials_fail_to_find(struct text_lines *lines,
                                               const struct credentials_fields *fields,
                                               const char *key)
{
	if (fields->odd_line != 0)
		return text_lines_fail_at(lines, fields->odd_line,
		                          "expected KEY = VALUE, and no line sets %s; write \"%s = "
		                          "...\"",
		                          key, key);
	return err_format(lines->err, ERROR_INVALID_PARAMETER, CREDENTIALS_STEP,
	                  "%.200s: it lacks a line \"%s = ...\"; add one", lines->file, key);
}

static NET_API_STATUS credentials_make_of_fields(struct text_lines *lines,
                                                 struct credentials_fields *fields,
                                                 struct netsession_credentials **out)
{
	struct err found = { 0 };

	if (fields->user.text == NULL)
		return credentials_fail_to_find(lines, fields, "username");
	if (fields->domain.text != NULL)
		credentials_cut_blanks(fields->domain.text);
	if (fields->realm.text != NULL)
		credentials_cut_blanks(fields->realm.text);
	credentials_split_user(fields);
	if (fields->password.text == NULL)
		return credentials_fail_to_find(lines, fields, "password");
	if (credentials_make(fields->user.text,
	                     fields->domain.text != NULL ? fields->domain.text : "",
	                     fields->realm.text != NULL ? fields->realm.text : "",
	                     fields->password.text, out, &found) == NERR_Success)
		return NERR_Success;
	return found.status == ERROR_INVALID_PARAMETER
	               ? text_lines_fail_at(lines, fields->user.line, "%s", err_text(&found))
	               : err_set(lines->err, found.status, CREDENTIALS_STEP, NULL);
}

NET_API_STATUS credentials_read(const char *path, struct netsession_credentials **out,
                                struct err *err)
{
	static const struct secret_file_rules rules = { .step = CREDENTIALS_STEP,
		                                        .most_bytes = MOST_FILE_BYTES,
		                                        .find_fault = credentials_find_fault };
	struct credentials_fields fields = { 0 };
	struct err found = { 0 };
	struct secret_file file;
	struct text_lines lines;
	char *line;

	*out = NULL;
	if (secret_file_read(&file, path, &rules, &found) != NERR_Success) {
		err_format(err, found.status, CREDENTIALS_STEP, "%.200s: %s", path,
		           err_text(&found));
		goto out;
	}
	text_lines_begin(&lines, file.text, file.bytes, path, CREDENTIALS_STEP, err);
	while ((line = text_lines_next(&lines)) != NULL)
		credentials_parse_line(line, lines.line, &fields);
	if (err->status == NERR_Success)
		(void)credentials_make_of_fields(&lines, &fields, out);
out:
	secret_file_fini(&file);
	return err->status;
}

/* ---- what GSSAPI makes of them ---- */

struct auth_handle {
	gss_cred_id_t credential;
};

gss_cred_id_t auth_handle_credential(const struct auth_handle *handle)
{
	return handle->credential;
}

void auth_handle_free(struct auth_handle *handle)
{
	OM_uint32 minor;

	if (handle == NULL)
		return;
	(void)gss_release_cred(&minor, &handle->credential);
	free(handle);
}

/* Where the realm of a user's name begins; NULL: it has none. */
static char *auth_handle_find_realm(char *name)
{
	char *at = strrchr(name, '@');

	return at != NULL && strchr(at, '.') != NULL ? at + 1 : NULL;
}

/* The user's name as gss-ntlmssp parses it: DOMAIN\user. From user@DOMAIN it makes the same. With a
 * realm it is a user principal name, whose suffix need not be a domain, and stays whole without a
 * domain, as Windows and smbclient send it. */
static OM_uint32 auth_handle_import_user(OM_uint32 *minor, const struct netsession_credentials *c,
                                         gss_name_t *name)
{
	size_t room = strlen(c->domain) + strlen(c->user) + 3;
	bool has_domain = c->domain[0] != '\0' || auth_handle_find_realm(c->user) != NULL;
	gss_buffer_desc text = { .value = malloc(room) };
	OM_uint32 major;

	if (text.value == NULL) {
		*minor = ENOMEM;
		return GSS_S_FAILURE;
	}
	if (c->is_anonymous) /* GSS_C_NT_ANONYMOUS it does not take (1.2.0), but an empty name */
		text.length = (size_t)snprintf(text.value, room, "@\\");
	else
		text.length = (size_t)snprintf(text.value, room, "%s%s%s", c->domain,
		                               has_domain ? "\\" : "", c->user);
	major = gss_import_name(minor, &text, GSS_C_NT_USER_NAME, name);
	free(text.value);
	return major;
}

/* [MS-NLMP] 2.2.2.5: what gss-ntlmssp asks for by default, but for NTLMSSP_NEGOTIATE_OEM. Some
 * servers grant whatever is asked for, and it does not take both encodings in one CHALLENGE;
 * without OEM it ignores the second one, as 2.2.2.5 demands. It adds what signing needs. */
#define NTLM_FLAG_UNICODE        0x00000001u
#define NTLM_FLAG_REQUEST_TARGET 0x00000004u
#define NTLM_FLAG_NTLM           0x00000200u
#define NTLM_FLAG_ALWAYS_SIGN    0x00008000u
#define NTLM_FLAG_VERSION        0x02000000u
#define NTLM_FLAG_128            0x20000000u
#define NTLM_FLAG_56             0x80000000u

static OM_uint32 auth_handle_offer_unicode(OM_uint32 *minor, gss_cred_id_t *credential)
{
	static gss_OID_desc option = AUTH_OID(GSS_NTLMSSP_NEG_FLAGS_OID_STRING);
	uint32_t flags = NTLM_FLAG_UNICODE | NTLM_FLAG_REQUEST_TARGET | NTLM_FLAG_NTLM |
	                 NTLM_FLAG_ALWAYS_SIGN | NTLM_FLAG_VERSION | NTLM_FLAG_128 | NTLM_FLAG_56;
	gss_buffer_desc value = { sizeof flags, &flags };

	return gss_set_cred_option(minor, credential, &option, &value);
}

/* Prints the hash of the password. gss-ntlmssp would compute it as well, but loses a library
 * context of OpenSSL each time (1.2.0), so that after 337 credentials in one process OpenSSL 3.5
 * has no key for another one. A null session proves no password, and needs no hash. False:
 * see err. */
static bool auth_handle_hash_password(const struct netsession_credentials *c,
                                      char digits[PASSWORD_HASH_DIGITS], struct err *err)
{
	uint8_t hash[PASSWORD_HASH_BYTES];

	if (password_hash_compute(c->password, hash, AUTH_STEP, err) != NERR_Success)
		return false;
	password_hash_print(hash, digits);
	crypto_wipe(hash, sizeof hash);
	return true;
}

/* hash: NULL for a null session. Not gss_acquire_cred_with_password, which knows no domain; nor for
 * SPNEGO, which would try the password with Kerberos, too, and ask the KDC of whatever realm
 * krb5.conf names. */
static OM_uint32 auth_handle_acquire_ntlm(OM_uint32 *minor, const struct netsession_credentials *c,
                                          const char *hash, gss_cred_id_t *credential)
{
	gss_OID_set_desc ntlm_only = { 1, &auth_oids[AUTH_NTLM] };
	gss_key_value_element_desc secret = { GSS_NTLMSSP_CS_NTHASH, hash },
				   no_domain = { GSS_NTLMSSP_CS_DOMAIN, "" };
	gss_key_value_set_desc store = { 1, hash != NULL ? &secret : &no_domain };
	gss_name_t user = GSS_C_NO_NAME;
	OM_uint32 major, ignored;

	major = auth_handle_import_user(minor, c, &user);
	if (!GSS_ERROR(major))
		major = gss_acquire_cred_from(minor, user, GSS_C_INDEFINITE, &ntlm_only,
		                              GSS_C_INITIATE, &store, credential, NULL, NULL);
	if (!GSS_ERROR(major))
		major = auth_handle_offer_unicode(minor, credential);
	(void)gss_release_name(&ignored, &user);
	return major;
}

/* The user as a principal: user@REALM, of the default realm where neither the user's name nor the
 * credentials have a realm. A realm is a DNS domain in capitals (RFC 4120 6.1), and people write it
 * as they write that domain. */
static OM_uint32 auth_handle_import_principal(OM_uint32 *minor,
                                              const struct netsession_credentials *c,
                                              gss_name_t *name)
{
	const char *apart = c->realm[0] != '\0'              ? c->realm
	                    : strchr(c->domain, '.') != NULL ? c->domain
	                                                     : "";
	bool appends = apart[0] != '\0' && strchr(c->user, '@') == NULL;
	size_t room = strlen(c->user) + strlen(apart) + 2;
	gss_buffer_desc text = { .value = malloc(room) };
	OM_uint32 major;
	char *realm;

	if (text.value == NULL) {
		*minor = ENOMEM;
		return GSS_S_FAILURE;
	}
	text.length = (size_t)snprintf(text.value, room, "%s%s%s", c->user, appends ? "@" : "",
	                               appends ? apart : "");
	realm = appends ? (char *)text.value + strlen(c->user) : auth_handle_find_realm(text.value);
	for (; realm != NULL && *realm != '\0'; realm++)
		*realm = ascii_upper(*realm);
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

struct auth_handle *auth_handle_kerberos(const struct netsession_credentials *c, uint32_t *minor)
{
	struct auth_handle *handle = calloc(1, sizeof *handle);

	*minor = 0;
	if (handle != NULL &&
	    !GSS_ERROR(auth_handle_acquire_kerberos(minor, c, &handle->credential)))
		return handle;
	auth_handle_free(handle);
	return NULL;
}

/* The level of LM compatibility says how a password is proven. */
static bool auth_handle_allows_ntlm(const struct netsession_credentials *c, struct err *err)
{
	return c->is_anonymous ? ntlm_environment_has_host(err) : ntlm_environment_can_log_on(err);
}

static struct auth_handle *auth_handle_make_ntlm(const struct netsession_credentials *c,
                                                 struct err *err)
{
	char hash[PASSWORD_HASH_DIGITS];
	struct auth_handle *handle;
	OM_uint32 major, minor;

	if (!auth_handle_allows_ntlm(c, err))
		return NULL;
	handle = calloc(1, sizeof *handle);
	if (handle == NULL) {
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, AUTH_STEP, NULL);
		return NULL;
	}
	if (!c->is_anonymous && !auth_handle_hash_password(c, hash, err)) {
		auth_handle_free(handle);
		return NULL;
	}
	major = auth_handle_acquire_ntlm(&minor, c, c->is_anonymous ? NULL : hash,
	                                 &handle->credential);
	crypto_wipe(hash, sizeof hash);
	if (!GSS_ERROR(major))
		return handle;
	ntlm_error_set_credentials(minor, err);
	auth_handle_free(handle);
	return NULL;
}

struct auth_handle *auth_handle_ntlm(struct netsession_credentials *c, struct err *err)
{
	struct auth_handle *handle;

	pthread_mutex_lock(&c->mutex);
	if (c->handle == NULL)
		c->handle = auth_handle_make_ntlm(c, err);
	handle = c->handle;
	pthread_mutex_unlock(&c->mutex);
	return handle;
}
