/* SPDX-License-Identifier: MIT */
#include "collector.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>
#include "net/work.h"
#include "sweep_record.h"
#include "sweep_setup.h"
#include "swept_hosts.h"
#include "terminal/terminal.h"

#define OUT_OF_MEMORY 8 /* ERROR_NOT_ENOUGH_MEMORY */

enum {
	/* Hosts wait for each other so long, or until they are so many. */
	BATCH_MS = 200,
	BATCH_HOSTS = 256,
	/* How long the thread waits for the database before it looks at the sweep again. */
	TURN_MS = 20,
	/* The same without a sweep, before a signal counts. */
	IDLE_TURN_MS = 500,
	MOST_WAIT_MS = 60000,
	/* For targets that are locked by another transaction. */
	LEAST_WAIT_MS = 500,
	/* Between attempts to use a database that is away. */
	FIRST_PAUSE_MS = 500,
	MOST_PAUSE_MS = 15000,
	LEAST_PAUSE_MS = 100,
};

struct collector_batch {
	SLIST_ENTRY(collector_batch) next;
	struct text_list names;
};

struct collector {
	struct collector_settings settings;
	int64_t id;
	struct sweep_record record; /* without a store: there is no connection */
	struct queue_claim claim;
	SLIST_HEAD(, collector_batch) batches; /* of the run; the names of hosts are in them */
	struct swept_hosts storing;
	struct err err; /* of the thread */

	/* Behind the mutex, while the thread runs: */
	pthread_mutex_t mutex;
	pthread_cond_t ended;
	struct swept_hosts done;
	int64_t done_since_ms;
	struct collector_batch *offered; /* to the sweep; NULL: it has taken the last one */
	bool is_exhausted;               /* the run has nothing to claim */
	bool is_stopping, is_locked_out, has_ended, has_failed;
};

static int64_t collector_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct database *collector_database(struct collector *c)
{
	return sweep_store_database(c->record.store);
}

/* ---- the connection ---- */

static NET_API_STATUS collector_connect(struct collector *c, struct err *err)
{
	struct database *db;

	if (database_open(c->settings.db, DATABASE_WRITE, &db, err) != 0)
		return err->status;
	c->record.store = sweep_store_new(db);
	if (c->record.store == NULL)
		return err->status = OUT_OF_MEMORY;
	return sweep_queue_listen(db, err);
}

static void collector_disconnect(struct collector *c)
{
	sweep_store_free(c->record.store);
	c->record.store = NULL;
}

/* Sleeps before the next attempt, longer each time, and not in step with other collectors. Returns
 * false if the user wants an end. */
static bool collector_pause(int64_t *pause_ms)
{
	const struct timespec turn = { .tv_nsec = LEAST_PAUSE_MS * 1000000L };
	struct timespec now;
	int64_t until;

	clock_gettime(CLOCK_REALTIME, &now);
	until = collector_now_ms() + *pause_ms / 2 + now.tv_nsec % *pause_ms;
	while (!sweep_setup_is_interrupted() && collector_now_ms() < until)
		nanosleep(&turn, NULL);
	*pause_ms = 2 * *pause_ms < MOST_PAUSE_MS ? 2 * *pause_ms : MOST_PAUSE_MS;
	return !sweep_setup_is_interrupted();
}

/* Does what again and again while it fails in a way that may pass, unless the user wants an end. A
 * transaction that was lost with its answer may have been committed: what allows for that. */
static NET_API_STATUS collector_insist(struct collector *c,
                                       NET_API_STATUS (*what)(struct collector *c, struct err *err),
                                       struct err *err)
{
	int64_t pause_ms = FIRST_PAUSE_MS;
	bool is_reported = false;

	for (;;) {
		*err = (struct err){ 0 };
		if (c->record.store != NULL || collector_connect(c, err) == 0)
			(void)what(c, err);
		if (!database_failure_is_temporary(err))
			break;
		collector_disconnect(c);
		if (!is_reported)
			terminal_print_line(stderr, "netsession: %s; trying again", err_text(err));
		is_reported = true;
		if (!collector_pause(&pause_ms))
			break;
	}
	if (is_reported && err->status == 0)
		terminal_print_line(stderr, "netsession: the database answers again");
	return err->status;
}

/* ---- the thread ---- */

