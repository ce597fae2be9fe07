/* SPDX-License-Identifier: MIT */
/* JSON for programs: one object of all servers, or one line a session. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/escape.h"
#include "base/watched_memory.h"
#include "output_forms.h"

static json_t *output_json_user_flags(uint32_t user_flags)
{
	json_t *list = json_array();
	char text[64], *rest = text, *name;

	output_user_flags_text(user_flags, ' ', text);
	while ((name = strsep(&rest, " ")) != NULL)
		if (name[0] != '\0')
			json_array_append_new(list, json_string(name));
	return list;
}

static json_t *output_json_field(const struct netsession_row *row,
                                 const struct session_field *field)
{
	if (field->kind == SESSION_CELL_TEXT)
		return json_string(session_row_text(row, field));
	if (field->column->unit == SESSION_UNIT_USER_FLAGS)
		return output_json_user_flags(session_row_u32(row, field));
	return json_integer(session_row_u32(row, field));
}

/* Adds what is known; a member that the level lacks, or that is not known, is absent. */
static void output_json_add_fields(json_t *object, const struct session_level *level,
                                   const struct netsession_row *row)
{
	for (size_t i = 0; i < SESSION_LEVEL_MAX_FIELDS; i++) {
		const struct session_field *field = session_level_field(level, session_columns[i]);

		if (field != NULL && !session_row_is_unknown(row, field))
			json_object_set_new(object, field->column->key,
			                    output_json_field(row, field));
	}
}

json_t *output_json_text(const char *text)
{
	json_t *string = json_string(text);
	char *escaped;

	if (string != NULL)
		return string;
	escaped = escape_format("%s", text);
	string = escaped != NULL ? json_string(escaped) : NULL;
	free(escaped);
	return string;
}

/* As the user wrote it, who may write anything. */
static json_t *output_json_server(const struct server_result *result)
{
	return result->server != NULL ? output_json_text(result->server) : json_null();
}

static void output_json_append_warning(void *context, const char *warning)
{
	json_array_append_new(context, json_string(warning));
}

/* Adds the members to object, and returns it. Without its sessions, whose empty array is the last
 * member. */
static json_t *output_json_result(json_t *object, const struct server_result *result)
{
	json_t *warnings = json_array();

	server_result_each_warning(result, output_json_append_warning, warnings);
	json_object_set_new(object, "server", output_json_server(result));
	json_object_set_new(object, "status", json_integer(result->error.status));
	json_object_set_new(object, "error",
	                    result->error.status != 0 ? json_string(result->error.text)
	                                              : json_null());
	if (result->level != NULL)
		json_object_set_new(object, "level", json_integer(result->level->number));
	json_object_set_new(object, "complete", json_boolean(server_result_is_complete(result)));
	json_object_set_new(object, "warnings", warnings);
	json_object_set_new(object, "total", json_integer(result->total));
	json_object_set_new(object, "sessions", json_array());
	return object;
}

static bool has_failed;

json_t *output_json_line(void)
{
	return json_pack("{s:i}", "schema", 1);
}

bool output_json_write_line(FILE *to, json_t *value, size_t flags)
{
	bool written = value != NULL && !watched_memory_has_failed() &&
	               json_dump_callback(value, escape_write_json, to, flags) == 0;

	json_decref(value);
	written = written && fputc('\n', to) != EOF;
	has_failed |= !written;
	return written;
}

bool output_json_has_failed(void)
{
	if (has_failed && !ferror(stdout))
		errno = ENOMEM;
	return has_failed;
}

/* The text of a value is made session by session: that of all sessions would take many times the
 * memory of the sessions. */
struct output_json {
	FILE *to;
	bool is_good;
	bool has_session; /* of this server */
};

/* Takes value. Writes it on lines that are indented by depth, without the last bytes of its text.
 */
static void output_json_put(struct output_json *json, json_t *value, int depth, size_t without)
{
	char *text = value != NULL && !watched_memory_has_failed()
	                     ? json_dumps(value, JSON_INDENT(1))
	                     : NULL;
	char *line = text, *next;

	json_decref(value);
	json->is_good &= text != NULL;
	if (text != NULL)
		text[strlen(text) - without] = '\0';
	for (; line != NULL; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		(void)escape_write_json(line, strlen(line), json->to); /* see ferror */
		fprintf(json->to, "%s%*s", next != NULL ? "\n" : "", next != NULL ? depth : 0, "");
	}
	free(text);
}

static void output_json_put_session(void *context, const struct server_result *result,
                                    const struct netsession_row *row)
{
	struct output_json *json = context;
	json_t *session = json_object();

	output_json_add_fields(session, result->level, row);
	fprintf(json->to, "%s\n    ", json->has_session ? "," : "");
	output_json_put(json, session, 4, 0);
	json->has_session = true;
}

/* Takes object, whose members come first. */
static void output_json_put_result(struct output_json *json, json_t *object,
                                   const struct server_result *result)
{
	static const char end[] = "]\n}"; /* of the sessions and of their server */

	output_json_put(json, output_json_result(object, result), 2, strlen(end));
	json->has_session = false;
	server_result_each(result, output_json_put_session, json);
	fputs(json->has_session ? "\n   ]\n  }" : "]\n  }", json->to);
}

