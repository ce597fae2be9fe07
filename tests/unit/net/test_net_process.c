/* SPDX-License-Identifier: MIT */
/* Programs of the system, run beside the loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "group.h"
#include "net/process.h"

enum { LONG_MS = 30000, SHORT_MS = 100, MANY = 64 };

/* One run, and how it ended. */
struct run {
	struct net_loop *loop;
	struct net_process *process;
	struct net_timer *timer;
	int ends;
	struct net_process_result end;
};

static void on_ended(void *context, const struct net_process_result *end)
{
	struct run *run = context;

	run->ends++;
	run->end = *end;
}

static const char *const complaints[] = { "Bad: b", "worse", NULL };

static bool start(struct run *run, const char *const argv[], size_t max_bytes, uint32_t deadline_ms)
{
	const struct net_process_settings settings = { .argv = argv,
		                                       .max_output_bytes = max_bytes,
		                                       .deadline_ms = deadline_ms,
		                                       .complaints = complaints };
	struct err err = { 0 };

	run->process = net_process_start(run->loop, &settings, on_ended, run, &err);
	return run->process != NULL;
}

static void sh(struct run *run, const char *script, size_t max_bytes, uint32_t deadline_ms)
{
	const char *argv[] = { "/bin/sh", "-c", script, NULL };

	assert_true(start(run, argv, max_bytes, deadline_ms));
	net_loop_run(run->loop);
}

static int begin(void **state)
{
	struct run *run = calloc(1, sizeof *run);

	*state = run;
	run->loop = net_loop_new();
	return run->loop == NULL;
}

/* None is left behind, neither running nor to be reaped. */
static int finish(void **state)
{
	struct run *run = *state;
	int left = waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD;

	net_loop_free(run->loop);
	free(run->end.output);
	free(run);
	return left;
}

static void a_process_gives_its_output_and_exit_status(void **state)
{
	struct run *run = *state;

	sh(run, "echo said; echo to be seen >&2; exit 7", 100, LONG_MS);
	assert_int_equal(run->ends, 1);
	assert_int_equal(run->end.err.status, 0);
	assert_int_equal(run->end.exit, 7);
	assert_int_equal(run->end.output_bytes, 5);
	assert_string_equal(run->end.output, "said\n");
	assert_string_equal(run->end.stderr_text, "to be seen");
}

static void a_process_that_says_nothing_gives_no_text(void **state)
{
	struct run *run = *state;

	sh(run, "exit 0", 100, LONG_MS);
	assert_int_equal(run->end.exit, 0);
	assert_int_equal(run->end.output_bytes, 0);
	assert_string_equal(run->end.stderr_text, "");
}

static void no_shell_sees_the_arguments(void **state)
{
	struct run *run = *state;
	const char *argv[] = { "/bin/echo", "$HOME; `id`  *", "two", NULL };

	assert_true(start(run, argv, 100, LONG_MS));
	net_loop_run(run->loop);
	assert_string_equal(run->end.output, "$HOME; `id`  * two\n");
}

static void its_environment_is_the_path_the_locale_and_the_time_zone(void **state)
{
	struct run *run = *state;
	const char *argv[] = { "/usr/bin/env", NULL };
	char expected[8192];

	setenv("NETSESSION_TEST_SECRET", "x", 1);
	(void)snprintf(expected, sizeof expected, "PATH=%s\nLC_ALL=C.UTF-8\nTZ=UTC0\n",
	               getenv("PATH"));
	assert_true(start(run, argv, sizeof expected, LONG_MS));
	net_loop_run(run->loop);
	assert_string_equal(run->end.output, expected);
}

static void its_input_is_empty(void **state)
{
	struct run *run = *state;

	sh(run, "cat; echo over", 100, LONG_MS);
	assert_string_equal(run->end.output, "over\n");
}

static void long_output_is_all_there(void **state)
{
	struct run *run = *state;

	sh(run, "head -c 3000000 /dev/zero | tr '\\0' x", 3000000, LONG_MS);
	assert_int_equal(run->end.err.status, 0);
	assert_int_equal(run->end.output_bytes, 3000000);
	for (size_t i = 0; i < run->end.output_bytes; i++)
		assert_int_equal(run->end.output[i], 'x');
	assert_int_equal(run->end.output[3000000], '\0');
}

static void a_process_that_says_too_much_is_killed(void **state)
{
	struct run *run = *state;

	sh(run, "yes", 100000, LONG_MS);
	assert_string_equal(run->end.err.text,
	                    "the program wrote more than 100000 bytes and was killed");
	assert_int_equal(run->end.exit, -1);
}

