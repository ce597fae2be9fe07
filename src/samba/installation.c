/* SPDX-License-Identifier: MIT */
#include "samba/installation.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <winerror.h>
#include "base/ascii.h"
#include "base/locale.h"
#include "base/text.h"
#include "net/process.h"

#define STEP "find out about Samba"

enum { MAX_OUTPUT_BYTES = 4 << 20, DEADLINE_MS = 20000 };

__attribute__((format(printf, 2, 3))) static bool samba_installation_fail(struct err *err,
                                                                          const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	err_vformat(err, ERROR_NOT_READY, STEP, format, arguments);
	va_end(arguments);
	return false;
}

bool samba_program_run(const char *const argv[], struct net_process_result *result, struct err *err)
{
	const struct net_process_settings settings = { .argv = argv,
		                                       .max_output_bytes = MAX_OUTPUT_BYTES,
		                                       .deadline_ms = DEADLINE_MS };

	return net_process_run(&settings, result, err);
}

static bool samba_installation_run(const char *const argv[], struct net_process_result *result,
                                   struct err *err)
{
	struct err failed = { 0 };

	if (!samba_program_run(argv, result, &failed))
		return samba_installation_fail(err, "%s: %s", argv[0], err_text(&failed));
	/* testparm ends with a failure, but prints what it has read, when smb.conf has settings
	 * that contradict each other and with which smbd runs. */
	if (result->output_bytes > 0)
		return true;
	free(result->output);
	if (net_process_succeeded(result, argv[0], &failed))
		return samba_installation_fail(err, "%s printed nothing", argv[0]);
	return samba_installation_fail(err, "%s", err_text(&failed));
}

/* Whether a line is `name`, mark and a value, as Samba compares names: without their blanks and
 * without regard to case. Gives the value's beginning; NULL: the line is another one. */
static const char *samba_installation_match(const char *line, size_t bytes, const char *name,
                                            char mark)
{
	for (const char *at = line; at < line + bytes; at++) {
		name += strspn(name, " ");
		if (*at == ' ' || *at == '\t')
			continue;
		if (*name == '\0')
			return *at == mark ? at + 1 : NULL;
		if (ascii_lower(*at) != ascii_lower(*name++))
			return NULL;
	}
	return NULL;
}

static bool samba_installation_fail_memory(struct err *err)
{
	err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	return false;
}

/* Finds such a line outside of sections or in [global], and gives its value without the blanks
 * around it; NULL: there is no such line. False: out of memory. */
static bool samba_installation_find_value(const char *text, const char *name, char mark,
                                          char **found)
{
	*found = NULL;
	for (bool is_global = true; *text != '\0';) {
		const char *line = text, *value;
		size_t bytes = strcspn(line, "\n");

		text = line + bytes + (line[bytes] == '\n');
		if (line[0] == '[')
			is_global = ascii_begins_nocase(line, "[global]");
		value = is_global ? samba_installation_match(line, bytes, name, mark) : NULL;
		if (value == NULL)
			continue;
		bytes = (size_t)(line + bytes - value);
		while (bytes > 0 && strchr(" \t", *value) != NULL) {
			value++;
			bytes--;
		}
		while (bytes > 0 && strchr(" \t\r", value[bytes - 1]) != NULL)
			bytes--;
		*found = strndup(value, bytes);
		return *found != NULL;
	}
	return true;
}

static bool samba_installation_read_version(struct samba_installation *i, const char *smbd,
                                            struct err *err)
{
	struct net_process_result output;
	bool is_version;
	int begin = 0;

	if (!samba_installation_run((const char *const[]){ smbd, "-V", NULL }, &output, err))
		return false;
	is_version = sscanf(output.output, "Version %n%u.%u.%u", &begin, &i->version[0],
	                    &i->version[1], &i->version[2]) == 3;
	if (is_version)
		i->version_text = strndup(output.output + begin,
		                          strcspn(output.output + begin, " \r\n"));
	free(output.output);
	if (!is_version)
		return samba_installation_fail(err, "%s -V prints no version", smbd);
	return i->version_text != NULL || samba_installation_fail_memory(err);
}