static NET_API_STATUS collector_store(struct collector *c, struct err *err)
{
	if (sweep_record_hosts(&c->record, c->storing.hosts, c->storing.count, err) == 0)
		(void)sweep_queue_end_run(collector_database(c), c->claim.run.id, err);
	return err->status;
}

static NET_API_STATUS collector_claim(struct collector *c, struct err *err)
{
	struct collector_batch *batch = calloc(1, sizeof *batch);

	if (batch == NULL)
		return err->status = OUT_OF_MEMORY;
	(void)sweep_queue_claim(collector_database(c), c->id, c->settings.site, c->settings.most,
	                        c->settings.lease_ms, &c->claim, &batch->names, err);
	if (err->status != 0 || batch->names.count == 0) {
		text_list_fini(&batch->names);
		free(batch);
		batch = NULL;
	}
	pthread_mutex_lock(&c->mutex);
	c->is_exhausted = batch == NULL;
	c->offered = batch;
	pthread_mutex_unlock(&c->mutex);
	if (batch != NULL)
		SLIST_INSERT_HEAD(&c->batches, batch, next);
	return err->status;
}

static NET_API_STATUS collector_listen_a_while(struct collector *c, struct err *err)
{
	bool is_notified = false;

	if (database_wait(collector_database(c), TURN_MS, &is_notified, err) == 0 && is_notified) {
		pthread_mutex_lock(&c->mutex);
		c->is_exhausted = false;
		pthread_mutex_unlock(&c->mutex);
	}
	return err->status;
}

static NET_API_STATUS collector_give_back(struct collector *c, struct err *err)
{
	/* First, or others claim what is given back. */
	if (c->is_locked_out && sweep_queue_stop_run(collector_database(c), c->claim.run.id,
	                                             "lock_out_guard", err) != 0)
		return err->status;
	return sweep_queue_give_back(collector_database(c), &c->claim, err);
}

enum collector_work { COLLECTOR_STORES, COLLECTOR_CLAIMS, COLLECTOR_LISTENS, COLLECTOR_STOPS };

/* Says what is to be done next, and takes the hosts to store. */
static enum collector_work collector_choose(struct collector *c)
{
	enum collector_work work = COLLECTOR_LISTENS;

	pthread_mutex_lock(&c->mutex);
	if (c->done.count >= BATCH_HOSTS ||
	    (c->done.count > 0 &&
	     (c->is_stopping || collector_now_ms() - c->done_since_ms >= BATCH_MS))) {
		swept_hosts_swap(&c->storing, &c->done);
		work = COLLECTOR_STORES;
	} else if (c->is_stopping) {
		work = COLLECTOR_STOPS;
	} else if (c->offered == NULL && !c->is_exhausted) {
		work = COLLECTOR_CLAIMS;
	}
	pthread_mutex_unlock(&c->mutex);
	return work;
}

/* Returns false when there is nothing more to do. */
static bool collector_work_once(struct collector *c)
{
	switch (collector_choose(c)) {
	case COLLECTOR_STORES:
		(void)collector_insist(c, collector_store, &c->err);
		swept_hosts_clear(&c->storing);
		break;
	case COLLECTOR_CLAIMS:
		(void)collector_insist(c, collector_claim, &c->err);
		break;
	case COLLECTOR_LISTENS:
		(void)collector_insist(c, collector_listen_a_while, &c->err);
		break;
	case COLLECTOR_STOPS:
		(void)collector_insist(c, collector_give_back, &c->err);
		return false;
	}
	return c->err.status == 0;
}

static void *collector_main(void *argument)
{
	struct collector *c = argument;

	while (collector_work_once(c))
		;
	pthread_mutex_lock(&c->mutex);
	c->has_failed = c->err.status != 0;
	c->has_ended = true;
	pthread_cond_signal(&c->ended);
	pthread_mutex_unlock(&c->mutex);
	return NULL;
}

/* ---- for the sweep ---- */

bool collector_put(struct collector *c, struct sweep_result *result)
{
	bool is_good;

	pthread_mutex_lock(&c->mutex);
	if (c->done.count == 0)
		c->done_since_ms = collector_now_ms();
	is_good = swept_hosts_add(&c->done, result);
	pthread_mutex_unlock(&c->mutex);
	return is_good;
}

bool collector_give_names(struct collector *c, char *const **names, size_t *count)
{
	bool may_have_more;

	pthread_mutex_lock(&c->mutex);
	if (c->offered != NULL) {
		*names = c->offered->names.texts;
		*count = c->offered->names.count;
		c->offered = NULL;
	}
	may_have_more = !c->is_exhausted && !c->has_ended;
	pthread_mutex_unlock(&c->mutex);
	return may_have_more;
}

