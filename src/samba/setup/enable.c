/* SPDX-License-Identifier: MIT */
/* netsession-samba enable, disable and release. */
#include "samba/setup/setup.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "samba/setup/preflight.h"
#include "samba/socket_dir/socket_dir.h"
#include "terminal/terminal.h"

#define STEP "smb.conf"

static int enable_print_error(const char *text)
{
	terminal_print_line(stderr, "netsession-samba: %s", text);
	return SETUP_FAILED;
}

/* smbd reads smb.conf again by itself as well, but only after a while. It is told even where
 * nothing was changed, because an interrupted run may have changed smb.conf. */
static void enable_reload_smbd(const struct samba_installation *samba, bool is_changed)
{
	struct net_process_result result = { .exit = -1 };
	struct err err = { 0 };
	char smbcontrol[PATH_MAX];
	const char *outcome = "smbd could not be told to reload it: restart smbd";

	if (net_process_find("smbcontrol", samba->bin_dir, smbcontrol) &&
	    samba_program_run((const char *const[]){ smbcontrol, "-s", samba->smb_conf, "smbd",
	                                             "reload-config", NULL },
	                      &result, &err)) {
		outcome = result.exit == 0 ? "smbd was told to reload it"
		                           : "no smbd runs with it; smbd reads it when it starts";
		free(result.output);
	}
	if (is_changed)
		terminal_print_line(stdout, "%s: %s.", samba->smb_conf, outcome);
}

/* ---- the new text, as Samba reads it ---- */

struct enable_expectation {
	const struct samba_installation *before;
	const char *directory;
	bool is_set; /* by the new text */
};

/* The next line of testparm's that does not set our parameter. NULL: there is none. */
static const char *enable_next_setting(const char **at, size_t *bytes)
{
	while (**at != '\0') {
		const char *line = *at;

		*bytes = strcspn(line, "\n");
		*at += *bytes + (line[*bytes] == '\n');
		if (!smb_conf_line_sets_parameter(line, *bytes))
			return line;
	}
	return NULL;
}

static bool enable_has_same_settings(const char *a, const char *b)
{
	size_t a_bytes, b_bytes;
	const char *a_line, *b_line;

	do {
		a_line = enable_next_setting(&a, &a_bytes);
		b_line = enable_next_setting(&b, &b_bytes);
		if (a_line == NULL || b_line == NULL)
			return a_line == b_line;
	} while (a_bytes == b_bytes && memcmp(a_line, b_line, a_bytes) == 0);
	return false;
}

static bool enable_verify(void *context, const char *path, struct err *err)
{
	const struct enable_expectation *expected = context;
	struct samba_installation after;
	struct err unread = { 0 };

	if (!samba_installation_read(&after, path, &unread))
		err_format(err, ERROR_INVALID_DATA, STEP, "Samba does not accept the new text: %s",
		           err_text(&unread));
	else if ((strcmp(after.socket_dir, expected->directory) == 0) != expected->is_set)
		err_format(err, ERROR_INVALID_DATA, STEP,
		           "with the new text Samba would still use " SMB_CONF_PARAMETER
		           " = \"%s\", which an included file or another configuration sets",
		           after.socket_dir);
	else if (!enable_has_same_settings(expected->before->settings, after.settings))
		err_set(err, ERROR_INVALID_DATA, STEP,
		        "with the new text Samba would read other settings differently, too");
	samba_installation_fini(&after);
	return err->status == NERR_Success;
}

static bool disable_without_samba(void *context, const char *path, struct err *err)
{
	(void)context;
	(void)path;
	(void)err;
	return true;
}

/* ---- enable ---- */

