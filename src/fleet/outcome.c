/* SPDX-License-Identifier: MIT */
#include "fleet/outcome.h"

#include <stddef.h>
#include <string.h>
#include <lmerr.h>
#include <winerror.h>

#define LOG_ON_STEP    "SESSION_SETUP"
#define NEGOTIATE_STEP "NEGOTIATE"
#define RESOLVE_STEP   "resolve"
#define PROXY_STEP     "proxy"

const struct host_outcome_words host_outcomes[OUTCOME_COUNT] = {
	[OUTCOME_ANSWERED] = { "answered", "answered with sessions", NULL, false },
	[OUTCOME_EMPTY] = { "empty", "answered without a session", NULL, false },
	[OUTCOME_DENIED] = { "denied", "denied the list",
	                     "use an account that is an administrator or server operator there",
	                     false },
	[OUTCOME_NO_SUCH_NAME] = { "no_such_name", "has no address",
	                           "correct the name, or take the host off the list", false },
	[OUTCOME_UNREACHABLE] = { "unreachable", "cannot be reached",
	                          "check that the host is up, and the firewall before its port",
	                          true },
	[OUTCOME_REFUSED] = { "refused", "refuses this computer",
	                      "allow the address of this computer on the host", false },
	[OUTCOME_BUSY] = { "busy", "has no room for another connection",
	                   "ask again later, or raise the limit of the host", true },
	[OUTCOME_NOT_SMB] = { "not_smb", "does not speak SMB",
	                      "check the port; take the host off the list", false },
	[OUTCOME_SMB1_ONLY] = { "smb1_only", "speaks SMB1 only", "enable SMB2 or later there",
	                        false },
	[OUTCOME_NO_COMMON_AUTHENTICATION] = { "no_common_authentication",
	                                       "shares no way to log on with this computer",
	                                       "use Kerberos where NTLM is blocked, and encryption "
	                                       "or signing where they are required",
	                                       false },
	[OUTCOME_LOG_ON_FAILED] = { "log_on_failed", "refused the log-on",
	                            "check the account and its password, and its right to log on "
	                            "over the network",
	                            false },
	[OUTCOME_KERBEROS_FAILED] = { "kerberos_failed", "got no ticket for the log-on",
	                              "check the tickets, the KDC, the clocks and the name of the "
	                              "host in its domain",
	                              false },
	[OUTCOME_NOT_SUPPORTED] = { "not_supported", "does not list sessions",
	                            "see whether the Server service runs there", false },
	[OUTCOME_TIMED_OUT] = { "timed_out", "did not answer in time",
	                        "see what the host does; allow more time", true },
	[OUTCOME_CONNECTION_LOST] = { "connection_lost", "lost the connection",
	                              "see the log of the host", true },
	[OUTCOME_PROTOCOL_ERROR] = { "protocol_error", "broke the rules of the protocol",
	                             "see netsession doctor; report it", false },
	[OUTCOME_TOO_MANY_SESSIONS] = { "too_many_sessions",
	                                "has more sessions than the limit of memory allows",
	                                "see whether so many are there; select fewer, or raise "
	                                "--max-bytes",
	                                false },
	[OUTCOME_SERVER_ERROR] = { "server_error", "answered with another error",
	                           "see the error, and the log of the host", true },
	[OUTCOME_LOCAL_ERROR] = { "local_error",
	                          "was not asked, because this computer or the proxy failed",
	                          "see the error; lower --concurrency, or raise the limits of this computer",
	                          true },
};

