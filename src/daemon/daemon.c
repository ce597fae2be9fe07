/* SPDX-License-Identifier: MIT */
#include "daemon/daemon.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/size.h"
#include "crypto/crypto.h"
#include "daemon/confinement.h"
#include "net/watch.h"
#include "net/stream.h"
#include "daemon/counters.h"
#include "daemon/demo.h"
#include "daemon/endpoints.h"
#include "daemon/history.h"
#include "daemon/settings.h"
#include "system/systemd.h"
#include "terminal/terminal.h"

enum {
	EXIT_GOOD = 0,
	EXIT_BAD = 1,
	DRAIN_CHECK_MS = 20,
	KEPT_BYTES = 8 << 20,
	MAX_ANSWERS_HELD = 4, /* of the longest, for callers who have not read them yet */
};

struct daemon {
	struct daemon_options options;
	struct confinement confinement;
	struct settings settings;
	struct srvsvc_server service;
	struct net_loop *loop;
	struct net_signals *signals;
	struct endpoints *endpoints;
	struct demo *demo;
	struct history *history;
	struct net_timer *drain_check; /* whether all connections are closed */
	int64_t drained_by_ms;
	bool is_draining;
};

/* The time while the computer sleeps counts: sessions grow older meanwhile. */
static int64_t daemon_now_ms(void *context)
{
	struct timespec now;

	(void)context;
	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- requests ---- */

static void daemon_on_event(void *context, const struct srvsvc_event *event)
{
	struct daemon *d = context;

	counters_add_event(event);
	audit_write(d->settings.audit, event);
}

/* ---- settings ---- */

/* Passes the settings on to the service. */
static void daemon_apply_settings(struct daemon *d)
{
	const struct settings *s = &d->settings;

	log_set_level(s->log_level);
	d->service.policy = s->policy;
	d->service.netbios_name = s->netbios_name;
	d->service.comment = s->config.comment;
	d->service.max_answer_bytes = (size_t)s->config.max_answer_mib << 20;
	d->service.max_held_bytes = size_multiply(MAX_ANSWERS_HELD, d->service.max_answer_bytes);
	d->service.max_held_of_account = (size_t)s->config.max_unread_mib_per_user << 20;
	if (d->service.max_held_of_account > d->service.max_held_bytes / 2)
		d->service.max_held_of_account = d->service.max_held_bytes / 2;
	d->service.part_visits = SRVSVC_PART_VISITS;
}

/* Other sessions each time. */
static void daemon_make_demo(struct daemon *d)
{
	uint32_t sessions = d->settings.config.demo_sessions;
	uint64_t seed = 0;

	demo_free(d->demo);
	d->demo = NULL;
	(void)crypto_random(&seed, sizeof seed);
	if (sessions > 0)
		d->demo = demo_new(d->loop, d->service.table, sessions, seed, daemon_now_ms, NULL);
	if (sessions > 0 && d->demo == NULL)
		log_write(LOG_LEVEL_ERROR,
		          "out of memory: cannot make up sessions ([demo] sessions)");
	if (d->demo != NULL)
		log_write(LOG_LEVEL_WARNING,
		          "the session list holds %u made-up sessions ([demo] sessions)", sessions);
}

static void daemon_log_mechanisms(const struct settings *s)
{
	bool kerberos = auth_acceptor_settings_serve(s->acceptor_settings, AUTH_KERBEROS);
	bool ntlm = auth_acceptor_settings_serve(s->acceptor_settings, AUTH_NTLM);
	const char *no_kerberos = auth_acceptor_settings_no_kerberos(s->acceptor_settings);

	if (kerberos || ntlm)
		log_write(LOG_LEVEL_INFO, "accepting log-ons by %s",
		          kerberos && ntlm ? "Kerberos and NTLM"
		          : kerberos       ? "Kerberos"
		                           : "NTLM");
	else
		log_write(LOG_LEVEL_NOTICE,
		          "no user can log on over SMB: no keytab holds a key of this server, and "
		          "[auth] ntlm_users is not set");
	if (no_kerberos != NULL)
		log_write(LOG_LEVEL_INFO, "no log-ons by Kerberos: %s", no_kerberos);
}

/* Logs the keys that have changed, but are read at the start only. */
static void daemon_log_restart_keys(const struct config *now, const struct config *next)
{
	const struct {
		const char *name;
		bool has_changed;
	} keys[] = {
		{ "[history] db", strcmp(now->history_db, next->history_db) != 0 },
		{ "[history] server", strcmp(now->history_server, next->history_server) != 0 },
		{ "[server] listen", memcmp(&now->listen, &next->listen, sizeof now->listen) != 0 },
		{ "[server] socket", strcmp(now->socket, next->socket) != 0 },
		{ "[server] publish_socket",
		  strcmp(now->publish_socket, next->publish_socket) != 0 },
		{ "[server] user", strcmp(now->user, next->user) != 0 },
		{ "[server] max_sessions", now->max_sessions != next->max_sessions },
	};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (keys[i].has_changed)
			log_write(LOG_LEVEL_WARNING,
			          "the change of %s takes effect when netsessiond restarts",
			          keys[i].name);
}

static void daemon_reload_settings(struct daemon *d)
{
	struct settings next, before = d->settings;
	struct err err = { 0 };

	systemd_notify_reloading();
	if (settings_load(&next, &d->options, &err)) {
		daemon_log_restart_keys(&before.config, &next.config);
		d->settings = next;
		daemon_apply_settings(d);
		endpoints_configure(d->endpoints, &d->settings);
		if (before.config.demo_sessions != d->settings.config.demo_sessions)
			daemon_make_demo(d);
		settings_fini(&before);
		counters_add(COUNTER_RELOADS, 1);
		log_write(LOG_LEVEL_NOTICE, "the configuration was reloaded");
		daemon_log_mechanisms(&d->settings);
		systemd_notify("READY=1\nSTATUS=Serving");
	} else {
		confinement_explain(&d->confinement, true, &err);
		log_write(LOG_LEVEL_ERROR, "%s; the configuration was not reloaded",
		          err_text(&err));
		systemd_notify(
			"READY=1\nSTATUS=Serving with the previous configuration: the new one is invalid");
	}
}

/* ---- the end ---- */

static void daemon_close_all(struct daemon *d)
{
	net_timer_stop(d->drain_check);
	d->drain_check = NULL;
	history_set_refresh(d->history, NULL);
	endpoints_free(d->endpoints);
	d->endpoints = NULL;
	demo_free(d->demo);
	d->demo = NULL;
	history_free(d->history);
	d->history = NULL;
	net_signals_free(d->signals);
	d->signals = NULL;
}

static void daemon_schedule_drain_check(struct daemon *d);

static void daemon_on_drain_check(void *context)
{
	struct daemon *d = context;
	unsigned left = endpoints_connections(d->endpoints);

	if (left > 0 && daemon_now_ms(NULL) < d->drained_by_ms) {
		daemon_schedule_drain_check(d);
		return;
	}
	if (left > 0)
		log_write(
			LOG_LEVEL_WARNING,
			"closing %u connections whose answers were not read within [server] drain_timeout_s",
			left);
	daemon_close_all(d);
}

static void daemon_schedule_drain_check(struct daemon *d)
{
	net_timer_stop(d->drain_check);
	d->drain_check = net_timer_start(d->loop, DRAIN_CHECK_MS, daemon_on_drain_check, d);
	if (d->drain_check == NULL)
		daemon_close_all(d);
}

static void daemon_begin_drain(struct daemon *d)
{
	if (d->is_draining) {
		daemon_close_all(d);
		return;
	}
	systemd_notify("STOPPING=1\nSTATUS=Sending the last answers");
	log_write(LOG_LEVEL_NOTICE, "stopping, with %u open connections",
	          endpoints_connections(d->endpoints));
	d->is_draining = true;
	d->drained_by_ms = daemon_now_ms(NULL) + (int64_t)d->settings.config.drain_timeout_s * 1000;
	endpoints_drain(d->endpoints);
	daemon_schedule_drain_check(d);
}

/* ---- signals ---- */

static void daemon_on_signal(void *context, int number)
{
	struct daemon *d = context;

	switch (number) {
	case SIGHUP:
		if (!d->is_draining)
			daemon_reload_settings(d);
		break;
	case SIGUSR1:
		counters_set(COUNTER_SESSIONS_NOW, session_table_count(d->service.table));
		counters_log();
		break;
	default:
		daemon_begin_drain(d);
		break;
	}
}

/* ---- the start ---- */

static bool daemon_begin_history(struct daemon *d)
{
	const struct config *c = &d->settings.config;

	d->history = history_new(d->loop, &d->service,
	                         *c->history_server != '\0' ? c->history_server
	                                                    : d->settings.netbios_name,
	                         d->confinement.recorder);
	return d->history != NULL;
}

static bool daemon_open_endpoints(struct daemon *d)
{
	static const int numbers[] = { SIGHUP, SIGTERM, SIGINT, SIGUSR1, 0 };
	struct err err = { 0 };

	d->service.now_ms = daemon_now_ms;
	d->service.report = daemon_on_event;
	d->service.context = d;
	d->service.table = session_table_new(d->settings.config.max_sessions);
	d->loop = net_loop_new();
	if (d->loop != NULL && d->service.table != NULL)
		d->signals = net_signals_new(d->loop, numbers, daemon_on_signal, d);
	if (d->signals == NULL) {
		log_write(LOG_LEVEL_ERROR, "out of memory");
		return false;
	}
	daemon_apply_settings(d);
	if (d->confinement.recorder >= 0 && !daemon_begin_history(d)) {
		log_write(LOG_LEVEL_ERROR, "out of memory");
		return false;
	}
	d->endpoints = endpoints_new(d->loop, &d->service, &d->settings, &err);
	if (d->endpoints == NULL) {
		log_write(LOG_LEVEL_ERROR, "%s", err_text(&err));
		return false;
	}
	history_set_refresh(d->history, endpoints_refresh(d->endpoints));
	return true;
}

/* glibc keeps so much freed memory for the next answer, instead of 128 KiB: to get that of a list
 * of ten thousand sessions from the system costs as much as to fill it. Longer answers give theirs
 * back. */
static void daemon_keep_freed_memory(void)
{
#ifdef __GLIBC__
	(void)mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
	(void)mallopt(M_MMAP_THRESHOLD, KEPT_BYTES / 2);
#endif
}

static int daemon_serve_clients(struct daemon *d)
{
	bool is_good;

	daemon_keep_freed_memory();
	(void)signal(SIGPIPE, SIG_IGN);
	process_hide_secrets();
	log_begin("netsessiond");
	log_set_level(d->settings.log_level);
	is_good = daemon_open_endpoints(d);
	confinement_finish();
	if (is_good) {
		confinement_log(&d->confinement);
		daemon_make_demo(d);
		daemon_log_mechanisms(&d->settings);
		log_write(LOG_LEVEL_NOTICE, "netsessiond %s is ready, with the server name %s",
		          NETSESSION_VERSION, d->settings.netbios_name);
		systemd_notify("READY=1\nSTATUS=Serving");
		net_loop_run(d->loop);
	}
	daemon_close_all(d);
	net_loop_free(d->loop);
	session_table_free(d->service.table);
	return is_good ? EXIT_GOOD : EXIT_BAD;
}

int daemon_run(const struct daemon_options *options)
{
	struct daemon d = { .options = *options };
	struct err err = { 0 };
	int code = EXIT_GOOD;

	if (!confinement_enter(&d.options, &d.confinement, &err) ||
	    !settings_load(&d.settings, &d.options, &err)) {
		confinement_explain(&d.confinement, false, &err);
		terminal_print_line(stderr, "netsessiond: %s", err_text(&err));
		return EXIT_BAD;
	}
	if (!d.options.check)
		code = daemon_serve_clients(&d);
	settings_fini(&d.settings);
	return code;
}
