/* SPDX-License-Identifier: MIT */
#include "client/error_message.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "auth/credentials.h"
#include "base/text.h"

enum { MESSAGE_BYTES = sizeof((struct netsession_error *)0)->text };

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
	  "check that this is an SMB server, and its port" },
	{ ERROR_UNEXP_NET_ERR, "network error", NULL },
	{ ERROR_NETNAME_DELETED, "connection lost", "try again; the server's log may say more" },
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
	{ ERROR_ACCOUNT_RESTRICTION, "log-on refused", NULL },
	{ ERROR_INVALID_LOGON_HOURS, "log-on refused at this hour", NULL },
	{ ERROR_INVALID_WORKSTATION, "log-on refused from this computer", NULL },
	{ ERROR_PASSWORD_EXPIRED, "the password has expired", "change it" },
	{ ERROR_CANCELLED, "cancelled", NULL },
	{ ERROR_ACCOUNT_DISABLED, "the account is disabled", NULL },
	{ ERROR_LOGON_TYPE_NOT_GRANTED, "log-on over the network is not granted", NULL },
	{ ERROR_PASSWORD_MUST_CHANGE, "the password must be changed first", "change it" },
	{ ERROR_ACCOUNT_LOCKED_OUT, "the account is locked", "wait, or have it unlocked" },
	{ ERROR_WRONG_TARGET_NAME, "log-on failed",
	  "use the name that the server has in its domain" },
	{ ERROR_TIME_SKEW, "the clocks differ too much", "set the clock of this computer" },
	{ ERROR_NTLM_BLOCKED, "the server does not accept NTLM",
	  "use Kerberos: run kinit, or give the password's realm as its domain" },
	{ ERROR_CONNECTION_REFUSED, "refused",
	  "the service behind the pipe is not running: see that server's log" },
	{ ERROR_TIMEOUT, "timed out", "check the port, or use a longer time limit" },
	{ RPC_X_BAD_STUB_DATA, "malformed answer", "please report it, with the server's version" },
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

static const struct status_words *error_message_find_status(NET_API_STATUS status)
{
	static const struct status_words unknown = { 0, "failed", NULL };

	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
		if (statuses[i].status == status)
			return &statuses[i];
	return &unknown;
}

/* Whether the server refused the level, and not the whole call. */
static bool error_message_is_about_level(const struct err *err)
{
	return (err->status == ERROR_ACCESS_DENIED || err->status == ERROR_INVALID_LEVEL) &&
	       err->step != NULL && strcmp(err->step, "NetrSessionEnum") == 0;
}

/* The failure concerns the caller's own file or publisher, not a server: the text says all. */
static bool error_message_is_local(const struct err *err)
{
	return err->step != NULL &&
	       (strcmp(err->step, CREDENTIALS_STEP) == 0 || strcmp(err->step, PUBLISHER_STEP) == 0);
}

static const char *error_message_advice(const struct err *err, const struct status_words *w)
{
	if (err->advice != NULL)
		return err->advice;
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
	const struct status_words *w = error_message_find_status(err->status);
	bool has_text = err->nt_status == 0 && err->text[0] != '\0';

	if (to == NULL)
		return;
	*to = (struct netsession_error){ .status = err->status,
		                         .nt_status = err->nt_status,
		                         .step = err->step,
		                         .advice = error_message_advice(err, w) };
	if (err->status == NERR_Success)
		return;
	error_message_append(to->text, "%s", w->words);
	if (error_message_is_about_level(err) && level == NETSESSION_LEVEL_AUTO)
		error_message_append(to->text, " at every level");
	else if (error_message_is_about_level(err))
		error_message_append(to->text, " at level %u", (unsigned)level);
	else if (err->step != NULL)
		error_message_append(to->text, " at %s", err->step);
	error_message_append(to->text, " (%u", (unsigned)err->status);
	if (err->nt_status != 0 && err->text[0] == '\0')
		error_message_append(to->text, ", NTSTATUS 0x%08X", (unsigned)err->nt_status);
	else if (err->nt_status != 0)
		error_message_append(to->text, ", %s", err->text);
	error_message_append(to->text, ")");
	if (has_text)
		error_message_append(to->text, ": %s", err->text);
	if (to->advice != NULL)
		error_message_append(to->text, has_text ? "; %s" : ": %s", to->advice);
}
