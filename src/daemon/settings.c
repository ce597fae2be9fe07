/* SPDX-License-Identifier: MIT */
#include "daemon/settings.h"

#include <install_folders.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "auth/accounts.h"
#include "auth/keytab.h"

/* By default as Windows makes it: the host's name up to the first dot, in capitals, at most 15
 * characters. */
static void settings_find_netbios_name(struct settings *s)
{
	char host[256] = "";

	if (s->config.netbios_name[0] != '\0') {
		snprintf(s->netbios_name, sizeof s->netbios_name, "%s", s->config.netbios_name);
		return;
	}
	(void)gethostname(host, sizeof host - 1);
	host[strcspn(host, ".")] = '\0';
	snprintf(s->netbios_name, sizeof s->netbios_name, "%.15s",
	         host[0] != '\0' ? host : "LOCALHOST");
	for (char *at = s->netbios_name; *at != '\0'; at++)
		if (*at >= 'a' && *at <= 'z')
			*at = (char)(*at - ('a' - 'A'));
}

static bool settings_make_policy(struct settings *s, struct err *err)
{
	struct config *c = &s->config;
	const struct {
		const char *name;
		char **list;
	} groups[] = {
		{ "administrators", &c->administrators },
		{ "server_operators", &c->server_operators },
		{ "publishers", &c->publishers },
	};
	struct err reason = { 0 };
	char **list = &c->policy;

	s->policy = access_policy_new(c->policy);
	if (s->policy == NULL) {
		err_set(&reason, ERROR_NOT_ENOUGH_MEMORY, "access policy", NULL);
		goto out;
	}
	for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
		list = groups[i].list;
		if (!access_policy_set_group(s->policy, groups[i].name, *list, &reason))
			goto out;
	}
	for (size_t i = 0; i < ACCESS_RIGHT_COUNT; i++) {
		list = &c->rights[i];
		if (**list != '\0' &&
		    !access_policy_set(s->policy, (enum access_right)i, *list, &reason))
			goto out;
	}
out:
	if (reason.status != NERR_Success)
		config_explain_key(c, list, &reason, err);
	return reason.status == NERR_Success;
}

static bool settings_open_audit(struct settings *s, bool only_check, struct err *err)
{
	struct err reason = { 0 };

	if (only_check && audit_check(s->config.audit_file, &reason))
		return true;
	if (!only_check)
		s->audit = audit_new(s->config.audit_file, &reason);
	if (s->audit == NULL)
		config_explain_key(&s->config, &s->config.audit_file, &reason, err);
	return s->audit != NULL;
}

static bool settings_make_acceptor(struct settings *s, struct err *err)
{
	struct config *c = &s->config;
	const struct auth_acceptor_options options = {
		.kerberos = config_has_word(c->mechanisms, "kerberos"),
		.ntlm = config_has_word(c->mechanisms, "ntlm"),
		.anonymous = c->anonymous,
		.keytab = c->keytab,
		.ntlm_users = c->ntlm_users,
	};
	struct err reason = { 0 };
	const void *member = &c->mechanisms;

	if (auth_acceptor_settings_new(&options, &s->acceptor_settings, &reason) == NERR_Success)
		return true;
	if (strcmp(reason.step, KEYTAB_STEP) == 0)
		member = &c->keytab;
	else if (strcmp(reason.step, ACCOUNTS_STEP) == 0)
		member = &c->ntlm_users;
	config_explain_key(c, member, &reason, err);
	return false;
}

const char *settings_config_file(const struct daemon_options *options)
{
	static const char usual[] = NETSESSION_SYSCONFDIR "/" CONFIG_FILE_DEFAULT;

	return options->config != NULL ? options->config : usual;
}

bool settings_read_config(struct config *c, const struct daemon_options *options, struct err *err)
{
	return config_read(c, settings_config_file(options), options->config != NULL,
	                   options->overrides, options->override_count, err);
}

bool settings_load(struct settings *s, const struct daemon_options *options, struct err *err)
{
	*s = (struct settings){ 0 };
	if (!settings_read_config(&s->config, options, err))
		return false;
	settings_find_netbios_name(s);
	(void)log_level_find(s->config.log_level, &s->log_level);
	if (settings_make_policy(s, err) && settings_open_audit(s, options->check, err) &&
	    settings_make_acceptor(s, err))
		return true;
	settings_fini(s);
	return false;
}

void settings_fini(struct settings *s)
{
	access_policy_release(s->policy);
	audit_free(s->audit);
	if (s->acceptor_settings != NULL)
		auth_acceptor_settings_release(s->acceptor_settings);
	config_fini(&s->config);
	*s = (struct settings){ 0 };
}
