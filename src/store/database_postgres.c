/* SPDX-License-Identifier: MIT */
/* The database is one of PostgreSQL, or of another server that speaks its protocol. */
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <winerror.h>
#include "base/text.h"
#include "store/backend.h"
#include "store/database.h"
#include "store/postgres_connection.h"

enum { MOST_PARAMETERS = 16, NUMBER_BYTES = 24, LOCK_ATTEMPTS = 10, LOCK_PAUSE_MS = 100 };

struct postgres_database {
	struct database database;
	PGconn *connection;
	unsigned prepared; /* statements so far, which are named by their number */
};

struct postgres_statement {
	struct database_statement statement;
	char name[16];
	const char *values[MOST_PARAMETERS];
	char numbers[MOST_PARAMETERS][NUMBER_BYTES];
	char *copies[MOST_PARAMETERS]; /* of texts that are not UTF-8 */
	int parameters;
	bool lacks_memory;
	PGresult *result; /* NULL: not run yet */
	int row;
	int64_t changes;
};

static PGconn *postgres_of(struct database *db)
{
	return ((struct postgres_database *)db)->connection;
}

/* ---- errors ---- */

static NET_API_STATUS postgres_status(struct database *db, const char *state)
{
	return PQstatus(postgres_of(db)) == CONNECTION_BAD ? ERROR_NETNAME_DELETED
	                                                   : postgres_status_of(state);
}

/* result may be NULL: the server gave none. */
static NET_API_STATUS postgres_fail(struct database *db, const PGresult *result, struct err *err)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	char message[ERR_TEXT_BYTES / 2];

	postgres_copy_message(message, sizeof message,
	                      primary != NULL ? primary : PQerrorMessage(postgres_of(db)));
	return err_format(err, postgres_status(db, state != NULL ? state : ""), DATABASE_STEP,
	                  "%s: %s", db->name, message);
}

/* ---- statements ---- */

static bool postgres_is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '"';
}

/* The three functions behind this line copy a part of a statement of SQL from *sql to to, and
 * return where the copy ends. A part gets at most two more bytes, and is not empty. */

/* A word: the names of columns that are words of SQL for PostgreSQL get quotes. */
static char *postgres_copy_word(char *to, const char **sql)
{
	size_t bytes = 0;
	bool is_column;

	while (postgres_is_word((*sql)[bytes]))
		bytes++;
	is_column = (bytes == 4 && memcmp(*sql, "user", 4) == 0) ||
	            (bytes == 3 && memcmp(*sql, "end", 3) == 0);
	if (is_column)
		*to++ = '"';
	memcpy(to, *sql, bytes);
	to += bytes;
	if (is_column)
		*to++ = '"';
	*sql += bytes;
	return to;
}

/* As SQLite, a parameter without a number has that of the last one and 1. */
static char *postgres_copy_parameter(char *to, const char **sql, long *last)
{
	char *end;
	long number = strtol(*sql + 1, &end, 10);

	if (end == *sql + 1)
		number = *last + 1;
	if (number > *last)
		*last = number;
	*sql = end;
	return to + sprintf(to, "$%d", (int)number % 100);
}

static char *postgres_copy_quoted(char *to, const char **sql)
{
	do
		*to++ = *(*sql)++;
	while (**sql != '\0' && **sql != '\'');
	if (**sql != '\0')
		*to++ = *(*sql)++;
	return to;
}

/* Gives the statement as PostgreSQL takes it, to be freed by the caller. NULL: out of memory. */
static char *postgres_translate(const char *sql, long *parameters)
{
	char *text = malloc(3 * strlen(sql) + 1), *to = text;

	*parameters = 0;
	if (text == NULL)
		return NULL;
	while (*sql != '\0')
		if (*sql == '\'')
			to = postgres_copy_quoted(to, &sql);
		else if (*sql == '?')
			to = postgres_copy_parameter(to, &sql, parameters);
		else if (postgres_is_word(*sql))
			to = postgres_copy_word(to, &sql);
		else
			*to++ = *sql++;
	*to = '\0';
	return text;
}

static void postgres_reset(struct database_statement *statement)
{
	struct postgres_statement *s = (struct postgres_statement *)statement;

	PQclear(s->result);
	s->result = NULL;
	s->lacks_memory = false;
	for (int i = 0; i < MOST_PARAMETERS; i++) {
		free(s->copies[i]);
		s->copies[i] = NULL;
		s->values[i] = NULL;
	}
}

static void postgres_free_statement(struct database_statement *statement)
{
	postgres_reset(statement);
	free(statement);
}

