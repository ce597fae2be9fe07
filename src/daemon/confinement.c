/* SPDX-License-Identifier: MIT */
#include "daemon/confinement.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "auth/mechanism_files.h"
#include "base/locale.h"
#include "base/sanitizers.h"
#include "daemon/history.h"
#include "daemon/settings.h"
#include "system/log.h"
#include "system/privileges.h"
#include "system/sandbox.h"

#define RUN_FOLDER "/run/netsession"

/* ---- the user ---- */

static bool confinement_is_in_run_folder(const char *path)
{
	return strncmp(path, RUN_FOLDER "/", sizeof RUN_FOLDER) == 0;
}

/* Makes the folder of the sockets' default paths for the user, as systemd would. One that is there
 * may be left from a run as root; that of another user stays theirs. */
static void confinement_make_run_folder(const struct config *c, const struct privileges_user *user)
{
	struct stat info;

	if (!confinement_is_in_run_folder(c->socket) &&
	    !confinement_is_in_run_folder(c->publish_socket))
		return;
	/* Where this fails, the sockets cannot be opened, which is reported. */
	(void)mkdir(RUN_FOLDER, 0755);
	if (lstat(RUN_FOLDER, &info) == 0 && info.st_uid == 0)
		(void)!lchown(RUN_FOLDER, user->uid, user->gid);
}

static bool confinement_set_user(const struct config *c, bool only_check, struct confinement *to,
                                 struct err *err)
{
	struct privileges_user user;
	struct err reason = { 0 };

	if (geteuid() != 0)
		return true;
	if (privileges_find_user(c->user, &user, &reason)) {
		if (!only_check)
			confinement_make_run_folder(c, &user);
		if (privileges_become_user(&user, &reason)) {
			(void)snprintf(to->user, sizeof to->user, "%s", c->user);
			return true;
		}
	}
	config_explain_key(c, &c->user, &reason, err);
	return false;
}

/* ---- files ---- */

/* What libraries read: their own files and modules, names and users of this computer, random
 * numbers. */
static const char *const folders_read[] = {
#if IS_SANITIZED
	"/", /* a report names functions of the program, and needs its file */
#endif
	"/etc",
	"/usr",
	"/lib",
	"/lib64",
	"/var/lib/extrausers",
	"/var/lib/sss",
	"/run/systemd/resolve",
	"/run/systemd/userdb",
	"/proc/sys/crypto",
	"/proc/self",
	"/sys/devices/system/cpu",
	"/dev/null",
	"/dev/urandom",
};

/* The folder of a file, but not that of a device. */
static void confinement_allow_folder_of(struct sandbox *s, const char *path,
                                        enum sandbox_access access)
{
	if (strncmp(path, "/dev/", 5) != 0 && strncmp(path, "/proc/", 6) != 0)
		sandbox_allow_folder_of(s, path, access);
}

/* The file, and its folder, where it can be replaced; the same of what it is a link to. */
static void confinement_allow_file(struct sandbox *s, const char *path, enum sandbox_access access)
{
	char *real = realpath(path, NULL);

	sandbox_allow(s, path, access);
	confinement_allow_folder_of(s, path, access);
	if (real != NULL)
		confinement_allow_folder_of(s, real, access);
	free(real);
}

static void confinement_allow_mechanism_file(void *context, enum mechanism_file kind,
                                             const char *path)
{
	struct sandbox *s = context;

	switch (kind) {
	case MECHANISM_FILE_READ:
		confinement_allow_file(s, path, SANDBOX_READ);
		break;
	case MECHANISM_FILE_WRITTEN:
		confinement_allow_file(s, path, SANDBOX_WRITE);
		break;
	case MECHANISM_FOLDER_READ:
		sandbox_allow(s, path, SANDBOX_READ);
		break;
	case MECHANISM_FOLDER_WRITTEN:
		sandbox_allow(s, path, SANDBOX_WRITE);
		break;
	}
}

static void confinement_restrict(const struct config *c, const char *config_file,
                                 struct confinement *to)
{
	const char *const read[] = { config_file, c->ntlm_users };
	const char *const sockets[] = { c->socket, c->publish_socket };
	struct sandbox_result result;
	struct sandbox s;

	sandbox_begin(&s);
	for (size_t i = 0; i < sizeof folders_read / sizeof *folders_read; i++)
		sandbox_allow(&s, folders_read[i], SANDBOX_READ);
	for (size_t i = 0; i < sizeof read / sizeof *read; i++)
		if (*read[i] != '\0')
			confinement_allow_file(&s, read[i], SANDBOX_READ);
	for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++)
		if (*sockets[i] != '\0')
			sandbox_allow_folder_of(&s, sockets[i], SANDBOX_WRITE);
	if (strcmp(c->audit_file, "-") != 0)
		confinement_allow_file(&s, c->audit_file, SANDBOX_WRITE);
	mechanism_files_list(c->keytab, confinement_allow_mechanism_file, &s);
	result = sandbox_enter(&s);
	to->restricts_files = result.restricts_files;
	to->restricts_calls = result.restricts_calls;
}

/* ---- programs ---- */

static bool confinement_start_recorder(const struct config *config, struct confinement *c,
                                       struct err *err)
{
	struct err reason = { 0 };

	if (*config->history_db == '\0')
		return true;
	c->recorder = history_start_recorder(config->history_db, &reason);
	if (c->recorder < 0)
		config_explain_key(config, &config->history_db, &reason, err);
	return c->recorder >= 0;
}

/* ---- together ---- */

bool confinement_enter(const struct daemon_options *options, struct confinement *c, struct err *err)
{
	struct config config;
	bool is_good;

	*c = (struct confinement){ .user = "", .recorder = -1 };
	if (!settings_read_config(&config, options, err))
		return false;
	is_good = confinement_set_user(&config, options->check, c, err) &&
	          (options->check || confinement_start_recorder(&config, c, err));
	if (is_good)
		confinement_restrict(&config, settings_config_file(options), c);
	config_fini(&config);
	return is_good;
}

void confinement_finish(void)
{
	privileges_drop_capabilities();
}

void confinement_log(const struct confinement *c)
{
	if (c->user[0] != '\0')
		log_write(LOG_LEVEL_INFO, "running as the user %s ([server] user)", c->user);
	if (c->restricts_files && c->restricts_calls)
		log_write(LOG_LEVEL_INFO,
		          "files are restricted by Landlock, system calls by seccomp");
	else
		log_write(LOG_LEVEL_NOTICE, "files are %s, system calls are %s",
		          c->restricts_files
		                  ? "restricted by Landlock"
		                  : "not restricted, because this kernel has no Landlock",
		          c->restricts_calls
		                  ? "restricted by seccomp"
		                  : "not restricted, because this kernel has no seccomp filters");
}

void confinement_explain(const struct confinement *c, bool has_started, struct err *err)
{
	bool names_folders = has_started && c->restricts_files;
	struct err found = *err;

	if (strstr(found.text, locale_error_text(EACCES)) == NULL ||
	    (c->user[0] == '\0' && !names_folders))
		return;
	*err = (struct err){ 0 };
	err_format(err, found.status, found.step, "%s;%s%s%s%s", found.text,
	           c->user[0] != '\0' ? " netsessiond runs as the user " : "", c->user,
	           c->user[0] != '\0' && names_folders ? ";" : "",
	           names_folders ? " a file in a folder that the configuration did not name when "
	                           "netsessiond started can be opened after a restart"
	                         : "");
}