static void only_the_beginning_and_the_end_of_its_complaints_are_kept(void **state)
{
	struct run *run = *state;

	sh(run, "yes complaint | head -c 500000 >&2; echo ' the end' >&2; echo done", 100, LONG_MS);
	assert_int_equal(run->end.err.status, 0);
	assert_string_equal(run->end.output, "done\n");
	assert_int_equal(strlen(run->end.stderr_text), NET_PROCESS_STDERR_BYTES - 1);
	assert_memory_equal(run->end.stderr_text, "complaint complaint ", 20);
	assert_non_null(strstr(run->end.stderr_text, " ... "));
	assert_string_equal(run->end.stderr_text + NET_PROCESS_STDERR_BYTES - 1 -
	                            strlen(" the end"),
	                    " the end");
}

static void a_complaint_that_is_looked_for_is_found_wherever_it_stands(void **state)
{
	static const struct {
		const char *script;
		unsigned found;
	} cases[] = {
		{ "echo Bad: b >&2", 1 },
		{ "echo Bad: b; echo Bad: >&2; echo b >&2", 0 },
		{ "printf 'BaBad: Bad: bBad' >&2", 1 },
		{ "yes complaint | head -c 5000 >&2; printf 'Ba' >&2; sleep 0.1; echo 'd: b' >&2",
		  1 },
		{ "echo worse >&2", 2 },
		{ "echo Bad: worse, Bad: b >&2", 3 },
		{ "true", 0 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct run *run = *state;

		sh(run, cases[i].script, 100, LONG_MS);
		assert_int_equal(run->end.err.status, 0);
		assert_int_equal(run->end.complained, cases[i].found);
		free(run->end.output);
		run->end = (struct net_process_result){ 0 };
		run->ends = 0;
	}
}

static void control_characters_of_its_complaints_are_blanks(void **state)
{
	struct run *run = *state;

	sh(run, "printf '\\n one\\n\\033\\177two\\t\\n' >&2", 100, LONG_MS);
	assert_string_equal(run->end.stderr_text, "one two");
}

static void a_process_that_takes_too_long_is_killed(void **state)
{
	struct run *run = *state;

	sh(run, "sleep 1000", 100, SHORT_MS);
	assert_string_equal(run->end.err.text,
	                    "the program did not end within 0.1 s and was killed");
	assert_int_equal(run->end.exit, -1);
}

static void a_process_that_ignores_signals_is_killed_with_what_it_started(void **state)
{
	struct run *run = *state;
	int pid;

	sh(run, "trap '' TERM INT HUP; sleep 1000 & echo $!; wait; wait; sleep 1000", 100, 500);
	assert_int_equal(run->end.exit, -1);
	pid = atoi(run->end.output);
	assert_true(pid > 1);
	/* It is not ours to reap: whoever is, does it soon. */
	for (int i = 0; i < 1000 && kill(pid, 0) == 0; i++) {
		char path[64], text[256] = "";
		FILE *file;

		(void)snprintf(path, sizeof path, "/proc/%d/stat", pid);
		file = fopen(path, "r");
		if (file == NULL || fgets(text, sizeof text, file) == NULL ||
		    strstr(text, ") Z ")) {
			if (file != NULL)
				fclose(file);
			return;
		}
		fclose(file);
		usleep(10000);
	}
	assert_int_equal(kill(pid, 0), -1);
}

static void output_that_stays_open_behind_its_end_is_waited_for_until_the_deadline(void **state)
{
	struct run *run = *state;
	int pid;

	/* In a session of its own, it is not killed with its parent. */
	sh(run, "setsid sleep 1000 & echo $!", 100, 500);
	assert_string_equal(run->end.err.text, "the program has ended, but a process that it "
	                                       "started held its output open for 0.5 s");
	assert_int_equal(run->end.exit, 0);
	pid = atoi(run->end.output);
	assert_true(pid > 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
}

static void a_program_that_is_not_there_is_told(void **state)
{
	struct run *run = *state;
	const char *argv[] = { "/nonexistent/program", NULL };

	assert_false(start(run, argv, 100, LONG_MS));
	net_loop_run(run->loop);
	assert_int_equal(run->ends, 0);
}

static void on_time(void *context)
{
	struct run *run = context;

	net_timer_stop(run->timer);
	net_process_cancel(run->process);
}

static void a_process_that_is_cancelled_is_killed_and_reaped_without_a_word(void **state)
{
	struct run *run = *state;
	const char *argv[] = { "/bin/sleep", "1000", NULL };

	assert_true(start(run, argv, 100, LONG_MS));
	run->timer = net_timer_start(run->loop, SHORT_MS, on_time, run);
	net_loop_run(run->loop);
	assert_int_equal(run->ends, 0);
}

static void whether_a_program_succeeded_is_told_with_its_name_and_what_it_wrote(void **state)
{
	static const struct {
		const char *script, *text;
	} cases[] = {
		{ "echo fine >&2", NULL },
		{ "exit 3", "sh ended with exit status 3" },
		{ "echo no such file >&2; exit 3", "sh ended with exit status 3: no such file" },
		{ "kill -9 $$", "sh was ended by a signal" },
		{ "yes", "sh: the program wrote more than 100 bytes and was killed" },
	};
	struct net_process_result killed = { .stderr_text = "much" };
	struct err why = { 0 };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct run *run = *state;
		struct err err = { 0 };

		sh(run, cases[i].script, 100, LONG_MS);
		assert_int_equal(net_process_succeeded(&run->end, "sh", &err),
		                 cases[i].text == NULL);
		assert_string_equal(err.text, cases[i].text != NULL ? cases[i].text : "");
		free(run->end.output);
		run->end = (struct net_process_result){ 0 };
	}
	err_set(&killed.err, ERROR_TIMEOUT, "run", "it took too long");
	assert_false(net_process_succeeded(&killed, "sh", &why));
	assert_string_equal(why.text, "sh: it took too long: much");
}

static void without_a_loop_the_caller_waits_for_the_end(void **state)
{
	const char *argv[] = { "/bin/sh", "-c", "echo $LC_ALL; exit 4", NULL };
	struct net_process_settings settings = { argv, 100, LONG_MS, NULL };
	struct net_process_result result;
	struct err err = { 0 };

	(void)state;
	assert_true(net_process_run(&settings, &result, &err));
	assert_int_equal(result.exit, 4);
	assert_string_equal(result.output, "C.UTF-8\n");
	free(result.output);
	argv[2] = "yes";
	assert_false(net_process_run(&settings, &result, &err));
	assert_string_equal(err.text, "the program wrote more than 100 bytes and was killed");
	err = (struct err){ 0 };
	argv[0] = "/nonexistent/program";
	assert_false(net_process_run(&settings, &result, &err));
	assert_string_equal(err.text, "/nonexistent/program cannot be started: no such file or "
	                              "directory");
}

static void a_program_is_found_in_the_first_folder_that_has_it_and_in_no_relative_one(void **state)
{
	char path[PATH_MAX], *before = strdup(getenv("PATH"));

	(void)state;
	assert_true(net_process_find("sh", "/bin", path));
	assert_string_equal(path, "/bin/sh");
	setenv("PATH", ".:bin::/usr/bin", 1);
	assert_true(net_process_find("sh", "/nonexistent", path));
	assert_string_equal(path, "/usr/bin/sh");
	setenv("PATH", "", 1);
	assert_true(net_process_find("sh", NULL, path));
	assert_false(net_process_find("no-such-program", "/bin", path));
	setenv("PATH", before, 1);
	free(before);
}

static void many_processes_run_side_by_side(void **state)
{
	struct run *first = *state;
	struct run runs[MANY] = { 0 };
	const char *argv[] = { "/bin/sh", "-c", "sleep 0.1; echo one", NULL };

	for (int i = 0; i < MANY; i++) {
		runs[i].loop = first->loop;
		assert_true(start(&runs[i], argv, 100, LONG_MS));
	}
	net_loop_run(first->loop);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(runs[i].ends, 1);
		assert_string_equal(runs[i].end.output, "one\n");
		free(runs[i].end.output);
	}
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, begin, finish)

