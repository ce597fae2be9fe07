/* SPDX-License-Identifier: MIT */
/* Guesses of passwords, the refusals that the audit log counts, and the users with reserved places,
 * while time passes.
 * Input: pairs of bytes: what happens, and who or for how long.
 * Must reach: guesses_new guesses_free guesses_due_ms guesses_begin guesses_end guesses_find_or_add
 *   guesses_delay_ms guesses_failures guesses_entries guesses_add_failure
 *   audit_repeats_admit audit_repeats_end audit_repeats_is_kind privileged_users_set
 *   privileged_users_has privileged_users_remove
 * Holds: no guess waits longer than the bound, and few failures delay nothing; a failure shortens
 * no delay; where a user has logged on from, nobody else's failures delay the next log-on; each
 * refusal has a line or is counted, and a kind has few lines in a window; a user has the right
 * that the last look-up found, or is forgotten. */
#include <lmerr.h>
#include "auth/guesses.h"
#include "daemon/audit_repeats.h"
#include "daemon/privileged_users.h"
#include "fuzz.h"

enum { SOURCES = 4, ACCOUNTS = 4 }; /* that guess; another account has no failures */

enum { WAIT, WAIT_LONG, WRONG, RIGHT, REFUSED, LOOKED_UP, WRONG_OFTEN, KINDS };

struct run {
	struct guesses *guesses;
	int64_t now_ms;
	bool has_succeeded[SOURCES][ACCOUNTS + 1];
	unsigned failures_of[SOURCES];

	struct audit_repeats *repeats;
	unsigned refused, written, counted;

	struct privileged_users users;
	bool is_privileged[256];
};

static struct guess guess_of(unsigned source, unsigned account)
{
	return (struct guess){ .source = { (uint8_t)source, (uint8_t)(source >> 8) },
		               .account = account };
}

static int64_t delay_ms(const struct run *run, unsigned source, unsigned account)
{
	const struct guess guess = guess_of(source, account);
	int64_t due_ms = guesses_due_ms(run->guesses, &guess, run->now_ms);

	MUST(due_ms >= run->now_ms && due_ms - run->now_ms <= GUESSES_MAX_SOURCE_DELAY_MS);
	if (run->has_succeeded[source][account])
		MUST(due_ms - run->now_ms <= GUESSES_MAX_OTHER_DELAY_MS);
	return due_ms - run->now_ms;
}

static void guess(struct run *run, unsigned source, unsigned account, bool is_right)
{
	const struct guess guess = guess_of(source, account);
	int64_t before_ms[SOURCES][ACCOUNTS];

	for (unsigned s = 0; s < SOURCES; s++)
		for (unsigned a = 0; a < ACCOUNTS; a++)
			before_ms[s][a] = delay_ms(run, s, a);
	if (before_ms[source][account] == 0) {
		guesses_begin(run->guesses, &guess, run->now_ms);
		guesses_end(run->guesses, &guess, is_right, run->now_ms);
		run->failures_of[source] += !is_right && !run->has_succeeded[source][account];
		run->has_succeeded[source][account] |= is_right;
	}
	for (unsigned s = 0; s < SOURCES; s++) {
		for (unsigned a = 0; a < ACCOUNTS; a++) {
			bool is_same = s == source && a == account;

			MUST(is_right || delay_ms(run, s, a) >= before_ms[s][a]);
			if (!is_same && run->has_succeeded[s][a])
				MUST(delay_ms(run, s, a) == before_ms[s][a]);
		}
	}
	if (run->failures_of[source] <= GUESSES_FREE_OF_SOURCE)
		MUST(delay_ms(run, source, ACCOUNTS) == 0);
}

static void end_repeats(struct run *run, bool everything)
{
	struct audit_repeat ended;

	while (audit_repeats_end(run->repeats, everything, run->now_ms, &ended)) {
		MUST(ended.count > AUDIT_REPEATS_WRITTEN);
		run->counted += ended.count - AUDIT_REPEATS_WRITTEN;
	}
}

static void refuse(struct run *run, unsigned which)
{
	static const char *const addresses[] = { "10.0.0.1", NULL,
		                                 "fe80::1%an-interface-with-a-long-name" };
	static const char *const callers[] = { "", "alice", "LAB\\bob" };
	const struct srvsvc_event event = {
		.operation = (which & 1) != 0 ? "log-on" : "NetrSessionEnum",
		.endpoint = (which & 2) != 0 ? "smb" : "local",
		.address = addresses[which / 4 % 3],
		.status = which < 16 ? NERR_Success : which,
	};

	end_repeats(run, false);
	run->refused += event.status != NERR_Success && event.status != ERROR_MORE_DATA;
	if (!audit_repeats_admit(run->repeats, &event, callers[which / 12 % 3], run->now_ms))
		MUST(event.status != NERR_Success && event.status != ERROR_MORE_DATA);
	else
		run->written += event.status != NERR_Success && event.status != ERROR_MORE_DATA;
	MUST(run->written <= run->refused);
}

static void look_up(struct run *run, unsigned user)
{
	bool is_privileged = (user & 1) == 0 || !run->is_privileged[user];
	unsigned count = 0;

	privileged_users_set(&run->users, user, is_privileged);
	run->is_privileged[user] = is_privileged;
	MUST(privileged_users_has(&run->users, user) == is_privileged);
	for (unsigned i = 0; i < 256; i++) {
		bool has = privileged_users_has(&run->users, i);

		MUST(!has || run->is_privileged[i]);
		count += has;
	}
	MUST(count == run->users.count && count <= PRIVILEGED_USERS_MAX);
}

static void step(struct run *run, unsigned what, unsigned byte)
{
	unsigned source = byte % SOURCES, account = byte / SOURCES % ACCOUNTS;

	switch (what % KINDS) {
	case WAIT:
		run->now_ms += byte * 100;
		break;
	case WAIT_LONG:
		run->now_ms += byte * (int64_t)GUESSES_FORGET_MS;
		break;
	case WRONG:
	case RIGHT:
		guess(run, source, account, what % KINDS == RIGHT);
		break;
	case WRONG_OFTEN:
		for (unsigned i = 0; i < 8; i++) {
			guess(run, source, account, false);
			run->now_ms += delay_ms(run, source, account);
		}
		break;
	case REFUSED:
		refuse(run, byte);
		break;
	default:
		look_up(run, byte);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input in = { data, bytes };
	struct run run = { .guesses = guesses_new(), .repeats = calloc(1, sizeof *run.repeats) };

	MUST(run.guesses != NULL && run.repeats != NULL);
	while (in.left > 0) {
		unsigned what = fuzz_u8(&in);

		step(&run, what, fuzz_u8(&in));
	}
	end_repeats(&run, true);
	MUST(run.written + run.counted == run.refused);
	free(run.repeats);
	guesses_free(run.guesses);
	return 0;
}
