/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/text.h"
#include "srvsvc/session_qualifiers.h"
#include "table_model.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* In several spellings each. */
static const char *const clients[] = {
	"\\\\10.1.2.3",
	"10.1.2.3",
	"\\\\10.1.2.4",
	"\\\\WS-0142",
	"ws-0142",
	"Ws-0142",
	"\\\\[FE80::1]",
	"[fe80::1]",
	"\\\\\xC3\x84PFEL",
	"\xC3\xA4pfel",
	"\\\\stra\xC3\x9F"
	"e",
	"STRASSE",
	"\xEF\xBC\xA1\xEF\xBC\xA2",
	"\xEF\xBD\x81\xEF\xBD\x82",
	"",
	NULL,
};
static const char *const users[] = {
	"anna",
	"Anna",
	"ANNA",
	"bob",
	"Zo\xC3\xAB",
	"ZO\xC3\x8B",
	"Administrator",
	"administrator",
	"WEI\xE1\xBA\x9E",
	"weiss",
	"svc-backup",
	"LAB\\anna",
	"lab\\ANNA",
	"OTHER\\Anna",
	"LAB\\",
	"\xF0\x90\x90\x80",
	"\xF0\x90\x90\xA8",
	"",
	NULL,
};
static const char *const labels[] = { NULL, "", "Windows 10", "\\Device\\NetbiosSmb" };

struct session_table *model_table;
struct model_entry model[MODEL_MOST];
uint32_t model_count;
enum model_closing model_closing;
uint32_t model_asked;
static uint64_t random_state;

/* SplitMix64: the same way through the test each time. */
static uint64_t random_number(void)
{
	uint64_t z = random_state += 0x9E3779B97F4A7C15u;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	return z ^ z >> 31;
}

uint32_t model_random(uint32_t bound)
{
	return (uint32_t)(random_number() % bound);
}

static void closed(void *context, uint64_t key);
struct session_owner model_owner = { .close = closed, .name = "test" };

bool model_begin(uint64_t seed, uint32_t most)
{
	random_state = seed;
	model_count = 0;
	model_asked = 0;
	model_table = session_table_new(most);
	return model_table != NULL;
}

void model_end(void)
{
	session_table_free(model_table);
	model_table = NULL;
}

static struct session_facts random_facts(void)
{
	return (struct session_facts){
		.client = clients[model_random(COUNT(clients))],
		.user = users[model_random(COUNT(users))],
		.client_type = labels[model_random(COUNT(labels))],
		.transport = labels[model_random(COUNT(labels))],
		.num_opens = model_random(5),
		.user_flags = model_random(4),
		.created_ms = model_random(MODEL_NOW_MS),
		.used_ms = model_random(MODEL_NOW_MS),
	};
}

/* Whether the table hands on a copy of a text, not the text itself. */
static struct session_facts copy_of(const struct session_facts *facts, char copies[4][32])
{
	struct session_facts copy = *facts;
	const char **texts[] = { &copy.client, &copy.user, &copy.client_type, &copy.transport };

	for (size_t i = 0; i < COUNT(texts); i++)
		if (*texts[i] != NULL)
			*texts[i] = strcpy(copies[i], *texts[i]);
	return copy;
}

uint32_t model_add(void)
{
	struct session_facts facts = random_facts(), copy;
	char copies[4][32];
	uint64_t key = random_number();
	uint32_t id;

	copy = copy_of(&facts, copies);
	id = session_table_add(model_table, &copy, &model_owner, key);
	memset(copies, 'x', sizeof copies);
	if (id == 0)
		return 0;
	if (model_count > 0)
		assert_true(id > model[model_count - 1].id);
	model[model_count++] = (struct model_entry){ .id = id, .facts = facts, .key = key };
	return id;
}

static void forget(uint32_t i)
{
	memmove(model + i, model + i + 1, sizeof *model * (--model_count - i));
}

void model_remove(uint32_t i)
{
	session_table_remove(model_table, model[i].id);
	forget(i);
}

static void update_one(uint32_t i)
{
	struct session_facts copy;
	char copies[4][32];

	model[i].facts = random_facts();
	model[i].here_throughout = false;
	copy = copy_of(&model[i].facts, copies);
	assert_true(session_table_update(model_table, model[i].id, &copy));
	memset(copies, 'x', sizeof copies);
}

static void touch_one(uint32_t i)
{
	model[i].facts.used_ms = model_random(MODEL_NOW_MS);
	session_table_touch(model_table, model[i].id, model[i].facts.used_ms);
	model[i].facts.num_opens = model_random(100);
	session_table_set_opens(model_table, model[i].id, model[i].facts.num_opens);
}

