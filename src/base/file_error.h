/* SPDX-License-Identifier: MIT */
#ifndef BASE_FILE_ERROR_H
#define BASE_FILE_ERROR_H

#include <stdbool.h>
#include "base/err.h"

/* Records what errno says of a file or a folder. Returns false. */
bool file_error(struct err *err, const char *doing);

#endif
