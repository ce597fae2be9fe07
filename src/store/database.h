/* SPDX-License-Identifier: MIT */
/* A database of sessions in a file of SQLite. src/store is the only user of SQLite. */
#ifndef STORE_DATABASE_H
#define STORE_DATABASE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

struct database;

enum database_access {
	DATABASE_READ,   /* it must exist */
	DATABASE_WRITE,  /* it must exist */
	DATABASE_CREATE, /* it is made, with its folder, where it is missing; only its owner may
	                    read it */
};

/* Opens a database, and brings its schema up to date unless it is only read. Gives *out, to be
 * closed by database_close; NULL after a failure, which then stands in err: a newer schema is
 * refused. */
NET_API_STATUS database_open(const char *path, enum database_access access, struct database **out,
                             struct err *err);
/* NULL is allowed. */
void database_close(struct database *db);

/* The version of the schema that this program writes. */
int database_schema_version(void);

/* A transaction. A failed statement leaves it to database_roll_back. */
NET_API_STATUS database_begin(struct database *db, struct err *err);
NET_API_STATUS database_commit(struct database *db, struct err *err);
void database_roll_back(struct database *db);

/* A statement of SQL, which is static text. It is compiled once, and is reset by the next call of
 * database_prepare for the same text. NULL: see err. */
struct sqlite3_stmt;
struct sqlite3_stmt *database_prepare(struct database *db, const char *sql, struct err *err);

/* Parameters are numbered from 1. A text that is NULL is NULL in SQL, and is borrowed until the
 * statement is reset. */
void database_bind_text(struct sqlite3_stmt *statement, int parameter, const char *text);
void database_bind_number(struct sqlite3_stmt *statement, int parameter, int64_t number);
void database_bind_null(struct sqlite3_stmt *statement, int parameter);

/* Steps to the next row. Returns false behind the last one, or after a failure, which then stands
 * in err; then the statement is reset. */
bool database_next_row(struct database *db, struct sqlite3_stmt *statement, struct err *err);
/* Runs a statement that has no rows. */
NET_API_STATUS database_run(struct database *db, struct sqlite3_stmt *statement, struct err *err);

/* Columns are numbered from 0. A text lives until the next step; NULL where SQL has NULL. */
const char *database_text(struct sqlite3_stmt *statement, int column);
int64_t database_number(struct sqlite3_stmt *statement, int column);
bool database_is_null(struct sqlite3_stmt *statement, int column);

int64_t database_last_id(struct database *db);
/* The rows that the last statement changed. */
int64_t database_changes(struct database *db);

#endif
