/* SPDX-License-Identifier: MIT */
#include "auth/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <gssapi/gssapi_ntlmssp.h>
#include "auth/gss.h"
#include "auth/mechanism_error.h"
#include "auth/mechanisms.h"
#include "base/ascii.h"
#include "base/text.h"
#include "crypto/crypto.h"

#define MAX_FILE_BYTES 4096

static void credentials_free_secret(char *text)
{
	if (text != NULL)
		crypto_wipe(text, strlen(text));
	free(text);
}

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
	credentials_free_secret(c->password);
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
	       strcmp(a->domain, b->domain) == 0 &&
	       credentials_same_secret(a->password, b->password);
}

static struct netsession_credentials *credentials_make_new(const char *user, const char *domain,
                                                           const char *password)
{
	struct netsession_credentials *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	atomic_init(&c->holders, 1);
	pthread_mutex_init(&c->mutex, NULL);
	c->user = strdup(user);
	c->domain = strdup(domain);
	c->password = strdup(password);
	if (c->user == NULL || c->domain == NULL || c->password == NULL) {
		credentials_release(c);
		return NULL;
	}
	return c;
}

static bool credentials_has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7F)
			return true;
	return false;
}

static bool credentials_is_usable(const char *text)
{
	return text_utf8_is_valid(text) && !credentials_has_control(text);
}

NET_API_STATUS credentials_new(const char *user, const char *domain, const char *password,
                               struct netsession_credentials **out, struct err *err)
{
	const char *slash = strchr(user, '\\');
	char *from_user = NULL;

	*out = NULL;
	if (!credentials_is_usable(user) || !credentials_is_usable(password) ||
	    (domain != NULL && !credentials_is_usable(domain)))
		return err_set(err, ERROR_INVALID_PARAMETER, CREDENTIALS_STEP,
		               "control characters, or text that is not UTF-8");
	if (slash != NULL && (domain == NULL || domain[0] == '\0')) { /* DOMAIN\user */
		from_user = strndup(user, (size_t)(slash - user));
		if (from_user == NULL)
			return err_set(err, ERROR_NOT_ENOUGH_MEMORY, CREDENTIALS_STEP, NULL);
		domain = from_user;
		user = slash + 1;
	}
	if (user[0] == '\0')
		err_set(err, ERROR_INVALID_PARAMETER, CREDENTIALS_STEP,
		        from_user != NULL ? "the username is a domain and nothing else"
		                          : "the username is empty");
	else if ((*out = credentials_make_new(user, domain != NULL ? domain : "", password)) ==
	         NULL)
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, CREDENTIALS_STEP, NULL);
	free(from_user);
	return *out != NULL ? NERR_Success : err->status;
}

NET_API_STATUS credentials_new_anonymous(struct netsession_credentials **out, struct err *err)
{
	*out = credentials_make_new("", "", "");
	if (*out == NULL)
		return err_set(err, ERROR_NOT_ENOUGH_MEMORY, CREDENTIALS_STEP, NULL);
	(*out)->is_anonymous = true;
	return NERR_Success;
}

/* Reads the file into text as a string. */
static NET_API_STATUS credentials_read_file(const char *path, char text[MAX_FILE_BYTES + 1],
                                            struct err *err)
{
	NET_API_STATUS status = NERR_Success;
	struct stat info;
	size_t length = 0;
	ssize_t count;
	int fd;

