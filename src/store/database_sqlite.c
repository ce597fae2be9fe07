/* SPDX-License-Identifier: MIT */
/* The database is a file of SQLite. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <winerror.h>
#include "store/backend.h"

/* The byte of the file that the lock of number 0 is on: no file is so long, and SQLite locks
 * others. */
#define FIRST_LOCK (INT64_C(1) << 62)

/* 'nets': what file(1) and SQLite know the file by. */
#define APPLICATION_ID "1852142707"

struct sqlite_database {
	struct database database;
	sqlite3 *sqlite;
	/* For locks. -1: there is none. It is closed behind SQLite's, because to close any of a
	 * file gives up the locks that SQLite has on it. */
	int fd;
};

struct sqlite_statement {
	struct database_statement statement;
	sqlite3_stmt *stmt;
};

static sqlite3 *sqlite_of(struct database *db)
{
	return ((struct sqlite_database *)db)->sqlite;
}

static sqlite3_stmt *sqlite_statement_of(struct database_statement *statement)
{
	return ((struct sqlite_statement *)statement)->stmt;
}

static NET_API_STATUS sqlite_fail(struct database *db, struct err *err)
{
	const char *message = sqlite3_errmsg(sqlite_of(db));

	switch (sqlite3_errcode(sqlite_of(db))) {
	case SQLITE_NOMEM:
		return err_set(err, ERROR_NOT_ENOUGH_MEMORY, DATABASE_STEP, NULL);
	case SQLITE_FULL:
		err_format(err, ERROR_DISK_FULL, DATABASE_STEP,
		           "%s: the disk is full; what was stored before is intact", db->name);
		return err_advise(err, "free some space, and go on with --resume");
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return err_format(err, ERROR_FILE_CORRUPT, DATABASE_STEP,
		                  "%s: the file is no database of netsession, or is damaged",
		                  db->name);
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_TOOBIG:
		return err_format(err, ERROR_INVALID_DATA, DATABASE_STEP, "%s: %s", db->name,
		                  message);
	case SQLITE_BUSY:
		return err_format(err, ERROR_TIMEOUT, DATABASE_STEP,
		                  "%s: another program has been writing to it for too long",
		                  db->name);
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
		return err_format(err, ERROR_ACCESS_DENIED, DATABASE_STEP, "%s: %s", db->name,
		                  message);
	default:
		return err_format(err, ERROR_GEN_FAILURE, DATABASE_STEP, "%s: %s", db->name,
		                  message);
	}
}

/* ---- statements ---- */

static struct database_statement *sqlite_prepare(struct database *db, const char *sql,
                                                 struct err *err)
{
	struct sqlite_statement *statement = calloc(1, sizeof *statement);

	if (statement == NULL) {
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, DATABASE_STEP, NULL);
		return NULL;
	}
	if (sqlite3_prepare_v3(sqlite_of(db), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement->stmt,
	                       NULL) != SQLITE_OK) {
		sqlite_fail(db, err);
		free(statement);
		return NULL;
	}
	return &statement->statement;
}

static void sqlite_free_statement(struct database_statement *statement)
{
	sqlite3_finalize(sqlite_statement_of(statement));
	free(statement);
}

static void sqlite_reset(struct database_statement *statement)
{
	sqlite3_reset(sqlite_statement_of(statement));
	sqlite3_clear_bindings(sqlite_statement_of(statement));
}

static void sqlite_bind_text(struct database_statement *statement, int parameter, const char *text)
{
	if (text != NULL)
		(void)sqlite3_bind_text(sqlite_statement_of(statement), parameter, text, -1,
		                        SQLITE_STATIC);
	else
		(void)sqlite3_bind_null(sqlite_statement_of(statement), parameter);
}

static void sqlite_bind_number(struct database_statement *statement, int parameter, int64_t number)
{
	(void)sqlite3_bind_int64(sqlite_statement_of(statement), parameter, number);
}

