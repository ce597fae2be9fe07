/* SPDX-License-Identifier: MIT */
#include "client/server_operand.h"

#include <stdio.h>
#include <string.h>
#include "base/ascii.h"
#include "base/text.h"
#include "client/error_message.h"

#define STEP    "query"
#define BLANKS  " \t\r\n\v\f"
#define SLASHES "/\\"

static bool operand_is_slash(char c)
{
	return c == '/' || c == '\\';
}

static const char *operand_skip_slashes(const char *text)
{
	return text + strspn(text, SLASHES);
}

/* ---- the scheme of a URL ---- */

static bool operand_scheme_is(const char *text, size_t length, const char *name)
{
	return length == strlen(name) && ascii_begins_nocase(text, name);
}

static bool operand_scheme_is_smb(const char *text, size_t length)
{
	return operand_scheme_is(text, length, "smb") || operand_scheme_is(text, length, "cifs");
}

/* Returns the length of the scheme before ://, or before :/ and a scheme of ours. 0: text is no
 * URL.
 */
static size_t operand_scheme_length(const char *text)
{
	size_t length = 0;
	bool is_ours;

	while ((text[length] >= 'a' && text[length] <= 'z') ||
	       (text[length] >= 'A' && text[length] <= 'Z') ||
	       (length > 0 && text[length] != '\0' &&
	        strchr("0123456789+.-", text[length]) != NULL))
		length++;
	if (text[length] != ':' || !operand_is_slash(text[length + 1]))
		return 0;
	is_ours = operand_scheme_is_smb(text, length) || operand_scheme_is(text, length, "file");
	return is_ours || operand_is_slash(text[length + 2]) ? length : 0;
}

/* ---- passwords ---- */

static int operand_hex_value(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
	                              : -1;
}

/* Finds what stands behind the first colon or percent sign of text, up to end. In a URL, a percent
 * sign may begin the escape of another character. NULL: there is none. */
static const char *operand_find_separated(const char *text, const char *end, bool is_url)
{
	for (const char *c = text; c < end; c++) {
		int high = is_url && *c == '%' ? operand_hex_value(c[1]) : -1;
		int low = high >= 0 ? operand_hex_value(c[2]) : -1;

		if (*c == ':' || (*c == '%' && low < 0))
			return c + 1;
		if (low >= 0 && (high << 4 | low) != '%' && (high << 4 | low) != ':')
			c += 2;
		else if (low >= 0)
			return c + 3 < end ? c + 3 : end;
	}
	return NULL;
}

/* Whether text, up to end, is host, host:port or [v6]:port. */
static bool operand_is_host_and_port(const char *text, const char *end, bool is_url)
{
	const char *port;

	if (*text == '[')
		return memchr(text, '@', (size_t)(end - text)) == NULL;
	port = operand_find_separated(text, end, is_url);
	return port == NULL || (port[-1] == ':' && port + strspn(port, "0123456789") >= end);
}

/* Finds the password of user:password@host, or of user%password@host as smbclient writes it; it may
 * have any characters. NULL: there is none. */
static const char *operand_find_password(const char *text, const char **end)
{
	size_t scheme_length = operand_scheme_length(text);
	const char *user = operand_skip_slashes(text + scheme_length + (scheme_length > 0));
	const char *path = user + strcspn(user, SLASHES), *at = strrchr(user, '@');
	bool is_url = scheme_length > 0;

	if (at == NULL || (path < at && operand_is_host_and_port(user, path, is_url)))
		return NULL;
	*end = at;
	return operand_find_separated(user, at, is_url);
}

void server_operand_hide_password(char *text)
{
	static const char shown[] = "***";
	const char *end, *found = operand_find_password(text + strspn(text, BLANKS), &end);
	size_t bytes = found != NULL ? (size_t)(end - found) : 0;
	size_t shown_bytes = bytes < sizeof shown - 1 ? bytes : sizeof shown - 1;
	char *password = text + (found != NULL ? found - text : 0);

	memset(password, '*', bytes);
	memmove(password + shown_bytes, password + bytes, strlen(password + bytes) + 1);
}

/* ---- refusals ---- */

/* advice, static text, says what to write instead; NULL: what the status says in general. */
static bool operand_refuse(struct err *err, const char *why, const char *advice)
{
	err_set(err, NERR_InvalidComputer, STEP, why);
	err_advise(err, advice);
	return false;
}

static bool operand_refuse_password(struct err *err)
{
	return operand_refuse(
		err,
		"a password stands in it, where the list of processes and the shell's history show it",
		"use --as USER or --authentication-file FILE, and change the password");
}

