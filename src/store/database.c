/* SPDX-License-Identifier: MIT */
#include "store/database.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <winerror.h>
#include "store/backend.h"

bool database_name_is_url(const char *name)
{
	return strncmp(name, "postgresql://", 13) == 0 || strncmp(name, "postgres://", 11) == 0;
}

int database_schema_version(void)
{
	return schema_version;
}

bool database_is_shared(const struct database *db)
{
	return db->backend->is_shared;
}

bool database_failure_is_temporary(const struct err *err)
{
	return err->status == ERROR_NETNAME_DELETED || err->status == ERROR_RETRY;
}

bool database_failure_is_of_values(const struct err *err)
{
	return err->status == ERROR_INVALID_DATA;
}

/* ---- statements ---- */

struct database_statement *database_prepare(struct database *db, const char *sql, struct err *err)
{
	struct database_statement *statement;

	for (size_t i = 0; i < db->statement_count; i++)
		if (db->statements[i]->sql == sql) {
			db->backend->reset(db->statements[i]);
			return db->statements[i];
		}
	if (db->statement_count == DATABASE_MOST_STATEMENTS) {
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, DATABASE_STEP, NULL);
		return NULL;
	}
	statement = db->backend->prepare(db, sql, err);
	if (statement == NULL)
		return NULL;
	statement->db = db;
	statement->sql = sql;
	db->statements[db->statement_count++] = statement;
	return statement;
}

void database_bind_text(struct database_statement *statement, int parameter, const char *text)
{
	statement->db->backend->bind_text(statement, parameter, text);
}

void database_bind_number(struct database_statement *statement, int parameter, int64_t number)
{
	statement->db->backend->bind_number(statement, parameter, number);
}

void database_bind_null(struct database_statement *statement, int parameter)
{
	statement->db->backend->bind_text(statement, parameter, NULL);
}

bool database_next_row(struct database *db, struct database_statement *statement, struct err *err)
{
	return db->backend->next_row(statement, err);
}

NET_API_STATUS database_run(struct database *db, struct database_statement *statement,
                            struct err *err)
{
	while (database_next_row(db, statement, err))
		;
	return err->status;
}

const char *database_text(struct database_statement *statement, int column)
{
	return statement->db->backend->text(statement, column);
}

const char *database_needed_text(struct database_statement *statement, int column, struct err *err)
{
	const char *text = database_text(statement, column);

	if (text == NULL)
		err_format(err, ERROR_FILE_CORRUPT, DATABASE_STEP,
		           "%s is damaged, or netsession did not make it: a text is missing",
		           statement->db->name);
	return text;
}

int64_t database_number(struct database_statement *statement, int column)
{
	return statement->db->backend->number(statement, column);
}

bool database_is_null(struct database_statement *statement, int column)
{
	return database_text(statement, column) == NULL;
}

int64_t database_changes(struct database_statement *statement)
{
	return statement->db->backend->changes(statement);
}

/* ---- the clock ---- */

NET_API_STATUS database_read_clock(struct database *db, int64_t *now_ms, struct err *err)
{
	struct database_statement *s;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	*now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	if (!database_is_shared(db))
		return NERR_Success;
	s = database_prepare(
		db, "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)", err);
	while (s != NULL && database_next_row(db, s, err))
		*now_ms = database_number(s, 0);
	return err->status;
}

/* ---- transactions ---- */

NET_API_STATUS database_begin(struct database *db, struct err *err)
{
	return db->backend->execute(db, db->backend->begin, err);
}

NET_API_STATUS database_begin_alone(struct database *db, struct err *err)
{
	return db->backend->execute(db, db->backend->begin_alone, err);
}

NET_API_STATUS database_commit(struct database *db, struct err *err)
{
	return db->backend->execute(db, "COMMIT", err);
}

void database_roll_back(struct database *db)
{
	struct err ignored = { 0 };

	if (db->backend->is_in_transaction(db))
		(void)db->backend->execute(db, "ROLLBACK", &ignored);
}

bool database_try_lock(struct database *db, int64_t number, struct err *err)
{
	return db->backend->try_lock(db, number, err);
}

/* ---- notifications ---- */

NET_API_STATUS database_listen(struct database *db, const char *listen, struct err *err)
{
	return db->backend->execute(db, listen, err);
}

NET_API_STATUS database_wait(struct database *db, uint32_t ms, bool *is_notified, struct err *err)
{
	return db->backend->wait(db, ms, is_notified, err);
}

/* ---- opening ---- */

static NET_API_STATUS database_migrate(struct database *db, int64_t version, struct err *err)
{
	for (; version < schema_version && err->status == NERR_Success; version++) {
		const char *sql = db->backend->migration(&schema_migrations[version]);

		if (db->backend->execute(db, sql, err) == NERR_Success)
			(void)db->backend->write_version(db, version + 1, err);
	}
	return err->status;
}

static NET_API_STATUS database_report_old(const struct database *db, struct err *err)
{
	err_format(err, ERROR_REVISION_MISMATCH, DATABASE_STEP, "%s has an old schema, or none",
	           db->name);
	return err_advise(err,
	                  "who may change it brings it up to date by netsession store migrate");
}

/* Two programs may find the same old schema: the second one waits, and looks again. */
static NET_API_STATUS database_bring_up_to_date(struct database *db, enum database_access access,
                                                struct err *err)
{
	int64_t version;

	if (db->backend->read_version(db, &version, err) != NERR_Success)
		return err->status;
	if (version > schema_version) {
		err_format(err, ERROR_REVISION_MISMATCH, DATABASE_STEP,
		           "%s has schema %lld, and this netsession knows schema %d", db->name,
		           (long long)version, schema_version);
		return err_advise(err, "use the netsession that wrote it, or a newer one");
	}
	if (version == schema_version)
		return NERR_Success;
	if (access == DATABASE_READ)
		return database_report_old(db, err);
	if (db->backend->execute(db, db->backend->begin_migration, err) == NERR_Success &&
	    db->backend->read_version(db, &version, err) == NERR_Success &&
	    database_migrate(db, version, err) == NERR_Success)
		(void)database_commit(db, err);
	database_roll_back(db);
	if (err->status == ERROR_ACCESS_DENIED && database_is_shared(db)) {
		*err = (struct err){ 0 };
		return database_report_old(db, err);
	}
	return err->status;
}

NET_API_STATUS database_open(const char *name, enum database_access access, struct database **out,
                             struct err *err)
{
	const struct database_backend *backend = database_name_is_url(name) ? &database_postgres
	                                                                    : &database_sqlite;
	struct database *db = backend->connect(name, access, err);

	*out = NULL;
	if (db == NULL)
		return err_set(err, ERROR_NOT_ENOUGH_MEMORY, DATABASE_STEP, NULL);
	if (err->status == NERR_Success)
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
		db->backend->free_statement(db->statements[i]);
	db->backend->close(db);
}
