/* SPDX-License-Identifier: MIT */
/* netsession_diagnose: each step of connecting to a server, with a report of what was found. The
 * local service has its own steps. */
#include <netsession.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/escape.h"
#include "base/ip_address.h"
#include "auth/credentials.h"
#include "client/call.h"
#include "client/environment.h"
#include "client/local_query.h"
#include "client/log_on_failure.h"
#include "client/probe.h"
#include "client/server_name.h"
#include "client/transport_smb2.h"
#include "client/environment.h"
#include "client/error_message.h"
#include "smb2/negotiate_check.h"
#include "srvsvc/session_levels.h"

#define LABELS_BYTES    512
#define ADDRESSES_BYTES 512
#define REPORT_BYTES    1024 /* also of texts whose characters are escaped */

/* For each of several addresses, after one of them has answered or failed. */
#define ADDRESS_MS 2000

struct diagnosis {
	const struct netsession_query *query;
	uint32_t timeout_ms;
	void (*report)(void *context, const struct netsession_report *report);
	void *context;
	struct server_name server;
	struct net_addresses addresses;
	struct netsession_error error; /* of the first step that failed */
	bool is_listed;                /* at one level at least */
	bool has_warnings;
	bool lacks_publishers;
	/* of netsessiond on this computer */ /* about the sources of netsessiond */
	bool has_pipe; /* it is reported that the pipe is open, or there is none */
};

static void diagnose_report(const struct diagnosis *x, const char *step,
                            enum netsession_verdict verdict, const char *text, const char *advice)
{
	char shown[REPORT_BYTES];

	(void)escape_text(shown, sizeof shown, text);
	x->report(x->context, &(struct netsession_report){
				      .step = step,
				      .verdict = verdict,
				      .text = shown,
				      .advice = advice,
			      });
}

/* Returns false, as a step that failed does. That a server lacks a level is nothing bad in itself.
 */
static bool diagnose_report_failure(struct diagnosis *x, const char *step,
                                    const struct netsession_error *error)
{
	bool is_bad = error->status != ERROR_INVALID_LEVEL;

	if (x->error.status == NERR_Success)
		x->error = *error;
	x->report(x->context, &(struct netsession_report){
				      .step = step,
				      .verdict = is_bad ? NETSESSION_BAD : NETSESSION_NOTICE,
				      .status = error->status,
				      .text = error->text,
				      .advice = is_bad ? error->advice : NULL,
			      });
	return false;
}

static bool diagnose_report_err(struct diagnosis *x, const char *step, const struct err *err)
{
	struct netsession_error error;

	error_message_write(&error, err, NETSESSION_LEVEL_AUTO);
	return diagnose_report_failure(x, step, &error);
}

/* ---- the steps: false, where the next ones make no sense ---- */

/* Appends an address to a list, as far as there is room. */
static void diagnose_append_address(char list[ADDRESSES_BYTES], const union net_address *address)
{
	char one[IP_ADDRESS_TEXT_BYTES];
	size_t length = strlen(list);
	struct ip_address ip;

	net_address_to_ip(address, &ip);
	(void)snprintf(list + length, ADDRESSES_BYTES - length, "%s%s", length > 0 ? ", " : "",
	               ip_address_bracketed_text(&ip, one));
}

static bool diagnose_name(struct diagnosis *x)
{
	char text[ADDRESSES_BYTES] = "";
	struct err err = { 0 };

	if (environment_proxy() != NULL) {
		err_set(&err, ERROR_NOT_SUPPORTED, "name",
		        "the steps to a server cannot be checked by way of a proxy; unset "
		        "NETSESSION_PROXY");
		return diagnose_report_err(x, "name", &err);
	}
	(void)server_name_parse(x->query->server, &x->server, &err);
	if (x->server.port == 0)
		x->server.port = x->query->port != 0 ? x->query->port : SMB_PORT;
	if (err.status != NERR_Success ||
	    probe_addresses(server_name_target(&x->server), x->server.port, x->query->wins,
	                    x->timeout_ms, &x->addresses, &err) != NERR_Success)
		return diagnose_report_err(x, "name", &err);
	for (unsigned i = 0; i < x->addresses.count; i++)
		diagnose_append_address(text, &x->addresses.list[i]);
	diagnose_report(x, "name", NETSESSION_GOOD, text, NULL);
	return true;
}

