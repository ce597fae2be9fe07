/* SPDX-License-Identifier: MIT */
/* A session table and a model of it, an array in the order of ids that is searched from end to end:
 * what happens to one happens to the other. */
#ifndef TABLE_MODEL_H
#define TABLE_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include "sessions/session_table.h"

#define MODEL_MOST   3000 /* sessions */
#define MODEL_NOW_MS 7000000

struct model_entry {
	uint32_t id;
	struct session_facts facts;
	uint64_t key;
	bool here_throughout; /* of a pager's way */
	unsigned seen;
};

extern struct session_table *model_table;
extern struct session_owner model_owner;
extern struct model_entry model[MODEL_MOST];
extern uint32_t model_count;

/* What the owner does when it is asked to close a session, and how often it was. */
enum model_closing { MODEL_LATER, MODEL_AT_ONCE, MODEL_AND_OTHERS };
extern enum model_closing model_closing;
extern uint32_t model_asked;

/* A table for most sessions. The same seed makes the same things happen. False: out of memory. */
bool model_begin(uint64_t seed, uint32_t most);
void model_end(void);
/* A number below bound. */
uint32_t model_random(uint32_t bound);

/* Adds what chance gives. Returns its id or 0. */
uint32_t model_add(void);
void model_remove(uint32_t i);
/* Something happens; the table tends to hold some most/2 sessions. */
void model_churn(uint32_t most);

/* Now and then one that nobody passes, or that has no qualifier. */
struct session_filter model_filter(void);
bool model_passes(const struct model_entry *e, const struct session_filter *filter);

/* Asserts that the whole way from after on is the model's; that some ways are. */
void model_check_walk(const struct session_filter *filter, uint32_t after);
void model_check(void);

#endif