static int enable_insert(struct preflight *p)
{
	struct enable_expectation expected = { &p->samba, p->directory, true };
	char *block = smb_conf_block(&p->conf, p->directory), *made = NULL;
	struct err err = { 0 };
	size_t bytes;
	bool is_done = false;

	if (block != NULL)
		made = smb_conf_insert(&p->conf, p->file.text, p->file.bytes, block, &bytes);
	if (made == NULL)
		err_set(&err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	else
		is_done = smb_conf_file_replace(&p->file, made, bytes, enable_verify, &expected,
		                                &err);
	free(made);
	free(block);
	if (!is_done)
		return enable_print_error(err_text(&err));
	terminal_print_line(stdout, "Enabled at line %zu of %s. Backup: %s", p->conf.line,
	                    p->file.path, p->file.backup);
	return SETUP_DONE;
}

int setup_enable(const struct samba_options *options)
{
	struct preflight_report report = { .is_terse = true };
	struct preflight p;
	int exit = SETUP_DONE;

	if (preflight_read(&p, options, &report))
		preflight_check_all(&p, &report);
	if (report.wrong > 0)
		exit = enable_print_error("nothing was changed");
	else if (!p.is_enabled)
		exit = enable_insert(&p);
	else
		printf("Already enabled.\n");
	if (exit == SETUP_DONE)
		enable_reload_smbd(&p.samba, !p.is_enabled);
	preflight_fini(&p);
	return exit;
}

/* ---- disable ---- */

/* Where Samba cannot be asked, because it is gone or does not accept smb.conf as it is, our block
 * is removed all the same. */
static int disable_remove(struct preflight *p, bool has_samba)
{
	struct enable_expectation expected = { &p->samba, p->conf.directory, false };
	struct err err = { 0 };
	size_t bytes;
	char *made = smb_conf_remove(&p->conf, p->file.text, p->file.bytes, &bytes);
	bool is_done = false;

	if (made == NULL)
		err_set(&err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	else
		is_done = smb_conf_file_can_replace(&p->file, &err) &&
		          smb_conf_file_replace(&p->file, made, bytes,
		                                has_samba ? enable_verify : disable_without_samba,
		                                &expected, &err);
	free(made);
	if (!is_done)
		return enable_print_error(err_text(&err));
	terminal_print_line(stdout, "Disabled: the block at line %zu of %s was removed. Backup: %s",
	                    p->conf.line, p->file.path, p->file.backup);
	return SETUP_DONE;
}

static int disable_smb_conf(struct preflight *p, bool has_samba)
{
	struct preflight_report report = { .is_terse = true };
	char place[PREFLIGHT_TEXT_BYTES], text[2 * PREFLIGHT_TEXT_BYTES];

	if (p->conf.state == SMB_CONF_WITH)
		return disable_remove(p, has_samba);
	if (p->conf.state != SMB_CONF_WITHOUT ||
	    (p->conf.other_line > 0 && preflight_is_set_by_others(p) && !p->is_enabled)) {
		preflight_check_smb_conf(p, &report);
		return enable_print_error("nothing was changed");
	}
	if (has_samba && p->is_enabled) {
		if (p->samba.uses_registry)
			(void)snprintf(text, sizeof text,
			               "it is enabled in Samba's registry: run net conf delparm "
			               "global " SMB_CONF_PARAMETER "%s",
			               preflight_net_option(&p->samba, place));
		else
			(void)snprintf(text, sizeof text,
			               "it is enabled by %s, which netsession-samba did not write: "
			               "remove " SMB_CONF_PARAMETER " = %s there",
			               preflight_other_place(p, place), p->directory);
		return enable_print_error(text);
	}
	terminal_print_line(stdout, "Not enabled in %s.", p->file.path);
	return SETUP_DONE;
}

int setup_disable(const struct samba_options *options)
{
	struct preflight p = { .directory = options->directory };
	struct err unread = { 0 }, err = { 0 };
	bool has_samba = samba_installation_read(&p.samba, options->smb_conf, &unread);
	const char *path = p.samba.smb_conf != NULL ? p.samba.smb_conf : options->smb_conf;
	int exit;

	if (path == NULL || !smb_conf_file_read(&p.file, path, &err)) {
		exit = enable_print_error(err_text(path == NULL ? &unread : &err));
	} else {
		smb_conf_read(&p.conf, p.file.text, p.file.bytes);
		p.is_enabled = has_samba && strcmp(p.samba.socket_dir, p.directory) == 0;
		exit = disable_smb_conf(&p, has_samba);
		if (!has_samba) {
			char text[ERR_TEXT_BYTES + 64];

			snprintf(text, sizeof text, "Samba could not be asked: %s",
			         err_text(&unread));
			(void)enable_print_error(text);
		}
	}
	if (exit == SETUP_DONE && p.samba.bin_dir != NULL)
		enable_reload_smbd(&p.samba, p.conf.state == SMB_CONF_WITH);
	preflight_fini(&p);
	return exit;
}

/* ---- release ---- */

/* Clients of smbd wait for it. The links that are there say at once where they lead; Samba's own
 * programs need a tenth of a second, and an smb.conf that they can read. */
int setup_release(const struct samba_options *options)
{
	struct samba_installation samba = { 0 };
	struct err err = { 0 };
	char target[PATH_MAX];
	const char *ncalrpc_dir = target;
	bool is_good = true;

	if (!socket_dir_find_target(options->directory, target)) {
		is_good = samba_installation_read(&samba, options->smb_conf, &err);
		ncalrpc_dir = samba.ncalrpc_dir;
	}
	is_good = is_good && socket_dir_release(options->directory, ncalrpc_dir, &err);
	if (!is_good)
		terminal_print_line(stderr, "netsession-samba: %s: %s", options->directory,
		                    err_text(&err));
	samba_installation_fini(&samba);
	return is_good ? SETUP_DONE : SETUP_FAILED;
}