/* Drops the addresses at which no SMB server answers, and reports them: a client may have to try
 * all addresses of a name. Fills best if it is the first to find an answer. */
static void diagnose_addresses(struct diagnosis *x, struct smb2_negotiate_response *best,
                               bool has_best)
{
	uint32_t timeout_ms = x->timeout_ms < ADDRESS_MS ? x->timeout_ms : ADDRESS_MS;
	struct net_addresses all = x->addresses, one = { .count = 1 };
	char list[ADDRESSES_BYTES] = "", text[ADDRESSES_BYTES + 32];
	struct smb2_negotiate_response response;
	struct err err;
	unsigned kept = 0;

	for (unsigned i = 0; i < all.count; i++) {
		one.list[0] = all.list[i];
		if (probe_server(&one, &x->server, 0, timeout_ms, &response, &err) !=
		    NERR_Success) {
			diagnose_append_address(list, &all.list[i]);
			continue;
		}
		x->addresses.list[kept++] = all.list[i];
		if (!has_best)
			*best = response;
		has_best = true;
	}
	if (kept == 0 || kept == all.count)
		return;
	x->addresses.count = kept;
	snprintf(text, sizeof text, "no SMB server answers at %s", list);
	diagnose_report(x, "addresses", NETSESSION_NOTICE, text,
	                "some programs try one address only: correct the name service");
}

static bool diagnose_port(struct diagnosis *x, struct smb2_negotiate_response *best)
{
	unsigned count = x->addresses.count;
	struct err err = { 0 }, smb1 = { 0 };
	char text[64];

	(void)probe_server(&x->addresses, &x->server, 0, x->timeout_ms, best, &err);
	if (count > 1)
		diagnose_addresses(x, best, err.status == NERR_Success);
	/* A server that supports SMB1 only closes the connection without an answer. */
	if (err.status == ERROR_NETNAME_DELETED &&
	    probe_smb1(&x->addresses, &x->server, x->timeout_ms, &smb1) == ERROR_SMB1_NOT_AVAILABLE)
		err = smb1;
	if (err.status != NERR_Success && x->addresses.count == count)
		return diagnose_report_err(x, "port", &err);
	snprintf(text, sizeof text, "TCP port %u answers in SMB2", (unsigned)x->server.port);
	diagnose_report(x, "port", NETSESSION_GOOD, text, NULL);
	return true;
}

/* The answers to an offer of one dialect alone: which dialects the server accepts, and the first
 * answer that says neither that nor the contrary. */
struct dialects_found {
	char names[64];
	char unclear[sizeof((struct netsession_error *)0)->text + 32];
};

static void diagnose_probe_dialect(struct diagnosis *x, uint16_t dialect,
                                   struct dialects_found *found)
{
	struct smb2_negotiate_response response;
	size_t length = strlen(found->names);
	struct netsession_error error;
	struct err err = { 0 };

	if (probe_server(&x->addresses, &x->server, dialect, x->timeout_ms, &response, &err) ==
	    NERR_Success)
		snprintf(found->names + length, sizeof found->names - length, "%s%s",
		         length > 0 ? ", " : "", smb2_dialect_name(dialect));
	/* A server refuses by an NTSTATUS. It may close a connection for want of resources. */
	else if (err.nt_status == 0 && found->unclear[0] == '\0') {
		error_message_write(&error, &err, NETSESSION_LEVEL_AUTO);
		snprintf(found->unclear, sizeof found->unclear, "offered %s alone: %s",
		         smb2_dialect_name(dialect), error.text);
	}
}