bool output_write_json(FILE *to, const struct server_result results[], size_t count)
{
	struct output_json json = { .to = to, .is_good = true };

	fputs("{\n \"schema\": 1,\n \"servers\": [", to);
	for (size_t i = 0; i < count; i++) {
		fputs(i > 0 ? ",\n  " : "\n  ", to);
		output_json_put_result(&json, json_object(), &results[i]);
	}
	fputs("\n ]\n}\n", to);
	return json.is_good && !ferror(to);
}

void output_write_event_jsonl(FILE *to, const char *at, const char *event,
                              const struct server_result *result, const struct netsession_row *row)
{
	json_t *object = output_json_line();

	json_object_set_new(object, "time", json_string(at));
	json_object_set_new(object, "event", json_string(event));
	json_object_set_new(object, "server", output_json_server(result));
	json_object_set_new(object, "level", json_integer(result->level->number));
	output_json_add_fields(object, result->level, row);
	(void)output_json_write_line(to, object, JSON_COMPACT);
}

struct output_jsonl {
	FILE *to;
	const char *type; /* of the line; NULL: none is written */
	bool good;
};

static void output_jsonl_put_session(void *context, const struct server_result *result,
                                     const struct netsession_row *row)
{
	struct output_jsonl *lines = context;
	json_t *session = output_json_line();

	if (lines->type != NULL)
		json_object_set_new(session, "type", json_string(lines->type));
	json_object_set_new(session, "server", output_json_server(result));
	json_object_set_new(session, "level", json_integer(result->level->number));
	output_json_add_fields(session, result->level, row);
	lines->good = output_json_write_line(lines->to, session, JSON_COMPACT) && lines->good;
}

bool output_write_jsonl(FILE *to, const struct server_result results[], size_t count)
{
	struct output_jsonl lines = { .to = to, .good = true };

	for (size_t i = 0; i < count; i++)
		server_result_each(&results[i], output_jsonl_put_session, &lines);
	return lines.good;
}

/* ---- sweeps ---- */

/* What a sweep knows of a host beside its result. */
static json_t *output_json_host(const struct swept_host *host)
{
	return json_pack("{s:s, s:s?, s:s?, s:I, s:s}", "outcome",
	                 host_outcomes[host->outcome].name, "address",
	                 host->address[0] != '\0' ? host->address : NULL, "step",
	                 host->result.error.step, "attempts", (json_int_t)host->attempts, "time",
	                 host->time);
}

bool output_write_host_jsonl(FILE *to, const struct swept_host *host)
{
	struct output_jsonl lines = { .to = to, .type = "session", .good = true };
	json_t *object = output_json_line();

	server_result_each(&host->result, output_jsonl_put_session, &lines);
	json_object_set_new(object, "type", json_string("host"));
	json_object_update_new(object, output_json_host(host));
	(void)output_json_result(object, &host->result);
	json_object_set_new(object, "sessions",
	                    json_integer((json_int_t)server_result_count(&host->result)));
	return output_json_write_line(to, object, JSON_COMPACT) && lines.good;
}

bool output_write_host_json(FILE *to, const struct swept_host *host, bool is_first)
{
	struct output_json json = { .to = to, .is_good = true };

	fputs(is_first ? "{\n \"schema\": 1,\n \"hosts\": [\n  " : ",\n  ", to);
	output_json_put_result(&json, output_json_host(host), &host->result);
	return json.is_good && !ferror(to);
}

static json_t *output_json_summary(const struct sweep_counts *counts, const char *end)
{
	json_t *outcomes = json_object();

	for (size_t i = 0; i < OUTCOME_COUNT; i++)
		if (counts->outcomes[i] > 0)
			json_object_set_new(outcomes, host_outcomes[i].name,
			                    json_integer((json_int_t)counts->outcomes[i]));
	return json_pack("{s:s, s:I, s:I, s:I, s:o}", "end", end, "targets",
	                 (json_int_t)counts->total, "hosts", (json_int_t)counts->done, "sessions",
	                 (json_int_t)counts->sessions, "outcomes", outcomes);
}

bool output_write_summary_jsonl(FILE *to, const struct sweep_counts *counts, const char *end)
{
	json_t *object = output_json_line();

	json_object_set_new(object, "type", json_string("summary"));
	json_object_update_new(object, output_json_summary(counts, end));
	return output_json_write_line(to, object, JSON_COMPACT);
}

bool output_write_summary_json(FILE *to, const struct sweep_counts *counts, const char *end,
                               bool is_first)
{
	struct output_json json = { .to = to, .is_good = true };

	fputs(is_first ? "{\n \"schema\": 1,\n \"hosts\": [" : "\n ", to);
	fputs("],\n \"summary\": ", to);
	output_json_put(&json, output_json_summary(counts, end), 1, 0);
	fputs("\n}\n", to);
	return json.is_good && !ferror(to);
}
