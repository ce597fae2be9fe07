/* SPDX-License-Identifier: MIT */
#include "auth/secret_writer.h"

#include "crypto/crypto.h"

void secret_writer_reserve(struct wire_writer *w, size_t bytes)
{
	wire_put_zeros(w, bytes);
	if (!w->failed)
		wire_writer_clear(w);
}

void secret_writer_wipe(struct wire_writer *w)
{
	if (w->data != NULL)
		crypto_wipe(w->data, w->cap);
	wire_writer_fini(w);
}