/* smbd starts samba-dcerpcd from the folder that has it and its helpers. */
static bool samba_installation_has_helpers(const char *folder)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof path, "%s/samba-dcerpcd", folder) < (int)sizeof path &&
	       access(path, X_OK) == 0 &&
	       snprintf(path, sizeof path, "%s/rpcd_classic", folder) < (int)sizeof path &&
	       access(path, X_OK) == 0;
}

/* No program prints where the helpers are. Samba's own build and the distributions install them in
 * these places beside the folders that smbd prints. */
static char *samba_installation_find_libexec(const char *sbin_dir, const char *lib_dir,
                                             const char *modules_dir)
{
	static const char *const places[][2] = {
		{ "p", "/libexec/samba" },
		{ "p", "/libexec" },
		{ "p", "/lib/samba" },
		{ "p", "/lib64/samba" },
		{ "l", "/samba" },
		{ "m", "" },
		{ "", "/usr/libexec/samba" },
		{ "", "/usr/lib/samba" },
		{ "", "/usr/lib64/samba" },
		{ "", "/usr/local/samba/libexec/samba" },
		{ "", "/usr/local/libexec/samba" },
	};
	const char *slash = strrchr(sbin_dir, '/');
	int prefix_bytes = slash != NULL ? (int)(slash - sbin_dir) : 0;

	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		const char *from = places[i][0];
		char folder[PATH_MAX];
		int length = *from == 'p' ? snprintf(folder, sizeof folder, "%.*s%s", prefix_bytes,
		                                     sbin_dir, places[i][1])
		                          : snprintf(folder, sizeof folder, "%s%s",
		                                     *from == 'l'   ? lib_dir
		                                     : *from == 'm' ? modules_dir
		                                                    : "",
		                                     places[i][1]);

		if (length > 0 && length < (int)sizeof folder &&
		    samba_installation_has_helpers(folder))
			return strdup(folder);
	}
	return strdup("");
}

/* NULL: see err. */
static char *samba_installation_make_absolute(const char *path, struct err *err)
{
	char here[PATH_MAX] = "", *made;

	if (path[0] != '/' && getcwd(here, sizeof here) == NULL) {
		samba_installation_fail(err, "the current folder has no path: %s",
		                        locale_error_text(errno));
		return NULL;
	}
	if (asprintf(&made, "%s%s%s", here, path[0] != '/' ? "/" : "", path) < 0) {
		samba_installation_fail_memory(err);
		return NULL;
	}
	return made;
}

static bool samba_installation_read_build(struct samba_installation *i, const char *smbd,
                                          const char *smb_conf, struct err *err)
{
	struct net_process_result output;
	char *sbin_dir = NULL, *lib_dir = NULL, *modules_dir = NULL, *file = NULL;

	if (!samba_installation_run((const char *const[]){ smbd, "-b", NULL }, &output, err))
		return false;
	if (!samba_installation_find_value(output.output, "SBINDIR", ':', &sbin_dir) ||
	    !samba_installation_find_value(output.output, "LIBDIR", ':', &lib_dir) ||
	    !samba_installation_find_value(output.output, "MODULESDIR", ':', &modules_dir) ||
	    !samba_installation_find_value(output.output, "CONFIGFILE", ':', &file) ||
	    !samba_installation_find_value(output.output, "BINDIR", ':', &i->bin_dir)) {
		samba_installation_fail_memory(err);
		goto out;
	}
	if (sbin_dir == NULL || lib_dir == NULL || modules_dir == NULL || file == NULL ||
	    i->bin_dir == NULL) {
		samba_installation_fail(err, "%s -b does not print where Samba is installed", smbd);
		goto out;
	}
	i->libexec_dir = samba_installation_find_libexec(sbin_dir, lib_dir, modules_dir);
	if (i->libexec_dir != NULL)
		i->smb_conf = samba_installation_make_absolute(smb_conf != NULL ? smb_conf : file,
		                                               err);
	if (i->libexec_dir == NULL)
		samba_installation_fail_memory(err);
	i->has_own_conf = i->smb_conf != NULL && strcmp(i->smb_conf, file) != 0;
out:
	free(output.output);
	free(sbin_dir);
	free(lib_dir);
	free(modules_dir);
	free(file);
	return err->status == NERR_Success;
}

