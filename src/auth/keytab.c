/* SPDX-License-Identifier: MIT */
#include "auth/keytab.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <krb5.h>
#include <winerror.h>
#include "base/locale.h"

#define KEYTAB_NAME_BYTES 4096

const char *keytab_path(const char *name)
{
	static const char *const prefixes[] = { "", "FILE:", "WRFILE:" };

	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0 &&
		    name[strlen(prefixes[i])] == '/')
			return name + strlen(prefixes[i]);
	return NULL;
}

/* A keytab file may be readable by a group, as is usual, but not by everybody. */
static NET_API_STATUS keytab_check_file(const char *path, struct err *err)
{
	struct stat info;
	int fd;

	if (stat(path, &info) != 0)
		return errno == ENOENT
		               ? err_set(err, ERROR_FILE_NOT_FOUND, KEYTAB_STEP, "no such file")
		               : err_format(err, ERROR_ACCESS_DENIED, KEYTAB_STEP,
		                            "it cannot be read: %s", locale_error_text(errno));
	if (!S_ISREG(info.st_mode))
		return err_set(err, ERROR_INVALID_PARAMETER, KEYTAB_STEP,
		               "it is not a regular file");
	/* Its owner could put in keys of their own, and make tickets that fit. */
	if (info.st_uid != geteuid() && info.st_uid != 0)
		return err_set(err, ERROR_ACCESS_DENIED, KEYTAB_STEP,
		               "it belongs to another user: chown it to root or to the server's "
		               "user");
	if ((info.st_mode & (S_IWGRP | S_IRWXO)) != 0)
		return err_set(err, ERROR_ACCESS_DENIED, KEYTAB_STEP,
		               "other users can read or change it: chmod 600 it");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return err_format(err, ERROR_ACCESS_DENIED, KEYTAB_STEP, "it cannot be read: %s",
		                  locale_error_text(errno));
	close(fd);
	return NERR_Success;
}

static NET_API_STATUS keytab_fail(krb5_context context, const char *name, krb5_error_code code,
                                  struct err *err)
{
	const char *message;

	switch (code) {
	case KRB5_KT_UNKNOWN_TYPE:
		return err_format(err, ERROR_INVALID_PARAMETER, KEYTAB_STEP,
		                  "this computer's Kerberos has no keytabs of the type %.*s",
		                  (int)strcspn(name, ":"), name);
	case KRB5_KEYTAB_BADVNO:
	case KRB5_KT_FORMAT:
		return err_set(err, ERROR_NO_SUCH_LOGON_SESSION, KEYTAB_STEP,
		               "it is not a keytab: write one by ktutil, net ads keytab create or "
		               "samba-tool domain exportkeytab");
	case KRB5_KT_END:
	case KRB5_KT_NOTFOUND:
		return err_set(err, ERROR_NO_SUCH_LOGON_SESSION, KEYTAB_STEP,
		               "it holds no key: klist -k shows the keys of a keytab");
	default:
		message = krb5_get_error_message(context, code);
		err_format(err, ERROR_NO_SUCH_LOGON_SESSION, KEYTAB_STEP, "it cannot be used: %s",
		           message);
		krb5_free_error_message(context, message);
		return err->status;
	}
}

/* Returns KRB5_KT_END where there is no entry. */
static krb5_error_code keytab_read_entry(krb5_context context, const char *name)
{
	krb5_keytab keytab;
	krb5_keytab_entry entry;
	krb5_kt_cursor cursor;
	krb5_error_code code = krb5_kt_resolve(context, name, &keytab);

	if (code != 0)
		return code;
	code = krb5_kt_start_seq_get(context, keytab, &cursor);
	if (code == 0) {
		code = krb5_kt_next_entry(context, keytab, &entry, &cursor);
		if (code == 0)
			(void)krb5_free_keytab_entry_contents(context, &entry);
		(void)krb5_kt_end_seq_get(context, keytab, &cursor);
	}
	(void)krb5_kt_close(context, keytab);
	return code;
}

static NET_API_STATUS keytab_check_named(krb5_context context, const char *name, struct err *err)
{
	const char *path = keytab_path(name);
	krb5_error_code code;

	if (path != NULL && keytab_check_file(path, err) != NERR_Success)
		return err->status;
	code = keytab_read_entry(context, name);
	return code == 0 ? NERR_Success : keytab_fail(context, name, code, err);
}

static NET_API_STATUS keytab_check_default(krb5_context context, struct err *err)
{
	char name[KEYTAB_NAME_BYTES];
	struct err reason = { 0 };

	if (krb5_kt_default_name(context, name, sizeof name) != 0)
		return err_set(err, ERROR_BAD_CONFIGURATION, KEYTAB_STEP,
		               "krb5.conf names no keytab");
	if (keytab_check_named(context, name, &reason) == NERR_Success)
		return NERR_Success;
	return err_format(err, reason.status, KEYTAB_STEP, "the system's keytab %.300s: %s", name,
	                  reason.text);
}

NET_API_STATUS keytab_check(const char *name, struct err *err)
{
	krb5_context context;
	krb5_error_code code = krb5_init_context(&context);
	const char *message;
	NET_API_STATUS status;

	if (code != 0) {
		message = krb5_get_error_message(NULL, code);
		err_format(err, ERROR_BAD_CONFIGURATION, KEYTAB_STEP,
		           "krb5.conf cannot be used: %s", message);
		krb5_free_error_message(NULL, message);
		return err->status;
	}
	status = name != NULL ? keytab_check_named(context, name, err)
	                      : keytab_check_default(context, err);
	krb5_free_context(context);
	return status;
}
