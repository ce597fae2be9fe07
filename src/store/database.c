/* SPDX-License-Identifier: MIT */
#include "store/database.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <winerror.h>

#define STEP "store"

/* Another program may be writing. */
enum { BUSY_MS = 30000, MOST_STATEMENTS = 48 };

/* 'nets': what file(1) and SQLite know the file by. */
#define APPLICATION_ID "1852142707"

struct database {
	sqlite3 *sqlite;
	char *path;
	struct {
		const char *sql;
		sqlite3_stmt *statement;
	} statements[MOST_STATEMENTS];
	size_t statement_count;
};

/* Each brings the schema from its own number to the next one. Released ones are never changed.
 * Times of runs and outcomes are in milliseconds since 1970, those of sessions in seconds. */
static const char *const migrations[] = {
	"CREATE TABLE run(id INTEGER PRIMARY KEY, began INTEGER NOT NULL, ended INTEGER, end TEXT,"
	" user TEXT, client TEXT, level INTEGER NOT NULL);"
	"CREATE TABLE host(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE);"
	"CREATE TABLE target(run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,"
	" host INTEGER NOT NULL REFERENCES host, PRIMARY KEY(run, host)) WITHOUT ROWID;"
	"CREATE TABLE outcome(run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,"
	" host INTEGER NOT NULL REFERENCES host, at INTEGER NOT NULL, outcome TEXT NOT NULL, step TEXT,"
	" status INTEGER NOT NULL, nt_status INTEGER NOT NULL, error TEXT, address TEXT, level INTEGER,"
	" sessions INTEGER NOT NULL, is_complete INTEGER NOT NULL, attempts INTEGER NOT NULL,"
	" PRIMARY KEY(run, host)) WITHOUT ROWID;"
	"CREATE INDEX outcome_host ON outcome(host, at);"
	/* account: the user without its domain, in small letters, which reports search for.
	 * started: computed, NULL where the level does not tell it. gone: when an answer lacked it;
	 * NULL: the last answer had it. */
	"CREATE TABLE session(id INTEGER PRIMARY KEY, host INTEGER NOT NULL REFERENCES host,"
	" client TEXT, user TEXT, account TEXT, client_type TEXT, transport TEXT, num_opens INTEGER,"
	" user_flags INTEGER, level INTEGER NOT NULL, started INTEGER, first_seen INTEGER NOT NULL,"
	" last_seen INTEGER NOT NULL, gone INTEGER);"
	"CREATE INDEX session_account ON session(account, last_seen);"
	"CREATE INDEX session_host ON session(host, last_seen);"
	"CREATE INDEX session_first_seen ON session(first_seen);"
	"CREATE INDEX session_gone ON session(gone);",
};

enum { SCHEMA_VERSION = sizeof migrations / sizeof *migrations };

int database_schema_version(void)
{
	return SCHEMA_VERSION;
}

/* ---- errors ---- */

static NET_API_STATUS database_fail(struct database *db, struct err *err)
{
	int code = sqlite3_errcode(db->sqlite);

	switch (code) {
	case SQLITE_NOMEM:
		return err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	case SQLITE_FULL:
		err_format(err, ERROR_DISK_FULL, STEP,
		           "%s: the disk is full; what was stored before is intact", db->path);
		return err_advise(err, "free some space, and go on with --resume");
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return err_format(err, ERROR_INVALID_DATA, STEP,
		                  "%s: the file is no database of netsession, or is damaged",
		                  db->path);
	case SQLITE_BUSY:
		return err_format(err, ERROR_TIMEOUT, STEP,
		                  "%s: another program has been writing to it for too long",
		                  db->path);
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
		return err_format(err, ERROR_ACCESS_DENIED, STEP, "%s: %s", db->path,
		                  sqlite3_errmsg(db->sqlite));
	default:
		return err_format(err, ERROR_GEN_FAILURE, STEP, "%s: %s", db->path,
		                  sqlite3_errmsg(db->sqlite));
	}
}

/* ---- statements ---- */

struct sqlite3_stmt *database_prepare(struct database *db, const char *sql, struct err *err)
{
	sqlite3_stmt *statement;

	for (size_t i = 0; i < db->statement_count; i++)
		if (db->statements[i].sql == sql) {
			statement = db->statements[i].statement;
			sqlite3_reset(statement);
			sqlite3_clear_bindings(statement);
			return statement;
		}
	if (db->statement_count == MOST_STATEMENTS ||
	    sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
	            SQLITE_OK) {
		database_fail(db, err);
		return NULL;
	}
	db->statements[db->statement_count].sql = sql;
	db->statements[db->statement_count++].statement = statement;
	return statement;
}

void database_bind_text(struct sqlite3_stmt *statement, int parameter, const char *text)
{
	if (text != NULL)
		(void)sqlite3_bind_text(statement, parameter, text, -1, SQLITE_STATIC);
	else
		(void)sqlite3_bind_null(statement, parameter);
}

void database_bind_number(struct sqlite3_stmt *statement, int parameter, int64_t number)
{
	(void)sqlite3_bind_int64(statement, parameter, number);
}

void database_bind_null(struct sqlite3_stmt *statement, int parameter)
{
	(void)sqlite3_bind_null(statement, parameter);
}

bool database_next_row(struct database *db, struct sqlite3_stmt *statement, struct err *err)
{
	int code = sqlite3_step(statement);

	if (code == SQLITE_ROW)
		return true;
	if (code != SQLITE_DONE)
		database_fail(db, err);
	sqlite3_reset(statement);
	return false;
}

NET_API_STATUS database_run(struct database *db, struct sqlite3_stmt *statement, struct err *err)
{
	while (database_next_row(db, statement, err))
		;
	return err->status;
}

