/* SPDX-License-Identifier: MIT */
/* A database of sessions: a file of SQLite, or one of PostgreSQL. src/store is the only user of
 * both. */
#ifndef STORE_DATABASE_H
#define STORE_DATABASE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "store/database_access.h"

struct database;

/* Whether the name of a database is a URL of PostgreSQL, and not the path of a file. */
bool database_name_is_url(const char *name);

/* Opens a database, and brings its schema up to date unless it is only read. Gives *out, to be
 * closed by database_close; NULL after a failure, which then stands in err: a newer schema is
 * refused.
 * name  the path of a file; or a URL such as postgresql://host/database, as libpq takes it, but
 *       without a password, because others can see command lines. DATABASE_CREATE makes a
 *       file, or the tables in a database that exists. */
NET_API_STATUS database_open(const char *name, enum database_access access, struct database **out,
                             struct err *err);
/* NULL is allowed. */
void database_close(struct database *db);

/* Whether it is one of PostgreSQL: many programs write at the same time, and functions wait for the
 * network. */
bool database_is_shared(const struct database *db);
/* Whether a failure is one of a shared database that may pass, such as that of the connection or a
 * deadlock: another database_open, and then the same transaction, may succeed. */
bool database_failure_is_temporary(const struct err *err);
/* Whether the database refused values that a statement has: others may succeed. */
bool database_failure_is_of_values(const struct err *err);

/* The version of the schema that this program writes. */
int database_schema_version(void);

/* Gives the time in milliseconds since 1970: that of the server of a shared database, because the
 * clocks of the programs that share it differ. */
NET_API_STATUS database_read_clock(struct database *db, int64_t *now_ms, struct err *err);

/* A transaction. A failed statement leaves it to database_roll_back. */
NET_API_STATUS database_begin(struct database *db, struct err *err);
/* The same, and no other program has a transaction meanwhile. ERROR_RETRY: one has had one for too
 * long. */
NET_API_STATUS database_begin_alone(struct database *db, struct err *err);
NET_API_STATUS database_commit(struct database *db, struct err *err);
void database_roll_back(struct database *db);

/* Locks a number until the database is closed, or this program dies, however it does. Returns false
 * if another program has locked it, or after a failure, which stands in err. */
bool database_try_lock(struct database *db, int64_t number, struct err *err);

/* A statement of SQL, which is static text. It is compiled once, and is reset by the next call of
 * database_prepare for the same text. NULL: see err.
 *
 * The text is one that SQLite and PostgreSQL take. Parameters are ? or ?1; PostgreSQL has to see
 * their type: compare one with a column, or write CAST(?1 AS BIGINT). SQL's own words are in
 * capitals, so that user and end are columns. */
struct database_statement;
struct database_statement *database_prepare(struct database *db, const char *sql, struct err *err);

/* Parameters are numbered from 1. A text that is NULL is NULL in SQL, and is borrowed until the
 * statement is reset. */
void database_bind_text(struct database_statement *statement, int parameter, const char *text);
void database_bind_number(struct database_statement *statement, int parameter, int64_t number);
void database_bind_null(struct database_statement *statement, int parameter);

/* Steps to the next row. Returns false behind the last one, or after a failure, which then stands
 * in err; then the statement is reset. */
bool database_next_row(struct database *db, struct database_statement *statement, struct err *err);
/* Runs a statement that has no rows. */
NET_API_STATUS database_run(struct database *db, struct database_statement *statement,
                            struct err *err);

/* Columns are numbered from 0. A text lives until the next step; NULL where SQL has NULL. */
const char *database_text(struct database_statement *statement, int column);
/* The same of a column that is never NULL, unless somebody else made the table: then it gives NULL,
 * and ERROR_FILE_CORRUPT stands in err. */
const char *database_needed_text(struct database_statement *statement, int column, struct err *err);
int64_t database_number(struct database_statement *statement, int column);
bool database_is_null(struct database_statement *statement, int column);

/* The rows that a statement changed when it ran last. */
int64_t database_changes(struct database_statement *statement);

/* Of a database that is shared: runs a LISTEN, which is static text; and waits for a notification,
 * a signal, or for so long. Gives whether there was a notification, which may be of an earlier
 * time. */
NET_API_STATUS database_listen(struct database *db, const char *listen, struct err *err);
NET_API_STATUS database_wait(struct database *db, uint32_t ms, bool *is_notified, struct err *err);

#endif