	do
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return errno == ENOENT ? err_set(err, ERROR_FILE_NOT_FOUND, CREDENTIALS_STEP,
		                                 "no such file")
		                       : err_set(err, ERROR_ACCESS_DENIED, CREDENTIALS_STEP,
		                                 "it cannot be read");
	if (fstat(fd, &info) != 0 || (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		status = err_set(err, ERROR_ACCESS_DENIED, CREDENTIALS_STEP,
		                 "other users can read or change it: chmod 600 it");
		goto out;
	}
	do {
		count = read(fd, text + length, MAX_FILE_BYTES - length);
		if (count > 0)
			length += (size_t)count;
	} while (count > 0 || (count < 0 && errno == EINTR));
	text[length] = '\0';
	if (count < 0)
		status = err_set(err, ERROR_ACCESS_DENIED, CREDENTIALS_STEP, "it cannot be read");
	else if (length == MAX_FILE_BYTES || strlen(text) != length || !text_utf8_is_valid(text))
		status = err_set(err, ERROR_INVALID_PARAMETER, CREDENTIALS_STEP,
		                 "not a short UTF-8 text of username, password and domain");
out:
	close(fd);
	return status;
}

static char *credentials_trim_blanks(char *text)
{
	size_t length;

	text += strspn(text, " \t");
	length = strlen(text);
	while (length > 0 && strchr(" \t\r", text[length - 1]) != NULL)
		text[--length] = '\0';
	return text;
}

struct credentials_fields {
	const char *user, *domain, *password;
};

/* Ignores comments and other keys, as smbclient and mount.cifs do. libinih does not read such
 * files: it would cut a password at " ;". */
static void credentials_parse_line(char *line, struct credentials_fields *fields)
{
	char *value = strchr(line, '=');
	const char *key;

	if (value == NULL)
		return;
	*value++ = '\0';
	key = credentials_trim_blanks(line);
	if (text_equal_nocase(key, "password")) {
		/* Blanks at a password's end may belong to it. */
		value += strspn(value, " \t");
		value[strcspn(value, "\r")] = '\0';
		fields->password = value;
	} else if (text_equal_nocase(key, "username") || text_equal_nocase(key, "user")) {
		fields->user = credentials_trim_blanks(value);
	} else if (text_equal_nocase(key, "domain")) {
		fields->domain = credentials_trim_blanks(value);
	}
}

NET_API_STATUS credentials_read(const char *path, struct netsession_credentials **out,
                                struct err *err)
{
	char text[MAX_FILE_BYTES + 1], *rest = text, *line;
	struct credentials_fields fields = { 0 };
	NET_API_STATUS status;

	*out = NULL;
	status = credentials_read_file(path, text, err);
	if (status != NERR_Success)
		goto out;
	while ((line = strsep(&rest, "\n")) != NULL)
		credentials_parse_line(line, &fields);
	if (fields.user == NULL || fields.user[0] == '\0' || fields.password == NULL) {
		status = err_set(err, ERROR_INVALID_PARAMETER, CREDENTIALS_STEP,
		                 "it lacks a line \"username = ...\" or \"password = ...\"");
		goto out;
	}
	status = credentials_new(fields.user, fields.domain, fields.password, out, err);
out:
	crypto_wipe(text, sizeof text);
	return status;
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

	if (text.value == NULL)
		return GSS_S_FAILURE;
	if (c->is_anonymous) /* GSS_C_NT_ANONYMOUS it does not take (1.2.0), but an empty name */
		text.length = (size_t)snprintf(text.value, room, "@\\");
	else
		text.length = (size_t)snprintf(text.value, room, "%s%s%s", c->domain,
		                               has_domain ? "\\" : "", c->user);
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

/* The user as a principal: user@REALM, of the default realm where neither the user's name nor the
 * domain has a realm. A realm is a DNS domain in capitals (RFC 4120 6.1), and people write it as
 * they write that domain. */
static OM_uint32 auth_handle_import_principal(OM_uint32 *minor,
                                              const struct netsession_credentials *c,
                                              gss_name_t *name)
{
	bool appends = strchr(c->domain, '.') != NULL && auth_handle_find_realm(c->user) == NULL;
	size_t room = strlen(c->user) + strlen(c->domain) + 2;
	gss_buffer_desc text = { .value = malloc(room) };
	OM_uint32 major;
	char *realm;

	if (text.value == NULL)
		return GSS_S_FAILURE;
	text.length = (size_t)snprintf(text.value, room, "%s%s%s", c->user, appends ? "@" : "",
	                               appends ? c->domain : "");
	for (realm = auth_handle_find_realm(text.value); realm != NULL && *realm != '\0'; realm++)
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
			ntlm_error_set_credentials(minor, err);
			auth_handle_free(handle);
		} else {
			c->handle = handle;
		}
	}
	handle = c->handle;
	pthread_mutex_unlock(&c->mutex);
	return handle;
}