static bool sqlite_next_row(struct database_statement *statement, struct err *err)
{
	int code = sqlite3_step(sqlite_statement_of(statement));

	if (code == SQLITE_ROW)
		return true;
	if (code != SQLITE_DONE)
		sqlite_fail(statement->db, err);
	sqlite3_reset(sqlite_statement_of(statement));
	return false;
}

static const char *sqlite_text(struct database_statement *statement, int column)
{
	return (const char *)sqlite3_column_text(sqlite_statement_of(statement), column);
}

static int64_t sqlite_number(struct database_statement *statement, int column)
{
	return sqlite3_column_int64(sqlite_statement_of(statement), column);
}

static int64_t sqlite_changes(struct database_statement *statement)
{
	return sqlite3_changes(sqlite_of(statement->db));
}

static NET_API_STATUS sqlite_execute(struct database *db, const char *sql, struct err *err)
{
	return sqlite3_exec(sqlite_of(db), sql, NULL, NULL, NULL) == SQLITE_OK
	               ? NERR_Success
	               : sqlite_fail(db, err);
}

static bool sqlite_is_in_transaction(struct database *db)
{
	return !sqlite3_get_autocommit(sqlite_of(db));
}

/* The lock is one of an open file: SQLite's are those of the process. */
static bool sqlite_try_lock(struct database *db, int64_t number, struct err *err)
{
	struct sqlite_database *sqlite = (struct sqlite_database *)db;
	struct flock lock = { .l_type = F_WRLCK,
		              .l_whence = SEEK_SET,
		              .l_start = FIRST_LOCK + (number & (FIRST_LOCK - 1)),
		              .l_len = 1 };

	if (sqlite->fd < 0)
		sqlite->fd = open(db->name, O_RDWR | O_CLOEXEC);
	if (sqlite->fd >= 0 && fcntl(sqlite->fd, F_OFD_SETLK, &lock) == 0)
		return true;
	if (sqlite->fd < 0 || (errno != EAGAIN && errno != EACCES))
		err_format(err, ERROR_ACCESS_DENIED, DATABASE_STEP,
		           "%s cannot be locked: error %d of the system", db->name, errno);
	return false;
}

/* ---- the schema ---- */

static NET_API_STATUS sqlite_read_version(struct database *db, int64_t *version, struct err *err)
{
	sqlite3_stmt *stmt;

	*version = 0;
	if (sqlite3_prepare_v2(sqlite_of(db), "PRAGMA user_version", -1, &stmt, NULL) != SQLITE_OK)
		return sqlite_fail(db, err);
	if (sqlite3_step(stmt) == SQLITE_ROW)
		*version = sqlite3_column_int64(stmt, 0);
	else
		sqlite_fail(db, err);
	sqlite3_finalize(stmt);
	return err->status;
}

static NET_API_STATUS sqlite_write_version(struct database *db, int64_t version, struct err *err)
{
	char sql[96];

	(void)snprintf(sql, sizeof sql, "PRAGMA user_version = %d; PRAGMA application_id = %s",
	               (int)version, APPLICATION_ID);
	return sqlite_execute(db, sql, err);
}

static const char *sqlite_migration(const struct schema_migration *migration)
{
	return migration->sqlite;
}

/* ---- opening ---- */

/* Makes the folders of a path, for their owner alone. What fails shows when the file is opened. */
static void sqlite_make_folders(const char *path)
{
	char *folder = strdup(path);

	for (char *slash = folder; slash != NULL && (slash = strchr(slash + 1, '/')) != NULL;) {
		*slash = '\0';
		(void)mkdir(folder, 0700);
		*slash = '/';
	}
	free(folder);
}

static NET_API_STATUS sqlite_check_file(const char *path, const char *suffix,
                                        enum database_access access, struct err *err)
{
	char name[PATH_MAX];
	struct stat info;

