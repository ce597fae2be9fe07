/* SPDX-License-Identifier: MIT */
#include "auth/identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"

struct identity {
	unsigned holders;
	char *user, *domain;
	char **labels;
	size_t label_count, label_cap;
};

struct identity *identity_new_unlabelled(const char *user, const char *domain)
{
	struct identity *i = calloc(1, sizeof *i);

	if (i == NULL)
		return NULL;
	i->holders = 1;
	i->user = strdup(user);
	i->domain = strdup(domain);
	if (i->user != NULL && i->domain != NULL)
		return i;
	identity_release(i);
	return NULL;
}

static bool identity_add_qualified(struct identity *i)
{
	size_t room = strlen(i->domain) + strlen(i->user) + 2;
	char *label = malloc(room);
	bool added;

	if (label == NULL)
		return false;
	(void)snprintf(label, room, "%s\\%s", i->domain, i->user);
	added = identity_add_label(i, label);
	free(label);
	return added;
}

struct identity *identity_new(const char *user, const char *domain)
{
	struct identity *i = identity_new_unlabelled(user, domain);

	if (i != NULL && identity_add_label(i, user) &&
	    (domain[0] == '\0' || identity_add_qualified(i)))
		return i;
	identity_release(i);
	return NULL;
}

struct identity *identity_new_anonymous(void)
{
	return identity_new_unlabelled("", "");
}

bool identity_add_label(struct identity *i, const char *label)
{
	if (i->label_count == i->label_cap) {
		size_t cap = i->label_cap > 0 ? 2 * i->label_cap : 8;
		char **labels = realloc(i->labels, cap * sizeof *labels);

		if (labels == NULL)
			return false;
		i->labels = labels;
		i->label_cap = cap;
	}
	i->labels[i->label_count] = strdup(label);
	if (i->labels[i->label_count] == NULL)
		return false;
	i->label_count++;
	return true;
}

struct identity *identity_hold(struct identity *i)
{
	if (i != NULL)
		i->holders++;
	return i;
}

void identity_release(struct identity *i)
{
	if (i == NULL || --i->holders > 0)
		return;
	for (size_t n = 0; n < i->label_count; n++)
		free(i->labels[n]);
	free(i->labels);
	free(i->user);
	free(i->domain);
	free(i);
}

const char *identity_user(const struct identity *i)
{
	return i->user;
}

const char *identity_domain(const struct identity *i)
{
	return i->domain;
}

bool identity_is_authenticated(const struct identity *i)
{
	return i->user[0] != '\0';
}

size_t identity_label_count(const struct identity *i)
{
	return i->label_count;
}

const char *identity_label(const struct identity *i, size_t n)
{
	return i->labels[n];
}

bool identity_has_label(const struct identity *i, const char *label)
{
	for (size_t n = 0; n < i->label_count; n++)
		if (text_equal_nocase(i->labels[n], label))
			return true;
	return false;
}

bool identity_is_same(const struct identity *a, const struct identity *b)
{
	return text_equal_nocase(a->user, b->user) && text_equal_nocase(a->domain, b->domain);
}
