/* SPDX-License-Identifier: MIT */
#include "client/idle_connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "client/environment.h"

/* The service takes us for whom we are when we connect. */
NET_API_STATUS connection_key_local(struct connection_key *key, struct err *err)
{
	*key = (struct connection_key){ .local = strdup(environment_socket()) };
	snprintf(key->principal, sizeof key->principal, "uid %lu", (unsigned long)geteuid());
	return key->local != NULL ? NERR_Success
	                          : err_set(err, ERROR_NOT_ENOUGH_MEMORY, "query", NULL);
}

static bool connection_copy_text(char **to, const char *text)
{
	*to = text != NULL ? strdup(text) : NULL;
	return *to != NULL || text == NULL;
}

struct idle_connection *idle_connection_new(const struct connection_key *key)
{
	struct idle_connection *contact = calloc(1, sizeof *contact);
	bool copied;

	if (contact == NULL)
		return NULL;
	contact->key = *key;
	contact->key.credentials = credentials_hold(key->credentials);
	contact->socket = -1;
	copied = connection_copy_text(&contact->key.wins, key->wins);
	copied = connection_copy_text(&contact->key.local, key->local) && copied;
	if (copied)
		return contact;
	idle_connection_free(contact);
	return NULL;
}

void idle_connection_free(struct idle_connection *contact)
{
	if (contact == NULL)
		return;
	if (contact->is_talking)
		client_state_fini(&contact->conversation);
	credentials_release(contact->key.credentials);
	free(contact->key.wins);
	free(contact->key.local);
	free(contact);
}

void idle_connection_begin(struct idle_connection *contact, enum client_opening opening)
{
	if (contact->is_talking)
		client_state_fini(&contact->conversation);
	contact->is_talking = true;
	if (contact->key.local != NULL) {
		client_state_init_local(&contact->conversation, contact->key.interface);
		return;
	}
	client_state_init(&contact->conversation, contact->key.server.host, opening);
	contact->conversation.must_encrypt = contact->key.must_encrypt;
	contact->conversation.is_anonymous = contact->key.credentials != NULL &&
	                                     contact->key.credentials->is_anonymous;
}

bool idle_connection_has_owner(const struct idle_connection *contact)
{
	return contact->key.credentials != NULL || contact->key.principal[0] != '\0';
}

static bool connection_is_same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Another WINS server may mean another host by the same name. */
bool idle_connection_leads_to(const struct idle_connection *contact,
                              const struct connection_key *key)
{
	return strcasecmp(contact->key.server.host, key->server.host) == 0 &&
	       contact->key.server.port == key->server.port &&
	       connection_is_same_text(contact->key.wins, key->wins) &&
	       connection_is_same_text(contact->key.local, key->local) &&
	       contact->key.interface == key->interface &&
	       contact->key.authentication == key->authentication &&
	       (client_state_is_encrypted(&contact->conversation) || !key->must_encrypt);
}

bool idle_connection_suits(const struct idle_connection *contact, const struct connection_key *key)
{
	return idle_connection_leads_to(contact, key) &&
	       credentials_are_equal(contact->key.credentials, key->credentials) &&
	       strcmp(contact->key.principal, key->principal) == 0 &&
	       (key->credentials != NULL || key->principal[0] != '\0');
}
