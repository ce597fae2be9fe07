/* SPDX-License-Identifier: MIT */
#include "samba/smbstatus/json_members.h"

#include <string.h>

static char json_members_peek(struct json_members *m)
{
	while (m->at < m->bytes && memchr(" \t\r\n", m->text[m->at], 4) != NULL)
		m->at++;
	return m->at < m->bytes ? m->text[m->at] : '\0';
}

/* False: something else is there, and it has failed. */
static bool json_members_expect(struct json_members *m, char expected)
{
	if (!m->has_failed && json_members_peek(m) == expected) {
		m->at++;
		return true;
	}
	m->has_failed = true;
	return false;
}

void json_members_begin(struct json_members *m, const char *text, size_t bytes)
{
	*m = (struct json_members){ .text = text, .bytes = bytes, .is_first = true };
	(void)json_members_expect(m, '{');
}

json_t *json_members_value(struct json_members *m)
{
	json_error_t error = { 0 };
	json_t *value = NULL;

	if (!m->has_failed)
		value = json_loadb(m->text + m->at, m->bytes - m->at,
		                   JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL,
		                   &error);
	if (value != NULL) {
		m->at += (size_t)error.position;
		return value;
	}
	m->is_out_of_memory = m->is_out_of_memory ||
	                      (!m->has_failed &&
	                       json_error_code(&error) == json_error_out_of_memory);
	m->has_failed = true;
	return NULL;
}

json_t *json_members_next(struct json_members *m)
{
	json_t *name;

	if (m->has_failed)
		return NULL;
	if (json_members_peek(m) == '}') {
		m->at++;
		m->is_first = false; /* of those that it lies among */
		return NULL;
	}
	if (!m->is_first && !json_members_expect(m, ','))
		return NULL;
	m->is_first = false;
	name = json_members_peek(m) == '"' ? json_members_value(m) : NULL;
	if (name == NULL || !json_members_expect(m, ':')) {
		m->has_failed = true;
		json_decref(name);
		return NULL;
	}
	return name;
}

bool json_members_enter(struct json_members *m)
{
	if (m->has_failed || json_members_peek(m) != '{')
		return false;
	m->at++;
	m->is_first = true;
	return true;
}

bool json_members_end(struct json_members *m)
{
	if (!m->has_failed && (json_members_peek(m) != '\0' || m->at != m->bytes))
		m->has_failed = true;
	return !m->has_failed;
}
