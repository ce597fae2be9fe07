/* SPDX-License-Identifier: MIT */
/* The access policy over the labels of a caller.
 * Input: setting (bit 0: which preset; bits 1-2: what kind of account the caller has), the user,
 * the domain; then steps, each a kind (bits 0-1: a further label, a right's list, a group's list;
 * the other bits: which one) and a text.
 * Must reach: access_policy_new access_policy_set access_policy_set_group access_policy_allows
 *   access_policy_hold access_policy_release access_policy_replace_list
 *   access_policy_expected_label access_policy_is_sid access_policy_is_group
 *   access_policy_next_label access_policy_copy_label access_policy_group_has
 *   access_policy_word_means access_right_of_level identity_new identity_new_unlabelled
 *   identity_new_anonymous identity_add_label identity_has_label identity_is_same identity_hold
 *   identity_release
 * Holds: a caller has a right exactly if the right's list names all callers, one of its labels, or
 * a group whose list does; a null session has none; a list that is refused changes nothing; no list
 * that is accepted has a control character, or a group in a group; a further label takes no right
 * away. */
#include <winerror.h>
#include "fuzz.h"
#include "auth/access_policy.h"
#include "base/text.h"

enum { ANONYMOUS, LOCAL, OF_DOMAIN, UNLABELLED };

enum { LABEL, RIGHT, GROUP };

static const char *const groups[] = { "administrators", "server_operators", "publishers" };

enum { GROUPS = 3 };

struct run {
	struct access_policy *policy;
	struct identity *who;
	/* As they were accepted. */
	char *rights[ACCESS_RIGHT_COUNT], *groups[GROUPS];
};

/* Whether a list has an item for which means is true. */
static bool list_has(const struct run *run, const char *list,
                     bool (*means)(const struct run *run, const char *item))
{
	char *copy = strdup(list), *at = copy, *item;
	bool has = false;

	while ((item = strsep(&at, ",")) != NULL) {
		size_t bytes;

		item += strspn(item, " \t");
		for (bytes = strlen(item); bytes > 0 && strchr(" \t", item[bytes - 1]) != NULL;)
			item[--bytes] = '\0';
		has = has || (bytes > 0 && means(run, item));
	}
	free(copy);
	return has;
}

static bool means_account(const struct run *run, const char *item)
{
	return strcmp(item, "nobody") != 0 && identity_has_label(run->who, item);
}

static bool means_caller(const struct run *run, const char *item)
{
	for (size_t i = 0; i < GROUPS; i++)
		if (strcmp(item, groups[i]) == 0)
			return list_has(run, run->groups[i], means_account);
	return strcmp(item, "authenticated") == 0 || means_account(run, item);
}

static bool is_group_or_word(const struct run *run, const char *item)
{
	(void)run;
	for (size_t i = 0; i < GROUPS; i++)
		if (strcmp(item, groups[i]) == 0)
			return true;
	return strcmp(item, "authenticated") == 0;
}

static void check(const struct run *run)
{
	for (unsigned right = 0; right < ACCESS_RIGHT_COUNT; right++)
		MUST(access_policy_allows(run->policy, run->who, right) ==
		     (identity_is_authenticated(run->who) &&
		      list_has(run, run->rights[right], means_caller)));
}

static void accept(const struct run *run, char **to, const char *list, bool is_of_group)
{
	for (const char *at = list; *at != '\0'; at++)
		MUST((unsigned char)*at >= ' ' || *at == '\t');
	MUST(text_utf8_is_valid(list));
	MUST(!is_of_group || !list_has(run, list, is_group_or_word));
	free(*to);
	*to = strdup(list);
}

static void set(struct run *run, unsigned what, unsigned which, const char *list)
{
	struct err err = { 0 };
	bool is_group = (what & 3) != RIGHT;
	bool is_set =
		is_group ? access_policy_set_group(run->policy, groups[which % GROUPS], list, &err)
			 : access_policy_set(run->policy, which % ACCESS_RIGHT_COUNT, list, &err);

	MUST(is_set == (err.status == NO_ERROR));
	if (is_set && is_group)
		accept(run, &run->groups[which % GROUPS], list, true);
	else if (is_set)
		accept(run, &run->rights[which % ACCESS_RIGHT_COUNT], list, false);
}

static unsigned allowed(const struct run *run)
{
	unsigned rights = 0;

	for (unsigned right = 0; right < ACCESS_RIGHT_COUNT; right++)
		rights |= (unsigned)access_policy_allows(run->policy, run->who, right) << right;
	return rights;
}

static void step(struct run *run, struct fuzz_input *in)
{
	unsigned what = fuzz_u8(in), before = allowed(run);
	char *text = fuzz_text(in);

	if ((what & 3) == LABEL) {
		MUST(identity_add_label(run->who, text) && identity_has_label(run->who, text));
		MUST((before & ~allowed(run)) == 0);
	} else {
		set(run, what, what >> 2, text);
	}
	check(run);
	free(text);
}

/* Each right's list is known from the beginning. */
static void begin(struct run *run, struct fuzz_input *in)
{
	unsigned setting = fuzz_u8(in);
	char *user = fuzz_text(in), *domain = fuzz_text(in);

	run->policy = access_policy_new((setting & 1) != 0 ? "hardened" : "documented");
	switch (setting >> 1 & 3) {
	case ANONYMOUS:
		run->who = identity_new_anonymous();
		break;
	case UNLABELLED:
		run->who = identity_new_unlabelled(user, domain);
		MUST(identity_label_count(run->who) == 0);
		break;
	default:
		run->who = identity_new(user, (setting >> 1 & 3) == LOCAL ? "" : domain);
		MUST(identity_has_label(run->who, user));
	}
	MUST(run->policy != NULL && run->who != NULL);
	for (size_t i = 0; i < GROUPS; i++)
		run->groups[i] = strdup("");
	/* Without a member of any group, who may list depends on the preset alone. */
	MUST((allowed(run) & ~(1u << ACCESS_LEVEL_0 | 1u << ACCESS_LEVEL_10 |
	                       1u << ACCESS_SERVER_INFO | 1u << ACCESS_SHARE_ENUM)) == 0);
	for (unsigned right = 0; right < ACCESS_RIGHT_COUNT; right++) {
		run->rights[right] = strdup("");
		set(run, RIGHT, right,
		    right % 2 != 0 ? "administrators" : " publishers, authenticated");
	}
	check(run);
	free(user);
	free(domain);
}

static void end(struct run *run)
{
	struct identity *held = identity_hold(run->who);

	MUST(identity_is_same(held, run->who));
	for (unsigned right = 0; right < ACCESS_RIGHT_COUNT; right++)
		set(run, RIGHT, right, "nobody");
	MUST(allowed(run) == 0);
	for (size_t i = 0; i < sizeof run->rights / sizeof *run->rights; i++)
		free(run->rights[i]);
	for (size_t i = 0; i < GROUPS; i++)
		free(run->groups[i]);
	access_policy_release(access_policy_hold(run->policy));
	access_policy_release(run->policy);
	identity_release(held);
	identity_release(run->who);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static const unsigned levels[] = { 0, 1, 2, 10, 502 };
	struct fuzz_input in = { data, bytes };
	struct run run = { 0 };

	begin(&run, &in);
	while (in.left > 0)
		step(&run, &in);
	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
		MUST(access_right_of_level(levels[i]) < ACCESS_DELETE);
	end(&run);
	return 0;
}
