/* SPDX-License-Identifier: MIT */
/* netsession_examine: the way to a server step by step, and what is found at each. The local
 * service has its own steps. */
#include <netsession.h>

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include "client/environment.h"
#include "client/local_question.h"
#include "client/probe.h"
#include "client/server_name.h"
#include "client/story.h"
#include "srvsvc/session_levels.h"

#define DEFAULT_TIMEOUT_MS 30000
#define LABELS_BYTES       512

struct examination {
	const struct netsession_query *query;
	uint32_t timeout_ms;
	void (*found)(void *context, const struct netsession_finding *finding);
	void *context;
	struct server_name server;
	struct net_addresses addresses;
	struct netsession_error error; /* of the first step that failed */
	bool is_listed;                /* at one level at least */
};

static void tell(const struct examination *x, const char *step, enum netsession_verdict verdict,
                 const char *text, const char *advice)
{
	x->found(x->context, &(struct netsession_finding){
				     .step = step,
				     .verdict = verdict,
				     .text = text,
				     .advice = advice,
			     });
}

/* False, for the convenience of steps. That a server lacks a level is nothing bad in itself. */
static bool tell_failure(struct examination *x, const char *step,
                         const struct netsession_error *error)
{
	bool is_bad = error->status != ERROR_INVALID_LEVEL;

	if (x->error.status == NERR_Success)
		x->error = *error;
	x->found(x->context, &(struct netsession_finding){
				     .step = step,
				     .verdict = is_bad ? NETSESSION_BAD : NETSESSION_NOTICE,
				     .status = error->status,
				     .text = error->text,
				     .advice = is_bad ? error->advice : NULL,
			     });
	return false;
}

static bool tell_err(struct examination *x, const char *step, const struct err *err)
{
	struct netsession_error error;

	story_tell(&error, err, NETSESSION_LEVEL_AUTO);
	return tell_failure(x, step, &error);
}

/* ---- the steps: false, when the next ones make no sense ---- */

static bool examine_name(struct examination *x)
{
	char text[512] = "", one[NI_MAXHOST];
	struct err err = { 0 };
	size_t length = 0;

	if (!server_name_parse(x->query->server, &x->server))
		err_set(&err, NERR_InvalidComputer, "query", NULL);
	if (x->server.port == 0)
		x->server.port = x->query->port != 0 ? x->query->port : SMB_PORT;
	if (err.status != NERR_Success ||
	    probe_addresses(x->server.host, x->server.port, x->query->wins, x->timeout_ms,
	                    &x->addresses, &err) != NERR_Success)
		return tell_err(x, "name", &err);
	for (unsigned i = 0; i < x->addresses.count && length < sizeof text; i++)
		if (getnameinfo((const struct sockaddr *)&x->addresses.list[i],
		                sizeof x->addresses.list[i], one, sizeof one, NULL, 0,
		                NI_NUMERICHOST) == 0)
			length += (size_t)snprintf(text + length, sizeof text - length, "%s%s",
			                           i > 0 ? ", " : "", one);
	tell(x, "name", NETSESSION_GOOD, text, NULL);
	return true;
}

static bool examine_port(struct examination *x, struct smb2_negotiate_response *best)
{
	struct err err = { 0 };
	char text[64];

	if (probe_server(&x->addresses, x->server.host, 0, x->timeout_ms, best, &err) !=
	    NERR_Success)
		return tell_err(x, "port", &err);
	snprintf(text, sizeof text, "TCP port %u answers in SMB2", (unsigned)x->server.port);
	tell(x, "port", NETSESSION_GOOD, text, NULL);
	return true;
}

static const char *dialect_name(uint16_t dialect)
{
	switch (dialect) {
	case SMB2_DIALECT_202:
		return "2.0.2";
	case SMB2_DIALECT_210:
		return "2.1";
	case SMB2_DIALECT_300:
		return "3.0";
	case SMB2_DIALECT_302:
		return "3.0.2";
	case SMB2_DIALECT_311:
		return "3.1.1";
	default:
		return "unknown";
	}
}

