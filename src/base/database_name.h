/* SPDX-License-Identifier: MIT */
/* The names of databases, as people write them: paths, URLs, keyword strings of libpq. */
#ifndef BASE_DATABASE_NAME_H
#define BASE_DATABASE_NAME_H

#include <stdbool.h>

/* Whether the name of a database has a password or another secret in it, which others would see: as
 * in postgresql://USER:SECRET@HOST/NAME, postgresql://HOST/NAME?password=SECRET, and host=HOST
 * password=SECRET. The name may be malformed: then what may be a secret is taken for one. */
bool database_name_has_password(const char *name);

#endif
