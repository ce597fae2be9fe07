/* SPDX-License-Identifier: MIT */
#include "client/error_message.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "auth/credentials.h"
#include "auth/initiator.h"
#include "base/escape.h"
#include "base/text.h"
#include "smb2/status.h"

enum { MESSAGE_BYTES = sizeof((struct netsession_error *)0)->text };

#define MEMBERSHIP                                                                               \
	"see that server's log and its membership in the domain, or use an account of its own: " \
	"SERVER\\user"
#define CHANGE_PASSWORD "change it: kpasswd, or smbpasswd -r SERVER -U USER"
#define NETWORK_LOG_ON_RIGHT                                                                          \
	"on the server grant the account \"Access this computer from the network\", and do not deny " \
	"it; or use another account"
#define COMPUTERS_ACCOUNT "the account is a computer's or a domain's: use a user's account"

static const struct status_words {
	NET_API_STATUS status;
	const char *words;  /* what happened */
	const char *advice; /* what to do about it; NULL: nothing in general */
} statuses[] = {
	{ ERROR_FILE_NOT_FOUND, "not found", NULL },
	{ ERROR_ACCESS_DENIED, "access denied",
	  "use an account that is an administrator or server operator of that server" },
	{ ERROR_NOT_ENOUGH_MEMORY, "out of memory", NULL },
	{ ERROR_NOT_SUPPORTED, "not supported", NULL },
	{ ERROR_REM_NOT_LIST, "refused",
	  "allow the address of this computer on the server: `hosts allow` and `hosts deny` of Samba, or the server's firewall" },
	{ ERROR_BAD_NETPATH, "cannot be reached", "check the name, the port and the firewall" },
	{ ERROR_BAD_NET_RESP, "unexpected answer",
	  "check that this is an SMB server, its port and its version" },
	{ ERROR_UNEXP_NET_ERR, "network error", NULL },
	{ ERROR_NETNAME_DELETED, "connection lost", "try again; the server's log may say more" },
	{ ERROR_DUP_NAME, "the server does not answer to that name",
	  "use its own name, or let it answer to its aliases (Windows: DisableStrictNameChecking)" },
	{ ERROR_BAD_NET_NAME, "no such share", NULL },
	{ ERROR_TOO_MANY_SESS, "too many sessions", NULL },
	{ ERROR_REQ_NOT_ACCEP, "too many connections", NULL },
	{ ERROR_INVALID_PARAMETER, "invalid parameter", NULL },
	{ ERROR_INVALID_LEVEL, "not supported",
	  "the server does not know that level; level auto finds one that the server knows" },
	{ ERROR_SMB1_NOT_AVAILABLE, "the server supports SMB1 only",
	  "enable SMB2 or later on the server" },
	{ ERROR_DOWNGRADE_DETECTED, "the connection was tampered with",
	  "a host on the way to the server changes messages: do not log on over this network" },
	{ ERROR_NO_LOGON_SERVERS, "no domain controller answered",
	  "check krb5.conf, DNS and the route to the domain's KDC" },
	{ ERROR_NO_SUCH_LOGON_SESSION, "the caller is not logged on",
	  "run kinit, or give a credentials file" },
	{ ERROR_LOGON_FAILURE, "log-on failed", "check user, domain and password" },
	{ ERROR_ACCOUNT_RESTRICTION, "log-on refused",
	  "the account is restricted: a member of Protected Users has to use Kerberos (kinit, or the "
	  "realm as the domain of the password), and an empty password does not do over the network" },
	{ ERROR_INVALID_LOGON_HOURS, "log-on refused at this hour",
	  "use another account, or have the account's log-on hours changed" },
	{ ERROR_INVALID_WORKSTATION, "log-on refused from this computer",
	  "the account lists the computers that it may log on from by NTLM: use one of them, "
	  "another account, or Kerberos" },
	{ ERROR_PASSWORD_EXPIRED, "the password has expired", CHANGE_PASSWORD },
	{ ERROR_CANCELLED, "cancelled", NULL },
	{ ERROR_ACCOUNT_DISABLED, "the account is disabled",
	  "use another account, or have it enabled" },
	{ ERROR_ACCOUNT_EXPIRED, "the account has expired",
	  "use another account, or have its end changed" },
	{ ERROR_LOGON_TYPE_NOT_GRANTED, "log-on over the network is not granted",
	  NETWORK_LOG_ON_RIGHT },
	{ ERROR_PASSWORD_MUST_CHANGE, "the password must be changed first", CHANGE_PASSWORD },
	{ ERROR_ACCOUNT_LOCKED_OUT, "the account is locked after wrong passwords",
	  "wait until the domain unlocks it, or have it unlocked; see which program still has an old "
	  "password" },
	{ ERROR_WRONG_TARGET_NAME, "log-on failed",
	  "use the name that the server has in its domain" },
	{ ERROR_TIME_SKEW, "the clocks differ too much",
	  "set the clocks by the same time server (NTP); Kerberos allows 5 minutes" },
	{ ERROR_NO_SUCH_DOMAIN, "the server does not know the domain", "check the domain" },
	{ ERROR_CANT_ACCESS_DOMAIN_INFO, "the server cannot reach its domain", MEMBERSHIP },
	{ ERROR_DOMAIN_CONTROLLER_NOT_FOUND, "the server finds no domain controller", MEMBERSHIP },
	{ ERROR_NETLOGON_NOT_STARTED, "the server's Netlogon service is not started", MEMBERSHIP },
	{ ERROR_NO_TRUST_LSA_SECRET, "the server is not a member of its domain", MEMBERSHIP },
	{ ERROR_NO_TRUST_SAM_ACCOUNT, "the domain has no account of the server", MEMBERSHIP },
	{ ERROR_TRUSTED_RELATIONSHIP_FAILURE, "the domain does not trust the server", MEMBERSHIP },
	{ ERROR_DOMAIN_TRUST_INCONSISTENT, "the domain does not trust the server", MEMBERSHIP },
	{ ERROR_TRUSTED_DOMAIN_FAILURE, "the server's domain does not trust the user's domain",
	  "use an account of the server's domain" },
	{ ERROR_AUTHENTICATION_FIREWALL_FAILED, "log-on refused",
	  "the domains trust each other selectively: let the account authenticate to the server" },
	{ ERROR_NOLOGON_WORKSTATION_TRUST_ACCOUNT, "log-on refused", COMPUTERS_ACCOUNT },
	{ ERROR_NOLOGON_SERVER_TRUST_ACCOUNT, "log-on refused", COMPUTERS_ACCOUNT },
	{ ERROR_NOLOGON_INTERDOMAIN_TRUST_ACCOUNT, "log-on refused", COMPUTERS_ACCOUNT },
	{ ERROR_LOGON_NOT_GRANTED, "log-on over the network is not granted", NETWORK_LOG_ON_RIGHT },
	{ ERROR_SERVER_SHUTDOWN_IN_PROGRESS, "the server shuts down", "try again later" },
	{ ERROR_SHARING_PAUSED, "the Server service is paused", "have it continued" },
	{ ERROR_TOO_MANY_OPEN_FILES, "too many open files",
	  "raise the limit of open files (ulimit -n)" },
	{ ERROR_NTLM_BLOCKED, "the server does not accept NTLM",
	  "use Kerberos: run kinit, or give the password's realm as its domain" },
	{ ERROR_CONNECTION_REFUSED, "refused",
	  "the service behind the pipe is not running: see that server's log" },
	{ ERROR_BAD_CONFIGURATION, "Kerberos is misconfigured", "correct krb5.conf" },
	{ ERROR_TIMEOUT, "timed out", "check the port, or use a longer time limit" },
	{ RPC_X_BAD_STUB_DATA, "malformed answer", "please report it, with the server's version" },
	{ ERROR_NOT_ENOUGH_QUOTA, "the limit of memory was reached", NULL },
	{ RPC_S_UNKNOWN_IF, "no Server service",
	  "check that the Server service runs on that server" },
	{ RPC_S_PROTOCOL_ERROR, "RPC protocol error",
	  "please report it, with the server's version" },
	{ NERR_ServerNotStarted, "the Server service is not started",
	  "start netsessiond on this computer, or name a server" },
	{ NERR_UserNotFound, "no session of that user", NULL },
	{ NERR_ClientNameNotFound, "no session from that client", NULL },
	{ NERR_InvalidComputer, "invalid server name", "give a name, an address or host:port" },
};