	if (snprintf(name, sizeof name, "%s%s", path, suffix) >= (int)sizeof name ||
	    stat(name, &info) != 0 || !S_ISREG(info.st_mode))
		return NERR_Success;
	if (info.st_uid != geteuid() && info.st_uid != 0 &&
	    (geteuid() != 0 || access == DATABASE_CREATE)) {
		err_format(err, ERROR_ACCESS_DENIED, DATABASE_STEP, "%s belongs to another user",
		           name);
		return err_advise(err, "run this as that user, or chown the file to yourself");
	}
	if ((info.st_mode & (S_IRWXG | S_IRWXO)) == 0)
		return NERR_Success;
	err_format(err, ERROR_ACCESS_DENIED, DATABASE_STEP, "%s: other users can read or change it",
	           name);
	return err_advise(err, "chmod 600 it");
}

/* The files say who was where. Root may read and change those of everybody; but what root records,
 * others shall not read because the file was theirs. */
static NET_API_STATUS sqlite_check_files(const char *path, enum database_access access,
                                         struct err *err)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
		if (err->status == NERR_Success)
			(void)sqlite_check_file(path, suffixes[i], access, err);
	return err->status;
}

/* SQLite makes and opens the file at once, and reads or writes nothing before the first statement:
 * what is checked in between cannot be exchanged by others. */
static NET_API_STATUS sqlite_open_file(struct sqlite_database *db, enum database_access access,
                                       struct err *err)
{
	const char *path = db->database.name;
	int flags = access == DATABASE_READ    ? SQLITE_OPEN_READONLY
	            : access == DATABASE_WRITE ? SQLITE_OPEN_READWRITE
	                                       : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	mode_t mask;
	int code;

	if (access == DATABASE_CREATE)
		sqlite_make_folders(path);
	mask = umask(077); /* the file says who was where */
	code = sqlite3_open_v2(path, &db->sqlite, flags, NULL);
	(void)sqlite3_busy_timeout(db->sqlite, DATABASE_BUSY_MS);
	if (code == SQLITE_OK && sqlite_check_files(path, access, err) == NERR_Success &&
	    access != DATABASE_READ)
		code = sqlite3_exec(db->sqlite,
		                    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
		                    "PRAGMA foreign_keys = ON;",
		                    NULL, NULL, NULL);
	(void)umask(mask);
	if (err->status != NERR_Success)
		return err->status;
	if (db->sqlite == NULL)
		return err_set(err, ERROR_NOT_ENOUGH_MEMORY, DATABASE_STEP, NULL);
	if (code == SQLITE_CANTOPEN && access != DATABASE_CREATE)
		return err_format(err, ERROR_FILE_NOT_FOUND, DATABASE_STEP,
		                  "%s cannot be opened: no sweep has stored anything there", path);
	return code == SQLITE_OK ? NERR_Success : sqlite_fail(&db->database, err);
}

static void sqlite_close(struct database *db)
{
	(void)sqlite3_close(sqlite_of(db));
	if (((struct sqlite_database *)db)->fd >= 0)
		(void)close(((struct sqlite_database *)db)->fd);
	free(db->name);
	free(db);
}

static struct database *sqlite_connect(const char *name, enum database_access access,
                                       struct err *err)
{
	struct sqlite_database *db = calloc(1, sizeof *db);

	if (db == NULL || (db->database.name = strdup(name)) == NULL) {
		free(db);
		return NULL;
	}
	db->database.backend = &database_sqlite;
	db->fd = -1;
	(void)sqlite_open_file(db, access, err);
	return &db->database;
}

const struct database_backend database_sqlite = {
	.connect = sqlite_connect,
	.close = sqlite_close,
	.execute = sqlite_execute,
	.is_in_transaction = sqlite_is_in_transaction,
	.try_lock = sqlite_try_lock,
	.begin = "BEGIN IMMEDIATE",
	.begin_alone = "BEGIN IMMEDIATE",
	.begin_migration = "BEGIN IMMEDIATE",
	.read_version = sqlite_read_version,
	.write_version = sqlite_write_version,
	.migration = sqlite_migration,
	.prepare = sqlite_prepare,
	.free_statement = sqlite_free_statement,
	.reset = sqlite_reset,
	.bind_text = sqlite_bind_text,
	.bind_number = sqlite_bind_number,
	.next_row = sqlite_next_row,
	.text = sqlite_text,
	.number = sqlite_number,
	.changes = sqlite_changes,
};
