/* SPDX-License-Identifier: MIT */
#include "auth/mechanism_files.h"

#include <stdlib.h>
#include <string.h>
#include <krb5.h>
#include "auth/keytab.h"

#define KEYTAB_NAME_BYTES 4096
#define REPLAY_FILE       "file2:" /* a type of replay cache */

/* Where MIT Kerberos keeps its replay cache: "Replay cache" in its documentation. */
static void mechanism_files_list_replay_cache(void (*add)(void *, enum mechanism_file,
                                                          const char *),
                                              void *context)
{
	const char *name = getenv("KRB5RCACHENAME"), *folder = getenv("KRB5RCACHEDIR");

	if (name != NULL && strncmp(name, REPLAY_FILE, strlen(REPLAY_FILE)) == 0)
		add(context, MECHANISM_FILE_WRITTEN, name + strlen(REPLAY_FILE));
	if (folder == NULL)
		folder = getenv("TMPDIR");
	add(context, MECHANISM_FOLDER_WRITTEN, folder != NULL ? folder : "/var/tmp");
}

static const struct {
	const char *variable;
	enum mechanism_file kind;
} mechanism_variables[] = {
	{ "GSS_MECH_CONFIG", MECHANISM_FILE_READ },
	{ "OPENSSL_CONF", MECHANISM_FILE_READ },
	{ "OPENSSL_MODULES", MECHANISM_FOLDER_READ },
	{ "LOCPATH", MECHANISM_FOLDER_READ },
	{ "KRB5_TRACE", MECHANISM_FILE_WRITTEN },
	{ "GSSNTLMSSP_DEBUG", MECHANISM_FILE_WRITTEN },
};

/* The files of a list that colons separate, as KRB5_CONFIG is one. */
static void mechanism_files_list_each(const char *list,
                                      void (*add)(void *, enum mechanism_file, const char *),
                                      void *context)
{
	size_t bytes;

	for (; *list != '\0'; list += bytes + (list[bytes] == ':')) {
		char *file;

		bytes = strcspn(list, ":");
		file = strndup(list, bytes);
		if (file != NULL && *file != '\0')
			add(context, MECHANISM_FILE_READ, file);
		free(file);
	}
}

static void mechanism_files_list_keytab(const char *keytab,
                                        void (*add)(void *, enum mechanism_file, const char *),
                                        void *context)
{
	char name[KEYTAB_NAME_BYTES];
	krb5_context kerberos;

	if (*keytab == '\0') {
		if (krb5_init_context(&kerberos) != 0)
			return; /* keytab_check says why */
		if (krb5_kt_default_name(kerberos, name, sizeof name) == 0)
			keytab = name;
		krb5_free_context(kerberos);
	}
	if (keytab_path(keytab) != NULL)
		add(context, MECHANISM_FILE_READ, keytab_path(keytab));
}

void mechanism_files_list(const char *keytab,
                          void (*add)(void *, enum mechanism_file, const char *), void *context)
{
	const char *configuration = getenv("KRB5_CONFIG");

	for (size_t i = 0; i < sizeof mechanism_variables / sizeof *mechanism_variables; i++)
		if (getenv(mechanism_variables[i].variable) != NULL)
			add(context, mechanism_variables[i].kind,
			    getenv(mechanism_variables[i].variable));
	if (configuration != NULL)
		mechanism_files_list_each(configuration, add, context);
	mechanism_files_list_replay_cache(add, context);
	mechanism_files_list_keytab(keytab, add, context);
}
