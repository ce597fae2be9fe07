/* SPDX-License-Identifier: MIT */
#include "report_notes.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include "output_forms.h"

enum { LINE_BYTES = 512 };

struct report_notes {
	struct report_output *output;
	bool is_now;
};

static const char *report_notes_reason(const char *word)
{
	static const struct {
		const char *word, *text;
	} reasons[] = {
		{ "start", "netsessiond was not running" },
		{ "recorder", "netsessiond's recorder had ended" },
		{ "overflow", "netsessiond's recorder did not keep up" },
		{ "publisher", "a program that publishes sessions was away" },
		{ "no_answer", "the server did not answer" },
		{ "late", "a poll was late" },
		{ "store", "the store could not be written" },
		{ "ended", "nobody watched the server" },
		{ "silent", "nobody has told of the server since" },
	};

	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (strcmp(reasons[i].word, word) == 0)
			return reasons[i].text;
	return word;
}

static void report_notes_put_time(json_t *note, const char *name, int64_t ms)
{
	char text[REPORT_TIME_BYTES];

	if (ms != REPORT_UNKNOWN)
		json_object_set_new(note, name, json_string(report_time_text(ms / 1000, text)));
}

static json_t *report_notes_json(const struct report_gap *gap)
{
	json_t *note = json_object();

	json_object_set_new(note, "server", output_json_text(gap->server));
	if (gap->reason == NULL) {
		json_object_set_new(note, "note", json_string("polled"));
		json_object_set_new(note, "interval_s", json_real((double)gap->interval_ms / 1000));
		return note;
	}
	json_object_set_new(note, "note", json_string("gap"));
	report_notes_put_time(note, "from", gap->from_ms);
	report_notes_put_time(note, "until", gap->until_ms);
	json_object_set_new(note, "reason", json_string(gap->reason));
	if (gap->lost != REPORT_UNKNOWN)
		json_object_set_new(note, "lost", json_integer(gap->lost));
	return note;
}

static void report_notes_write(const struct report_gap *gap, char line[LINE_BYTES])
{
	char from[REPORT_TIME_BYTES], until[REPORT_TIME_BYTES], lost[64] = "";
	/* While a publisher is away, other sessions are recorded. */
	const char *what = gap->reason != NULL && strcmp(gap->reason, "publisher") == 0
	                           ? "not all is known"
	                           : "nothing is known";

	if (gap->from_ms != REPORT_UNKNOWN)
		(void)report_time_text(gap->from_ms / 1000, from);
	if (gap->until_ms != REPORT_UNKNOWN)
		(void)report_time_text(gap->until_ms / 1000, until);
	if (gap->lost != REPORT_UNKNOWN)
		(void)snprintf(lost, sizeof lost, "; %lld changes are missing",
		               (long long)gap->lost);
	if (gap->reason == NULL)
		(void)snprintf(
			line, LINE_BYTES,
			"%s: polled every %g s; sessions that began and ended between two polls "
			"are missing",
			gap->server, (double)gap->interval_ms / 1000);
	else if (gap->from_ms == REPORT_UNKNOWN)
		(void)snprintf(line, LINE_BYTES, "%s: not watched before %s", gap->server, until);
	else if (gap->until_ms == REPORT_UNKNOWN)
		(void)snprintf(line, LINE_BYTES, "%s: %s since %s: %s", gap->server, what, from,
		               report_notes_reason(gap->reason));
	else
		(void)snprintf(line, LINE_BYTES, "%s: %s from %s to %s: %s%s", gap->server, what,
		               from, until, report_notes_reason(gap->reason), lost);
}

static void report_notes_on_gap(void *context, const struct report_gap *gap)
{
	struct report_notes *notes = context;
	char line[LINE_BYTES];

	if (gap->reason == NULL && notes->is_now)
		return;
	report_notes_write(gap, line);
	report_output_put_note(notes->output, report_notes_json(gap), line);
}

uint32_t report_notes_put(struct database *db, const char *server, int64_t from, int64_t until,
                          bool is_now, struct report_output *output, struct err *err)
{
	struct report_notes notes = { output, is_now };
	struct timespec now;
	int64_t now_ms;

	clock_gettime(CLOCK_REALTIME, &now);
	now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	return report_gaps(db, server, is_now ? now_ms : from * 1000,
	                   is_now ? now_ms : until * 1000 + 999, now_ms, report_notes_on_gap,
	                   &notes, err);
}
