/* SPDX-License-Identifier: MIT */
/* The class "User Session Query" of OCSF 1.4.0, https://schema.ocsf.io/1.4.0/classes/session_query.
 * It is the last version in which the class is not deprecated; later ones have it unchanged. */
#include "export_forms.h"

#include <stdlib.h>
#include <string.h>
#include "base/client_name.h"
#include "base/ip_address.h"
#include "base/user_name.h"
#include "client/server_name.h"
#include "failure.h"
#include "output_forms.h"
#include "query.h"
#include "store/report_store.h"
#include "terminal/terminal.h"

enum {
	CATEGORY_DISCOVERY = 5,
	CLASS_SESSION_QUERY = 5017,
	ACTIVITY_QUERY = 1,
	SEVERITY_INFORMATIONAL = 1,
	RESULT_EXISTS = 1,
	DEVICE_SERVER = 1,
	OBSERVABLE_HOSTNAME = 1,
	OBSERVABLE_ADDRESS = 2,
	OBSERVABLE_USER = 4,
};

struct export_events {
	size_t count;
	bool has_failed; /* writing */
};

/* The user of an anonymous session is "". */
static bool export_ocsf_is_known(const char *text)
{
	return text != NULL && text[0] != '\0';
}

static json_t *export_ocsf_part(const char *text, size_t bytes)
{
	char *part = strndup(text, bytes);
	json_t *string = part != NULL ? output_json_text(part) : NULL;

	free(part);
	return string;
}

/* In the unit of the schema. */
static json_t *export_ocsf_time(int64_t seconds)
{
	return json_integer((json_int_t)seconds * 1000);
}

static json_t *export_ocsf_user(const char *name)
{
	struct user_name split = user_name_split(name);
	json_t *user = json_object();

	json_object_set_new(user, "name", export_ocsf_part(split.account, split.account_bytes));
	if (split.domain_bytes > 0)
		json_object_set_new(user, "domain",
		                    export_ocsf_part(split.domain, split.domain_bytes));
	return user;
}

/* The server, by the name that was asked. */
static json_t *export_ocsf_device(const char *server)
{
	json_t *device = json_pack("{s:i, s:s, s:o}", "type_id", DEVICE_SERVER, "type", "Server",
	                           "name", output_json_text(server));
	struct ip_address address;
	struct server_name name;

	if (server_name_parse(server, &name, &(struct err){ 0 }))
		json_object_set_new(device,
		                    ip_address_parse(name.host, &address) ? "ip" : "hostname",
		                    output_json_text(name.host));
	return device;
}

static void export_ocsf_observe(json_t *observables, const char *member, const char *kind,
                                int kind_id, const char *value)
{
	(void)json_array_append_new(observables, json_pack("{s:s, s:s, s:i, s:o}", "name", member,
	                                                   "type", kind, "type_id", kind_id,
	                                                   "value", output_json_text(value)));
}

/* The class has no member for the client: SIEMs find it among the observables. */
static json_t *export_ocsf_observables(const struct report_session *session)
{
	char address_room[IP_ADDRESS_TEXT_BYTES], account_room[256];
	json_t *observables = json_array();
	struct ip_address address;

	if (export_ocsf_is_known(session->client) && ip_address_parse(session->client, &address))
		export_ocsf_observe(observables, "unmapped.client", "IP Address",
		                    OBSERVABLE_ADDRESS, ip_address_text(&address, address_room));
	else if (export_ocsf_is_known(session->client))
		export_ocsf_observe(observables, "unmapped.client", "Hostname", OBSERVABLE_HOSTNAME,
		                    client_name_bare(session->client));
	if (export_ocsf_is_known(session->user))
		export_ocsf_observe(
			observables, "actor.user.name", "User Name", OBSERVABLE_USER,
			user_name_account(session->user, account_room, sizeof account_room));
	return observables;
}

static void export_ocsf_add_number(json_t *object, const char *name, int64_t number)
{
	if (number != REPORT_UNKNOWN)
		json_object_set_new(object, name, json_integer(number));
}

