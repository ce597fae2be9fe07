/* SPDX-License-Identifier: MIT */
/* netsession-samba enable and disable. */
#include "samba/setup/setup.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "samba/setup/preflight.h"
#include "system/log.h"

/* Some of it is in Samba's words. */
static int enable_print_error(const char *what)
{
	char line[PATH_MAX];

	(void)log_escape(line, sizeof line, what);
	fprintf(stderr, "netsession-samba: %s\n", line);
	return SETUP_FAILED;
}

/* smbd looks at smb.conf by itself as well, but not at once. Also where nothing was changed, since
 * one that was broken off may have changed it. */
static void enable_reload_smbd(const struct samba_installation *samba, bool is_changed)
{
	struct net_process_result result = { .exit = -1 };
	struct err err = { 0 };
	char smbcontrol[PATH_MAX];
	const char *told = "smbd could not be told: restart it";

	if (net_process_find("smbcontrol", samba->bin_dir, smbcontrol) &&
	    samba_program_run((const char *const[]){ smbcontrol, "-s", samba->smb_conf, "smbd",
	                                             "reload-config", NULL },
	                      &result, &err)) {
		told = result.exit == 0 ? "smbd was told to read it anew"
		                        : "no smbd runs with it; it is read when one starts";
		free(result.output);
	}
	if (is_changed)
		printf("%s: %s.\n", samba->smb_conf, told);
}

/* ---- the new text, as Samba reads it ---- */

struct enable_expectation {
	const char *directory;
	bool is_said;
};

static bool enable_verify(void *context, const char *path, char story[PATH_MAX])
{
	const struct enable_expectation *expected = context;
	struct samba_installation read;
	struct err err = { 0 };
	bool is_good = samba_installation_read(&read, path, &err);

	if (!is_good)
		snprintf(story, PATH_MAX, "Samba does not take the new text: %s", err.text);
	else if ((strcmp(read.socket_dir, expected->directory) == 0) != expected->is_said) {
		snprintf(story, PATH_MAX,
		         "with the new text Samba would still get " SMB_CONF_PARAMETER
		         " = \"%s\": something that is included, or another configuration, says it",
		         read.socket_dir);
		is_good = false;
	}
	samba_installation_fini(&read);
	return is_good;
}

static bool disable_without_samba(void *context, const char *path, char story[PATH_MAX])
{
	(void)context;
	(void)path;
	(void)story;
	return true;
}

/* ---- enable ---- */

static int enable_insert(struct preflight *x)
{
	struct enable_expectation expected = { x->directory, true };
	char *block = smb_conf_block(&x->conf, x->directory), *made = NULL;
	size_t bytes;
	int exit = SETUP_FAILED;

	if (block != NULL)
		made = smb_conf_insert(&x->conf, x->file.text, x->file.bytes, block, &bytes);
	if (made == NULL)
		enable_print_error("out of memory");
	else if (!smb_conf_file_replace(&x->file, made, bytes, enable_verify, &expected))
		enable_print_error(x->file.message);
	else {
		printf("Enabled at line %zu of %s. As it was: %s\n", x->conf.line, x->file.path,
		       x->file.backup);
		exit = SETUP_DONE;
	}
	free(made);
	free(block);
	return exit;
}

int setup_enable(const struct samba_options *options)
{
	struct doctor_report findings = { .is_terse = true };
	struct preflight x;
	int exit = SETUP_FAILED;

	if (preflight_read(&x, options, &findings))
		preflight_check_all(&x, &findings);
	if (findings.wrong > 0)
		enable_print_error("nothing was changed");
	else if (!x.is_enabled)
		exit = enable_insert(&x);
	else
		exit = SETUP_DONE;
	if (exit == SETUP_DONE && x.is_enabled)
		printf("Enabled already.\n");
	if (exit == SETUP_DONE)
		enable_reload_smbd(&x.samba, !x.is_enabled);
	preflight_fini(&x);
	return exit;
}

/* ---- disable ---- */

/* Where Samba cannot be asked, because it is gone or does not take smb.conf as it is, our lines are
 * taken out all the same. */
static int disable_remove(struct preflight *x, bool is_asked)
{
	struct enable_expectation expected = { x->conf.directory, false };
	size_t bytes;
	char *made = smb_conf_remove(&x->conf, x->file.text, x->file.bytes, &bytes);
	int exit = SETUP_FAILED;

	if (made == NULL)
		enable_print_error("out of memory");
	else if (!smb_conf_file_can_replace(&x->file) ||
	         !smb_conf_file_replace(&x->file, made, bytes,
	                                is_asked ? enable_verify : disable_without_samba,
	                                &expected))
		enable_print_error(x->file.message);
	else {
		printf("Disabled: taken out at line %zu of %s. As it was: %s\n", x->conf.line,
		       x->file.path, x->file.backup);
		exit = SETUP_DONE;
	}
	free(made);
	return exit;
}

static int disable_smb_conf(struct preflight *x, bool is_asked)
{
	struct doctor_report findings = { .is_terse = true };

	switch (x->conf.state) {
	case SMB_CONF_WITH:
		return disable_remove(x, is_asked);
	case SMB_CONF_WITHOUT:
		if (is_asked && x->samba.uses_registry && x->is_enabled)
			return enable_print_error(
				"it is enabled in Samba's registry: say net conf delparm "
				"global " SMB_CONF_PARAMETER);
		printf("It is not enabled in %s.\n", x->file.path);
		return SETUP_DONE;
	default:
		preflight_check_smb_conf(x, &findings);
		return enable_print_error("nothing was changed");
	}
}

int setup_disable(const struct samba_options *options)
{
	struct preflight x = { .directory = options->directory };
	struct err err = { 0 };
	bool is_asked = samba_installation_read(&x.samba, options->smb_conf, &err);
	const char *path = x.samba.smb_conf != NULL ? x.samba.smb_conf : options->smb_conf;
	int exit;

	if (path == NULL || !smb_conf_file_read(&x.file, path))
		exit = enable_print_error(path == NULL ? err.text : x.file.message);
	else if (!smb_conf_read(&x.conf, x.file.text, x.file.bytes))
		exit = enable_print_error("out of memory");
	else {
		x.is_enabled = is_asked && strcmp(x.samba.socket_dir, x.directory) == 0;
		exit = disable_smb_conf(&x, is_asked);
		if (!is_asked) {
			char story[PATH_MAX];

			snprintf(story, sizeof story, "Samba could not be asked: %s", err.text);
			(void)enable_print_error(story);
		}
	}
	if (exit == SETUP_DONE && x.samba.bin_dir != NULL)
		enable_reload_smbd(&x.samba, x.conf.state == SMB_CONF_WITH);
	preflight_fini(&x);
	return exit;
}
