/* SPDX-License-Identifier: MIT */
#include "fleet/reverse_lookup.h"

#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include "base/locale.h"

enum { MOST_THREADS = 32 };

struct reverse_lookup {
	const struct ip_address *addresses;
	size_t count;
	char **names;
	atomic_size_t next;
};

static char *reverse_lookup_one(const struct ip_address *address)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	bool is_v4 = ip_address_is_v4(address);
	const struct sockaddr *from = is_v4 ? (const struct sockaddr *)&v4
	                                    : (const struct sockaddr *)&v6;
	char name[NI_MAXHOST];

	memcpy(&v6.sin6_addr, address->bytes, sizeof v6.sin6_addr);
	memcpy(&v4.sin_addr, address->bytes + IP_ADDRESS_V4_AT, sizeof v4.sin_addr);
	return getnameinfo(from, is_v4 ? sizeof v4 : sizeof v6, name, sizeof name, NULL, 0,
	                   NI_NAMEREQD) == 0
	               ? strdup(name)
	               : NULL;
}

static void *reverse_lookup_run(void *context)
{
	struct reverse_lookup *l = context;
	locale_t previous = locale_enter();
	size_t i;

	while ((i = atomic_fetch_add(&l->next, 1)) < l->count)
		l->names[i] = reverse_lookup_one(&l->addresses[i]);
	locale_leave(previous);
	return NULL;
}

void reverse_lookup(const struct ip_address addresses[], size_t count, char *names[])
{
	struct reverse_lookup l = { .addresses = addresses, .count = count, .names = names };
	pthread_t threads[MOST_THREADS];
	size_t started = 0;

	while (started < MOST_THREADS && started + 1 < count &&
	       pthread_create(&threads[started], NULL, reverse_lookup_run, &l) == 0)
		started++;
	(void)reverse_lookup_run(&l);
	while (started > 0)
		(void)pthread_join(threads[--started], NULL);
}