#define LOCAL_LIMITS \
	"this computer gives the program no more memory or threads: see ulimit -v and ulimit -u"

/* What to do about a status at one step, where that is something else than in general. */
static const struct step_advice {
	NET_API_STATUS status;
	const char *step; /* the beginning of its name */
	const char *advice;
} step_advices[] = {
	{ ERROR_NOT_ENOUGH_MEMORY, "resolve", LOCAL_LIMITS },
	{ ERROR_NOT_ENOUGH_MEMORY, "connect", LOCAL_LIMITS },
	{ ERROR_NOT_ENOUGH_MEMORY, "NEGOTIATE", LOCAL_LIMITS },
	{ ERROR_BAD_NETPATH, "resolve", "check the name, and DNS on this computer" },
	{ ERROR_TIMEOUT, "resolve", "check the name, and DNS on this computer" },
	{ ERROR_TIMEOUT, "connect",
	  "nothing answers: the host is down, or a firewall drops the packets; check the name and "
	  "the port" },
	{ ERROR_TIMEOUT, "SESSION_SETUP",
	  "the server, its domain controller or your KDC is slow: use a longer time limit" },
	{ ERROR_ACCESS_DENIED, "SESSION_SETUP",
	  "the server refuses this kind of log-on: it may require encryption, which takes SMB 3.0 "
	  "and is not for anonymous callers, or want to be called by its own name; its log says "
	  "more" },
	{ ERROR_ACCESS_DENIED, "TREE_CONNECT",
	  "the server does not let this user, or this computer, connect to IPC$: use another account, or see `hosts allow` of IPC$ there" },
	{ ERROR_ACCESS_DENIED, "CREATE",
	  "the server does not let this user open its pipes; on Samba see \"nt pipe support\"" },
	{ ERROR_INVALID_PARAMETER, "SESSION_SETUP",
	  "the server could not handle the log-on: see its log; is it a member of its domain?" },
	{ ERROR_NETNAME_DELETED, "SESSION_SETUP",
	  "the server may refuse this kind of log-on, as Windows does where NTLM is disabled: use "
	  "Kerberos, or see that server's log" },
	{ ERROR_FILE_NOT_FOUND, "CREATE",
	  "the server has no Server service; on Samba see \"rpc start on demand helpers\" and "
	  "samba-dcerpcd" },
};

