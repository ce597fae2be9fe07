/* SPDX-License-Identifier: MIT */
/* BloodHound draws an edge HasSession from a computer to a user who has a session on it.
 * NetSessionEnum tells a file server's sessions with the client that each comes from: the user
 * works there, and not on the server. */
#include "export_forms.h"

#include <stdlib.h>
#include <string.h>
#include "base/growing.h"
#include "base/ascii.h"
#include "base/client_name.h"
#include "base/text.h"
#include "client/server_name.h"
#include "domain_accounts.h"
#include "fleet/outcome.h"
#include "fleet/reverse_lookup.h"
#include "failure.h"
#include "output_forms.h"
#include "query.h"
#include "store/account.h"
#include "store/report_store.h"
#include "terminal/terminal.h"

/* Of BloodHound's files of computers. */
enum { FILE_VERSION = 6, METHOD_SESSION = 1 << 3 };

struct export_host {
	char *server, *outcome, *error;        /* error NULL: there is none */
	const struct domain_account *computer; /* NULL: it is none of the domain */
};

struct export
{
	struct database *db;
	struct domain_accounts *accounts;
	struct export_host *hosts;
	size_t host_count, host_room;
	/* Of servers and clients that have no other name, sorted; and the names that they have. */
	struct ip_address *addresses;
	size_t address_count, address_room;
	char **names;
	bool is_out_of_memory;

	/* Of the host that is written. */
	const struct domain_account *computer;
	json_t *results;
	json_t *seen; /* an object whose members are the sessions that are in results */

	size_t computers;         /* written */
	size_t sessions;          /* written */
	size_t unknown_computers; /* hosts that are no computers of the domain */
	size_t unknown_sessions;  /* whose client or user the domain does not know */
};

static void export_fini(struct export *e)
{
	for (size_t i = 0; i < e->host_count; i++) {
		free(e->hosts[i].server);
		free(e->hosts[i].outcome);
		free(e->hosts[i].error);
	}
	for (size_t i = 0; e->names != NULL && i < e->address_count; i++)
		free(e->names[i]);
	free(e->hosts);
	free(e->addresses);
	free(e->names);
	domain_accounts_free(e->accounts);
}

/* ---- what the store has ---- */

static void export_add_host(void *context, const struct report_host *host)
{
	struct export *e = context;
	struct export_host *to, *hosts;

	hosts = growing_make_room(e->hosts, e->host_count, &e->host_room, sizeof *hosts);
	e->is_out_of_memory |= hosts == NULL;
	if (hosts == NULL)
		return;
	e->hosts = hosts;
	to = &e->hosts[e->host_count++];
	*to = (struct export_host){ strdup(host->server), strdup(host->outcome),
		                    host->error != NULL ? strdup(host->error) : NULL, NULL };
	e->is_out_of_memory |= to->server == NULL || to->outcome == NULL ||
	                       (to->error == NULL && host->error != NULL);
}

/* Keeps text if it is an address. */
static void export_add_address(struct export *e, const char *text)
{
	struct ip_address address, *addresses;

	if (!ip_address_parse(text, &address))
		return;
	addresses = growing_make_room(e->addresses, e->address_count, &e->address_room,
	                              sizeof *addresses);
	e->is_out_of_memory |= addresses == NULL;
	if (addresses == NULL)
		return;
	e->addresses = addresses;
	e->addresses[e->address_count++] = address;
}

static void export_add_client(void *context, const struct report_session *session)
{
	export_add_address(context, session->client);
}

/* The host as the sweep called it, without its port. False: it is no name of a server. */
static bool export_host_name(const struct export_host *host, struct server_name *name)
{
	return server_name_parse(host->server, name, &(struct err){ 0 });
}

static bool export_is_answer(const struct export_host *host)
{
	enum host_outcome outcome = host_outcome_find(host->outcome);

	return outcome < OUTCOME_COUNT && host_outcome_is_answer(outcome);
}

