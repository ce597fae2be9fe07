/* SPDX-License-Identifier: MIT */
#include "client/idle_loops.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

static struct {
	pthread_mutex_t mutex;
	struct net_loop *loops[IDLE_LOOPS_MAX];
	unsigned count;
	bool is_inherited; /* by the child of a fork: the kernel's part is its parent's, too */
} idle = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static void idle_loops_before_fork(void)
{
	pthread_mutex_lock(&idle.mutex);
}

static void idle_loops_in_parent(void)
{
	pthread_mutex_unlock(&idle.mutex);
}

static void idle_loops_in_child(void)
{
	idle.is_inherited = true;
	pthread_mutex_unlock(&idle.mutex);
}

static void idle_loops_register_fork(void)
{
	(void)pthread_atfork(idle_loops_before_fork, idle_loops_in_parent, idle_loops_in_child);
}

static void idle_loops_free_locked(void)
{
	while (idle.count > 0)
		net_loop_free(idle.loops[--idle.count]);
	idle.is_inherited = false;
}

struct net_loop *idle_loops_take(void)
{
	struct net_loop *loop = NULL;

	pthread_mutex_lock(&idle.mutex);
	if (idle.is_inherited)
		idle_loops_free_locked();
	if (idle.count > 0)
		loop = idle.loops[--idle.count];
	pthread_mutex_unlock(&idle.mutex);
	return loop != NULL ? loop : net_loop_new();
}

void idle_loops_put(struct net_loop *loop)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (loop == NULL)
		return;
	pthread_once(&once, idle_loops_register_fork);
	pthread_mutex_lock(&idle.mutex);
	if (idle.count < IDLE_LOOPS_MAX && !idle.is_inherited) {
		idle.loops[idle.count++] = loop;
		loop = NULL;
	}
	pthread_mutex_unlock(&idle.mutex);
	net_loop_free(loop);
}

void idle_loops_free(void)
{
	pthread_mutex_lock(&idle.mutex);
	idle_loops_free_locked();
	pthread_mutex_unlock(&idle.mutex);
}