static void closed(void *context, uint64_t key)
{
	uint32_t i = 0;

	(void)context;
	model_asked++;
	while (model[i].key != key)
		i++;
	model[i].seen++;
	if (model_closing == MODEL_LATER)
		return;
	model_remove(i);
	for (uint32_t n = 0; model_closing == MODEL_AND_OTHERS && n < 3 && model_count > 0; n++)
		model_remove(model_random(model_count));
}

void model_churn(uint32_t most)
{
	uint32_t what = model_random(10);

	if (what < 3 && model_count < most && model_random(most) >= model_count / 2)
		(void)model_add();
	else if (model_count == 0)
		return;
	else if (what < 6)
		model_remove(model_random(model_count));
	else if (what < 8)
		update_one(model_random(model_count));
	else
		touch_one(model_random(model_count));
}

static const char *bare(const char *client)
{
	return client != NULL && strncmp(client, "\\\\", 2) == 0 ? client + 2 : client;
}

bool model_passes(const struct model_entry *e, const struct session_filter *filter)
{
	if (filter == NULL)
		return true;
	if (filter->client != NULL && *filter->client != '\0' &&
	    !text_equal_nocase(bare(e->facts.client), bare(filter->client)))
		return false;
	return filter->user == NULL || *filter->user == '\0' ||
	       session_user_equal(filter->user, e->facts.user);
}

struct session_filter model_filter(void)
{
	/* texts that no session has, too */
	static const char *const others[] = { "nobody", "\\\\nowhere", "\xFF", "\xC3\x84pfe" };
	struct session_filter filter = { clients[model_random(COUNT(clients))],
		                         users[model_random(COUNT(users))] };

	if (model_random(10) == 0)
		filter.client = others[model_random(COUNT(others))];
	if (model_random(10) == 0)
		filter.user = others[model_random(COUNT(others))];
	if (model_random(4) == 0)
		filter.client = NULL;
	if (model_random(4) == 0)
		filter.user = "";
	return filter;
}

static void assert_text(const char *text, const char *expected)
{
	if (expected == NULL)
		assert_null(text);
	else
		assert_string_equal(text, expected);
}

static void assert_row(const struct netsession_row *row, const struct model_entry *e)
{
	assert_text(row->client, e->facts.client);
	assert_text(row->user, e->facts.user);
	assert_text(row->client_type, e->facts.client_type);
	assert_text(row->transport, e->facts.transport);
	assert_int_equal(row->num_opens, e->facts.num_opens);
	assert_int_equal(row->user_flags, e->facts.user_flags);
	assert_int_equal(row->active_s, MODEL_NOW_MS / 1000 - e->facts.created_ms / 1000);
	assert_int_equal(row->idle_s, MODEL_NOW_MS / 1000 - e->facts.used_ms / 1000);
}

void model_check_walk(const struct session_filter *filter, uint32_t after)
{
	struct session_walk w;
	struct netsession_row row;
	uint32_t id, total = 0;

	session_walk_begin(&w, model_table, filter, after);
	for (uint32_t i = 0; i < model_count; i++) {
		if (model[i].id <= after || !model_passes(&model[i], filter))
			continue;
		assert_true(session_walk_next(&w, MODEL_NOW_MS, &row, &id));
		assert_int_equal(id, model[i].id);
		assert_row(&row, &model[i]);
		total++;
	}
	assert_false(session_walk_next(&w, MODEL_NOW_MS, &row, &id));
	assert_false(session_walk_next(&w, MODEL_NOW_MS, &row, &id));
	assert_int_equal(session_walk_total(&w), total);
}

static uint32_t random_place(void)
{
	switch (model_random(4)) {
	case 0:
		return 0;
	case 1:
		return model_count > 0 ? model[model_random(model_count)].id : 1;
	case 2:
		return model_count > 0 ? model_random(model[model_count - 1].id + 2) : UINT32_MAX;
	default:
		return UINT32_MAX;
	}
}

void model_check(void)
{
	struct session_filter filter = model_filter();
	bool knows = false;

	assert_int_equal(session_table_count(model_table), model_count);
	model_check_walk(NULL, random_place());
	model_check_walk(&filter, random_place());
	model_check_walk(&filter, 0);
	if (filter.client == NULL)
		return;
	for (uint32_t i = 0; i < model_count; i++)
		knows = knows ||
		        text_equal_nocase(bare(model[i].facts.client), bare(filter.client));
	assert_int_equal(session_table_knows_client(model_table, filter.client), knows);
}
