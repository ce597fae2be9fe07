/* SPDX-License-Identifier: MIT */
#include "auth/ticket_cache.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <krb5.h>
#include <winerror.h>
#include "auth/gss.h"
#include "base/clock_text.h"

struct ticket_cache {
	krb5_context krb5;
	krb5_ccache handle;
	krb5_principal principal;
	char *name; /* with its type: "FILE:/tmp/krb5cc_0" */
};

#define ADVICE_OTHER_CACHE                                                                       \
	"set KRB5CCNAME, or default_ccache_name in krb5.conf, to a cache that can be used, for " \
	"example FILE:/tmp/krb5cc_ and your user id, and run kinit"

#define ADVICE_DAMAGED \
	"set KRB5CCNAME to the cache that kinit wrote; if it is this one, remove it and run kinit"

/* What libkrb5's codes mean for a cache, and what to do. */
static const struct cache_meaning {
	krb5_error_code code;
	const char *text, *advice; /* advice NULL: that of the status */
} cache_meanings[] = {
	{ KRB5_CC_UNKNOWN_TYPE, "this computer's Kerberos knows no such type", ADVICE_OTHER_CACHE },
	{ KRB5_KCM_NO_SERVER, "no KCM service answers",
	  "start the KCM service (sssd-kcm), or set KRB5CCNAME to another cache; then run kinit" },
	{ KRB5_FCC_PERM, "this user may not read it",
	  "run this as the user whom the cache belongs to, or set KRB5CCNAME to a cache of your "
	  "own" },
	{ KRB5_CC_FORMAT, "it is not a credential cache, or a damaged one", ADVICE_DAMAGED },
	{ KRB5_CCACHE_BADVNO, "it is not a credential cache, or a damaged one", ADVICE_DAMAGED },
	{ KRB5_CC_END, "it is not a credential cache, or a damaged one", ADVICE_DAMAGED },
	{ KRB5_FCC_NOFILE, "it does not exist, or is empty", NULL },
	{ KRB5_CC_NOTFOUND, "it holds no ticket-granting ticket", NULL },
};

static void ticket_cache_close(struct ticket_cache *c)
{
	if (c->krb5 == NULL)
		return;
	krb5_free_principal(c->krb5, c->principal);
	if (c->handle != NULL)
		(void)krb5_cc_close(c->krb5, c->handle);
	free(c->name);
	krb5_free_context(c->krb5);
}

static void ticket_cache_fail_with(const struct ticket_cache *c, const char *text,
                                   const char *advice, struct err *err)
{
	err_format(err, ERROR_NO_SUCH_LOGON_SESSION, AUTH_STEP,
	           "no Kerberos ticket in the credential cache \"%s\" (type %.*s): %s", c->name,
	           (int)strcspn(c->name, ":"), c->name, text);
	err_advise(err, advice);
}

static void ticket_cache_fail(const struct ticket_cache *c, krb5_error_code code, struct err *err)
{
	const char *message;

	if (code == ENOMEM) {
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, AUTH_STEP, NULL);
		return;
	}
	for (size_t i = 0; i < sizeof cache_meanings / sizeof *cache_meanings; i++)
		if (cache_meanings[i].code == code) {
			ticket_cache_fail_with(c, cache_meanings[i].text, cache_meanings[i].advice,
			                       err);
			return;
		}
	message = krb5_get_error_message(c->krb5, code);
	ticket_cache_fail_with(c, message, ADVICE_OTHER_CACHE, err);
	krb5_free_error_message(c->krb5, message);
}

static krb5_error_code ticket_cache_open(struct ticket_cache *c)
{
	const char *name = krb5_cc_default_name(c->krb5);
	krb5_error_code code;

	if (name == NULL)
		name = "";
	/* A name without a type is that of a file. */
	if (asprintf(&c->name, "%s%s", strchr(name, ':') != NULL ? "" : "FILE:", name) < 0) {
		c->name = NULL;
		return ENOMEM;
	}
	code = krb5_cc_default(c->krb5, &c->handle);
	return code != 0 ? code : krb5_cc_get_principal(c->krb5, c->handle, &c->principal);
}

/* Whether it is the ticket-granting ticket of the principal's own realm. */
static bool ticket_cache_is_tgt(const struct ticket_cache *c, const krb5_creds *ticket)
{
	const krb5_data *realm = &c->principal->realm, *name, *of;

	if (ticket->server->length != 2)
		return false;
	name = &ticket->server->data[0];
	of = &ticket->server->data[1];
	return name->length == KRB5_TGS_NAME_SIZE &&
	       memcmp(name->data, KRB5_TGS_NAME, name->length) == 0 &&
	       of->length == realm->length && memcmp(of->data, realm->data, of->length) == 0;
}

/* When the ticket-granting ticket ends; 0: there is none. */
static int64_t ticket_cache_valid_until(const struct ticket_cache *c)
{
	krb5_cc_cursor cursor;
	krb5_creds ticket;
	int64_t until_s = 0;

	if (krb5_cc_start_seq_get(c->krb5, c->handle, &cursor) != 0)
		return 0;
	while (krb5_cc_next_cred(c->krb5, c->handle, &cursor, &ticket) == 0) {
		if (ticket_cache_is_tgt(c, &ticket))
			until_s = (uint32_t)ticket.times.endtime; /* unsigned in libkrb5, too */
		krb5_free_cred_contents(c->krb5, &ticket);
	}
	(void)krb5_cc_end_seq_get(c->krb5, c->handle, &cursor);
	return until_s;
}

static void ticket_cache_explain_end(const struct ticket_cache *c, int64_t valid_until_s,
                                     struct err *err)
{
	char until[CLOCK_TIME_BYTES], *name = NULL;

	clock_time_text(until, valid_until_s);
	if (krb5_unparse_name(c->krb5, c->principal, &name) != 0)
		name = NULL;
	err_format(err, ERROR_NO_SUCH_LOGON_SESSION, AUTH_STEP,
	           "the Kerberos ticket has expired: that of %s in \"%s\" was valid until %s",
	           name != NULL ? name : "the caller", c->name, until);
	krb5_free_unparsed_name(c->krb5, name);
}

static bool ticket_cache_is_absence(krb5_error_code code)
{
	return code == KRB5_FCC_NOFILE || code == KRB5_CC_NOTFOUND;
}

bool ticket_cache_is_readable(struct err *err)
{
	struct ticket_cache c = { 0 };
	krb5_error_code code;

	if (krb5_init_context(&c.krb5) != 0)
		return true; /* GSSAPI will fail, too, and says why */
	code = ticket_cache_open(&c);
	if (code != 0 && !ticket_cache_is_absence(code))
		ticket_cache_fail(&c, code, err);
	ticket_cache_close(&c);
	return code == 0 || ticket_cache_is_absence(code);
}

bool ticket_cache_explain(int64_t *valid_until_s, struct err *err)
{
	struct ticket_cache c = { 0 };
	krb5_error_code code;

	*valid_until_s = 0;
	if (krb5_init_context(&c.krb5) != 0)
		return false;
	code = ticket_cache_open(&c);
	if (code == 0)
		*valid_until_s = ticket_cache_valid_until(&c);
	if (code != 0 || *valid_until_s == 0)
		ticket_cache_fail(&c, code != 0 ? code : KRB5_CC_NOTFOUND, err);
	else if (*valid_until_s <= time(NULL))
		ticket_cache_explain_end(&c, *valid_until_s, err);
	ticket_cache_close(&c);
	return err->status != NERR_Success;
}
