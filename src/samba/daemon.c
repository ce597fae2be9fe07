/* SPDX-License-Identifier: MIT */
#include "samba/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/escape.h"
#include "base/locale.h"
#include "base/size.h"
#include "net/loop.h"
#include "net/watch.h"
#include "net/work.h"
#include "net/stream.h"
#include "samba/relay/relay.h"
#include "samba/publisher.h"
#include "samba/socket_dir/socket_dir.h"
#include "samba/installation.h"
#include "samba/relay_endpoint.h"
#include "samba/status_socket.h"
#include "system/systemd.h"

enum {
	EXIT_GOOD = 0,
	EXIT_BAD = 1,
	MAX_SESSIONS = 1000000,
	MAX_ANSWERS_HELD = 4, /* of the greatest length, for clients that have not read them yet */
	DRAIN_TICK_MS = 20,
	DRAIN_MS = 5000,
	LEAST_REREAD_MS = 10000, /* between two reads of Samba's configuration, but for SIGHUP */
};

struct samba_daemon {
	const struct samba_options *options;
	struct samba_installation samba;
	struct net_loop *loop;
	struct net_signals *signals;
	struct socket_dir *socket_dir;
	struct relay *relay;
	struct relay_endpoint *endpoint;
	struct samba_publisher *publisher;
	struct status_socket *status;
	struct net_work *reread;
	struct reread_job *reread_job; /* the work's */
	int64_t began_ms, drained_by_ms, reread_ms;
	bool is_draining, has_failed;
	struct net_timer *drain_timer; /* checks whether all pipes are closed */
	struct log_limit answers;      /* for lines about answers that may lack sessions */
};