static void a_process_ends_although_sigchld_was_blocked(void **state)
{
	struct run *run = *state;
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	assert_int_equal(pthread_sigmask(SIG_BLOCK, &signals, NULL), 0);
	sh(run, "exit 3", 100, LONG_MS);
	assert_int_equal(run->end.err.status, 0);
	assert_int_equal(run->end.exit, 3);
}

TEST_GROUP(net_process)
{
	const struct CMUnitTest tests[] = {
		TEST(a_process_gives_its_output_and_exit_status),
		TEST(a_process_that_says_nothing_gives_no_text),
		TEST(no_shell_sees_the_arguments),
		TEST(a_process_ends_although_sigchld_was_blocked),
		TEST(its_environment_is_the_path_the_locale_and_the_time_zone),
		TEST(its_input_is_empty),
		TEST(long_output_is_all_there),
		TEST(a_process_that_says_too_much_is_killed),
		TEST(only_the_beginning_and_the_end_of_its_complaints_are_kept),
		TEST(a_complaint_that_is_looked_for_is_found_wherever_it_stands),
		TEST(control_characters_of_its_complaints_are_blanks),
		TEST(a_process_that_takes_too_long_is_killed),
		TEST(a_process_that_ignores_signals_is_killed_with_what_it_started),
		TEST(output_that_stays_open_behind_its_end_is_waited_for_until_the_deadline),
		TEST(a_program_that_is_not_there_is_told),
		TEST(a_process_that_is_cancelled_is_killed_and_reaped_without_a_word),
		TEST(whether_a_program_succeeded_is_told_with_its_name_and_what_it_wrote),
		TEST(without_a_loop_the_caller_waits_for_the_end),
		TEST(a_program_is_found_in_the_first_folder_that_has_it_and_in_no_relative_one),
		TEST(many_processes_run_side_by_side),
	};

	return cmocka_run_group_tests_name("net_process", tests, NULL, NULL);
}
