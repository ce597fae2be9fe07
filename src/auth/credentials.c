/* SPDX-License-Identifier: MIT */
#include "auth/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include "auth/handle.h"
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
		                 "others may read or change it; chmod 600 it");
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

/* Other keys and comments are passed over, as the other readers of such files do. */
static void credentials_parse_line(char *line, struct credentials_fields *fields)
{
	char *value = strchr(line, '=');
	const char *key;

	if (value == NULL)
		return;
	*value++ = '\0';
	key = credentials_trim_blanks(line);
	if (strcasecmp(key, "password") == 0) {
		/* Blanks at a password's end may belong to it. */
		value += strspn(value, " \t");
		value[strcspn(value, "\r")] = '\0';
		fields->password = value;
	} else if (strcasecmp(key, "username") == 0 || strcasecmp(key, "user") == 0) {
		fields->user = credentials_trim_blanks(value);
	} else if (strcasecmp(key, "domain") == 0) {
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
