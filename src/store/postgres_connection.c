/* SPDX-License-Identifier: MIT */
#include "store/postgres_connection.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <winerror.h>
#include "base/database_name.h"
#include "store/backend.h"

#define CAPITALS_AND_DIGITS "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

enum { STATE_BYTES = 5, MESSAGE_BYTES = ERR_TEXT_BYTES - 64 };

/* ---- failures ---- */

/* Whole classes of SQLSTATEs have two characters. The first one that fits counts. */
static const struct {
	const char *state;
	NET_API_STATUS status;
} postgres_statuses[] = {
	{ "08", ERROR_NETNAME_DELETED },    /* the connection */
	{ "57P", ERROR_NETNAME_DELETED },   /* the server ends, starts, or ended the connection */
	{ "25P03", ERROR_NETNAME_DELETED }, /* idle_in_transaction_session_timeout */
	{ "25006", ERROR_NETNAME_DELETED }, /* read only: another server may be the primary now */
	{ "53300", ERROR_NETNAME_DELETED }, /* too many connections */
	{ "40", ERROR_RETRY },              /* a deadlock, or two transactions at once */
	{ "55P03", ERROR_RETRY },           /* lock_timeout */
	{ "57014", ERROR_RETRY },           /* statement_timeout, or an administrator */
	{ "53200", ERROR_RETRY },           /* the server is out of memory */
	{ "53100", ERROR_DISK_FULL },
	{ "28", ERROR_ACCESS_DENIED },    /* the log-on */
	{ "42501", ERROR_ACCESS_DENIED }, /* rights */
	{ "3D000", ERROR_FILE_NOT_FOUND },
	{ "22", ERROR_INVALID_DATA },   /* values that do not fit */
	{ "23", ERROR_INVALID_DATA },   /* constraints */
	{ "54", ERROR_INVALID_DATA },   /* limits of the server */
	{ "P0001", ERROR_INVALID_DATA } /* a trigger */
};

NET_API_STATUS postgres_status_of(const char *state)
{
	for (size_t i = 0; i < sizeof postgres_statuses / sizeof *postgres_statuses; i++)
		if (strncmp(state, postgres_statuses[i].state,
		            strlen(postgres_statuses[i].state)) == 0)
			return postgres_statuses[i].status;
	return ERROR_GEN_FAILURE;
}

void postgres_copy_message(char *to, size_t room, const char *message)
{
	size_t bytes = (size_t)snprintf(to, room, "%s", message != NULL ? message : "");

	bytes = bytes < room ? bytes : room - 1;
	while (bytes > 0 && to[bytes - 1] == '\n')
		to[--bytes] = '\0';
	for (char *c = to; *(c += strcspn(c, "\n\t")) != '\0';)
		*c = ' ';
}

/* ---- the URL ---- */

/* A command line can be read by everybody on this computer, and is kept by shells. What libpq says
 * of a malformed URL quotes it, so a password is looked for first. */
static NET_API_STATUS postgres_check_url(const char *url, struct err *err)
{
	char *message = NULL, text[MESSAGE_BYTES];
	PQconninfoOption *options;

	if (database_name_has_password(url)) {
		err_set(err, ERROR_INVALID_PARAMETER, DATABASE_STEP,
		        "the URL of the database has a password, which others can see");
		return err_advise(
			err, "write the password into ~/.pgpass, into the file that PGPASSFILE "
			     "names, or into a service file");
	}
	options = PQconninfoParse(url, &message);
	if (options == NULL) {
		postgres_copy_message(text, sizeof text, message);
		err_format(err, ERROR_INVALID_PARAMETER, DATABASE_STEP,
		           "the URL of the database is malformed: %s", text);
	}
	PQconninfoFree(options);
	PQfreemem(message);
	return err->status;
}

/* ---- connecting ---- */

static int64_t postgres_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t postgres_connect_timeout_ms(PGconn *connection)
{
	PQconninfoOption *options = PQconninfo(connection);
	int64_t seconds = 0;

	for (const PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++)
		if (strcmp(o->keyword, "connect_timeout") == 0 && o->val != NULL)
			seconds = strtoll(o->val, NULL, 10);
	PQconninfoFree(options);
	return 1000 * (seconds > 0 ? seconds : 60);
}

/* Returns false if there was no answer in time. *reached: the state in which a failed attempt was
 * last. */
static bool postgres_finish_connecting(PGconn *connection, ConnStatusType *reached)
{
	int64_t until = postgres_now_ms() + postgres_connect_timeout_ms(connection), left;
	PostgresPollingStatusType next = PGRES_POLLING_WRITING;

	*reached = CONNECTION_BAD;
	if (PQstatus(connection) == CONNECTION_BAD)
		return true;
	while (next != PGRES_POLLING_OK && next != PGRES_POLLING_FAILED) {
		struct pollfd descriptor = { .fd = PQsocket(connection),
			                     .events = next == PGRES_POLLING_READING ? POLLIN
			                                                             : POLLOUT };

		left = until - postgres_now_ms();
		if (left <= 0)
			return false;
		if (poll(&descriptor, 1, (int)left) <= 0)
			continue;
		*reached = PQstatus(connection);
		next = PQconnectPoll(connection);
	}
	return true;
}