/* ---- the parts of an operand ---- */

/* Copies text up to end. False: it is too long. */
static bool operand_copy(char to[SERVER_OPERAND_TEXT_BYTES], const char *text, const char *end,
                         struct err *err)
{
	size_t bytes = (size_t)(end - text);

	if (bytes >= SERVER_OPERAND_TEXT_BYTES)
		return operand_refuse(err, "a part of it is longer than 511 bytes", NULL);
	memcpy(to, text, bytes);
	to[bytes] = '\0';
	return true;
}

/* Decodes percent-escapes in place. */
static bool operand_decode(char *text, struct err *err)
{
	char *to = text;

	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '%') {
			int high = operand_hex_value(at[1]);
			int low = high >= 0 ? operand_hex_value(at[2]) : -1;

			if (low < 0 || (high == 0 && low == 0))
				return operand_refuse(
					err,
					"a % in a URL begins the two hexadecimal digits of a character",
					"write %25 for % itself");
			*to++ = (char)(high << 4 | low);
			at += 2;
		} else {
			*to++ = *at;
		}
	}
	*to = '\0';
	if (!text_utf8_is_valid(text))
		return operand_refuse(err, "the escapes of the URL are not valid UTF-8", NULL);
	return true;
}

/* In brackets, RFC 6874 wants %25 before an interface, and people write %. */
static bool operand_decode_host(char *host, struct err *err)
{
	char *percent = strchr(host, '%');

	if (host[0] != '[' || percent == NULL)
		return operand_decode(host, err);
	if (strncmp(percent, "%25", 3) == 0)
		memmove(percent + 1, percent + 3, strlen(percent + 3) + 1);
	return true;
}

/* A . at the end of a name says that it is whole: Kerberos knows fs1.lab.example without it. In
 * fs1. the dot stays, because it says that fs1 is a name in DNS, and not in NetBIOS. */
static void operand_drop_last_dot(char *host)
{
	char *end = host[0] != '[' && strchr(host, ':') == strrchr(host, ':') ? strchr(host, ':')
	                                                                      : NULL;

	if (end == NULL)
		end = host + strlen(host);
	if (end - host > 1 && end[-1] == '.' && end[-2] != '.' &&
	    memchr(host, '.', (size_t)(end - host) - 1) != NULL)
		memmove(end - 1, end, strlen(end) + 1);
}

/* Takes host:port, and the share of what follows. */
static bool operand_set_host_and_path(struct server_operand *to, const char *text, bool is_url,
                                      struct err *err)
{
	const char *end = text + strcspn(text, is_url ? SLASHES "?#" : SLASHES);
	const char *share = operand_skip_slashes(end), *share_end;
	size_t length;

	if (end == text)
		return operand_refuse(err, "no name of a server stands there", NULL);
	if (!operand_copy(to->server, text, end, err) ||
	    (is_url && !operand_decode_host(to->server, err)))
		return false;
	length = strlen(to->server);
	/* RFC 3986 3.2.3: a port may be empty. */
	if (is_url && length > 1 && to->server[length - 1] == ':' &&
	    (to->server[0] == '[' || strchr(to->server, ':') == to->server + length - 1))
		to->server[length - 1] = '\0';
	operand_drop_last_dot(to->server);
	share_end = share + strcspn(share, is_url ? SLASHES "?#" : SLASHES);
	if (!operand_is_slash(*end))
		share_end = share;
	return operand_copy(to->share, share, share_end, err) &&
	       (!is_url || operand_decode(to->share, err));
}

/* ---- the forms of an operand ---- */

/* smb://DOMAIN;user@host */
static bool operand_set_user(struct server_operand *to, const char *text, const char *end,
                             struct err *err)
{
	char *semicolon;

	if (!operand_copy(to->user, text, end, err) || !operand_decode(to->user, err))
		return false;
	if (strpbrk(to->user, "%:") != NULL)
		return operand_refuse_password(err);
	semicolon = strchr(to->user, ';');
	if (semicolon == to->user)
		memmove(to->user, to->user + 1, strlen(to->user));
	else if (semicolon != NULL)
		*semicolon = '\\';
	return true;
}

/* text begins with scheme:// */
static bool operand_parse_url(struct server_operand *to, const char *text, size_t scheme_length,
                              struct err *err)
{
	const char *slashes = text + scheme_length + 1, *rest = operand_skip_slashes(slashes);
	const char *authority_end = rest + strcspn(rest, SLASHES "?#"), *at = NULL;
	bool is_file = operand_scheme_is(text, scheme_length, "file");