static const struct report_period now = { REPORT_UNKNOWN, REPORT_UNKNOWN };

static int export_compare_addresses(const void *left, const void *right)
{
	return ip_address_compare(left, right);
}

/* Sorts the addresses, drops those that are there twice, and looks their names up. */
static void export_look_up(struct export *e, bool looks_up)
{
	size_t kept = 0;

	if (e->address_count == 0 || e->is_out_of_memory)
		return;
	qsort(e->addresses, e->address_count, sizeof *e->addresses, export_compare_addresses);
	for (size_t i = 0; i < e->address_count; i++)
		if (i == 0 || ip_address_compare(&e->addresses[i], &e->addresses[kept - 1]) != 0)
			e->addresses[kept++] = e->addresses[i];
	e->address_count = kept;
	e->names = calloc(kept, sizeof *e->names);
	e->is_out_of_memory = e->names == NULL;
	if (looks_up && e->names != NULL)
		reverse_lookup(e->addresses, kept, e->names);
}

static NET_API_STATUS export_read(struct export *e, const struct options *options, struct err *err)
{
	struct server_name name;

	if (report_hosts(e->db, export_add_host, e, err) != NERR_Success)
		return err->status;
	for (size_t i = 0; i < e->host_count && err->status == NERR_Success; i++) {
		if (export_host_name(&e->hosts[i], &name))
			export_add_address(e, name.host);
		if (export_is_answer(&e->hosts[i]))
			(void)report_on(e->db, e->hosts[i].server, &now, export_add_client, e, err);
	}
	export_look_up(e, !options->no_lookups);
	if (e->is_out_of_memory)
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, "export", NULL);
	return err->status;
}

/* ---- who is meant ---- */

/* name: a name or an address, with or without \\ before it. NULL: it is no computer of the domain.
 */
static const struct domain_account *export_find_computer(const struct export *e, const char *name)
{
	const struct ip_address *found;
	struct ip_address address;
	const char *host;

	if (!ip_address_parse(name, &address))
		return domain_accounts_find_computer(e->accounts, client_name_bare(name));
	found = bsearch(&address, e->addresses, e->address_count, sizeof address,
	                export_compare_addresses);
	host = found != NULL ? e->names[found - e->addresses] : NULL;
	return host != NULL ? domain_accounts_find_computer(e->accounts, host) : NULL;
}

/* Those of one computer side by side, and of these an answer first; those of none last. */
static int export_compare_hosts(const void *left, const void *right)
{
	const struct export_host *a = left, *b = right;

	if (a->computer == NULL || b->computer == NULL)
		return (a->computer == NULL) - (b->computer == NULL);
	return a->computer != b->computer ? strcmp(a->computer->sid, b->computer->sid)
	                                  : export_is_answer(b) - export_is_answer(a);
}

/* Finds the computer of each host. A computer may have been asked by several names. */
static void export_find_hosts(struct export *e)
{
	struct server_name name;

	for (size_t i = 0; i < e->host_count; i++) {
		if (export_host_name(&e->hosts[i], &name))
			e->hosts[i].computer = export_find_computer(e, name.host);
		e->unknown_computers += e->hosts[i].computer == NULL;
	}
	if (e->host_count > 0)
		qsort(e->hosts, e->host_count, sizeof *e->hosts, export_compare_hosts);
}

/* ---- the file ---- */

/* A connection over the loopback comes from the server itself, whatever name this computer has for
 * that address. */
static bool export_is_own_client(const char *client)
{
	struct ip_address address;
	char text[IP_ADDRESS_TEXT_BYTES];

	if (!ip_address_parse(client, &address))
		return false;
	(void)ip_address_text(&address, text);
	return strcmp(text, "127.0.0.1") == 0 || strcmp(text, "::1") == 0;
}