/* A server names only the dialect that it prefers: each one is offered by itself. */
static void diagnose_dialects(struct diagnosis *x, const struct smb2_negotiate_response *best)
{
	bool is_best = best->dialect == SMB2_DIALECT_311;
	struct dialects_found found = { 0 };

	for (size_t i = SMB2_DIALECT_COUNT; i-- > 0;)
		diagnose_probe_dialect(x, smb2_dialects[i], &found);
	if (found.unclear[0] != '\0')
		diagnose_report(x, "dialects", NETSESSION_NOTICE, found.names, found.unclear);
	else
		diagnose_report(
			x, "dialects", is_best ? NETSESSION_GOOD : NETSESSION_NOTICE, found.names,
			is_best ? NULL
				: "only 3.1.1 protects the negotiation itself: enable it on the server");
}

/* Reported only if a maximum is less than [MS-SMB2] demands. */
static void diagnose_sizes(struct diagnosis *x, const struct smb2_negotiate_response *best)
{
	char text[128];

	if (smb2_negotiate_has_full_sizes(best))
		return;
	snprintf(text, sizeof text, "READ %u, WRITE %u, transactions %u bytes at most",
	         (unsigned)best->max_read_bytes, (unsigned)best->max_write_bytes,
	         (unsigned)best->max_transact_bytes);
	diagnose_report(
		x, "sizes", NETSESSION_NOTICE, text,
		"[MS-SMB2] demands 65536, and other clients may refuse this server: raise the limits (smb2 max read, smb2 max write and smb2 max trans of Samba)");
}

static bool diagnose_is_anonymous(const struct diagnosis *x)
{
	return x->query->credentials != NULL && x->query->credentials->is_anonymous;
}

static void diagnose_signing(struct diagnosis *x, const struct smb2_negotiate_response *best)
{
	static const char *const algorithms[] = { "HMAC-SHA256", "AES-128-CMAC", "AES-128-GMAC" };
	bool is_required = (best->security_mode & SMB2_NEGOTIATE_SIGNING_REQUIRED) != 0;
	bool is_offered = (best->security_mode & SMB2_NEGOTIATE_SIGNING_ENABLED) != 0;
	const char *algorithm = best->has_signing_algorithm ? algorithms[best->signing_algorithm]
	                        : best->dialect >= SMB2_DIALECT_300 ? algorithms[1]
	                                                            : algorithms[0];
	char text[96];

	/* 3.3.5.4: a server offers it in any case, but it can leave the bit out. */
	snprintf(text, sizeof text, "%s by the server, %s",
	         is_required  ? "required"
	         : is_offered ? "offered"
	                      : "not announced",
	         algorithm);
	if (diagnose_is_anonymous(x))
		diagnose_report(
			x, "signing", NETSESSION_NOTICE, text,
			"an anonymous log-on is neither signed nor encrypted, because it has no "
			"key: log on as a user for that");
	else
		diagnose_report(
			x, "signing", is_required ? NETSESSION_GOOD : NETSESSION_NOTICE, text,
			is_required
				? NULL
				: "netsession always signs; require signing on the server, so that every client does");
}

static void diagnose_encryption(struct diagnosis *x, const struct smb2_negotiate_response *best)
{
	static const char *const ciphers[] = { "not offered", "AES-128-CCM", "AES-128-GCM",
		                               "AES-256-CCM", "AES-256-GCM" };

	diagnose_report(x, "encryption",
	                best->cipher != SMB2_CIPHER_NONE ? NETSESSION_GOOD : NETSESSION_NOTICE,
	                ciphers[best->cipher],
	                best->cipher != SMB2_CIPHER_NONE ? NULL
	                : best->dialect < SMB2_DIALECT_300
	                        ? "--encrypt is not possible: encryption needs SMB 3.0 or later"
	                        : "--encrypt is not possible: enable encryption on the server");
}

static void diagnose_clock(struct diagnosis *x, const struct smb2_negotiate_response *best)
{
	struct clock_reading clocks = clock_reading_take(best->system_time);
	int64_t difference_s = llabs(clock_reading_ahead_s(&clocks));
	char text[CLOCK_READING_BYTES] = "not sent by the server";

	if (clock_reading_is_known(&clocks))
		clock_reading_text(&clocks, text);
	diagnose_report(
		x, "clock",
		clock_reading_is_known(&clocks) && difference_s <= CLOCK_KERBEROS_S
			? NETSESSION_GOOD
			: NETSESSION_NOTICE,
		text,
		difference_s <= CLOCK_KERBEROS_S ? NULL
		: difference_s <= CLOCK_NTLM_S
			? "Kerberos allows 5 minutes (clockskew in krb5.conf): set both clocks by the "
			  "same time server (NTP)"
			: "Kerberos allows 5 minutes (clockskew in krb5.conf), and Windows may refuse "
			  "NTLMv2 beyond 30: set both clocks by the same time server (NTP)");
}