/* A server says only which dialect it likes best: each is offered by itself. */
static void examine_dialects(struct examination *x, const struct smb2_negotiate_response *best)
{
	char text[64] = "";

	for (size_t i = SMB2_DIALECT_COUNT; i-- > 0;) {
		struct smb2_negotiate_response response;
		struct err err = { 0 };
		size_t length = strlen(text);

		if (smb2_dialects[i] != best->dialect &&
		    probe_server(&x->addresses, x->server.host, smb2_dialects[i], x->timeout_ms,
		                 &response, &err) != NERR_Success)
			continue;
		snprintf(text + length, sizeof text - length, "%s%s", length > 0 ? ", " : "",
		         dialect_name(smb2_dialects[i]));
	}
	if (best->dialect == SMB2_DIALECT_311)
		tell(x, "dialects", NETSESSION_GOOD, text, NULL);
	else
		tell(x, "dialects", NETSESSION_NOTICE, text,
		     "3.1.1 alone protects the negotiation itself: allow it on the server");
}

static void examine_signing(struct examination *x, const struct smb2_negotiate_response *best)
{
	static const char *const algorithms[] = { "HMAC-SHA256", "AES-128-CMAC", "AES-128-GMAC" };
	bool is_required = (best->security_mode & SMB2_NEGOTIATE_SIGNING_REQUIRED) != 0;
	const char *algorithm = best->has_signing_algorithm ? algorithms[best->signing_algorithm]
	                        : best->dialect >= SMB2_DIALECT_300 ? algorithms[1]
	                                                            : algorithms[0];
	char text[96];

	snprintf(text, sizeof text, "%s by the server, %s", is_required ? "required" : "offered",
	         algorithm);
	tell(x, "signing", is_required ? NETSESSION_GOOD : NETSESSION_NOTICE, text,
	     is_required
	             ? NULL
	             : "netsession signs in any case; require it on the server, so that all do");
}

static void examine_encryption(struct examination *x, const struct smb2_negotiate_response *best)
{
	static const char *const ciphers[] = { "not offered", "AES-128-CCM", "AES-128-GCM",
		                               "AES-256-CCM", "AES-256-GCM" };

	tell(x, "encryption",
	     best->cipher != SMB2_CIPHER_NONE ? NETSESSION_GOOD : NETSESSION_NOTICE,
	     ciphers[best->cipher],
	     best->cipher != SMB2_CIPHER_NONE
	             ? NULL
	             : "--encrypt cannot be had: it takes SMB 3.0 or later");
}

static void examine_mechanisms(struct examination *x, const struct smb2_negotiate_response *best)
{
	static const char *const texts[] = { "the server does not say", "Kerberos", "NTLM",
		                             "Kerberos, NTLM" };

	tell(x, "mechanisms", best->mechanisms != 0 ? NETSESSION_GOOD : NETSESSION_NOTICE,
	     texts[best->mechanisms], NULL);
}

static bool begins_with(const char *text, const char *with)
{
	return text != NULL && strncmp(text, with, strlen(with)) == 0;
}

static bool examine_log_on(struct examination *x)
{
	struct netsession_error error;

	if (netsession_connect(x->query, &error) != NERR_Success &&
	    !begins_with(error.doing, "TREE_CONNECT"))
		return tell_failure(x, "log-on", &error);
	tell(x, "log-on", NETSESSION_GOOD, "the server takes it", NULL);
	if (error.status != NERR_Success)
		return tell_failure(x, "share", &error);
	tell(x, "share", NETSESSION_GOOD, "IPC$ is open", NULL);
	return true;
}

static void tell_listed(struct examination *x, const char *step, struct netsession_page *page)
{
	char text[64];

	snprintf(text, sizeof text, "%u sessions", (unsigned)netsession_page_total(page));
	tell(x, step, NETSESSION_GOOD, text, NULL);
	x->is_listed = true;
}

