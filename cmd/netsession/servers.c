/* SPDX-License-Identifier: MIT */
#include "servers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "terminal/terminal.h"

/* How many of the operands are servers: the first ones. */
static int servers_count(const struct options *options, enum command command)
{
	return command == COMMAND_REPORT || command == COMMAND_STORE || command == COMMAND_EXPORT
	               ? 0
	       : command == COMMAND_INFO ? options->operands.count - 2
	                                 : options->operands.count;
}

/* The option or the variable that says who logs on; NULL: there is none. */
static const char *servers_log_on_option(const struct options *options)
{
	const char *file = getenv("NETSESSION_CREDENTIALS");

	return options->credentials_file != NULL ? "--authentication-file"
	       : options->as != NULL             ? "--as"
	       : options->anonymous              ? "--no-pass"
	       : file != NULL && file[0] != '\0' ? "NETSESSION_CREDENTIALS"
	                                         : NULL;
}

static void servers_report_ignored(const char *server, const struct server_operand *operand,
                                   const char *log_on_option)
{
	if (operand->share[0] != '\0')
		terminal_print_line(
			stderr,
			"netsession: %s: the share \"%s\" is ignored: sessions belong to the whole "
			"server",
			server, operand->share);
	if (operand->user[0] != '\0' && log_on_option != NULL)
		terminal_print_line(stderr,
		                    "netsession: %s: the user is ignored: %s says who logs on",
		                    server, log_on_option);
}

/* A user that the command line names, and where; "": it names none there. */
struct named_user {
	const char *where;
	char user[SERVER_OPERAND_TEXT_BYTES];
};

static bool servers_refuse_users(const struct named_user *a, const struct named_user *b)
{
	if (a->user[0] == '\0')
		return servers_refuse_users(b, a);
	if (b->user[0] == '\0')
		terminal_print_line(
			stderr,
			"netsession: %s names the user %s, and %s names none; use --as for all "
			"servers, or query them one by one",
			a->where, a->user, b->where);
	else
		terminal_print_line(
			stderr,
			"netsession: %s names the user %s, and %s the user %s; name one of them, or "
			"query the servers one by one",
			a->where, a->user, b->where, b->user);
	return false;
}

/* Whether the user that an operand names can log on: the one that --as or the first operand named,
 * which is kept in first. */
static bool servers_accept_user(const struct options *options, const char *log_on_option,
                                struct named_user *first, const struct named_user *named)
{
	if (options->anonymous && named->user[0] != '\0') {
		terminal_print_line(
			stderr,
			"netsession: %s names the user %s, and --no-pass is no user's log-on; use one "
			"of the two",
			named->where, named->user);
		return false;
	}
	/* user%password is refused later, and not to be repeated. */
	if (options->as != NULL && strchr(options->as, '%') == NULL && named->user[0] != '\0' &&
	    first->where == NULL) {
		first->where = "--as";
		(void)snprintf(first->user, sizeof first->user, "%s", options->as);
	}
	if (log_on_option == NULL && first->where == NULL)
		*first = *named;
	return first->where == NULL || (options->as != NULL && named->user[0] == '\0') ||
	       strcmp(first->user, named->user) == 0 || servers_refuse_users(first, named);
}

bool servers_prepare(struct options *options, enum command command)
{
	static struct named_user first; /* kept by options */
	const char *log_on_option = servers_log_on_option(options);
	int count = servers_count(options, command);
	struct server_operand operand;
	struct netsession_error error;
	struct named_user named;

	for (int i = 0; i < count; i++) {
		char *server = options->operands.list[i];

		server_operand_hide_password(server);
		if (!server_operand_parse(server, &operand, &error)) /* its query reports it */
			continue;
		if (options->verbose)
			servers_report_ignored(server, &operand, log_on_option);
		named.where = server;
		memcpy(named.user, operand.user, sizeof named.user);
		if (!servers_accept_user(options, log_on_option, &first, &named))
			return false;
	}
	if (log_on_option == NULL && first.user[0] != '\0')
		options->as = first.user;
	return true;
}
