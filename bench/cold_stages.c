/* SPDX-License-Identifier: MIT */
/* What a process does only once: cold_stages FILE SERVER. FILE holds the credentials. Prints three
 * times in nanoseconds: OpenSSL's start, with the first random numbers and the first hash; the
 * first token of NTLM after that, with GSSAPI's mechanism; and a connection, a log-on and a call
 * after all of that, which is what the server takes, and this end without any start. */
#include <netsession.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "auth/initiator.h"
#include "crypto/crypto.h"

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static long long time_crypto(void)
{
	uint8_t hash[CRYPTO_SHA512_BYTES];
	long long began_ns = now_ns();

	if (!crypto_random(hash, sizeof hash) || !crypto_sha512_chain(hash, hash, sizeof hash))
		exit(3);
	return now_ns() - began_ns;
}

static long long time_first_token(const char *path)
{
	struct netsession_credentials *credentials;
	struct auth_initiator *initiator;
	struct err err = { 0 };
	const uint8_t *token;
	size_t bytes;
	long long began_ns;

	if (credentials_read(path, &credentials, &err) != 0)
		exit(4);
	began_ns = now_ns();
	initiator = auth_initiator_new(credentials, NETSESSION_AUTHENTICATION_NTLM, "localhost");
	if (initiator == NULL ||
	    auth_initiator_step(initiator, NULL, 0, &token, &bytes, &err) != AUTH_CONTINUE)
		exit(5);
	began_ns = now_ns() - began_ns;
	auth_initiator_free(initiator);
	credentials_release(credentials);
	return began_ns;
}

/* On a connection of its own. */
static long long time_call(const struct netsession_query *query)
{
	long long began_ns = now_ns();
	struct netsession_error error;
	struct netsession_page *page;

	if (netsession_enum(query, &page, &error) != 0) {
		fprintf(stderr, "%s\n", error.text);
		exit(6);
	}
	began_ns = now_ns() - began_ns;
	netsession_page_free(page);
	netsession_close_idle(NULL);
	return began_ns;
}

int main(int argc, char **argv)
{
	struct netsession_query query = { .level = 1, .timeout_ms = 60000 };
	struct netsession_error error;
	long long crypto_ns, token_ns;

	if (argc != 3 || netsession_credentials_read(argv[1], &query.credentials, &error) != 0)
		return 2;
	query.server = argv[2];
	crypto_ns = time_crypto();
	token_ns = time_first_token(argv[1]);
	(void)time_call(&query);
	printf("%lld %lld %lld\n", crypto_ns, token_ns, time_call(&query));
	netsession_credentials_free(query.credentials);
	return 0;
}
