/* SPDX-License-Identifier: MIT */
/* Who may connect to an endpoint: connections come from sources, are opened, and end.
 * Input: five bounds; then pairs of bytes: what happens (bits 0-1), and a source and a random
 * number, or which connection.
 * Must reach: net_admission_judge net_admission_add net_admission_set_open net_admission_remove
 *   net_admission_fini admission_find_source admission_add_source admission_remove_source
 *   admission_largest_source admission_evicts admission_refuses_early admission_bound_for
 * Holds: the counts are those of the connections; a newcomer brings no count above its bound, nor
 * above what it was; reserved places are free for privileged peers; a privileged peer is refused
 * only if nothing can make room; the source that makes room is the largest, and larger than the
 * newcomer's; a source without pending connections is never refused for its own number of them. */
#include "fuzz.h"
#include "net/admission.h"

enum { SOURCES = 24, PRIVILEGED = 2, MOST = 96 };

struct peer {
	struct net_source_count *source;
	unsigned of, age;
	bool is_open;
};

struct run {
	struct net_admission admission;
	struct peer peers[MOST];
	unsigned count, ages;
	bool is_plain; /* no bound has changed, and no connection is pending again */
};

struct numbers {
	unsigned pending, open, pending_of[SOURCES], open_of[SOURCES];
};

static bool is_privileged(unsigned of)
{
	return of < PRIVILEGED;
}

static struct numbers count(const struct run *run)
{
	struct numbers n = { 0 };

	for (unsigned i = 0; i < run->count; i++) {
		const struct peer *p = &run->peers[i];

		*(p->is_open ? &n.open : &n.pending) += 1;
		*(p->is_open ? &n.open_of[p->of] : &n.pending_of[p->of]) += 1;
	}
	return n;
}

static void check_counts(const struct run *run)
{
	const struct net_admission *a = &run->admission;
	struct numbers n = count(run);
	unsigned sources = 0;

	MUST(a->pending == n.pending && a->open == n.open);
	for (unsigned of = 0; of < SOURCES; of++)
		sources += n.pending_of[of] + n.open_of[of] > 0;
	MUST(a->source_count == sources);
	for (unsigned i = 0; i < run->count; i++) {
		const struct peer *p = &run->peers[i];

		MUST(p->source->pending == n.pending_of[p->of]);
		MUST(p->source->open == n.open_of[p->of]);
		MUST(p->source->is_privileged == is_privileged(p->of));
	}
}

static void remove_peer(struct run *run, unsigned index)
{
	struct peer *p = &run->peers[index];

	net_admission_remove(&run->admission, p->source, p->is_open);
	*p = run->peers[--run->count];
}

/* As an endpoint does it: the oldest one that is pending. */
static void evict(struct run *run, const struct net_source_count *source)
{
	unsigned oldest = MOST;

	for (unsigned i = 0; i < run->count; i++)
		if (run->peers[i].source == source && !run->peers[i].is_open &&
		    (oldest == MOST || run->peers[i].age < run->peers[oldest].age))
			oldest = i;
	MUST(oldest < MOST);
	remove_peer(run, oldest);
}

static void check_verdict(const struct run *run, const struct net_verdict *verdict, unsigned of)
{
	const struct net_bounds *bounds = &run->admission.bounds;
	struct numbers n = count(run);
	unsigned largest = 0, privileged = 0;
	unsigned most = verdict->bound == NET_BOUND_PENDING ? bounds->max_pending
	                                                    : bounds->max_connections;

	for (unsigned other = 0; other < SOURCES; other++) {
		if (is_privileged(other))
			privileged += n.pending_of[other] + n.open_of[other];
		else if (n.pending_of[other] > largest)
			largest = n.pending_of[other];
	}
	MUST(verdict->bound != NET_BOUND_NONE || verdict->evicts == NULL);
	MUST(verdict->bound != NET_BOUND_PENDING_OF_SOURCE || n.pending_of[of] > 0);
	if (verdict->evicts != NULL) {
		MUST(!verdict->evicts->is_privileged && verdict->evicts->pending == largest);
		MUST(is_privileged(of) || n.pending_of[of] + 1 < largest);
	} else if (verdict->bound != NET_BOUND_NONE && is_privileged(of)) {
		MUST(largest == 0);
		MUST(!run->is_plain || privileged >= bounds->reserved || privileged + 1 >= most);
	}
}

static unsigned max(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

/* The bound for a peer, without what is reserved for others. */
static unsigned bound(const struct net_bounds *bounds, unsigned most, unsigned of)
{
	unsigned reserved = is_privileged(of) ? 0 : bounds->reserved;

	return most == 0 ? MOST : most > reserved ? most - reserved : 1;
}

static void come(struct run *run, unsigned of, uint32_t random)
{
	const struct net_bounds *bounds = &run->admission.bounds;
	struct net_source source = { .family = (uint8_t)(of / 8), .bytes = { (uint8_t)of } };
	struct numbers before = count(run), after;
	struct net_verdict verdict;
	struct peer *p;

	if (run->count == MOST)
		return;
	verdict = net_admission_judge(&run->admission, &source, is_privileged(of), random);
	check_verdict(run, &verdict, of);
	if (verdict.bound != NET_BOUND_NONE && verdict.evicts == NULL)
		return;
	if (verdict.evicts != NULL)
		evict(run, verdict.evicts);
	p = &run->peers[run->count++];
	*p = (struct peer){ .of = of, .age = run->ages++ };
	p->source = net_admission_add(&run->admission, &source, is_privileged(of));
	MUST(p->source != NULL);
	after = count(run);
	MUST(after.pending <= max(before.pending, bound(bounds, bounds->max_pending, of)));
	MUST(run->count <=
	     max(before.pending + before.open, bound(bounds, bounds->max_connections, of)));
	if (is_privileged(of))
		return;
	MUST(bounds->max_of_source == 0 ||
	     after.pending_of[of] + after.open_of[of] <= bounds->max_of_source);
	MUST(bounds->max_pending_of_source == 0 ||
	     after.pending_of[of] <= bounds->max_pending_of_source);
}

static void open_or_not(struct run *run, unsigned index)
{
	struct peer *p = &run->peers[index];

	run->is_plain = run->is_plain && !p->is_open;
	p->is_open = !p->is_open;
	net_admission_set_open(&run->admission, p->source, p->is_open);
}

static void read_bounds(struct fuzz_input *in, struct net_bounds *to)
{
	*to = (struct net_bounds){
		.max_connections = fuzz_u8(in) % 64,
		.max_of_source = fuzz_u8(in) % 16,
		.max_pending = fuzz_u8(in) % 64,
		.max_pending_of_source = fuzz_u8(in) % 16,
		.reserved = fuzz_u8(in) % 8,
	};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input in = { data, bytes };
	struct run run = { .is_plain = true };

	read_bounds(&in, &run.admission.bounds);
	while (in.left > 0) {
		unsigned what = fuzz_u8(&in), byte = fuzz_u8(&in);

		if ((what & 3) == 0)
			come(&run, what / 4 % SOURCES, byte);
		else if ((what & 3) == 1 && run.count > 0)
			open_or_not(&run, byte % run.count);
		else if ((what & 3) == 2 && run.count > 0)
			remove_peer(&run, byte % run.count);
		else if (what == 0xFF) {
			read_bounds(&in, &run.admission.bounds);
			run.is_plain = false;
		} else {
			come(&run, byte % SOURCES, byte);
		}
		check_counts(&run);
	}
	net_admission_fini(&run.admission);
	return 0;
}
