/* SPDX-License-Identifier: MIT */
#include "client/log_on_failure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <winerror.h>
#include "base/clock_text.h"
#include "base/text.h"

#define ADVICE_TICKET                                                                               \
	"see the server's log and its keytab (an old key, another name, another encryption type), " \
	"and run kinit for new tickets"

struct clock_reading clock_reading_take(uint64_t system_time)
{
	if (system_time == 0)
		return (struct clock_reading){ 0 };
	return (struct clock_reading){ .server_s = clock_of_filetime(system_time),
		                       .here_s = time(NULL) };
}

bool clock_reading_is_known(const struct clock_reading *reading)
{
	return reading->here_s != 0;
}

int64_t clock_reading_ahead_s(const struct clock_reading *reading)
{
	return reading->here_s - reading->server_s;
}

void clock_reading_text(const struct clock_reading *reading, char to[CLOCK_READING_BYTES])
{
	int64_t ahead_s = clock_reading_ahead_s(reading);
	char here[CLOCK_TIME_BYTES], there[CLOCK_TIME_BYTES], difference[CLOCK_DURATION_BYTES];

	clock_time_text(here, reading->here_s);
	clock_time_text(there, reading->server_s);
	clock_duration_text(difference, ahead_s);
	if (llabs(ahead_s) < 2) /* whole seconds, and the way to the server */
		(void)snprintf(to, CLOCK_READING_BYTES,
		               "this computer's clock agrees with the server's (%s here, %s there)",
		               here, there);
	else
		(void)snprintf(to, CLOCK_READING_BYTES,
		               "this computer's clock is %s %s the server's (%s here, %s there)",
		               difference, ahead_s < 0 ? "behind" : "ahead of", here, there);
}

/* Whether the clocks differ by more than so many seconds, as far as that is known. */
static bool clock_reading_exceeds(const struct clock_reading *reading, int64_t allowed_s)
{
	return clock_reading_is_known(reading) && llabs(clock_reading_ahead_s(reading)) > allowed_s;
}

/* Appends to the text of err as much as there is room for. */
static void log_on_failure_append(struct err *err, const char *text)
{
	size_t length = strlen(err->text), room = sizeof err->text - length;

	if (snprintf(err->text + length, room, "%s%s", length > 0 ? "; " : "", text) >= (int)room)
		text_drop_cut_character(err->text);
}

/* Whether the caller's ticket has expired by this computer's clock, and not by the server's. */
static bool log_on_failure_is_skew(const struct auth_hints *hints,
                                   const struct clock_reading *clocks)
{
	return hints->compared_times && clock_reading_exceeds(clocks, CLOCK_KERBEROS_S) &&
	       (hints->ticket_until_s == 0 || clocks->server_s < hints->ticket_until_s);
}

/* Whether a difference of the clocks may have caused the failure, and is large enough for it. */
static bool log_on_failure_blames_clocks(const struct auth_hints *hints,
                                         const struct clock_reading *clocks, const struct err *err)
{
	if (err->status == ERROR_TIME_SKEW) /* a server may allow less than is usual */
		return clock_reading_exceeds(clocks, CLOCK_AGREE_S);
	if (hints->compared_times)
		return clock_reading_exceeds(clocks, CLOCK_KERBEROS_S);
	return err->status == ERROR_LOGON_FAILURE && clock_reading_exceeds(clocks, CLOCK_NTLM_S);
}

static void log_on_failure_explain_clocks(const struct auth_hints *hints,
                                          const struct clock_reading *clocks, struct err *err)
{
	char text[CLOCK_READING_BYTES];

	if (log_on_failure_is_skew(hints, clocks))
		err->status = ERROR_TIME_SKEW;
	if (log_on_failure_blames_clocks(hints, clocks, err)) {
		clock_reading_text(clocks, text);
		log_on_failure_append(err, text);
	} else if (err->status == ERROR_TIME_SKEW && clock_reading_is_known(clocks)) {
		log_on_failure_append(err, "the server's clock agrees with this computer's, so "
		                           "that of the domain controller differs from both");
	}
}

void log_on_failure_explain(const struct auth_hints *hints, const struct clock_reading *clocks,
                            struct err *err)
{
	struct clock_reading reading = *clocks;

	char earlier[AUTH_REASON_BYTES + 40];

	if (hints->server_time_s != 0) { /* the token is what was compared */
		reading.server_s = hints->server_time_s;
		if (!clock_reading_is_known(clocks))
			reading.here_s = time(NULL);
	}
	if (hints->used_ticket && err->nt_status != 0 && err->status == ERROR_LOGON_FAILURE) {
		log_on_failure_append(err, "the server does not accept the Kerberos ticket that "
		                           "the domain has issued for it");
		err_advise(err, ADVICE_TICKET);
	}
	log_on_failure_explain_clocks(hints, &reading, err);
	if (hints->no_kerberos[0] != '\0') {
		(void)snprintf(earlier, sizeof earlier, "Kerberos was not possible before: %s",
		               hints->no_kerberos);
		log_on_failure_append(err, earlier);
	}
}