/* The outcome of a status, whatever the step. */
static const struct {
	uint32_t status;
	enum host_outcome outcome;
} status_outcomes[] = {
	{ ERROR_ACCESS_DENIED, OUTCOME_DENIED },
	{ NERR_UserNotFound, OUTCOME_EMPTY },
	{ NERR_ClientNameNotFound, OUTCOME_EMPTY },
	{ ERROR_REM_NOT_LIST, OUTCOME_REFUSED },
	{ ERROR_REQ_NOT_ACCEP, OUTCOME_BUSY },
	{ ERROR_TOO_MANY_SESS, OUTCOME_BUSY },
	{ ERROR_SMB1_NOT_AVAILABLE, OUTCOME_SMB1_ONLY },
	{ ERROR_NTLM_BLOCKED, OUTCOME_NO_COMMON_AUTHENTICATION },
	{ ERROR_LOGON_FAILURE, OUTCOME_LOG_ON_FAILED },
	{ ERROR_ACCOUNT_RESTRICTION, OUTCOME_LOG_ON_FAILED },
	{ ERROR_INVALID_LOGON_HOURS, OUTCOME_LOG_ON_FAILED },
	{ ERROR_INVALID_WORKSTATION, OUTCOME_LOG_ON_FAILED },
	{ ERROR_PASSWORD_EXPIRED, OUTCOME_LOG_ON_FAILED },
	{ ERROR_PASSWORD_MUST_CHANGE, OUTCOME_LOG_ON_FAILED },
	{ ERROR_ACCOUNT_DISABLED, OUTCOME_LOG_ON_FAILED },
	{ ERROR_ACCOUNT_EXPIRED, OUTCOME_LOG_ON_FAILED },
	{ ERROR_ACCOUNT_LOCKED_OUT, OUTCOME_LOG_ON_FAILED },
	{ ERROR_LOGON_NOT_GRANTED, OUTCOME_LOG_ON_FAILED },
	{ ERROR_LOGON_TYPE_NOT_GRANTED, OUTCOME_LOG_ON_FAILED },
	{ ERROR_AUTHENTICATION_FIREWALL_FAILED, OUTCOME_LOG_ON_FAILED },
	{ ERROR_NO_LOGON_SERVERS, OUTCOME_KERBEROS_FAILED },
	{ ERROR_NO_SUCH_LOGON_SESSION, OUTCOME_KERBEROS_FAILED },
	{ ERROR_WRONG_TARGET_NAME, OUTCOME_KERBEROS_FAILED },
	{ ERROR_TIME_SKEW, OUTCOME_KERBEROS_FAILED },
	{ ERROR_BAD_CONFIGURATION, OUTCOME_KERBEROS_FAILED },
	{ ERROR_INVALID_LEVEL, OUTCOME_NOT_SUPPORTED },
	{ RPC_S_UNKNOWN_IF, OUTCOME_NOT_SUPPORTED },
	{ RPC_S_PROCNUM_OUT_OF_RANGE, OUTCOME_NOT_SUPPORTED },
	{ ERROR_TIMEOUT, OUTCOME_TIMED_OUT },
	{ ERROR_NETNAME_DELETED, OUTCOME_CONNECTION_LOST },
	{ ERROR_UNEXP_NET_ERR, OUTCOME_CONNECTION_LOST },
	{ ERROR_DOWNGRADE_DETECTED, OUTCOME_PROTOCOL_ERROR },
	{ RPC_X_BAD_STUB_DATA, OUTCOME_PROTOCOL_ERROR },
	{ RPC_S_PROTOCOL_ERROR, OUTCOME_PROTOCOL_ERROR },
	{ ERROR_NOT_ENOUGH_MEMORY, OUTCOME_LOCAL_ERROR },
	{ ERROR_TOO_MANY_OPEN_FILES, OUTCOME_LOCAL_ERROR },
};

static bool host_outcome_is_step(const struct netsession_error *error, const char *step)
{
	return error->step != NULL && strcmp(error->step, step) == 0;
}

enum host_outcome host_outcome_of(const struct netsession_error *error, uint64_t sessions)
{
	/* The proxy failed, and the host was not asked. */
	if (error->status != NERR_Success && error->status != ERROR_TIMEOUT &&
	    host_outcome_is_step(error, PROXY_STEP))
		return OUTCOME_LOCAL_ERROR;
	switch (error->status) {
	case NERR_Success:
		return sessions > 0 ? OUTCOME_ANSWERED : OUTCOME_EMPTY;
	case ERROR_BAD_NETPATH:
		return host_outcome_is_step(error, RESOLVE_STEP) ? OUTCOME_NO_SUCH_NAME
		                                                 : OUTCOME_UNREACHABLE;
	case ERROR_BAD_NET_RESP:
		return host_outcome_is_step(error, NEGOTIATE_STEP) ? OUTCOME_NOT_SMB
		                                                   : OUTCOME_PROTOCOL_ERROR;
	case ERROR_NOT_SUPPORTED:
		return host_outcome_is_step(error, LOG_ON_STEP) ||
		                       host_outcome_is_step(error, NEGOTIATE_STEP)
		               ? OUTCOME_NO_COMMON_AUTHENTICATION
		               : OUTCOME_NOT_SUPPORTED;
	case ERROR_NOT_ENOUGH_QUOTA: /* where the server says it, there is an NTSTATUS */
		return error->nt_status == 0 ? OUTCOME_TOO_MANY_SESSIONS : OUTCOME_SERVER_ERROR;
	default:
		break;
	}
	for (size_t i = 0; i < sizeof status_outcomes / sizeof *status_outcomes; i++)
		if (status_outcomes[i].status == error->status)
			return status_outcomes[i].outcome;
	return OUTCOME_SERVER_ERROR;
}

bool host_outcome_is_answer(enum host_outcome outcome)
{
	return outcome == OUTCOME_ANSWERED || outcome == OUTCOME_EMPTY;
}

bool host_outcome_shows_log_on(enum host_outcome outcome, const struct netsession_error *error)
{
	return host_outcome_is_answer(outcome) ||
	       (outcome == OUTCOME_DENIED && !host_outcome_is_step(error, LOG_ON_STEP));
}

bool host_outcome_counts_for_lock_out(const struct netsession_error *error, bool *is_locked)
{
	*is_locked = error->status == ERROR_ACCOUNT_LOCKED_OUT;
	return *is_locked || error->status == ERROR_LOGON_FAILURE;
}

enum host_outcome host_outcome_find(const char *name)
{
	size_t i = 0;

	while (i < OUTCOME_COUNT && strcmp(host_outcomes[i].name, name) != 0)
		i++;
	return (enum host_outcome)i;
}