/* Samba takes the start of its sessions from this clock, too. */
static int64_t samba_daemon_unix_ms(void *context)
{
	struct timespec now;

	(void)context;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A clock that no administrator sets. */
static int64_t samba_daemon_steady_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool samba_daemon_log_error(const struct err *err)
{
	log_write(LOG_LEVEL_ERROR, "%s: %s", err->step, err_text(err));
	return false;
}

/* ---- Samba's configuration, read again ---- */

/* On a thread of its own, because it runs programs of Samba's. */
struct reread_job {
	char *smb_conf; /* NULL: Samba's default */
	struct samba_installation samba;
	struct err err;
	bool is_good;
};

static void reread_job_run(void *job)
{
	struct reread_job *r = job;

	r->is_good = samba_installation_read(&r->samba, r->smb_conf, &r->err);
}

static void reread_job_drop(void *job)
{
	struct reread_job *r = job;

	samba_installation_fini(&r->samba);
	free(r->smb_conf);
	free(r);
}

static bool samba_daemon_follow_pipes(struct samba_daemon *d, const struct samba_installation *to)
{
	struct err err = { 0 };

	if (strcmp(d->samba.ncalrpc_dir, to->ncalrpc_dir) == 0)
		return true;
	log_write(LOG_LEVEL_NOTICE, "Samba's pipes are in %s/np now, no longer in %s/np",
	          to->ncalrpc_dir, d->samba.ncalrpc_dir);
	if (!socket_dir_set_target(d->socket_dir, to->ncalrpc_dir, &err))
		return samba_daemon_log_error(&err);
	return true;
}

static void samba_daemon_on_reread(void *context)
{
	struct samba_daemon *d = context;
	struct reread_job *r = d->reread_job;
	struct samba_installation before = d->samba;
	struct err err = { 0 };

	d->reread = NULL;
	d->reread_job = NULL;
	d->reread_ms = samba_daemon_steady_ms();
	if (!r->is_good) {
		log_write(LOG_LEVEL_ERROR, "Samba's configuration cannot be read again: %s",
		          err_text(&r->err));
		return;
	}
	if (strcmp(before.version_text, r->samba.version_text) != 0)
		log_write(LOG_LEVEL_NOTICE, "Samba is version %s now", r->samba.version_text);
	if (strcmp(before.guest_account, r->samba.guest_account) != 0 ||
	    strcmp(before.unix_charset, r->samba.unix_charset) != 0 ||
	    strcmp(before.bin_dir, r->samba.bin_dir) != 0)
		log_write(
			LOG_LEVEL_WARNING,
			"the guest account, the unix charset or the folder of Samba's programs has "
			"changed, which takes effect when netsession-samba restarts");
	if (!samba_daemon_follow_pipes(d, &r->samba))
		return;
	d->samba = r->samba;
	r->samba = before; /* is freed with the job */
	if (!relay_endpoint_set_upstream(d->endpoint, socket_dir_upstream(d->socket_dir),
	                                 d->samba.starts_helpers, &err))
		(void)samba_daemon_log_error(&err);
}

static void samba_daemon_reread(struct samba_daemon *d)
{
	static const struct net_work_job kind = { reread_job_run, samba_daemon_on_reread,
		                                  reread_job_drop, 0, NET_WORK_UNLIMITED };
	const char *smb_conf = d->options->smb_conf;
	struct reread_job *r;

	if (d->reread != NULL || d->is_draining)
		return;
	r = calloc(1, sizeof *r);
	if (r != NULL && smb_conf != NULL)
		r->smb_conf = strdup(smb_conf);
	if (r == NULL || (smb_conf != NULL && r->smb_conf == NULL)) {
		free(r);
		return;
	}
	d->reread_job = r;
	d->reread = net_work_start(d->loop, &kind, r, d);
}

/* Samba may be another version by now, or its configuration another one. */
static void samba_daemon_on_unaccepted(void *context)
{
	struct samba_daemon *d = context;

	if (d->reread_ms == 0 || samba_daemon_steady_ms() - d->reread_ms >= LEAST_REREAD_MS)
		samba_daemon_reread(d);
}

/* ---- for the relay and the publisher ---- */

static const char *samba_daemon_find_transport(void *context, const char *client, const char *user)
{
	struct samba_daemon *d = context;

	return samba_publisher_find_transport(d->publisher, client, user);
}

static uint32_t samba_daemon_count_sessions(void *context, const char *client, const char *user,
                                            int64_t began_s)
{
	struct samba_daemon *d = context;

	return samba_publisher_count_sessions(d->publisher, client, user, began_s);
}

static void samba_daemon_log_closing(void *context, const char *client, const char *user)
{
	struct samba_daemon *d = context;

	samba_publisher_log_closing(d->publisher, client, user);
}

static void samba_daemon_log_event(void *context, const struct srvsvc_event *event)
{
	struct samba_daemon *d = context;

	log_write(LOG_LEVEL_DEBUG, "%s: level %lld, %u of %u sessions, status %u", event->operation,
	          (long long)event->level, event->entries, event->total, event->status);
	/* The protocol has no place for it. */
	if (event->is_incomplete)
		log_write_fields_limited(
			&d->answers, samba_daemon_steady_ms(), LOG_LEVEL_WARNING,
			&(struct log_fields){ .message = LOG_MESSAGE_LIST_DOUBTFUL },
			"%s: Samba's list has fewer sessions than before, and smbstatus cannot "
			"be asked: sessions may be missing",
			event->operation);
}

static bool samba_daemon_find_start(void *context, const char *client, const char *user,
                                    int64_t started_s, int64_t *seen_started_s)
{
	struct samba_daemon *d = context;

	return session_cache_find_start(d->relay->cache, client, user, started_s, seen_started_s);
}

/* ---- status ---- */

static void samba_daemon_write_status(void *context, char *to, size_t room)
{
	struct samba_daemon *d = context;
	struct relay_endpoint_counts counts;
	struct samba_publisher_state published;
	char message[2 * ERR_TEXT_BYTES];
	int used;

	relay_endpoint_count(d->endpoint, &counts);
	used = snprintf(
		to, room,
		"version: %s\npid: %ld\nrunning_s: %lld\nsamba: %s\nupstream: %s\nlinks: %zu\n"
		"pipes_now: %u\npipes: %llu\npipes_refused: %llu\n"
		"pipes_without_samba: %llu\npipes_malformed: %llu\n"
		"requests_forwarded: %llu\nrequests_intercepted: %llu\nheld_bytes: %zu\n",
		NETSESSION_VERSION, (long)getpid(),
		(long long)(samba_daemon_steady_ms() - d->began_ms) / 1000, d->samba.version_text,
		socket_dir_upstream(d->socket_dir), socket_dir_link_count(d->socket_dir),
		counts.pipes_now, (unsigned long long)counts.pipes,
		(unsigned long long)counts.refused, (unsigned long long)counts.without_samba,
		(unsigned long long)counts.malformed, (unsigned long long)d->relay->forwarded,
		(unsigned long long)d->relay->intercepted, d->relay->service.held_bytes);
	samba_publisher_get_state(d->publisher, &published);
	(void)escape_text(message, sizeof message, published.message);
	if (used > 0 && (size_t)used < room)
		(void)snprintf(
			to + used, room - (size_t)used,
			"publish: %s\npublish_message: %s\npublish_sessions: %zu\n"
			"publish_polls: %llu\npublish_polls_failed: %llu\npublish_closed: %llu\n",
			published.is_connected ? "connected" : "not connected", message,
			published.sessions, (unsigned long long)published.polls,
			(unsigned long long)published.failed_polls,
			(unsigned long long)published.closed);
}

static void samba_daemon_log_status(struct samba_daemon *d)
{
	char text[STATUS_TEXT_BYTES];

	samba_daemon_write_status(d, text, sizeof text);
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
		log_write(LOG_LEVEL_NOTICE, "%s", line);
}

/* ---- stop ---- */

static void samba_daemon_close(struct samba_daemon *d)
{
	net_timer_stop(d->drain_timer);
	net_work_abandon(d->reread);
	status_socket_free(d->status);
	relay_endpoint_free(d->endpoint);
	log_limit_flush(&d->answers);
	samba_publisher_free(d->publisher);
	socket_dir_close(d->socket_dir);
	net_signals_free(d->signals);
	*d = (struct samba_daemon){
		.options = d->options,
		.samba = d->samba,
		.loop = d->loop,
		.relay = d->relay,
		.has_failed = d->has_failed,
	};
}

static void samba_daemon_on_drain_tick(void *context)
{
	struct samba_daemon *d = context;
	struct relay_endpoint_counts counts;

	net_timer_stop(d->drain_timer);
	d->drain_timer = NULL;
	relay_endpoint_count(d->endpoint, &counts);
	if (counts.pipes_now > 0 && samba_daemon_steady_ms() < d->drained_by_ms)
		d->drain_timer = net_timer_start(d->loop, DRAIN_TICK_MS, samba_daemon_on_drain_tick,
		                                 d);
	if (d->drain_timer == NULL)
		samba_daemon_close(d);
}

/* From here on Samba serves srvsvc itself, so new clients lose nothing. */
static void samba_daemon_drain(struct samba_daemon *d)
{
	log_write(LOG_LEVEL_NOTICE, "stopping; Samba serves srvsvc itself from now on");
	systemd_notify("STOPPING=1");
	d->is_draining = true;
	net_work_abandon(d->reread);
	d->reread = NULL;
	status_socket_free(d->status);
	d->status = NULL;
	socket_dir_close(d->socket_dir);
	d->socket_dir = NULL;
	relay_endpoint_drain(d->endpoint);
	d->drained_by_ms = samba_daemon_steady_ms() + DRAIN_MS;
	samba_daemon_on_drain_tick(d);
}

/* The next start makes everything anew. */
static void samba_daemon_on_socket_lost(void *context)
{
	struct samba_daemon *d = context;

	log_write_fields(
		LOG_LEVEL_ERROR, &(struct log_fields){ .message = LOG_MESSAGE_SOCKET_LOST },
		"%s/np/srvsvc was removed, so smbd cannot reach the relay; stopping, to be "
		"restarted by systemd",
		d->options->directory);
	d->has_failed = true;
	samba_daemon_drain(d);
}

static void samba_daemon_on_signal(void *context, int number)
{
	struct samba_daemon *d = context;

	if (number == SIGHUP)
		samba_daemon_reread(d);
	else if (number == SIGUSR1 && !d->is_draining)
		samba_daemon_log_status(d);
	else if (number != SIGUSR1 && !d->is_draining)
		samba_daemon_drain(d);
	else if (number != SIGUSR1)
		samba_daemon_close(d);
}

/* ---- start ---- */

static bool samba_daemon_open_socket_dir(struct samba_daemon *d, struct err *err)
{
	const struct socket_dir_settings settings = {
		.directory = d->options->directory,
		.ncalrpc_dir = d->samba.ncalrpc_dir,
		.libexec_dir = d->samba.libexec_dir,
		.smb_conf = d->samba.smb_conf,
		.lost = samba_daemon_on_socket_lost,
		.context = d,
	};

	d->socket_dir = socket_dir_open(d->loop, &settings, err);
	return d->socket_dir != NULL;
}

static bool samba_daemon_open_relay(struct samba_daemon *d, struct err *err)
{
	const size_t max_answer_bytes = (size_t)d->options->max_answer_mib << 20;
	const struct relay_settings relay = {
		.max_sessions = MAX_SESSIONS,
		.max_answer_bytes = max_answer_bytes,
		.max_held_bytes = size_multiply(MAX_ANSWERS_HELD, max_answer_bytes),
		.now_ms = samba_daemon_unix_ms,
		.find_transport = samba_daemon_find_transport,
		.on_event = samba_daemon_log_event,
		.context = d,
		.count_sessions = samba_daemon_count_sessions,
		.on_session_del = samba_daemon_log_closing,
	};
	const struct relay_endpoint_settings endpoint = {
		.upstream = socket_dir_upstream(d->socket_dir),
		.starts_helpers = d->samba.starts_helpers,
		.max_pipes = d->options->max_pipes,
		.max_pipes_of_client = d->options->max_pipes_per_client,
		.reserved = d->options->max_pipes / 8,
		.publisher = d->publisher,
		.unaccepted = samba_daemon_on_unaccepted,
		.context = d,
	};
	int socket;

	d->relay = relay_new(&relay);
	socket = d->relay != NULL ? socket_dir_listen(d->socket_dir, err) : -1;
	if (socket >= 0)
		d->endpoint = relay_endpoint_new(d->loop, d->relay, socket, &endpoint, err);
	return d->endpoint != NULL;
}

static bool samba_daemon_open_publisher(struct samba_daemon *d)
{
	const struct samba_publisher_settings settings = {
		.is_off = d->options->no_publish,
		.publish_socket = d->options->publish_socket,
		.bin_dir = d->samba.bin_dir,
		.smb_conf = d->samba.smb_conf,
		.is_controller = strcmp(d->samba.server_role,
		                        "active directory domain controller") == 0,
		.guest_account = d->samba.guest_account,
		.unix_charset = d->samba.unix_charset,
		.find_start = samba_daemon_find_start,
		.context = d,
	};

	d->publisher = samba_publisher_new(d->loop, &settings);
	return d->publisher != NULL;
}

static bool samba_daemon_open(struct samba_daemon *d)
{
	static const int numbers[] = { SIGHUP, SIGTERM, SIGINT, SIGUSR1, 0 };
	struct err err = { 0 };

	d->loop = net_loop_new();
	if (d->loop != NULL)
		d->signals = net_signals_new(d->loop, numbers, samba_daemon_on_signal, d);
	if (d->signals != NULL && samba_daemon_open_socket_dir(d, &err) &&
	    samba_daemon_open_publisher(d) && samba_daemon_open_relay(d, &err))
		d->status = status_socket_new(d->loop, d->options->directory,
		                              samba_daemon_write_status, d, &err);
	if (d->status != NULL)
		return true;
	err_set(&err, ERROR_NOT_ENOUGH_MEMORY, "relay", NULL);
	return samba_daemon_log_error(&err);
}

/* The sandbox of the service lets it write to Samba's default directories alone. */
static void samba_daemon_check_lock_directory(const struct samba_installation *samba)
{
	char *directory;

	if (!samba_installation_may_lock(samba, &directory))
		log_write(LOG_LEVEL_WARNING,
		          "smbstatus and smbcontrol will fail, because netsession-samba may not "
		          "write to Samba's lock directory, %s: %s; for the service, add "
		          "ReadWritePaths=%s with systemctl edit netsession-samba",
		          directory, locale_error_text(errno), directory);
	free(directory);
}

int samba_daemon_run(const struct samba_options *options)
{
	struct samba_daemon d = { .options = options, .answers.name = "relay" };
	struct err err = { 0 };
	bool is_good;

	(void)signal(SIGPIPE, SIG_IGN);
	log_begin("netsession-samba");
	log_set_level(options->log_level);
	if (!samba_installation_read(&d.samba, options->smb_conf, &err)) {
		(void)samba_daemon_log_error(&err);
		samba_installation_fini(&d.samba);
		return EXIT_BAD;
	}
	(void)descriptors_raise(2 * (uint64_t)options->max_pipes + NET_MAX_FINISHING,
	                        "--max-pipes needs");
	samba_daemon_check_lock_directory(&d.samba);
	d.began_ms = samba_daemon_steady_ms();
	is_good = samba_daemon_open(&d);
	if (is_good) {
		log_write(LOG_LEVEL_NOTICE, "netsession-samba %s serves srvsvc of Samba %s in %s",
		          NETSESSION_VERSION, d.samba.version_text, options->directory);
		systemd_notify("READY=1\nSTATUS=Relaying");
		net_loop_run(d.loop);
	}
	samba_daemon_close(&d);
	net_loop_free(d.loop);
	relay_free(d.relay);
	samba_installation_fini(&d.samba);
	return is_good && !d.has_failed ? EXIT_GOOD : EXIT_BAD;
}
