/* SPDX-License-Identifier: MIT */
/* A server as people write and paste it on a command line or into a list. */
#ifndef CLIENT_SERVER_OPERAND_H
#define CLIENT_SERVER_OPERAND_H

#include <stdbool.h>
#include <netsession.h>
#include "client/server_name.h"

#define SERVER_OPERAND_TEXT_BYTES 512

struct server_operand {
	char server[SERVER_OPERAND_TEXT_BYTES]; /* for struct netsession_query */
	/* What a query does not need; "": it is not there. */
	char user[SERVER_OPERAND_TEXT_BYTES]; /* user or DOMAIN\user */
	char share[SERVER_OPERAND_TEXT_BYTES];
};

/* Parses what server_name_parse takes, without blanks around it, and:
 *   \\host, //host, host/, host.; \\host\share\path, //host/share, host/share; \\?\UNC\host\share
 *   smb://host, cifs://host, file://host: with DOMAIN;user@ before host, and :port, /share/path and
 *   ?query behind it; percent-escapes (RFC 3986 2.1), also of % in an IPv6 address (RFC 6874)
 * False: *error says why not. It never repeats what was parsed, which may hold a password. */
bool server_operand_parse(const char *text, struct server_operand *to,
                          struct netsession_error *error);

/* Replaces a password in text, which server_operand_parse refuses, so that text can be shown. */
void server_operand_hide_password(char *text);

#endif