bool collector_has_failed(struct collector *c)
{
	bool has_failed;

	pthread_mutex_lock(&c->mutex);
	has_failed = c->has_failed;
	pthread_mutex_unlock(&c->mutex);
	return has_failed;
}

bool collector_begin(struct collector *c)
{
	c->record.run = c->claim.run;
	c->record.claim = &c->claim;
	c->record.collector = c->id;
	c->is_exhausted = false;
	c->is_stopping = false;
	c->is_locked_out = false;
	c->has_ended = false;
	return net_thread_start(collector_main, c);
}

NET_API_STATUS collector_end(struct collector *c, bool is_locked_out, struct err *err)
{
	struct collector_batch *batch;

	pthread_mutex_lock(&c->mutex);
	c->is_locked_out = is_locked_out;
	c->is_stopping = true;
	while (!c->has_ended)
		pthread_cond_wait(&c->ended, &c->mutex);
	pthread_mutex_unlock(&c->mutex);
	swept_hosts_clear(&c->done);
	c->offered = NULL;
	while ((batch = SLIST_FIRST(&c->batches)) != NULL) {
		SLIST_REMOVE_HEAD(&c->batches, next);
		text_list_fini(&batch->names);
		free(batch);
	}
	*err = c->err;
	return err->status;
}

/* ---- between two sweeps ---- */

static NET_API_STATUS collector_find(struct collector *c, struct err *err)
{
	return sweep_queue_find(collector_database(c), c->settings.site, &c->claim, err);
}

const struct store_run *collector_find_run(struct collector *c, struct err *err)
{
	return collector_insist(c, collector_find, err) == 0 && c->claim.run.id != 0 ? &c->claim.run
	                                                                             : NULL;
}

NET_API_STATUS collector_wait(struct collector *c, bool waits_for_work, bool *has_targets,
                              struct err *err)
{
	int64_t left = 0, wait_ms = 0, until;
	bool is_notified = false;

	*has_targets = true; /* unless the database says otherwise */
	if (sweep_queue_look(collector_database(c), c->settings.site, MOST_WAIT_MS, &left, &wait_ms,
	                     err) == 0) {
		*has_targets = left > 0;
		if (left == 0)
			wait_ms = waits_for_work ? MOST_WAIT_MS : 0;
		else if (wait_ms < LEAST_WAIT_MS)
			wait_ms = LEAST_WAIT_MS;
	}
	until = collector_now_ms() + wait_ms;
	while (err->status == 0 && !is_notified && !sweep_setup_is_interrupted() &&
	       collector_now_ms() < until)
		(void)database_wait(collector_database(c), IDLE_TURN_MS, &is_notified, err);
	if (!database_failure_is_temporary(err))
		return err->status;
	collector_disconnect(c);
	*err = (struct err){ 0 };
	return 0;
}

/* ---- the collector ---- */

static NET_API_STATUS collector_join(struct collector *c, struct err *err)
{
	return sweep_queue_join(collector_database(c), c->settings.name, c->settings.site, &c->id,
	                        err);
}

struct collector *collector_open(const struct collector_settings *settings, struct err *err)
{
	struct collector *c = calloc(1, sizeof *c);

	if (c == NULL) {
		err->status = OUT_OF_MEMORY;
		return NULL;
	}
	c->settings = *settings;
	SLIST_INIT(&c->batches);
	pthread_mutex_init(&c->mutex, NULL);
	pthread_cond_init(&c->ended, NULL);
	if (settings->waits)
		(void)collector_insist(c, collector_join, err);
	else if (collector_connect(c, err) == 0)
		(void)collector_join(c, err);
	if (err->status == 0)
		return c;
	collector_disconnect(c);
	collector_close(c);
	return NULL;
}

void collector_close(struct collector *c)
{
	struct err ignored = { 0 };

	if (c == NULL)
		return;
	if (c->record.store != NULL)
		(void)sweep_queue_leave(collector_database(c), c->id, &ignored);
	collector_disconnect(c);
	queue_claim_fini(&c->claim);
	swept_hosts_fini(&c->done);
	swept_hosts_fini(&c->storing);
	pthread_cond_destroy(&c->ended);
	pthread_mutex_destroy(&c->mutex);
	free(c);
}
