/* SPDX-License-Identifier: MIT */
/* netsession metrics: the counters of the daemons of this computer, for Prometheus. No metric has a
 * user or a client as a label: there are as many of them as people like, and they are nobody's
 * business but an audit log's. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <lmerr.h>
#include <netsession.h>
#include "base/locale.h"
#include "commands.h"
#include "net/local_text.h"
#include "query.h"
#include "samba/status_socket.h"
#include "terminal/terminal.h"

enum { SAMBA_TIMEOUT_MS = 3000, NAME_BYTES = 128 };

static const char *const formats[] = { "prometheus", "openmetrics" };

const char *metrics_format_name(size_t index)
{
	return index < sizeof formats / sizeof *formats ? formats[index] : NULL;
}

struct metrics_writer {
	FILE *to;
	bool is_openmetrics;     /* where the name of a counter's family lacks "_total" */
	char family[NAME_BYTES]; /* of the last metric, without "_total" */
};

/* Writes a metric, behind the head of its family where it is the first of it. name may end in
 * labels; help is that of the family. */
static void metrics_put(struct metrics_writer *w, const char *prefix, const char *name,
                        bool is_counter, const char *help, uint64_t value)
{
	const char *labels = name + strcspn(name, "{");
	const char *suffix = is_counter ? "_total" : "";
	const char *family_suffix = w->is_openmetrics ? "" : suffix;
	char family[NAME_BYTES];

	(void)snprintf(family, sizeof family, "%s_%.*s", prefix, (int)(labels - name), name);
	if (strcmp(family, w->family) != 0) {
		terminal_print_line(w->to, "# HELP %s%s %s", family, family_suffix, help);
		terminal_print_line(w->to, "# TYPE %s%s %s", family, family_suffix,
		                    is_counter ? "counter" : "gauge");
		memcpy(w->family, family, sizeof family);
	}
	terminal_print_line(w->to, "%s%s%s %llu", family, suffix, labels,
	                    (unsigned long long)value);
}

/* ---- netsessiond ---- */

/* Names that end in "_now", before their labels, also go down. */
static bool metrics_goes_down(const char *name)
{
	static const char now[] = "_now";
	size_t bytes = strcspn(name, "{");

	return bytes >= strlen(now) && strncmp(name + bytes - strlen(now), now, strlen(now)) == 0;
}

static bool metrics_is_name(const char *name)
{
	return *name >= 'a' && *name <= 'z' &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.{}=\",")] == '\0';
}

static void metrics_put_counter(void *context, const struct netsession_counter *counter)
{
	if (metrics_is_name(counter->name))
		metrics_put(context, "netsessiond", counter->name,
		            !metrics_goes_down(counter->name), counter->help, counter->value);
}

/* ---- netsession-samba ---- */

/* A line "key: value" of its status, and the metric that it becomes. */
struct samba_metric {
	const char *key, *name, *help;
	bool is_counter;
	const char *text; /* the value that counts as 1, and all others as 0; NULL: a number */
};

static const struct samba_metric samba_metrics[] = {
	{ "running_s", "running_seconds", "time since netsession-samba was started", false, NULL },
	{ "links", "links_now", "pipes of Samba that are passed on by a link", false, NULL },
	{ "pipes_now", "pipes_now", "pipes that are relayed", false, NULL },
	{ "pipes", "pipes", "pipes that smbd opened", true, NULL },
	{ "pipes_refused", "pipes_refused", "pipes that were refused for a bound or for memory",
	  true, NULL },
	{ "pipes_without_samba", "pipes_without_samba", "pipes that Samba did not accept", true,
	  NULL },
	{ "pipes_malformed", "pipes_malformed", "pipes that were closed for invalid messages", true,
	  NULL },
	{ "requests_forwarded", "calls_forwarded", "calls that Samba answered", true, NULL },
	{ "requests_intercepted", "calls_intercepted", "calls that the relay answered", true,
	  NULL },
	{ "held_bytes", "held_bytes", "memory of answers that clients have not read yet", false,
	  NULL },
	{ "publish", "publisher_connected", "whether netsessiond is connected", false,
	  "connected" },
	{ "publish_message", "publisher_complete", "whether nothing prevents publishing", false,
	  "" },
	{ "publish_sessions", "publisher_sessions_now", "sessions that are published", false,
	  NULL },
	{ "publish_polls", "publisher_polls", "runs of smbstatus", true, NULL },
	{ "publish_polls_failed", "publisher_polls_failed", "runs of smbstatus that failed", true,
	  NULL },
	{ "publish_closed", "publisher_closed_sessions",
	  "sessions that were closed for netsessiond", true, NULL },
};

static void metrics_put_samba_line(struct metrics_writer *w, const char *key, const char *value)
{
	for (size_t i = 0; i < sizeof samba_metrics / sizeof *samba_metrics; i++) {
		const struct samba_metric *m = &samba_metrics[i];

		if (strcmp(m->key, key) != 0)
			continue;
		metrics_put(w, "netsession_samba", m->name, m->is_counter, m->help,
		            m->text != NULL ? (uint64_t)(strcmp(value, m->text) == 0)
		                            : (uint64_t)strtoull(value, NULL, 10));
	}
}