/* True: the pipe is open, whatever became of the level; that it is, is told at the first one. */
static bool examine_level(struct examination *x, uint32_t level, bool tells_pipe)
{
	struct netsession_query query = *x->query;
	struct netsession_page *page;
	struct netsession_error error;
	char step[16];

	query.level = level;
	query.preferred_bytes = 1; /* how many they are is told with the first of them */
	snprintf(step, sizeof step, "level %u", (unsigned)level);
	(void)netsession_enum(&query, &page, &error);
	if (begins_with(error.doing, "CREATE") || begins_with(error.doing, "bind"))
		return tell_failure(x, "pipe", &error);
	if (tells_pipe)
		tell(x, "pipe", NETSESSION_GOOD, "srvsvc is open", NULL);
	if (error.status == NERR_Success)
		tell_listed(x, step, page);
	else
		(void)tell_failure(x, step, &error);
	netsession_page_free(page);
	return true;
}

static void examine_levels(struct examination *x, bool tells_pipe)
{
	for (size_t i = 0; i < SESSION_LEVEL_COUNT; i++)
		if (!examine_level(x, session_levels_richest_first[i], tells_pipe && i == 0))
			return;
}

static void examine_server(struct examination *x)
{
	struct smb2_negotiate_response best;

	if (!examine_name(x) || !examine_port(x, &best))
		return;
	examine_dialects(x, &best);
	examine_signing(x, &best);
	examine_encryption(x, &best);
	examine_mechanisms(x, &best);
	if (examine_log_on(x))
		examine_levels(x, true);
}

/* ---- the local service's ---- */

static void note_label(void *context, const struct local_entry *entry)
{
	char *text = context;
	size_t length = strlen(text);

	snprintf(text + length, LABELS_BYTES - length, "%s%s", length > 0 ? ", " : "",
	         entry->name != NULL ? entry->name : "");
}

static bool examine_service(struct examination *x)
{
	char text[sizeof(struct sockaddr_storage) + 16], labels[LABELS_BYTES] = "";
	struct err err = { 0 };

	if (local_question_ask(LOCAL_WHO_AM_I, NULL, x->timeout_ms, note_label, labels, &err) !=
	    NERR_Success)
		return tell_err(x, "service", &err);
	snprintf(text, sizeof text, "answers at %s", environment_socket());
	tell(x, "service", NETSESSION_GOOD, text, NULL);
	tell(x, "caller", NETSESSION_GOOD, labels, NULL);
	return true;
}

static void tell_counter(void *context, const struct local_entry *entry)
{
	char text[256];

	snprintf(text, sizeof text, "%s %llu: %s", entry->name != NULL ? entry->name : "",
	         (unsigned long long)entry->value, entry->help != NULL ? entry->help : "");
	tell(context, "counter", NETSESSION_GOOD, text, NULL);
}

/* They are for whom the policy means them: that somebody else cannot see them is nothing bad. */
static void examine_counters(struct examination *x)
{
	struct netsession_error error;
	struct err err;

	if (local_question_ask(LOCAL_GET_COUNTERS, NULL, x->timeout_ms, tell_counter, x, &err) ==
	    NERR_Success)
		return;
	story_tell(&error, &err, NETSESSION_LEVEL_AUTO);
	tell(x, "counters", NETSESSION_NOTICE, error.text, NULL);
}

static void examine_local(struct examination *x)
{
	if (!examine_service(x))
		return;
	examine_levels(x, false);
	examine_counters(x);
}

uint32_t netsession_examine(const struct netsession_query *query,
                            void (*found)(void *context, const struct netsession_finding *finding),
                            void *context, struct netsession_error *error)
{
	struct examination x = {
		.query = query,
		.timeout_ms = query->timeout_ms != 0 ? query->timeout_ms : DEFAULT_TIMEOUT_MS,
		.found = found,
		.context = context,
	};

	if (server_name_is_local(query->server))
		examine_local(&x);
	else
		examine_server(&x);
	if (x.is_listed)
		x.error = (struct netsession_error){ 0 };
	if (error != NULL)
		*error = x.error;
	return x.error.status;
}