static bool samba_installation_is_yes(const char *value)
{
	return value != NULL && text_equal_nocase(value, "yes");
}

static bool samba_installation_find_setting(const struct samba_installation *i, const char *name,
                                            char **found)
{
	return samba_installation_find_value(i->settings, name, '=', found);
}

static bool samba_installation_read_smb_conf(struct samba_installation *i, struct err *err)
{
	struct net_process_result output;
	char testparm[PATH_MAX], *helpers = NULL, *backend = NULL;
	bool is_found;

	if (!net_process_find("testparm", i->bin_dir, testparm))
		return samba_installation_fail(err, "testparm was not found in %s", i->bin_dir);
	if (access(i->smb_conf, R_OK) != 0)
		return samba_installation_fail(err, "%s cannot be read: %s", i->smb_conf,
		                               locale_error_text(errno));
	if (!samba_installation_run(
		    (const char *const[]){ testparm, "-s", "-v", i->smb_conf, NULL }, &output, err))
		return false;
	i->settings = output.output;
	is_found = samba_installation_find_setting(i, "ncalrpc dir", &i->ncalrpc_dir) &&
	           samba_installation_find_setting(i, "guest account", &i->guest_account) &&
	           samba_installation_find_setting(i, "unix charset", &i->unix_charset) &&
	           samba_installation_find_setting(i, "server role", &i->server_role) &&
	           samba_installation_find_setting(i, "external_rpc_pipe:socket_dir",
	                                           &i->socket_dir) &&
	           samba_installation_find_setting(i, "config file", &i->config_file) &&
	           samba_installation_find_setting(i, "rpc start on demand helpers", &helpers) &&
	           samba_installation_find_setting(i, "config backend", &backend);
	if (is_found && i->socket_dir == NULL)
		is_found = (i->socket_dir = strdup("")) != NULL;
	/* Before 4.16 there is no such parameter. */
	i->starts_helpers = samba_installation_is_yes(helpers);
	i->uses_registry = backend != NULL && text_equal_nocase(backend, "registry");
	free(helpers);
	free(backend);
	if (!is_found)
		return samba_installation_fail_memory(err);
	if (i->ncalrpc_dir == NULL || i->guest_account == NULL || i->unix_charset == NULL ||
	    i->server_role == NULL || i->config_file == NULL)
		return samba_installation_fail(err, "%s does not print all settings of %s",
		                               testparm, i->smb_conf);
	return true;
}

bool samba_installation_read(struct samba_installation *to, const char *smb_conf, struct err *err)
{
	char smbd[PATH_MAX];

	*to = (struct samba_installation){ 0 };
	if (!net_process_find("smbd", NULL, smbd))
		return samba_installation_fail(err, "smbd was not found: install Samba");
	return samba_installation_read_version(to, smbd, err) &&
	       samba_installation_read_build(to, smbd, smb_conf, err) &&
	       samba_installation_read_smb_conf(to, err);
}

bool samba_installation_may_lock(const struct samba_installation *i, char **lock_directory)
{
	return !samba_installation_find_setting(i, "lock directory", lock_directory) ||
	       *lock_directory == NULL || access(*lock_directory, W_OK) == 0 || errno == ENOENT;
}

void samba_installation_fini(struct samba_installation *i)
{
	free(i->version_text);
	free(i->bin_dir);
	free(i->libexec_dir);
	free(i->smb_conf);
	free(i->ncalrpc_dir);
	free(i->socket_dir);
	free(i->config_file);
	free(i->guest_account);
	free(i->unix_charset);
	free(i->server_role);
	free(i->settings);
	*i = (struct samba_installation){ 0 };
}
