/* SPDX-License-Identifier: MIT */
/* Inside database: what SQLite and PostgreSQL do in their own ways. */
#ifndef STORE_BACKEND_H
#define STORE_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "store/database_access.h"
#include "store/schema.h"

#define DATABASE_STEP "store"

enum {
	/* Another program may be writing. */
	DATABASE_BUSY_MS = 30000,
	DATABASE_MOST_STATEMENTS = 64,
};

struct database;
struct database_statement;

struct database_backend {
	/* Returns the database, with its backend set; NULL: out of memory. After another failure,
	 * which stands in err, the caller closes it. */
	struct database *(*connect)(const char *name, enum database_access access, struct err *err);
	void (*close)(struct database *db);
	/* Static text, of one or more statements. */
	NET_API_STATUS (*execute)(struct database *db, const char *sql, struct err *err);
	bool (*is_in_transaction)(struct database *db);
	const char *begin, *begin_alone, *begin_migration; /* SQL */
	/* The version of the schema; 0: there is none yet. */
	NET_API_STATUS (*read_version)(struct database *db, int64_t *version, struct err *err);
	NET_API_STATUS (*write_version)(struct database *db, int64_t version, struct err *err);
	const char *(*migration)(const struct schema_migration *migration);
	/* See database_try_lock. */
	bool (*try_lock)(struct database *db, int64_t number, struct err *err);
	bool is_shared;
	/* NULL: it gives no notifications. */
	NET_API_STATUS (*wait)(struct database *db, uint32_t ms, bool *is_notified,
	                       struct err *err);

	struct database_statement *(*prepare)(struct database *db, const char *sql,
	                                      struct err *err);
	void (*free_statement)(struct database_statement *statement);
	/* Forgets the rows and the parameters. */
	void (*reset)(struct database_statement *statement);
	void (*bind_text)(struct database_statement *statement, int parameter, const char *text);
	void (*bind_number)(struct database_statement *statement, int parameter, int64_t number);
	bool (*next_row)(struct database_statement *statement, struct err *err);
	const char *(*text)(struct database_statement *statement, int column);
	int64_t (*number)(struct database_statement *statement, int column);
	int64_t (*changes)(struct database_statement *statement);
};

/* The first member of what each backend keeps of a statement. */
struct database_statement {
	struct database *db;
	const char *sql;
};

/* The first member of what each backend keeps of a database. */
struct database {
	const struct database_backend *backend;
	char *name; /* for messages */
	struct database_statement *statements[DATABASE_MOST_STATEMENTS];
	size_t statement_count;
};

extern const struct database_backend database_sqlite, database_postgres;

#endif
