/* SPDX-License-Identifier: MIT */
/* A user's name, domain and password, and the GSSAPI credential that is acquired with them once,
 * for all log-ons. Threads may share them. */
#ifndef AUTH_CREDENTIALS_H
#define AUTH_CREDENTIALS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <netsession.h>
#include "base/err.h"

/* The step that fails when the file cannot be used. */
#define CREDENTIALS_STEP "credentials file"

struct auth_handle;

struct netsession_credentials {
	atomic_int holders;
	char *user;   /* UTF-8, as are all */
	char *domain; /* "" for none */
	char *realm;  /* for Kerberos, where it is named apart; "": it is not */
	char *password;
	bool is_anonymous;          /* for a null session */
	pthread_mutex_t mutex;      /* guards handle */
	struct auth_handle *handle; /* for NTLM; NULL until first needed */
};

/* Copies the texts. user may be DOMAIN\user or DOMAIN/user, whose domain replaces the other one, or
 * user@REALM. domain may be NULL. Gives *out, NULL after a failure: ERROR_INVALID_PARAMETER for
 * control characters but in the password, for what is no UTF-8 and for a user without a name;
 * ERROR_NOT_ENOUGH_MEMORY. */
NET_API_STATUS credentials_new(const char *user, const char *domain, const char *password,
                               struct netsession_credentials **out, struct err *err);

/* Gives the credentials of a null session. */
NET_API_STATUS credentials_new_anonymous(struct netsession_credentials **out, struct err *err);

/* Reads a file with lines "username = ", "password = ", "domain = " and "realm = ", the format of
 * smbclient -A and mount.cifs. user may also be user%password, which replaces a password of its own
 * line. Gives *out; NULL after a failure, whose text names the file and, where one is wrong, the
 * line. */
NET_API_STATUS credentials_read(const char *path, struct netsession_credentials **out,
                                struct err *err);

/* What to check when a server refuses the credentials, where they look as if they were written for
 * a program that reads quotes or comments, or have a blank at an end. Does not say which of them.
 * NULL: they do not. */
const char *credentials_find_doubt(const struct netsession_credentials *c);

/* Whether both have the same user, domain and password. NULL equals only NULL. */
bool credentials_are_equal(const struct netsession_credentials *a,
                           const struct netsession_credentials *b);

/* One holder more; returns c. NULL is allowed. */
struct netsession_credentials *credentials_hold(struct netsession_credentials *c);

/* One holder less; the last one wipes and frees. NULL is allowed. */
void credentials_release(struct netsession_credentials *c);

/* Inside src/auth only: GSSAPI's credentials of an initiator, each for one mechanism. */
struct gss_cred_id_struct;
struct gss_cred_id_struct *auth_handle_credential(const struct auth_handle *handle);

/* NTLM with c's password, acquired when it is first asked for: borrowed while c lives. NULL: see
 * err. */
struct auth_handle *auth_handle_ntlm(struct netsession_credentials *c, struct err *err);

/* Kerberos with c's password, or with the caller's tickets where c is NULL: given. May wait for a
 * KDC. NULL: *minor gives the reason, for kerberos_error_set. */
struct auth_handle *auth_handle_kerberos(const struct netsession_credentials *c, uint32_t *minor);

/* NULL is allowed. */
void auth_handle_free(struct auth_handle *handle);

#endif