/* A client has many sessions of one user. Returns whether this is the first one. */
static bool export_is_new(struct export *e, const struct domain_account *user,
                          const struct domain_account *from, const char *client)
{
	char *folded = account_fold(client_name_bare(client)), *key = NULL;
	bool is_new = false;

	if (folded != NULL && asprintf(&key, "%s %s %s", user->sid, from->sid, folded) >= 0) {
		is_new = json_object_get(e->seen, key) == NULL;
		(void)json_object_set_new_nocheck(e->seen, key, json_true());
		free(key);
	} else {
		e->is_out_of_memory = true;
	}
	free(folded);
	return is_new;
}

static void export_put_session(void *context, const struct report_session *session)
{
	const struct domain_account *from, *user;
	struct export *e = context;
	json_t *result;

	if (session->client == NULL || session->user == NULL)
		return;
	from = export_is_own_client(session->client) ? e->computer
	                                             : export_find_computer(e, session->client);
	user = domain_accounts_find_user(e->accounts, session->user);
	if (from == NULL || user == NULL) {
		e->unknown_sessions++;
		return;
	}
	if (!export_is_new(e, user, from, session->client))
		return;
	/* The raw client as well: BloodHound passes over members that it does not know. */
	result = json_pack("{s:s, s:s, s:i, s:o}", "UserSID", user->sid, "ComputerSID", from->sid,
	                   "LogonType", 0, "Client", output_json_text(session->client));
	e->sessions++;
	(void)json_array_append_new(e->results, result);
}

static json_t *export_not_collected(const char *reason)
{
	return json_pack("{s:[], s:b, s:s}", "Results", "Collected", 0, "FailureReason", reason);
}

/* Of an answer: its sessions, as e->results has them. Takes them. */
static json_t *export_sessions(struct export *e, const struct export_host *host)
{
	char reason[512];

	if (export_is_answer(host))
		return json_pack("{s:o, s:b, s:n}", "Results", e->results, "Collected", 1,
		                 "FailureReason");
	json_decref(e->results);
	snprintf(reason, sizeof reason, "%s%s%s", host->outcome, host->error != NULL ? ": " : "",
	         host->error != NULL ? host->error : "");
	text_drop_cut_character(reason);
	return export_not_collected(reason);
}

/* In capitals, as BloodHound has names. */
static void export_capitals(char *text)
{
	for (; *text != '\0'; text++)
		*text = ascii_upper(*text);
}

static json_t *export_properties(const struct export *e, const struct domain_account *computer)
{
	const char *host = computer->host != NULL ? computer->host : computer->name;
	char *name = strdup(host), *domain = strdup(domain_accounts_domain(e->accounts));
	json_t *properties = NULL;

	if (name != NULL && domain != NULL) {
		export_capitals(name);
		export_capitals(domain);
		properties = json_pack("{s:o, s:o, s:o}", "name", output_json_text(name), "domain",
		                       output_json_text(domain), "samaccountname",
		                       output_json_text(computer->name));
	}
	free(domain);
	free(name);
	return properties;
}

static json_t *export_computer(struct export *e, const struct export_host *host,
                               const struct domain_account *computer)
{
	static const char others[] = "netsession asks NetSessionEnum alone";
	int domain_bytes = (int)(strrchr(computer->sid, '-') - computer->sid);
	bool is_connectable = strcmp(host->outcome, "unreachable") != 0 &&
	                      strcmp(host->outcome, "no_such_name") != 0 &&
	                      strcmp(host->outcome, "local_error") != 0; /* it was not asked */

	return json_pack(
		"{s:s, s:o, s:s#, s:b, s:o, s:o, s:o, s:{s:b, s:s?}, s:n, s:[], s:[], s:[], s:[], s:[], s:[], s:[], s:b, s:b, s:n}",
		"ObjectIdentifier", computer->sid, "Properties", export_properties(e, computer),
		"DomainSID", computer->sid, domain_bytes, "IsDC", computer->is_domain_controller,
		"Sessions", export_sessions(e, host), "PrivilegedSessions",
		export_not_collected(others), "RegistrySessions", export_not_collected(others),
		"Status", "Connectable", is_connectable, "Error",
		is_connectable ? NULL : host->outcome, "PrimaryGroupSID", "AllowedToDelegate",
		"AllowedToAct", "HasSIDHistory", "DumpSMSAPassword", "LocalGroups", "UserRights",
		"Aces", "IsDeleted", 0, "IsACLProtected", 0, "ContainedBy");
}