enum daemon_state {
	DAEMON_ABSENT, /* it was never started here, or the caller may not know */
	DAEMON_NOT_RUNNING,
	DAEMON_RUNS,
};

static enum daemon_state metrics_put_samba(struct metrics_writer *w, const char *directory)
{
	char path[PATH_MAX], text[STATUS_TEXT_BYTES], *rest = text, *line;
	struct stat status;

	(void)snprintf(path, sizeof path, "%s/" STATUS_SOCKET_NAME, directory);
	if (net_local_text_read(path, SAMBA_TIMEOUT_MS, text, sizeof text) < 0) {
		int why = errno;

		if (why == EACCES)
			terminal_print_line(stderr,
			                    "netsession: netsession-samba: only root can read its "
			                    "counters; they are left out");
		else if (why != ENOENT && why != ECONNREFUSED)
			terminal_print_line(stderr,
			                    "netsession: netsession-samba: its counters cannot be "
			                    "read: %s",
			                    locale_error_text(why));
		return stat(directory, &status) == 0 && why != EACCES ? DAEMON_NOT_RUNNING
		                                                      : DAEMON_ABSENT;
	}
	while ((line = strsep(&rest, "\n")) != NULL) {
		char *value = strstr(line, ": ");

		if (value == NULL)
			continue;
		*value = '\0';
		metrics_put_samba_line(w, line, value + 2);
	}
	return DAEMON_RUNS;
}

/* ---- the command ---- */

static int metrics_write(FILE *to, const struct options *options)
{
	static const char up_help[] = "whether the daemon answered";
	struct metrics_writer w = { .to = to,
		                    .is_openmetrics = strcmp(options->output, formats[1]) == 0 };
	struct netsession_query query = { .timeout_ms = options->timeout_ms };
	struct netsession_error error;
	enum daemon_state samba;
	bool is_up;

	(void)netsession_counters(&query, metrics_put_counter, &w, &error);
	is_up = error.status == NERR_Success || error.status == ERROR_ACCESS_DENIED;
	if (error.status != NERR_Success && error.status != NERR_ServerNotStarted)
		terminal_print_line(stderr, "netsession: netsessiond: %s", error.text);
	samba = metrics_put_samba(&w, options->samba_directory);
	metrics_put(&w, "netsession", "up{daemon=\"netsessiond\"}", false, up_help, is_up);
	if (samba != DAEMON_ABSENT)
		metrics_put(&w, "netsession", "up{daemon=\"netsession-samba\"}", false, up_help,
		            samba == DAEMON_RUNS);
	if (w.is_openmetrics)
		terminal_print_line(to, "# EOF");
	return error.status == NERR_Success || error.status == NERR_ServerNotStarted ? EXIT_ALL
	                                                                             : EXIT_SOME;
}

static int metrics_fail(const char *file)
{
	terminal_print_line(stderr, "netsession: %s cannot be written: %s", file,
	                    locale_error_text(errno));
	return EXIT_NONE;
}

static bool metrics_write_all(int fd, const char *text, size_t bytes)
{
	while (bytes > 0) {
		ssize_t written = write(fd, text, bytes);

		if (written < 0)
			return false;
		text += written;
		bytes -= (size_t)written;
	}
	return true;
}

/* Replaces the file in one step, so that whoever reads it never finds a part of it. Returns false
 * if that failed; errno says why. */
static bool metrics_replace_file(const char *file, const char *text, size_t bytes)
{
	char *temporary;
	bool is_good;
	int fd, before;

	if (asprintf(&temporary, "%s.XXXXXX", file) < 0)
		return false;
	fd = mkstemp(temporary);
	is_good = fd >= 0 && fchmod(fd, 0644) == 0 && metrics_write_all(fd, text, bytes);
	before = errno;
	if (fd >= 0 && close(fd) != 0 &&
	    is_good) { /* a file server may say only now that it is full */
		is_good = false;
		before = errno;
	}
	if (is_good && rename(temporary, file) != 0) {
		is_good = false;
		before = errno;
	}
	if (fd >= 0 && !is_good)
		(void)unlink(temporary);
	free(temporary);
	errno = before;
	return is_good;
}

/* A daemon that does not answer may take so long that this program is ended, so the file is made
 * only when all is known. What asks the program to end then is ignored: nothing is left behind. */
static int metrics_write_file(const char *file, const struct options *options)
{
	int exit = EXIT_NONE;
	char *text = NULL;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);

	if (to != NULL)
		exit = metrics_write(to, options);
	if (to == NULL || fclose(to) != 0) {
		exit = metrics_fail(file);
		goto out;
	}
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	if (!metrics_replace_file(file, text, bytes))
		exit = metrics_fail(file);
out:
	free(text);
	return exit;
}

int command_metrics(const struct options *options)
{
	int exit;

	if (options->file != NULL)
		return metrics_write_file(options->file, options);
	exit = metrics_write(stdout, options);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		query_print_write_error();
		return EXIT_NONE;
	}
	return exit;
}
