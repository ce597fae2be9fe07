/* SPDX-License-Identifier: MIT */
/* Inside src/auth only: a wire_writer that holds passwords or their hashes. */
#ifndef AUTH_SECRET_WRITER_H
#define AUTH_SECRET_WRITER_H

#include "wire/writer.h"

/* Room for the whole secret: if the writer grew, it would leave copies of it behind. */
void secret_writer_reserve(struct wire_writer *w, size_t bytes);
/* Overwrites the secret and frees the writer. */
void secret_writer_wipe(struct wire_writer *w);

#endif
