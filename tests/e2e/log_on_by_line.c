/* SPDX-License-Identifier: MIT */
/* Both ends of a log-on, without SMB around them. Answers each line of its input by one line; "-"
 * stands for nothing.
 *
 * What netsessiond accepts log-ons with:
 *   accept KEYTAB USERS ANONYMOUS   "accepts kerberos|- ntlm|-", or "STATUS DOING: WHY"
 *   begin                           "begun": another log-on
 *   token HEX                       "continue HEX", "complete HEX" or "failed NTSTATUS WHY"
 *   key                             the key, of a log-on that is complete
 *   who                             "MECHANISM USER DOMAIN"
 *   label NAME                      "yes" or "no"
 *   claim                           "NAME WHY", of a log-on that failed
 *
 * What a client logs on with:
 *   offer HOST FILE                 its first token, by a credentials file or by tickets: as below
 *   answer HEX                      "continue HEX", "complete HEX" or "failed STATUS WHY"
 *   initiator-key                   its key
 *
 * Both:
 *   self HOST FILE                  a log-on from one to the other: "complete", or which side
 * failed
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "auth/acceptor.h"

#define MAX_WORDS       4
#define MAX_LINE_BYTES  65536
#define MAX_TOKEN_BYTES (MAX_LINE_BYTES / 2)

static struct auth_acceptor_settings *acceptance;
static struct auth_acceptor *acceptor;
static struct identity *who;
static uint8_t key[AUTH_MAX_KEY_BYTES];
static size_t key_bytes;

static const char *given(const char *word)
{
	return strcmp(word, "-") == 0 ? "" : word;
}

static void print_hex(const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		printf("%02x", bytes[i]);
}

static void accept_with(char **words)
{
	struct auth_acceptor_options options = {
		.kerberos = strcmp(words[1], "-") != 0,
		.keytab = given(words[1]),
		.ntlm = true,
		.ntlm_users = given(words[2]),
		.anonymous = strcmp(words[3], "anonymous") == 0,
	};
	struct err err = { 0 };

	auth_acceptor_settings_release(acceptance);
	if (auth_acceptor_settings_new(&options, &acceptance, &err) != NERR_Success)
		printf("%u %s: %s", (unsigned)err.status, err.step, err.text);
	else
		printf("accepts %s %s",
		       auth_acceptor_settings_serve(acceptance, AUTH_KERBEROS) ? "kerberos" : "-",
		       auth_acceptor_settings_serve(acceptance, AUTH_NTLM) ? "ntlm" : "-");
}

static void begin(void)
{
	identity_release(who);
	who = NULL;
	auth_acceptor_free(acceptor);
	acceptor = auth_acceptor_new(acceptance);
	if (acceptor == NULL)
		abort();
}

/* Prints all but a token. */
static enum auth_progress step(const uint8_t *token, size_t bytes, const uint8_t **answer,
                               size_t *answer_bytes)
{
	static const char *const names[] = { [AUTH_CONTINUE] = "continue ",
		                             [AUTH_COMPLETE] = "complete ",
		                             [AUTH_FAILED] = "failed " };
	struct err err = { 0 };
	enum auth_progress progress = auth_acceptor_step(acceptor, token, bytes, answer,
	                                                 answer_bytes, &err);

	if (progress == AUTH_COMPLETE &&
	    auth_acceptor_finish(acceptor, &who, key, &key_bytes, &err) != NERR_Success)
		progress = AUTH_FAILED;
	printf("%s", names[progress]);
	if (progress == AUTH_FAILED)
		printf("%08X %s", (unsigned)err.nt_status, err.text);
	return progress;
}

static uint8_t *parse_hex(const char *hex, size_t *bytes)
{
	uint8_t *token = malloc(strlen(hex) / 2 + 1);

	*bytes = strlen(hex) / 2;
	for (size_t i = 0; i < *bytes; i++)
		sscanf(hex + 2 * i, "%2hhx", &token[i]);
	return token;
}

static void take_token(const char *hex)
{
	size_t bytes, answer_bytes;
	uint8_t *token = parse_hex(hex, &bytes);
	const uint8_t *answer;

	if (step(token, bytes, &answer, &answer_bytes) != AUTH_FAILED)
		print_hex(answer, answer_bytes);
	free(token);
}

