/* SPDX-License-Identifier: MIT */
#include "srvsvc/service.h"

void srvsvc_count_held(struct srvsvc_server *s, struct srvsvc_account *account, size_t *counted,
                       size_t held_bytes)
{
	s->held_bytes += held_bytes - *counted;
	if (account != NULL)
		account->held_bytes += held_bytes - *counted;
	*counted = held_bytes;
}

size_t srvsvc_memory_left(const struct srvsvc_server *s, const struct srvsvc_account *account)
{
	size_t left = s->held_bytes < s->max_held_bytes ? s->max_held_bytes - s->held_bytes : 0;
	size_t of_account;

	if (account == NULL)
		return left;
	of_account = account->held_bytes < s->max_held_of_account
	                     ? s->max_held_of_account - account->held_bytes
	                     : 0;
	return left / 2 < of_account ? left / 2 : of_account;
}

bool srvsvc_account_is_full(const struct srvsvc_server *s, const struct srvsvc_account *account)
{
	return account != NULL && account->held_bytes >= s->max_held_of_account;
}
