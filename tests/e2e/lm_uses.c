/* SPDX-License-Identifier: MIT */
/* NetUseAdd, NetUseDel, NetSessionGetInfo and NetSessionDel, in one process: says what each gave.
 * Argument: the server. Its administrator root's password, and mail's, come by stdin. */
#include <windows.h>
#include <lm.h>
#include <netsession.h>
#include <stdio.h>
#include <string.h>

#define MAX_TEXT 256

static WCHAR server[MAX_TEXT], remote[MAX_TEXT], root_password[MAX_TEXT], mail_password[MAX_TEXT];

static WCHAR *widen(WCHAR to[MAX_TEXT], const char *text)
{
	size_t i = 0;

	for (; text[i] != '\0' && text[i] != '\n'; i++)
		to[i] = (unsigned char)text[i];
	to[i] = 0;
	return to;
}

static WCHAR *u(const char *text)
{
	static WCHAR room[8][MAX_TEXT];
	static unsigned next;

	return text != NULL ? widen(room[next++ % 8], text) : NULL;
}

static DWORD wrong;

static NET_API_STATUS add(DWORD level, WCHAR *where, const char *user, WCHAR *password, DWORD kind)
{
	USE_INFO_2 info = {
		.ui2_remote = where,
		.ui2_password = password,
		.ui2_asg_type = kind,
		.ui2_username = u(user),
	};

	wrong = 99;
	return NetUseAdd(NULL, level, (LPBYTE)&info, &wrong);
}

static void list(const char *when)
{
	LPBYTE sessions;
	DWORD count, total;
	NET_API_STATUS status = NetSessionEnum(server, NULL, NULL, 1, &sessions,
	                                       MAX_PREFERRED_LENGTH, &count, &total, NULL);

	printf("list %s: %u\n", when, (unsigned)status);
	NetApiBufferFree(sessions);
}

static void get_info(const char *client, const char *user, DWORD level)
{
	SESSION_INFO_1 *info = (SESSION_INFO_1 *)(void *)&info;
	NET_API_STATUS status = NetSessionGetInfo(server, u(client), u(user), level,
	                                          (LPBYTE *)&info);

	printf("info %s %s at %u: %u", client != NULL ? client : "NULL",
	       user != NULL ? user : "NULL", (unsigned)level, (unsigned)status);
	if (status == 0 && level == 1)
		printf(" opens %u", (unsigned)info->sesi1_num_opens);
	printf(" buffer %s\n", info != NULL ? "given" : "NULL");
	NetApiBufferFree(info);
}

static void refusals(void)
{
	USE_INFO_1 local = { .ui1_local = u("X:"), .ui1_remote = remote };
	WCHAR half[] = { 0xD800, 0 };

	list("before");
	printf("level 0: %u\n", (unsigned)add(0, remote, "root", root_password, USE_IPC));
	printf("level 3: %u\n", (unsigned)add(3, remote, "root", root_password, USE_IPC));
	printf("no buffer: %u\n", (unsigned)NetUseAdd(NULL, 2, NULL, NULL));
	printf("another computer: %u\n",
	       (unsigned)NetUseAdd(u("\\\\other"), 1, (LPBYTE)&local, NULL));
	printf("a device: %u\n", (unsigned)NetUseAdd(NULL, 1, (LPBYTE)&local, NULL));
	printf("no remote: %u", (unsigned)add(2, NULL, "root", root_password, USE_IPC));
	printf(" member %u\n", (unsigned)wrong);
	printf("a disk: %u", (unsigned)add(2, remote, "root", root_password, USE_DISKDEV));
	printf(" member %u\n", (unsigned)wrong);
	printf("half a pair: %u", (unsigned)add(2, remote, "root", half, USE_IPC));
	printf(" member %u\n", (unsigned)wrong);
	printf("a line break: %u\n", (unsigned)add(2, remote, "root\r", root_password, USE_IPC));
	printf("another share: %u\n",
	       (unsigned)add(2, u("\\\\server\\C$"), "root", root_password, USE_IPC));
	printf("no share: %u\n", (unsigned)add(2, server, "root", root_password, USE_IPC));
	printf("wrong password: %u\n", (unsigned)add(2, remote, "root", u("wrong"), USE_IPC));
	printf("nobody listens: %u\n",
	       (unsigned)add(2, u("\\\\127.0.0.1:1\\IPC$"), "root", root_password, USE_IPC));
	list("after refusals");
	printf("del of none: %u\n", (unsigned)NetUseDel(NULL, remote, USE_FORCE));
}

int main(int argc, char **argv)
{
	char line[MAX_TEXT];

	if (argc != 2 || fgets(line, sizeof line, stdin) == NULL)
		return 2;
	widen(root_password, line);
	if (fgets(line, sizeof line, stdin) == NULL)
		return 2;
	widen(mail_password, line);
	snprintf(line, sizeof line, "\\\\%s", argv[1]);
	widen(server, line);
	snprintf(line, sizeof line, "\\\\%s\\ipc$", argv[1]);
	widen(remote, line);

	refusals();
	printf("add: %u", (unsigned)add(2, remote, "root", root_password, USE_IPC));
	printf(" member %u story \"%s\"\n", (unsigned)wrong, netsession_last_error_text());
	list("as root");
	printf("another user: %u\n", (unsigned)add(2, remote, "mail", mail_password, USE_IPC));
	printf("again: %u\n", (unsigned)add(2, remote, "root", root_password, USE_WILDCARD));
	get_info("127.0.0.7", "mail", 1);
	get_info("\\\\127.0.0.7", "MAIL", 1);
	get_info("127.0.0.7", "mail", 0);
	get_info("127.0.0.7", "mail", 7);
	get_info("127.0.0.7", NULL, 1);
	get_info("", "mail", 1);
	get_info("192.0.2.1", "mail", 1);
	get_info("127.0.0.7", "nemo", 1);
	printf("info to NULL: %u\n",
	       (unsigned)NetSessionGetInfo(server, u("127.0.0.7"), u("mail"), 1, NULL));
	printf("del of all: %u\n", (unsigned)NetSessionDel(server, NULL, u("")));
	printf("del: %u\n", (unsigned)NetSessionDel(server, u("127.0.0.7"), u("mail")));
	printf("forget: %u\n", (unsigned)NetUseDel(NULL, remote, USE_LOTS_OF_FORCE));
	list("forgotten");
	printf("no such force: %u\n", (unsigned)NetUseDel(NULL, remote, 3));
	printf("as mail: %u\n", (unsigned)add(2, remote, "mail", mail_password, USE_IPC));
	list("as mail");
	return 0;
}
