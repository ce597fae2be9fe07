/* SPDX-License-Identifier: MIT */
/* The identity of a caller: an account, and every label by which the access policy may name it. */
#ifndef AUTH_IDENTITY_H
#define AUTH_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

struct identity;

/* user, domain: UTF-8, copied; domain may be "". The account itself is among its labels: "user",
 * and "DOMAIN\user" where there is a domain. Gives one holder; NULL: out of memory. */
struct identity *identity_new(const char *user, const char *domain);
/* The same without a label, for an account of another realm, whose alice is not this computer's.
 * The caller of this function adds the labels that the account has. */
struct identity *identity_new_unlabelled(const char *user, const char *domain);
/* The identity of a null session: without a user, without a label, not authenticated. */
struct identity *identity_new_anonymous(void);

/* Adds a label: "user@REALM", "@group", "S-1-5-21-...". Copied. False: out of memory. */
bool identity_add_label(struct identity *i, const char *label);

/* Adds a holder; returns i. NULL is allowed. Only one thread may do so at a time. */
struct identity *identity_hold(struct identity *i);
void identity_release(struct identity *i);

const char *identity_user(const struct identity *i);   /* "" of a null session */
const char *identity_domain(const struct identity *i); /* "" for none */
bool identity_is_authenticated(const struct identity *i);

/* The labels, the account's own first, in the order in which they were added. */
size_t identity_label_count(const struct identity *i);
const char *identity_label(const struct identity *i, size_t n);

/* Whether it has this label, without regard to case. */
bool identity_has_label(const struct identity *i, const char *label);

/* Whether both are the same account. */
bool identity_is_same(const struct identity *a, const struct identity *b);

#endif
