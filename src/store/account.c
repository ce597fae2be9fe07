/* SPDX-License-Identifier: MIT */
#include "store/account.h"

#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "base/user_name.h"

/* PostgreSQL takes a row of an index up to a third of a page. */
enum { MOST_ACCOUNT_BYTES = 512 };

char *account_fold(const char *user)
{
	struct user_name name = user_name_split(user);
	char *account = strndup(name.account, name.account_bytes), *folded;

	if (account == NULL)
		return NULL;
	text_utf8_make_valid(account);
	folded = text_fold_nocase(account);
	free(account);
	if (folded != NULL && strlen(folded) > MOST_ACCOUNT_BYTES) {
		folded[MOST_ACCOUNT_BYTES] = '\0';
		text_drop_cut_character(folded);
	}
	return folded;
}
