/* SPDX-License-Identifier: MIT */
/* The schema of the store, version by version, in the words of each database. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

/* Brings the schema from the number before it to its own. Both texts make the same tables with the
 * same columns, so that the other statements are the same for both databases. */
struct schema_migration {
	const char *sqlite, *postgres;
};

/* Released ones are never changed. The first one has number 1. */
extern const struct schema_migration schema_migrations[];
extern const int schema_version; /* of the last one */

#endif