	if (!is_file && !operand_scheme_is_smb(text, scheme_length))
		return operand_refuse(err, "the URL is of another protocol than SMB",
		                      "write smb://host, or the host alone");
	/* file:////host/share is \\host\share; file:///path and file:/path are files. */
	if (is_file && (rest - slashes == 3 || rest - slashes == 1))
		return operand_refuse(err, "the URL names a file of this computer, and no server",
		                      NULL);
	if (!is_file && rest - slashes > 2)
		return operand_refuse(err, "no name of a server stands in the URL", NULL);
	for (const char *c = rest; c < authority_end; c++)
		if (*c == '@')
			at = c;
	if (at != NULL && !operand_set_user(to, rest, at, err))
		return false;
	return operand_set_host_and_path(to, at != NULL ? at + 1 : rest, true, err);
}

/* text begins with two slashes or backslashes. */
static bool operand_parse_unc(struct server_operand *to, const char *text, struct err *err)
{
	const char *host = operand_skip_slashes(text), *at;

	if (host[0] == '?' && operand_is_slash(host[1])) {
		host = operand_skip_slashes(host + 1);
		if (!ascii_begins_nocase(host, "UNC") || !operand_is_slash(host[3]))
			return operand_refuse(
				err,
				"the path is of a file of this computer, and no server is in it",
				NULL);
		host = operand_skip_slashes(host + 3);
	} else if (host[0] == '.' && (operand_is_slash(host[1]) || host[1] == '\0')) {
		return operand_refuse(err, "\\\\. is this computer", "leave the server out");
	}
	at = memchr(host, '@', strcspn(host, SLASHES));
	if (at != NULL)
		return operand_refuse(
			err,
			"behind an @, Windows has the port of a WebDAV server, which is no SMB server",
			"write host:port for a port, and --as USER for a user");
	return operand_set_host_and_path(to, host, false, err);
}

static bool operand_parse_plain(struct server_operand *to, const char *text, struct err *err)
{
	const char *path = text + strcspn(text, SLASHES);
	const char *at = memchr(text, '@', (size_t)(path - text));

	if (text[0] == '\0')
		return operand_refuse(err, "the name is empty", NULL);
	if (text[0] == '\\')
		return operand_refuse(
			err, "it begins with one backslash: a shell drops every second one",
			"write it in single quotation marks, or as //host");
	if (text[0] == '/')
		return operand_refuse(
			err, "it begins with one slash: a file of this computer, and no server",
			"write //host");
	if (*path == '\\')
		return operand_refuse(err, "a backslash stands in it",
		                      "write \\\\host\\share, or the host alone");
	if (at != NULL && (*path != '\0' || !server_name_is_address(at + 1)))
		return operand_refuse(err, "a user stands before the server",
		                      "write --as USER, or smb://user@host");
	return operand_set_host_and_path(to, text, false, err);
}

static bool operand_parse(struct server_operand *to, const char *text, struct err *err)
{
	size_t scheme_length = operand_scheme_length(text);
	struct server_name name;
	const char *end;

	if (operand_find_password(text, &end) != NULL)
		return operand_refuse_password(err);
	if (scheme_length > 0) {
		if (!operand_parse_url(to, text, scheme_length, err))
			return false;
	} else if (operand_is_slash(text[0]) && operand_is_slash(text[1])) {
		if (!operand_parse_unc(to, text, err))
			return false;
	} else if (!operand_parse_plain(to, text, err)) {
		return false;
	}
	return server_name_parse(to->server, &name, err);
}

bool server_operand_parse(const char *text, struct server_operand *to,
                          struct netsession_error *error)
{
	char trimmed[4 * SERVER_OPERAND_TEXT_BYTES];
	const char *begin = text + strspn(text, BLANKS);
	size_t length = strlen(begin);
	struct err err = { 0 };
	bool is_good = false;

	*to = (struct server_operand){ 0 };
	while (length > 0 && strchr(BLANKS, begin[length - 1]) != NULL)
		length--;
	if (length < sizeof trimmed) {
		memcpy(trimmed, begin, length);
		trimmed[length] = '\0';
		is_good = operand_parse(to, trimmed, &err);
	} else {
		operand_refuse(&err, "it is longer than 2,047 bytes", NULL);
	}
	error_message_write(error, &err, NETSESSION_LEVEL_AUTO);
	return is_good;
}
