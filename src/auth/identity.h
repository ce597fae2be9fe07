/* SPDX-License-Identifier: MIT */
/* Who asks: an account, and every name by which the access policy may mean it. */
#ifndef AUTH_IDENTITY_H
#define AUTH_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

struct identity;

/* user, domain: UTF-8, copied; domain may be "". The account itself is among its labels: "user",
 * and "DOMAIN\user" where there is a domain. Gives one holder; NULL: out of memory. */
struct identity *identity_new(const char *user, const char *domain);
/* The same without a label, for an account that another realm speaks for: its alice is not this
 * computer's. Who makes it adds the labels that it may go by. */
struct identity *identity_new_unlabelled(const char *user, const char *domain);
/* A null session's: it has no label, no user, and is not authenticated. */
struct identity *identity_new_anonymous(void);

/* One more name for it: "user@REALM", "@group", "S-1-5-21-...". Copied. False: out of memory. */
bool identity_add_label(struct identity *i, const char *label);

/* One holder more; returns i. NULL is allowed. Of one thread at a time. */
struct identity *identity_hold(struct identity *i);
void identity_release(struct identity *i);

const char *identity_user(const struct identity *i);   /* "" of a null session */
const char *identity_domain(const struct identity *i); /* "" for none */
bool identity_is_authenticated(const struct identity *i);

/* Its labels, the account itself first, in the order in which they were told. */
size_t identity_label_count(const struct identity *i);
const char *identity_label(const struct identity *i, size_t n);

/* Whether it goes by this label, without regard to case. */
bool identity_has_label(const struct identity *i, const char *label);

/* Whether both are the same account. */
bool identity_is_same(const struct identity *a, const struct identity *b);

#endif