static const char *error_message_step_advice(const struct err *err)
{
	for (size_t i = 0; err->step != NULL && i < sizeof step_advices / sizeof *step_advices; i++)
		if (step_advices[i].status == err->status &&
		    strncmp(err->step, step_advices[i].step, strlen(step_advices[i].step)) == 0)
			return step_advices[i].advice;
	return NULL;
}

static const struct status_words *error_message_find_status(NET_API_STATUS status)
{
	static const struct status_words unknown = { 0, "failed", NULL };

	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
		if (statuses[i].status == status)
			return &statuses[i];
	return &unknown;
}

/* What a server means that refuses a log-on by a status that this side has for failures of its own,
 * too: by status, as the server's NTSTATUS maps to it. */
static const struct status_words log_on_refusals[] = {
	{ ERROR_NO_LOGON_SERVERS, "the server finds no domain controller", MEMBERSHIP },
	{ ERROR_NO_SUCH_LOGON_SESSION, "the server has lost the log-on",
	  "try again; that server's log may say more" },
	{ ERROR_NOT_SUPPORTED, "the server does not support this log-on",
	  "it may accept Kerberos alone, or NTLM alone: compare the mechanisms that it "
	  "announces" },
	{ ERROR_TIME_SKEW, "the clocks differ too much",
	  "set the clocks of this computer, of the server and of its domain controller by the same "
	  "time server (NTP)" },
};