/* What the URL says comes last, and so replaces what stands before it.
 * libpq has no function for the SQLSTATE of a failed attempt: it is in verbose messages, which can
 * only be asked for behind PQconnectStartParams. Where libpq has to go on to another address
 * because one does not answer, only PQconnectdbParams does so. */
static PGconn *postgres_connect_to(const char *url, enum database_access access,
                                   ConnStatusType *reached)
{
	static const char *const keywords[] = { "fallback_application_name",
		                                "connect_timeout",
		                                "keepalives_idle",
		                                "keepalives_interval",
		                                "keepalives_count",
		                                "tcp_user_timeout",
		                                "dbname",
		                                "client_encoding",
		                                "options",
		                                NULL };
	const char *const values[] = {
		"netsession",
		"10",
		"20",
		"5",
		"4",
		"40000",
		url,
		"UTF8",
		access == DATABASE_READ ? "-c default_transaction_read_only=on" : NULL,
		NULL
	};
	PGconn *connection = PQconnectStartParams(keywords, values, 1);

	if (connection != NULL)
		(void)PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
	if (connection != NULL && !postgres_finish_connecting(connection, reached)) {
		PQfinish(connection);
		connection = PQconnectdbParams(keywords, values, 1);
	}
	if (connection != NULL)
		(void)PQsetErrorVerbosity(connection, PQERRORS_DEFAULT);
	return connection;
}

/* The last SQLSTATE of a verbose message, as in "FATAL:  28P01: password authentication failed";
 * NULL: the server sent none. */
static const char *postgres_find_state(const char *message)
{
	const char *found = NULL;

	while ((message = strstr(message, ":  ")) != NULL) {
		message += strlen(":  ");
		if (strspn(message, CAPITALS_AND_DIGITS) == STATE_BYTES &&
		    message[STATE_BYTES] == ':')
			found = message;
	}
	return found;
}

/* Whether a server, or its name, was looked for: then it may be there the next time. What is wrong
 * with the settings is said before that. */
static bool postgres_has_tried(const char *message)
{
	return strstr(message, "connection to server") != NULL ||
	       strstr(message, "could not translate host name") != NULL;
}

/* An attempt that the server did not answer fails for good where a setting is wrong, or TLS: unless
 * the connection was lost there. libpq has only messages for that, which are English, because no
 * program here sets a locale of messages. */
static NET_API_STATUS postgres_status_of_attempt(PGconn *connection, ConnStatusType reached)
{
	const char *message = PQerrorMessage(connection), *state = postgres_find_state(message);

	if (state != NULL)
		return postgres_status_of(state);
	if (PQconnectionNeedsPassword(connection))
		return ERROR_ACCESS_DENIED;
	if ((reached == CONNECTION_BAD && !postgres_has_tried(message)) ||
	    (reached == CONNECTION_SSL_STARTUP && strstr(message, "SSL SYSCALL error") == NULL &&
	     strstr(message, "server closed the connection") == NULL))
		return ERROR_BAD_CONFIGURATION;
	return ERROR_NETNAME_DELETED;
}

/* Leaves one line, without the SQLSTATE: where there were attempts with several servers, that of
 * the last one. */
static void postgres_copy_cause(char *to, size_t room, const char *message)
{
	const char *state = postgres_find_state(message), *cause = message, *rest;

	for (const char *line = message; (line = strstr(line, "\nconnection to server")) != NULL;)
		cause = ++line;
	if (state == NULL || state < cause)
		state = rest = cause;
	else
		rest = state + STATE_BYTES + strlen(": ");
	(void)snprintf(to, room, "%.*s%.*s", (int)(state - cause), cause, (int)strcspn(rest, "\n"),
	               rest);
}

static NET_API_STATUS postgres_fail_attempt(PGconn *connection, ConnStatusType reached,
                                            struct err *err)
{
	NET_API_STATUS status = postgres_status_of_attempt(connection, reached);
	char message[MESSAGE_BYTES];

	postgres_copy_cause(message, sizeof message, PQerrorMessage(connection));
	err_format(err, status, DATABASE_STEP, "the database: %s", message);
	if (status == ERROR_ACCESS_DENIED)
		(void)err_advise(err, "see the user in --db, the password in ~/.pgpass or "
		                      "PGPASSFILE, and pg_hba.conf of the server");
	else if (status == ERROR_FILE_NOT_FOUND)
		(void)err_advise(err, "make the database with createdb, or correct its name");
	else if (status == ERROR_BAD_CONFIGURATION)
		(void)err_advise(err, "see sslmode and sslrootcert, and the name of the server in "
		                      "--db and in its certificate");
	return err->status;
}

static void postgres_ignore_notice(void *context, const PGresult *result)
{
	(void)context;
	(void)result;
}

PGconn *postgres_connection_open(const char *url, enum database_access access, struct err *err)
{
	ConnStatusType reached = CONNECTION_BAD;
	PGconn *connection;

	if (postgres_check_url(url, err) != NERR_Success)
		return NULL;
	connection = postgres_connect_to(url, access, &reached);
	if (connection == NULL) {
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, DATABASE_STEP, NULL);
		return NULL;
	}
	if (PQstatus(connection) != CONNECTION_OK) {
		postgres_fail_attempt(connection, reached, err);
		PQfinish(connection);
		return NULL;
	}
	PQsetNoticeReceiver(connection, postgres_ignore_notice, NULL);
	return connection;
}