static struct database_statement *postgres_prepare(struct database *db, const char *sql,
                                                   struct err *err)
{
	struct postgres_statement *s = calloc(1, sizeof *s);
	long parameters;
	char *text = postgres_translate(sql, &parameters);
	PGresult *result;
	bool is_good;

	if (s == NULL || text == NULL || parameters > MOST_PARAMETERS) {
		free(s);
		free(text);
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, DATABASE_STEP, NULL);
		return NULL;
	}
	(void)snprintf(s->name, sizeof s->name, "s%u",
	               ((struct postgres_database *)db)->prepared++);
	s->parameters = (int)parameters;
	result = PQprepare(postgres_of(db), s->name, text, 0, NULL);
	is_good = PQresultStatus(result) == PGRES_COMMAND_OK;
	if (!is_good)
		postgres_fail(db, result, err);
	PQclear(result);
	free(text);
	if (is_good)
		return &s->statement;
	free(s);
	return NULL;
}

/* What servers send may be anything; PostgreSQL refuses what is not UTF-8. */
static void postgres_bind_text(struct database_statement *statement, int parameter,
                               const char *text)
{
	struct postgres_statement *s = (struct postgres_statement *)statement;
	char *copy;

	s->values[parameter - 1] = text;
	if (text == NULL || text_utf8_is_valid(text))
		return;
	copy = strdup(text);
	if (copy != NULL)
		text_utf8_make_valid(copy);
	else
		s->lacks_memory = true;
	s->copies[parameter - 1] = copy;
	s->values[parameter - 1] = copy;
}

static void postgres_bind_number(struct database_statement *statement, int parameter,
                                 int64_t number)
{
	struct postgres_statement *s = (struct postgres_statement *)statement;

	(void)snprintf(s->numbers[parameter - 1], NUMBER_BYTES, "%lld", (long long)number);
	s->values[parameter - 1] = s->numbers[parameter - 1];
}

static bool postgres_run(struct postgres_statement *s, struct err *err)
{
	struct database *db = s->statement.db;
	ExecStatusType status;

	if (s->lacks_memory) {
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, DATABASE_STEP, NULL);
		return false;
	}
	s->result = PQexecPrepared(postgres_of(db), s->name, s->parameters, s->values, NULL, NULL,
	                           0);
	s->row = -1;
	status = PQresultStatus(s->result);
	s->changes = strtoll(PQcmdTuples(s->result), NULL, 10);
	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return true;
	postgres_fail(db, s->result, err);
	return false;
}

static bool postgres_next_row(struct database_statement *statement, struct err *err)
{
	struct postgres_statement *s = (struct postgres_statement *)statement;

	if ((s->result != NULL || postgres_run(s, err)) && ++s->row < PQntuples(s->result))
		return true;
	PQclear(s->result);
	s->result = NULL;
	return false;
}

static const char *postgres_text(struct database_statement *statement, int column)
{
	struct postgres_statement *s = (struct postgres_statement *)statement;

	return PQgetisnull(s->result, s->row, column) ? NULL
	                                              : PQgetvalue(s->result, s->row, column);
}

static int64_t postgres_number(struct database_statement *statement, int column)
{
	const char *text = postgres_text(statement, column);

	return text == NULL ? 0 : strcmp(text, "t") == 0 ? 1 : strtoll(text, NULL, 10);
}

static int64_t postgres_changes(struct database_statement *statement)
{
	return ((struct postgres_statement *)statement)->changes;
}

static NET_API_STATUS postgres_execute(struct database *db, const char *sql, struct err *err)
{
	PGresult *result = PQexec(postgres_of(db), sql);
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		postgres_fail(db, result, err);
	/* COMMIT of a transaction that has failed. */
	else if (strcmp(sql, "COMMIT") == 0 && strcmp(PQcmdStatus(result), "COMMIT") != 0)
		err_format(err, ERROR_GEN_FAILURE, DATABASE_STEP, "%s: the transaction failed",
		           db->name);
	PQclear(result);
	return err->status;
}