static void diagnose_mechanisms(struct diagnosis *x, const struct smb2_negotiate_response *best)
{
	static const char *const texts[] = { "not announced by the server", "Kerberos", "NTLM",
		                             "Kerberos, NTLM" };

	diagnose_report(x, "mechanisms",
	                best->mechanisms != 0 ? NETSESSION_GOOD : NETSESSION_NOTICE,
	                texts[best->mechanisms], NULL);
}

static bool diagnose_begins_with(const char *text, const char *with)
{
	return text != NULL && strncmp(text, with, strlen(with)) == 0;
}

static bool diagnose_log_on(struct diagnosis *x)
{
	struct netsession_error error;

	if (netsession_connect(x->query, &error) != NERR_Success &&
	    !diagnose_begins_with(error.step, "TREE_CONNECT"))
		return diagnose_report_failure(x, "log-on", &error);
	diagnose_report(x, "log-on", NETSESSION_GOOD, "the server accepts the log-on", NULL);
	if (error.status != NERR_Success)
		return diagnose_report_failure(x, "share", &error);
	diagnose_report(x, "share", NETSESSION_GOOD, "IPC$ is open", NULL);
	return true;
}

static void diagnose_report_listed(struct diagnosis *x, const char *step,
                                   struct netsession_page *page)
{
	char text[64];

	snprintf(text, sizeof text, "%u sessions", (unsigned)netsession_page_total(page));
	diagnose_report(x, step, NETSESSION_GOOD, text, NULL);
	x->is_listed = true;
}

/* Whether a call got as far as to the pipe. Otherwise its connection was lost, and a new one
 * failed.
 */
static bool diagnose_reached_pipe(const struct netsession_error *error)
{
	static const char *const steps[] = { "NetrSessionEnum", "RPC call", "READ",
		                             TRANSPORT_VALIDATE_STEP };

	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		if (diagnose_begins_with(error->step, steps[i]))
			return true;
	return error->status == NERR_Success;
}

/* Returns false if the pipe cannot be opened. */
static bool diagnose_level(struct diagnosis *x, uint32_t level)
{
	struct netsession_query query = *x->query;
	struct netsession_page *page;
	struct netsession_error error;
	char step[16];

	query.level = level;
	query.preferred_bytes = 1; /* the first entry comes with the total */
	snprintf(step, sizeof step, "level %u", (unsigned)level);
	(void)netsession_enum(&query, &page, &error);
	if (diagnose_begins_with(error.step, "CREATE") || diagnose_begins_with(error.step, "bind"))
		return diagnose_report_failure(x, "pipe", &error);
	if (!x->has_pipe && diagnose_reached_pipe(&error)) {
		diagnose_report(x, "pipe", NETSESSION_GOOD, "srvsvc is open", NULL);
		x->has_pipe = true;
	}
	if (error.status == NERR_Success)
		diagnose_report_listed(x, step, page);
	else
		(void)diagnose_report_failure(x, step, &error);
	netsession_page_free(page);
	return true;
}

static void diagnose_levels(struct diagnosis *x)
{
	for (size_t i = 0; i < SESSION_LEVEL_COUNT; i++)
		if (!diagnose_level(x, session_levels_richest_first[i]))
			return;
}

static void diagnose_server(struct diagnosis *x)
{
	struct smb2_negotiate_response best;

	if (!diagnose_name(x) || !diagnose_port(x, &best))
		return;
	diagnose_dialects(x, &best);
	diagnose_sizes(x, &best);
	diagnose_signing(x, &best);
	diagnose_encryption(x, &best);
	diagnose_mechanisms(x, &best);
	diagnose_clock(x, &best);
	if (diagnose_log_on(x))
		diagnose_levels(x);
}

