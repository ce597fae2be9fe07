/* SPDX-License-Identifier: MIT */
#include "net/admission.h"

#include <stdlib.h>
#include <string.h>
#include "base/search.h"

/* ---- sources ---- */

static int admission_compare_sources(const void *key, const void *element)
{
	const struct net_source_count *const *s = element;

	return memcmp(key, &(*s)->source, sizeof(struct net_source));
}

/* Where the source is, or is to be inserted. */
static size_t admission_source_index(const struct net_admission *a, const struct net_source *source)
{
	return search_lower_bound(source, a->sources, a->source_count, sizeof(void *),
	                          admission_compare_sources);
}

static struct net_source_count *admission_find_source(const struct net_admission *a,
                                                      const struct net_source *source)
{
	size_t index = admission_source_index(a, source);

	return index < a->source_count && admission_compare_sources(source, &a->sources[index]) == 0
	               ? a->sources[index]
	               : NULL;
}

/* NULL: out of memory. */
static struct net_source_count *admission_add_source(struct net_admission *a,
                                                     const struct net_source *source)
{
	size_t index = admission_source_index(a, source);
	struct net_source_count *s = calloc(1, sizeof *s);

	if (s != NULL && a->source_count == a->source_room) {
		size_t room = a->source_room > 0 ? 2 * a->source_room : 16;
		void *sources = reallocarray(a->sources, room, sizeof(void *));

		if (sources == NULL) {
			free(s);
			return NULL;
		}
		a->sources = sources;
		a->source_room = room;
	}
	if (s == NULL)
		return NULL;
	s->source = *source;
	memmove(a->sources + index + 1, a->sources + index,
	        (a->source_count - index) * sizeof(void *));
	a->sources[index] = s;
	a->source_count++;
	return s;
}

static void admission_remove_source(struct net_admission *a, struct net_source_count *s)
{
	size_t index = admission_source_index(a, &s->source);

	a->source_count--;
	memmove(a->sources + index, a->sources + index + 1,
	        (a->source_count - index) * sizeof(void *));
	free(s);
}

/* The source with the most pending connections, without privileged ones. NULL: none. */
static const struct net_source_count *admission_largest_source(const struct net_admission *a)
{
	const struct net_source_count *largest = NULL;

	for (size_t i = 0; i < a->source_count; i++) {
		const struct net_source_count *s = a->sources[i];

		if (!s->is_privileged && s->pending > (largest != NULL ? largest->pending : 0))
			largest = s;
	}
	return largest;
}

void net_admission_fini(struct net_admission *a)
{
	for (size_t i = 0; i < a->source_count; i++)
		free(a->sources[i]);
	free(a->sources);
	*a = (struct net_admission){ 0 };
}

/* ---- bounds ---- */

static bool admission_is_reached(unsigned most, unsigned count)
{
	return most > 0 && count >= most;
}

/* A bound, without the places that are reserved for others; never 0, which means any number. */
static unsigned admission_bound_for(const struct net_admission *a, unsigned most,
                                    bool is_privileged)
{
	unsigned reserved = is_privileged ? 0 : a->bounds.reserved;

	return most == 0 || most > reserved ? most - (most > 0 ? reserved : 0) : 1;
}

/* Whether a newcomer is refused before the bound is reached. */
static bool admission_refuses_early(const struct net_admission *a, unsigned pending_of_source,
                                    uint32_t random)
{
	unsigned most = a->bounds.max_pending, half = most / 2;

	return most > 0 && a->pending > half &&
	       (uint64_t)pending_of_source * a->source_count > a->pending &&
	       random % (most - half) < a->pending - half;
}

/* The source that makes room for a newcomer whose own source has so many pending connections. NULL:
 * none does. */
static const struct net_source_count *admission_evicts(const struct net_admission *a,
                                                       unsigned pending, bool is_privileged)
{
	const struct net_source_count *largest = admission_largest_source(a);

	return largest != NULL && (is_privileged || pending + 1 < largest->pending) ? largest
	                                                                            : NULL;
}

struct net_verdict net_admission_judge(const struct net_admission *a,
                                       const struct net_source *source, bool is_privileged,
                                       uint32_t random)
{
	const struct net_bounds *bounds = &a->bounds;
	const struct net_source_count *s = admission_find_source(a, source);
	unsigned pending = s != NULL ? s->pending : 0, open = s != NULL ? s->open : 0;
	unsigned most = admission_bound_for(a, bounds->max_connections, is_privileged);
	unsigned most_pending = admission_bound_for(a, bounds->max_pending, is_privileged);

	if (!is_privileged && admission_is_reached(bounds->max_of_source, pending + open))
		return (struct net_verdict){ NET_BOUND_OF_SOURCE, NULL };
	if (!is_privileged && (admission_is_reached(bounds->max_pending_of_source, pending) ||
	                       admission_refuses_early(a, pending, random)))
		return (struct net_verdict){ NET_BOUND_PENDING_OF_SOURCE, NULL };
	if (admission_is_reached(most_pending, a->pending))
		return (struct net_verdict){ NET_BOUND_PENDING,
			                     admission_evicts(a, pending, is_privileged) };
	if (admission_is_reached(most, a->pending + a->open))
		return (struct net_verdict){ NET_BOUND_CONNECTIONS,
			                     admission_evicts(a, pending, is_privileged) };
	return (struct net_verdict){ 0 };
}

/* ---- connections ---- */

/* Adds 1 or -1 to the numbers of connections. */
static void admission_count(struct net_admission *a, struct net_source_count *s, bool is_open,
                            int change)
{
	*(is_open ? &a->open : &a->pending) += (unsigned)change;
	if (s != NULL)
		*(is_open ? &s->open : &s->pending) += (unsigned)change;
}

struct net_source_count *net_admission_add(struct net_admission *a, const struct net_source *source,
                                           bool is_privileged)
{
	struct net_source_count *s = admission_find_source(a, source);

	if (s == NULL)
		s = admission_add_source(a, source);
	if (s != NULL)
		s->is_privileged = is_privileged;
	admission_count(a, s, false, 1);
	return s;
}

void net_admission_set_open(struct net_admission *a, struct net_source_count *s, bool is_open)
{
	admission_count(a, s, !is_open, -1);
	admission_count(a, s, is_open, 1);
}

void net_admission_remove(struct net_admission *a, struct net_source_count *s, bool is_open)
{
	admission_count(a, s, is_open, -1);
	if (s != NULL && s->pending == 0 && s->open == 0)
		admission_remove_source(a, s);
}