/* hosts: of one computer, of which the first is an answer if there is one. */
static NET_API_STATUS export_put_computer(struct export *e, const struct export_host hosts[],
                                          size_t count, struct err *err)
{
	e->computer = hosts->computer;
	e->results = json_array();
	e->seen = json_object();
	for (size_t i = 0; i < count && err->status == NERR_Success; i++)
		if (export_is_answer(&hosts[i]))
			(void)report_on(e->db, hosts[i].server, &now, export_put_session, e, err);
	json_decref(e->seen);
	if (err->status != NERR_Success) {
		json_decref(e->results);
		return err->status;
	}
	if (e->computers++ > 0)
		fputs(",\n", stdout);
	(void)output_json_write_line(stdout, export_computer(e, hosts, e->computer), JSON_COMPACT);
	return NERR_Success;
}

static size_t export_count_of_computer(const struct export *e, size_t first)
{
	size_t count = 1;

	while (first + count < e->host_count &&
	       e->hosts[first + count].computer == e->hosts[first].computer)
		count++;
	return count;
}

static bool export_write(struct export *e, struct err *err)
{
	size_t count;

	export_find_hosts(e);
	fputs("{\"data\":[\n", stdout);
	for (size_t i = 0;
	     i < e->host_count && e->hosts[i].computer != NULL && err->status == NERR_Success;
	     i += count) {
		count = export_count_of_computer(e, i);
		(void)export_put_computer(e, &e->hosts[i], count, err);
	}
	if (e->is_out_of_memory)
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, "export", NULL);
	fputs("],\"meta\":\n", stdout);
	(void)output_json_write_line(stdout,
	                             json_pack("{s:i, s:s, s:I, s:i}", "methods", METHOD_SESSION,
	                                       "type", "computers", "count",
	                                       (json_int_t)e->computers, "version", FILE_VERSION),
	                             JSON_COMPACT);
	fputs("}\n", stdout);
	return fflush(stdout) == 0 && !ferror(stdout) && !output_json_has_failed();
}

static void export_print_counts(const struct export *e)
{
	terminal_print_line(stderr, "netsession: %zu computers, %zu sessions", e->computers,
	                    e->sessions);
	if (e->unknown_computers > 0)
		terminal_print_line(
			stderr, "netsession: %zu hosts are left out: they are no computers of %s",
			e->unknown_computers, domain_accounts_domain(e->accounts));
	if (e->unknown_sessions > 0)
		terminal_print_line(
			stderr,
			"netsession: %zu sessions are left out: %s does not know their client or user",
			e->unknown_sessions, domain_accounts_domain(e->accounts));
}

/* ---- the form ---- */

static int export_write_all(struct export *e, const struct options *options, struct err *err)
{
	const struct directory_place place = { options->domain, options->domain_controller };
	bool is_written = false;

	if (domain_accounts_read(&place, &e->accounts, err) == NERR_Success &&
	    export_read(e, options, err) == NERR_Success)
		is_written = export_write(e, err);
	if (err->status != NERR_Success)
		failure_print(err);
	else if (!is_written)
		query_print_write_error();
	if (err->status != NERR_Success || !is_written)
		return EXIT_NONE;
	if (!options->quiet)
		export_print_counts(e);
	return EXIT_ALL;
}

int export_bloodhound(struct database *db, const struct options *options)
{
	struct export e = { .db = db };
	int code = export_write_all(&e, options, &(struct err){ 0 });

	export_fini(&e);
	return code;
}