/* ---- the steps of the local service ---- */

static void diagnose_note_label(void *context, const struct local_entry *entry)
{
	char *text = context;
	size_t length = strlen(text);

	snprintf(text + length, LABELS_BYTES - length, "%s%s", length > 0 ? ", " : "",
	         entry->name != NULL ? entry->name : "");
}

static bool diagnose_service(struct diagnosis *x)
{
	char text[sizeof(struct sockaddr_un) + 16], labels[LABELS_BYTES] = "";
	struct err err = { 0 };

	if (local_query_run(LOCAL_GET_CALLER, NULL, x->timeout_ms, diagnose_note_label, labels,
	                    &err) != NERR_Success)
		return diagnose_report_err(x, "service", &err);
	snprintf(text, sizeof text, "answers at %s", environment_socket());
	diagnose_report(x, "service", NETSESSION_GOOD, text, NULL);
	diagnose_report(x, "caller", NETSESSION_GOOD, labels, NULL);
	return true;
}

static void diagnose_report_counter(void *context, const struct local_entry *entry)
{
	struct diagnosis *x = context;
	char text[256];

	snprintf(text, sizeof text, "%s %llu: %s", entry->name != NULL ? entry->name : "",
	         (unsigned long long)entry->value, entry->help != NULL ? entry->help : "");
	diagnose_report(x, "counter", NETSESSION_GOOD, text, NULL);
	if (entry->name != NULL && strcmp(entry->name, "publishers_now") == 0)
		x->lacks_publishers = entry->value == 0;
}

/* The access policy says who may see the counters: that the caller may not is nothing bad. */
static void diagnose_counters(struct diagnosis *x)
{
	struct netsession_error error;
	struct err err;

	if (local_query_run(LOCAL_GET_COUNTERS, NULL, x->timeout_ms, diagnose_report_counter, x,
	                    &err) == NERR_Success) {
		if (x->lacks_publishers)
			diagnose_report(
				x, "publishers", NETSESSION_NOTICE,
				"none is connected: lists have no other sessions than those of "
				"netsessiond's own SMB clients",
				"for the sessions of Samba, run systemctl start "
				"netsession-samba");
		return;
	}
	error_message_write(&error, &err, NETSESSION_LEVEL_AUTO);
	diagnose_report(x, "counters", NETSESSION_NOTICE, error.text, NULL);
}

static void diagnose_report_warning(void *context, const struct local_entry *entry)
{
	struct diagnosis *x = context;

	x->has_warnings = true;
	diagnose_report(
		x, "sources", NETSESSION_NOTICE, entry->name != NULL ? entry->name : "",
		(entry->value & LOCAL_WARNING_INCOMPLETE) != 0
			? "sessions are missing in lists; see the logs of netsessiond and of "
			  "the publisher"
			: NULL);
}

/* What puts sessions into lists. An older netsessiond does not know it, and a caller who may list
 * none has no use for it. */
static void diagnose_sources(struct diagnosis *x)
{
	struct err err = { 0 };

	if (local_query_run(LOCAL_LIST_WARNINGS, NULL, x->timeout_ms, diagnose_report_warning, x,
	                    &err) == NERR_Success &&
	    !x->has_warnings)
		diagnose_report(x, "sources", NETSESSION_GOOD, "all of them are complete", NULL);
}

static void diagnose_local(struct diagnosis *x)
{
	if (!diagnose_service(x))
		return;
	x->has_pipe = true; /* the local service has none */
	diagnose_levels(x);
	diagnose_sources(x);
	diagnose_counters(x);
}

uint32_t netsession_diagnose(const struct netsession_query *query,
                             void (*report)(void *context, const struct netsession_report *report),
                             void *context, struct netsession_error *error)
{
	struct diagnosis x = {
		.query = query,
		.timeout_ms = call_timeout_ms(query),
		.report = report,
		.context = context,
	};

	if (server_name_is_local(query->server))
		diagnose_local(&x);
	else
		diagnose_server(&x);
	if (x.is_listed)
		x.error = (struct netsession_error){ 0 };
	if (error != NULL)
		*error = x.error;
	return x.error.status;
}