static bool error_message_is_log_on_refusal(const struct err *err)
{
	return err->nt_status != 0 && err->step != NULL &&
	       strcmp(err->step, AUTH_INITIATOR_STEP) == 0;
}

static const struct status_words *error_message_find_words(const struct err *err)
{
	for (size_t i = 0; i < sizeof log_on_refusals / sizeof *log_on_refusals; i++)
		if (error_message_is_log_on_refusal(err) &&
		    log_on_refusals[i].status == err->status)
			return &log_on_refusals[i];
	return error_message_find_status(err->status);
}

/* Whether the server refused the level, and not the whole call. */
static bool error_message_is_about_level(const struct err *err)
{
	return (err->status == ERROR_ACCESS_DENIED || err->status == ERROR_INVALID_LEVEL) &&
	       err->step != NULL && strcmp(err->step, "NetrSessionEnum") == 0;
}

/* The text says all, and begins with file and line where a file is wrong. */
static bool error_message_is_about_credentials(const struct err *err)
{
	return err->step != NULL && strcmp(err->step, CREDENTIALS_STEP) == 0;
}

/* The failure concerns the caller's own file or publisher, not a server. */
static bool error_message_is_local(const struct err *err)
{
	return error_message_is_about_credentials(err) ||
	       (err->step != NULL && strcmp(err->step, PUBLISHER_STEP) == 0);
}

static const char *error_message_advice(const struct err *err, const struct status_words *w)
{
	const char *advice = error_message_step_advice(err);

	if (err->advice != NULL)
		return err->advice;
	if (advice != NULL)
		return advice;
	return error_message_is_local(err) ? NULL : w->advice;
}

/* Appends as much as there is room for. */
__attribute__((format(printf, 2, 3))) static void error_message_append(char text[MESSAGE_BYTES],
                                                                       const char *format, ...)
{
	size_t length = strlen(text), room = MESSAGE_BYTES - length;
	va_list arguments;

	va_start(arguments, format);
	if (vsnprintf(text + length, room, format, arguments) >= (int)room)
		text_drop_cut_character(text);
	va_end(arguments);
}

void error_message_write(struct netsession_error *to, const struct err *err, uint32_t level)
{
	const struct status_words *w = error_message_find_words(err);
	const char *name = smb2_status_name(err->nt_status);
	char found[MESSAGE_BYTES];
	bool has_text = err->text[0] != '\0';

	if (to == NULL)
		return;
	*to = (struct netsession_error){ .status = err->status,
		                         .nt_status = err->nt_status,
		                         .step = err->step,
		                         .advice = error_message_advice(err, w) };
	if (err->status == NERR_Success)
		return;
	(void)escape_text(found, sizeof found, err->text);
	if (has_text && error_message_is_about_credentials(err)) {
		error_message_append(to->text, "%s (%u)", found, (unsigned)err->status);
		return;
	}
	/* A status that is not known is the server's, and not the network's. */
	error_message_append(to->text, "%s",
	                     err->nt_status != 0 && err->status == ERROR_UNEXP_NET_ERR
	                             ? "the server reported an error"
	                             : w->words);
	if (error_message_is_about_level(err) && level == NETSESSION_LEVEL_AUTO)
		error_message_append(to->text, " at every level");
	else if (error_message_is_about_level(err))
		error_message_append(to->text, " at level %u", (unsigned)level);
	else if (err->step != NULL)
		error_message_append(to->text, " at %s", err->step);
	error_message_append(to->text, " (%u", (unsigned)err->status);
	if (err->nt_status != 0 && name == NULL)
		error_message_append(to->text, ", NTSTATUS 0x%08X", (unsigned)err->nt_status);
	else if (err->nt_status != 0)
		error_message_append(to->text, ", %s", name);
	error_message_append(to->text, ")");
	if (has_text)
		error_message_append(to->text, ": %s", found);
	if (to->advice != NULL)
		error_message_append(to->text, has_text ? "; %s" : ": %s", to->advice);
}