static bool postgres_is_in_transaction(struct database *db)
{
	PGTransactionStatusType status = PQtransactionStatus(postgres_of(db));

	return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

static NET_API_STATUS postgres_wait(struct database *db, uint32_t ms, bool *is_notified,
                                    struct err *err)
{
	struct pollfd descriptor = { .fd = PQsocket(postgres_of(db)), .events = POLLIN };
	PGnotify *notify = PQnotifies(postgres_of(db));

	if (notify == NULL && poll(&descriptor, 1, (int)ms) > 0 &&
	    PQconsumeInput(postgres_of(db)) == 0)
		return postgres_fail(db, NULL, err);
	if (notify == NULL)
		notify = PQnotifies(postgres_of(db));
	*is_notified = notify != NULL;
	while (notify != NULL) {
		PQfreemem(notify);
		notify = PQnotifies(postgres_of(db));
	}
	return NERR_Success;
}

/* ---- the schema ---- */

static NET_API_STATUS postgres_read_number(struct database *db, const char *sql, int64_t *number,
                                           struct err *err)
{
	PGresult *result = PQexec(postgres_of(db), sql);

	*number = 0;
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		postgres_fail(db, result, err);
	else if (PQntuples(result) > 0)
		*number = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	return err->status;
}

static NET_API_STATUS postgres_read_version(struct database *db, int64_t *version, struct err *err)
{
	/* to_regclass() may not see yet what another program has made meanwhile. */
	if (postgres_read_number(db,
	                         "SELECT count(*) FROM pg_class WHERE relname = "
	                         "'netsession_schema' AND pg_table_is_visible(oid)",
	                         version, err) != NERR_Success ||
	    *version == 0)
		return err->status;
	return postgres_read_number(db, "SELECT version FROM netsession_schema", version, err);
}

static NET_API_STATUS postgres_write_version(struct database *db, int64_t version, struct err *err)
{
	char sql[192];

	(void)snprintf(sql, sizeof sql,
	               "CREATE TABLE IF NOT EXISTS netsession_schema(version BIGINT NOT NULL); "
	               "DELETE FROM netsession_schema; INSERT INTO netsession_schema VALUES(%d)",
	               (int)version);
	return postgres_execute(db, sql, err);
}

static const char *postgres_migration(const struct schema_migration *migration)
{
	return migration->postgres;
}

/* ---- opening ---- */

static void postgres_close(struct database *db)
{
	PQfinish(postgres_of(db));
	free(db->name);
	free(db);
}

static struct database *postgres_connect(const char *name, enum database_access access,
                                         struct err *err)
{
	struct postgres_database *db = calloc(1, sizeof *db);

	if (db == NULL)
		return NULL;
	db->database.backend = &database_postgres;
	db->database.name = strdup(name);
	if (db->database.name == NULL)
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, DATABASE_STEP, NULL);
	else
		db->connection = postgres_connection_open(name, access, err);
	/* What a program has locked that is cut off in a transaction would stay so for hours. */
	if (db->connection != NULL)
		(void)postgres_execute(&db->database,
		                       "SET idle_in_transaction_session_timeout = 10000", err);
	return &db->database;
}

/* ---- locks ---- */

/* The server gives up the locks of a program that has ended a moment later. */
static bool postgres_try_lock(struct database *db, int64_t number, struct err *err)
{
	const struct timespec pause = { .tv_nsec = LOCK_PAUSE_MS * 1000000L };
	bool is_locked = false;

	for (int attempt = 0; attempt < LOCK_ATTEMPTS && !is_locked; attempt++) {
		/* 'nets' in the upper half */
		struct database_statement *s = database_prepare(
			db,
			"SELECT 1 WHERE pg_try_advisory_lock(CAST(1852142707 AS BIGINT) * 4294967296 "
			"+ ?)",
			err);

		if (s == NULL)
			break;
		if (attempt > 0)
			nanosleep(&pause, NULL);
		database_bind_number(s, 1, number);
		while (database_next_row(db, s, err))
			is_locked = true;
		if (err->status != NERR_Success)
			break;
	}
	return is_locked;
}

const struct database_backend database_postgres = {
	.connect = postgres_connect,
	.close = postgres_close,
	.execute = postgres_execute,
	.is_in_transaction = postgres_is_in_transaction,
	.try_lock = postgres_try_lock,
	/* Any number of programs write at once, but only one that is alone. */
	.begin = "BEGIN; SELECT pg_advisory_xact_lock_shared(1852142707, 1)",
	.begin_alone = "BEGIN; SET LOCAL lock_timeout = '300ms'; SELECT "
		       "pg_advisory_xact_lock(1852142707, 1)",
	/* The number is 'nets'. */
	.begin_migration = "BEGIN; SELECT pg_advisory_xact_lock(1852142707)",
	.read_version = postgres_read_version,
	.write_version = postgres_write_version,
	.migration = postgres_migration,
	.is_shared = true,
	.wait = postgres_wait,
	.prepare = postgres_prepare,
	.free_statement = postgres_free_statement,
	.reset = postgres_reset,
	.bind_text = postgres_bind_text,
	.bind_number = postgres_bind_number,
	.next_row = postgres_next_row,
	.text = postgres_text,
	.number = postgres_number,
	.changes = postgres_changes,
};
