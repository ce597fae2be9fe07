/* SPDX-License-Identifier: MIT */
/* NetUseAdd and NetUseDel: the credentials of this process for a server. */
#include <pwd.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <windows.h>
#include <lm.h>
#include "base/text.h"
#include "netapi/api_call.h"
#include "netapi/use_table.h"

/* The members of a USE_INFO as UTF-8; NULL: not given. */
struct use_request {
	char *local, *remote, *password, *user, *domain;
	DWORD kind;
};

static void use_request_fini(struct use_request *w)
{
	if (w->password != NULL)
		explicit_bzero(w->password, strlen(w->password));
	free(w->local);
	free(w->remote);
	free(w->password);
	free(w->user);
	free(w->domain);
}

static bool use_text_is_given(const char *text)
{
	return text != NULL && text[0] != '\0';
}

static NET_API_STATUS use_refuse_member(DWORD member, DWORD *wrong_member, const char *text)
{
	*wrong_member = member;
	return last_error_refuse(ERROR_INVALID_PARAMETER, text);
}

_Static_assert(offsetof(USE_INFO_1, ui1_usecount) == offsetof(USE_INFO_2, ui2_usecount),
               "level 2 begins as level 1 does");

static NET_API_STATUS use_request_init(struct use_request *w, DWORD level, const void *info,
                                       DWORD *wrong_member)
{
	USE_INFO_2 all = { 0 };
	NET_API_STATUS status = NERR_Success;

	memcpy(&all, info, level == 2 ? sizeof(USE_INFO_2) : sizeof(USE_INFO_1));
	*w = (struct use_request){ .kind = all.ui2_asg_type };
	const struct {
		const WCHAR *text;
		char **to;
		DWORD member;
	} texts[] = {
		{ all.ui2_local, &w->local, USE_LOCAL_PARMNUM },
		{ all.ui2_remote, &w->remote, USE_REMOTE_PARMNUM },
		{ all.ui2_password, &w->password, USE_PASSWORD_PARMNUM },
		{ all.ui2_username, &w->user, USE_USERNAME_PARMNUM },
		{ all.ui2_domainname, &w->domain, USE_DOMAINNAME_PARMNUM },
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (!argument_take(texts[i].text, texts[i].to, ERROR_INVALID_PARAMETER, &status)) {
			if (status == ERROR_INVALID_PARAMETER)
				*wrong_member = texts[i].member;
			return status;
		}
	if (use_text_is_given(w->local))
		return last_error_refuse(ERROR_NOT_SUPPORTED,
		                         "local device names are not supported");
	if (w->remote == NULL)
		return use_refuse_member(USE_REMOTE_PARMNUM, wrong_member,
		                         "the remote name is NULL");
	if (w->kind != USE_IPC && w->kind != USE_WILDCARD)
		return use_refuse_member(USE_ASGTYPE_PARMNUM, wrong_member,
		                         "only USE_IPC and USE_WILDCARD are supported");
	return NERR_Success;
}

/* Cuts \\server\IPC$ down to \\server. */
static NET_API_STATUS use_cut_share(char *remote)
{
	char *share = strncmp(remote, "\\\\", 2) == 0 ? strchr(remote + 2, '\\') : NULL;

	if (share == NULL || share == remote + 2)
		return last_error_refuse(ERROR_BAD_NET_NAME,
		                         "the remote name is not of the form \\\\server\\IPC$");
	if (!text_equal_nocase(share, "\\IPC$"))
		return last_error_refuse(ERROR_BAD_NET_NAME, "only the share IPC$ is supported");
	*share = '\0';
	return NERR_Success;
}

/* A password without a user name belongs to the user of this process. */
static NET_API_STATUS use_name_caller(struct use_request *w)
{
	char room[4096];
	struct passwd entry, *found = NULL;

	if (getpwuid_r(geteuid(), &entry, room, sizeof room, &found) != 0 || found == NULL)
		return last_error_refuse(ERROR_INVALID_PARAMETER,
		                         "this process runs as a user without a name");
	free(w->user);
	w->user = strdup(found->pw_name);
	return w->user != NULL ? NERR_Success
	                       : last_error_refuse(ERROR_NOT_ENOUGH_MEMORY, "out of memory");
}

/* Gives *credentials. NULL, which means those of the environment, when neither a user nor a
 * password is given; anonymous ones when both are empty, as on Windows. */
static NET_API_STATUS use_make_credentials(struct use_request *w,
                                           struct netsession_credentials **credentials)
{
	struct netsession_error error;
	NET_API_STATUS status;

	*credentials = NULL;
	if (w->password == NULL && !use_text_is_given(w->user))
		return NERR_Success;
	if (w->password == NULL)
		return last_error_refuse(ERROR_INVALID_PARAMETER,
		                         "a user is given without a password");
	if (w->user == NULL && (status = use_name_caller(w)) != NERR_Success)
		return status;
	(void)netsession_credentials_new(w->user, w->domain, w->password, credentials, &error);
	return last_error_set(&error);
}

/* Takes use: keeps it when the server accepts its credentials. */
static NET_API_STATUS use_prove(struct use *use, const char *server)
{
	struct netsession_query query = { .server = server, .credentials = use_credentials(use) };
	struct netsession_error error;
	NET_API_STATUS status;

	if (use_table_conflicts(use)) {
		use_release(use);
		return last_error_refuse(ERROR_SESSION_CREDENTIAL_CONFLICT,
		                         "credentials of another user are set for that server");
	}
	(void)netsession_connect(&query, &error);
	status = last_error_set(&error);
	if (status == NERR_Success)
		use_table_put(use);
	else
		use_release(use);
	return status;
}

static NET_API_STATUS use_add(struct use_request *w)
{
	struct netsession_credentials *credentials;
	NET_API_STATUS status = use_cut_share(w->remote);
	struct use *use;

	if (status == NERR_Success)
		status = use_make_credentials(w, &credentials);
	if (status != NERR_Success)
		return status;
	use = use_new(w->remote, w->user, w->domain, credentials);
	return use != NULL ? use_prove(use, w->remote)
	                   : last_error_refuse(ERROR_NOT_ENOUGH_MEMORY, "out of memory");
}

NET_API_STATUS NET_API_FUNCTION NetUseAdd(LMSTR UncServerName, DWORD Level, LPBYTE Buf,
                                          LPDWORD ParmError)
{
	DWORD wrong_member = 0;
	struct use_request wanted;
	NET_API_STATUS status;

	if (ParmError != NULL)
		*ParmError = 0;
	if (Level != 1 && Level != 2)
		return last_error_refuse(ERROR_INVALID_LEVEL, "there is no such level");
	if (UncServerName != NULL && UncServerName[0] != 0)
		return last_error_refuse(ERROR_NOT_SUPPORTED,
		                         "the credentials of another computer cannot be changed");
	if (Buf == NULL)
		return last_error_refuse(ERROR_INVALID_PARAMETER, "Buf is NULL");
	status = use_request_init(&wanted, Level, Buf, &wrong_member);
	if (status == NERR_Success)
		status = use_add(&wanted);
	use_request_fini(&wanted);
	if (ParmError != NULL)
		*ParmError = wrong_member;
	return status;
}

NET_API_STATUS NET_API_FUNCTION NetUseDel(LMSTR UncServerName, LMSTR UseName, DWORD ForceCond)
{
	NET_API_STATUS status;
	char *name;

	if (UncServerName != NULL && UncServerName[0] != 0)
		return last_error_refuse(ERROR_NOT_SUPPORTED,
		                         "the credentials of another computer cannot be changed");
	if (UseName == NULL || ForceCond > USE_LOTS_OF_FORCE)
		return last_error_refuse(ERROR_INVALID_PARAMETER,
		                         "UseName is NULL, or ForceCond is unknown");
	if (!argument_take(UseName, &name, ERROR_INVALID_PARAMETER, &status))
		return status;
	status = use_cut_share(name);
	if (status == NERR_Success && !use_table_remove(name))
		status = last_error_refuse(NERR_UseNotFound,
		                           "no credentials are set for that server");
	if (status == NERR_Success) {
		netsession_close_idle(name);
		status = last_error_set(&(struct netsession_error){ 0 });
	}
	free(name);
	return status;
}