/* As the server and the store have it. */
static json_t *export_ocsf_unmapped(const struct report_session *session)
{
	json_t *object = json_object();

	if (session->client != NULL)
		json_object_set_new(object, "client", output_json_text(session->client));
	if (session->user != NULL)
		json_object_set_new(object, "user", output_json_text(session->user));
	if (session->transport != NULL)
		json_object_set_new(object, "transport", output_json_text(session->transport));
	if (session->source != NULL)
		json_object_set_new(object, "source", output_json_text(session->source));
	export_ocsf_add_number(object, "num_opens", session->num_opens);
	export_ocsf_add_number(object, "level", session->level);
	if (session->gone != REPORT_UNKNOWN)
		json_object_set_new(object, "gone_time", export_ocsf_time(session->gone));
	return object;
}

static json_t *export_ocsf_classification(void)
{
	return json_pack("{s:i, s:s, s:i, s:s, s:i, s:s, s:i, s:s, s:i, s:s}", "category_uid",
	                 CATEGORY_DISCOVERY, "category_name", "Discovery", "class_uid",
	                 CLASS_SESSION_QUERY, "class_name", "User Session Query", "activity_id",
	                 ACTIVITY_QUERY, "activity_name", "Query", "type_uid",
	                 100 * CLASS_SESSION_QUERY + ACTIVITY_QUERY, "type_name",
	                 "User Session Query: Query", "severity_id", SEVERITY_INFORMATIONAL,
	                 "severity", "Informational");
}

static json_t *export_ocsf_event(const struct report_session *session)
{
	json_t *event = export_ocsf_classification(), *known = json_pack("{s:b}", "is_remote", 1);

	json_object_set_new(event, "metadata",
	                    json_pack("{s:s, s:[s], s:{s:s, s:s, s:s}}", "version", "1.4.0",
	                              "profiles", "host", "product", "name", "netsession",
	                              "vendor_name", "netsession", "version", NETSESSION_VERSION));
	json_object_set_new(event, "time", export_ocsf_time(session->last_seen));
	json_object_set_new(event, "start_time", export_ocsf_time(session->first_seen));
	json_object_set_new(event, "end_time", export_ocsf_time(session->last_seen));
	json_object_set_new(event, "query_info",
	                    json_pack("{s:s, s:s}", "name", "NetSessionEnum", "query_string",
	                              "NetSessionEnum"));
	json_object_set_new(event, "query_result_id", json_integer(RESULT_EXISTS));
	json_object_set_new(event, "query_result", json_string("Exists"));
	json_object_set_new(event, "device", export_ocsf_device(session->server));
	if (export_ocsf_is_known(session->user))
		json_object_set_new(event, "actor",
		                    json_pack("{s:o}", "user", export_ocsf_user(session->user)));
	if (session->started != REPORT_UNKNOWN)
		json_object_set_new(known, "created_time", export_ocsf_time(session->started));
	json_object_set_new(event, "session", known);
	json_object_set_new(event, "observables", export_ocsf_observables(session));
	json_object_set_new(event, "unmapped", export_ocsf_unmapped(session));
	return event;
}

static void export_ocsf_put(void *context, const struct report_session *session)
{
	struct export_events *events = context;

	if (events->has_failed)
		return;
	events->count++;
	events->has_failed = !output_json_write_line(stdout, export_ocsf_event(session),
	                                             JSON_COMPACT);
}

int export_ocsf(struct database *db, const struct options *options)
{
	const struct report_period period = { REPORT_UNKNOWN, options->since != 0
		                                                      ? options->since
		                                                      : REPORT_UNKNOWN };
	struct export_events events = { 0 };
	struct err err = { 0 };

	if (report_sessions(db, &period, export_ocsf_put, &events, &err) != 0) {
		failure_print(&err);
		return EXIT_NONE;
	}
	if (events.has_failed || fflush(stdout) != 0 || ferror(stdout) ||
	    output_json_has_failed()) {
		query_print_write_error();
		return EXIT_NONE;
	}
	if (!options->quiet)
		terminal_print_line(stderr, "netsession: %zu sessions", events.count);
	return EXIT_ALL;
}
