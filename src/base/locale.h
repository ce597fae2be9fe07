/* SPDX-License-Identifier: MIT */
/* The locale for libraries whose answers depend on one. It is never that of the environment or of
 * the program that uses this library.
 *
 * gss-ntlmssp reads accounts' names in the charset of the locale, and folds their case by its
 * language; libkrb5 and getaddrinfo fold the case of host names by it. In the locale C, no name
 * beyond ASCII is equal to itself; in tr_TR.UTF-8, I is not the capital of i. */
#ifndef BASE_LOCALE_H
#define BASE_LOCALE_H

#include <locale.h>
#include <stdbool.h>

/* Gives this thread the locale C, with the charset of C.UTF-8, until locale_leave is called with
 * what was returned. Other threads keep theirs, so what runs on a thread of its own enters there.
 * May be nested. */
locale_t locale_enter(void);
void locale_leave(locale_t previous);

/* Whether this system has such a locale. If not, the locale is C: an acceptor then accepts by NTLM
 * no name beyond ASCII. An initiator compares no names, so C is as good. */
bool locale_is_utf8(void);

/* What errno means, in English: strerror follows the language and the charset of the program.
 * Borrowed, until the same thread calls this again. */
const char *locale_error_text(int number);

#endif
