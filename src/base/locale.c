/* SPDX-License-Identifier: MIT */
#include "base/locale.h"

#include <langinfo.h>
#include <stdatomic.h>
#include <string.h>

/* Made once, for as long as the process lives: abandoned threads may be in it. */
static _Atomic(locale_t) made;

static locale_t locale_find(void)
{
	/* C.UTF-8 has no language. If it was left out of this system, the capital of i is I in
	 * English, too. */
	static const char *const names[] = { "C.UTF-8", "en_US.UTF-8" };
	locale_t found = newlocale(LC_ALL_MASK, "C", (locale_t)0), changed = (locale_t)0;

	/* The charset alone: by another locale of messages, LANGUAGE would translate them. */
	for (size_t i = 0;
	     found != (locale_t)0 && changed == (locale_t)0 && i < sizeof names / sizeof *names;
	     i++)
		changed = newlocale(LC_CTYPE_MASK, names[i], found);
	return changed != (locale_t)0 ? changed : found;
}

static locale_t locale_get(void)
{
	locale_t locale = atomic_load(&made), other = (locale_t)0;

	if (locale != (locale_t)0 || (locale = locale_find()) == (locale_t)0)
		return locale;
	if (atomic_compare_exchange_strong(&made, &other, locale))
		return locale;
	freelocale(locale); /* another thread was faster */
	return other;
}

locale_t locale_enter(void)
{
	return uselocale(locale_get());
}

void locale_leave(locale_t previous)
{
	(void)uselocale(previous);
}

bool locale_is_utf8(void)
{
	locale_t locale = locale_get();

	return locale != (locale_t)0 && strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
}

const char *locale_error_text(int number)
{
	locale_t locale = locale_get();

	return locale != (locale_t)0 ? strerror_l(number, locale) : "out of memory";
}
