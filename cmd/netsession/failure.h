/* SPDX-License-Identifier: MIT */
#ifndef NETSESSION_FAILURE_H
#define NETSESSION_FAILURE_H

#include "base/err.h"

/* Writes to stderr what failed, and what to do if that is known: "netsession: TEXT; ADVICE". */
void failure_print(const struct err *err);

#endif