const char *database_text(struct sqlite3_stmt *statement, int column)
{
	return (const char *)sqlite3_column_text(statement, column);
}

int64_t database_number(struct sqlite3_stmt *statement, int column)
{
	return sqlite3_column_int64(statement, column);
}

bool database_is_null(struct sqlite3_stmt *statement, int column)
{
	return sqlite3_column_type(statement, column) == SQLITE_NULL;
}

int64_t database_last_id(struct database *db)
{
	return sqlite3_last_insert_rowid(db->sqlite);
}

int64_t database_changes(struct database *db)
{
	return sqlite3_changes(db->sqlite);
}

static NET_API_STATUS database_execute(struct database *db, const char *sql, struct err *err)
{
	return sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL) == SQLITE_OK
	               ? NERR_Success
	               : database_fail(db, err);
}

NET_API_STATUS database_begin(struct database *db, struct err *err)
{
	return database_execute(db, "BEGIN IMMEDIATE", err);
}

NET_API_STATUS database_commit(struct database *db, struct err *err)
{
	return database_execute(db, "COMMIT", err);
}

void database_roll_back(struct database *db)
{
	if (!sqlite3_get_autocommit(db->sqlite))
		(void)sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
}

/* ---- opening ---- */

static NET_API_STATUS database_read_version(struct database *db, int64_t *version, struct err *err)
{
	sqlite3_stmt *statement = database_prepare(db, "PRAGMA user_version", err);

	*version = 0;
	if (statement != NULL && database_next_row(db, statement, err)) {
		*version = database_number(statement, 0);
		sqlite3_reset(statement);
	}
	return err->status;
}

static NET_API_STATUS database_migrate(struct database *db, int64_t version, struct err *err)
{
	char number[64];

	for (; version < SCHEMA_VERSION && err->status == NERR_Success; version++) {
		(void)snprintf(number, sizeof number, "PRAGMA user_version = %d", (int)version + 1);
		if (database_execute(db, migrations[version], err) == NERR_Success)
			(void)database_execute(db, number, err);
	}
	return err->status;
}

/* Two programs may find the same old schema: the second one waits, and looks again. */
static NET_API_STATUS database_bring_up_to_date(struct database *db, enum database_access access,
                                                struct err *err)
{
	int64_t version;

	if (database_read_version(db, &version, err) != NERR_Success)
		return err->status;
	if (version > SCHEMA_VERSION) {
		err_format(err, ERROR_REVISION_MISMATCH, STEP,
		           "%s has schema %lld, and this netsession knows schema %d", db->path,
		           (long long)version, SCHEMA_VERSION);
		return err_advise(err, "use the netsession that wrote the file, or a newer one");
	}
	if (version == SCHEMA_VERSION)
		return NERR_Success;
	if (access == DATABASE_READ)
		return err_format(err, ERROR_REVISION_MISMATCH, STEP,
		                  "%s has an old schema, or none: a sweep brings it up to date",
		                  db->path);
	if (database_begin(db, err) != NERR_Success)
		return err->status;
	if (database_read_version(db, &version, err) == NERR_Success &&
	    database_migrate(db, version, err) == NERR_Success &&
	    database_execute(db, "PRAGMA application_id = " APPLICATION_ID, err) == NERR_Success &&
	    database_commit(db, err) == NERR_Success)
		return NERR_Success;
	database_roll_back(db);
	return err->status;
}

/* Makes the folders of a path, for their owner alone. What fails shows when the file is opened. */
static void database_make_folders(const char *path)
{
	char *folder = strdup(path);

	for (char *slash = folder; slash != NULL && (slash = strchr(slash + 1, '/')) != NULL;) {
		*slash = '\0';
		(void)mkdir(folder, 0700);
		*slash = '/';
	}
	free(folder);
}

static NET_API_STATUS database_connect(struct database *db, enum database_access access,
                                       struct err *err)
{
	int flags = access == DATABASE_READ    ? SQLITE_OPEN_READONLY
	            : access == DATABASE_WRITE ? SQLITE_OPEN_READWRITE
	                                       : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	mode_t mask;
	int code;

	if (access == DATABASE_CREATE)
		database_make_folders(db->path);
	mask = umask(077); /* the file says who was where */
	code = sqlite3_open_v2(db->path, &db->sqlite, flags, NULL);
	(void)sqlite3_busy_timeout(db->sqlite, BUSY_MS);
	if (code == SQLITE_OK && access != DATABASE_READ)
		code = sqlite3_exec(db->sqlite,
		                    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
		                    "PRAGMA foreign_keys = ON;",
		                    NULL, NULL, NULL);
	(void)umask(mask);
	if (db->sqlite == NULL)
		return err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	if (code == SQLITE_CANTOPEN && access != DATABASE_CREATE)
		return err_format(err, ERROR_FILE_NOT_FOUND, STEP,
		                  "%s cannot be opened: no sweep has stored anything there",
		                  db->path);
	return code == SQLITE_OK ? NERR_Success : database_fail(db, err);
}

NET_API_STATUS database_open(const char *path, enum database_access access, struct database **out,
                             struct err *err)
{
	struct database *db = calloc(1, sizeof *db);

	*out = NULL;
	if (db == NULL || (db->path = strdup(path)) == NULL) {
		free(db);
		return err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	}
	if (database_connect(db, access, err) == NERR_Success)
		(void)database_bring_up_to_date(db, access, err);
	if (err->status == NERR_Success)
		*out = db;
	else
		database_close(db);
	return err->status;
}

void database_close(struct database *db)
{
	if (db == NULL)
		return;
	for (size_t i = 0; i < db->statement_count; i++)
		sqlite3_finalize(db->statements[i].statement);
	(void)sqlite3_close(db->sqlite);
	free(db->path);
	free(db);
}