static void log_on_by_ourselves(const char *host, const char *file)
{
	struct netsession_credentials *credentials = NULL;
	enum auth_progress progress = AUTH_CONTINUE, initiated = AUTH_CONTINUE;
	struct auth_initiator *initiator;
	const uint8_t *token, *answer = NULL;
	size_t bytes, answer_bytes = 0, other_bytes;
	uint8_t other[AUTH_MAX_KEY_BYTES];
	struct err err = { 0 };

	if (file[0] != '\0' && credentials_read(file, &credentials, &err) != NERR_Success)
		abort();
	initiator = auth_initiator_new(credentials, NETSESSION_AUTHENTICATION_ANY, host);
	credentials_release(credentials);
	begin();
	while (progress == AUTH_CONTINUE && initiated != AUTH_FAILED) {
		initiated = auth_initiator_step(initiator, answer, answer_bytes, &token, &bytes,
		                                &err);
		if (initiated != AUTH_FAILED)
			progress = step(token, bytes, &answer, &answer_bytes);
	}
	if (progress == AUTH_COMPLETE && initiated == AUTH_CONTINUE)
		initiated = auth_initiator_step(initiator, answer, answer_bytes, &token, &bytes,
		                                &err);
	if (initiated == AUTH_FAILED)
		printf("not initiated: %s", err.text);
	else if (progress == AUTH_COMPLETE &&
	         (auth_initiator_key(initiator, other, &other_bytes, &err) != NERR_Success ||
	          other_bytes != key_bytes || memcmp(other, key, key_bytes) != 0))
		printf("with another key");
	auth_initiator_free(initiator);
}

static struct auth_initiator *initiator;

static void step_initiator(const uint8_t *token, size_t bytes)
{
	const uint8_t *answer;
	size_t answer_bytes;
	struct err err = { 0 };

	switch (auth_initiator_step(initiator, token, bytes, &answer, &answer_bytes, &err)) {
	case AUTH_CONTINUE:
		printf("continue ");
		print_hex(answer, answer_bytes);
		break;
	case AUTH_COMPLETE:
		printf("complete ");
		print_hex(answer, answer_bytes);
		break;
	case AUTH_FAILED:
		printf("failed %u %s", (unsigned)err.status, err.text);
		break;
	}
}

static void offer(const char *host, const char *file)
{
	struct netsession_credentials *credentials = NULL;
	struct err err = { 0 };

	if (file[0] != '\0' && credentials_read(file, &credentials, &err) != NERR_Success)
		abort();
	auth_initiator_free(initiator);
	initiator = auth_initiator_new(credentials, NETSESSION_AUTHENTICATION_ANY, host);
	credentials_release(credentials);
	step_initiator(NULL, 0);
}

static void print_initiator_key(void)
{
	uint8_t its[AUTH_MAX_KEY_BYTES];
	struct err err = { 0 };
	size_t bytes;

	if (auth_initiator_key(initiator, its, &bytes, &err) == NERR_Success)
		print_hex(its, bytes);
}

static void take_answer(const char *hex)
{
	size_t bytes;
	uint8_t *token = parse_hex(hex, &bytes);

	step_initiator(token, bytes);
	free(token);
}

static void answer_line(char *line)
{
	char *words[MAX_WORDS + 1] = { 0 }, *rest = line;
	size_t count = 0;

	line[strcspn(line, "\n")] = '\0';
	while (count < MAX_WORDS && rest != NULL)
		words[count++] = strsep(&rest, " ");
	if (strcmp(words[0], "accept") == 0 && count == 4)
		accept_with(words);
	else if (strcmp(words[0], "begin") == 0)
		begin(), printf("begun");
	else if (strcmp(words[0], "token") == 0 && count == 2)
		take_token(words[1]);
	else if (strcmp(words[0], "self") == 0 && count == 3)
		log_on_by_ourselves(words[1], given(words[2]));
	else if (strcmp(words[0], "offer") == 0 && count == 3)
		offer(words[1], given(words[2]));
	else if (strcmp(words[0], "answer") == 0 && count == 2)
		take_answer(given(words[1]));
	else if (strcmp(words[0], "initiator-key") == 0)
		print_initiator_key();
	else if (strcmp(words[0], "key") == 0)
		print_hex(key, key_bytes);
	else if (strcmp(words[0], "who") == 0 && who != NULL)
		printf("%s %s %s", auth_acceptor_mechanism(acceptor), identity_user(who),
		       identity_domain(who));
	else if (strcmp(words[0], "claim") == 0)
		printf("%s %s", auth_acceptor_claim(acceptor), auth_acceptor_reason(acceptor));
	else if (strcmp(words[0], "label") == 0 && count == 2 && who != NULL)
		printf("%s", identity_has_label(who, words[1]) ? "yes" : "no");
	else
		printf("what?");
	printf("\n");
}

int main(void)
{
	static char line[MAX_LINE_BYTES];

	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof line, stdin) != NULL)
		answer_line(line);
	identity_release(who);
	auth_initiator_free(initiator);
	auth_acceptor_free(acceptor);
	auth_acceptor_settings_release(acceptance);
	return 0;
}
