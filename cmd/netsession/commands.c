/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include <string.h>

#define EXITS_OF_SERVERS "0 all servers answered, 1 some did not, 2 usage, 3 none did"

const struct command commands[COMMAND_COUNT] = {
	{ "list", COMMAND_LIST, "[SERVER...]", 0, -1,
	  "list the sessions of servers; without one, of this computer",
	  "Asks all servers side by side. Where a server ignores --client or --user, the answer is\n"
	  "narrowed here. The level auto takes the richest that each server grants.\n",
	  EXITS_OF_SERVERS,
	  "  netsession list\n"
	  "  netsession list -A ~/.smb-admin fs1 fs2\n"
	  "  netsession list -l 10 -u alice -o json fs1.example.com\n"
	  "  netsession list -c 192.0.2.7 '[2001:db8::5]:4450'\n",
	  command_list },
	{ "info", COMMAND_INFO, "[SERVER] CLIENT USER", 2, 3,
	  "tell all about the sessions of one user from one client",
	  "CLIENT is named as netsession list shows it, with or without \\\\, in any case of letters.\n",
	  "0 there is such a session, 2 usage, 3 there is none, or the server did not answer",
	  "  netsession info fs1 192.0.2.7 alice\n"
	  "  netsession info -o json fs1 192.0.2.7 alice\n",
	  command_info },
	{ "close", COMMAND_CLOSE, "[SERVER]", 0, 1,
	  "close sessions of a server; asks first, and names them",
	  "Closes every session from --client and of --user, of which one at least has to be given.\n"
	  "On a terminal it shows the sessions and asks; elsewhere it wants --yes. Files that those\n"
	  "users hold open are closed without a word to them. Samba closes all connections of a client\n"
	  "together, where the client names itself by one GUID for all of them, as Windows does. Where\n"
	  "the server's levels show that it is Samba, close names the other sessions from the same\n"
	  "clients, which may be closed too; the server's netsession-samba logs which ones are.\n",
	  "0 they were closed, 1 you declined, 2 usage, 3 they were not closed",
	  "  netsession close fs1 -u alice\n"
	  "  netsession close fs1 -c 192.0.2.7 -u alice --yes\n",
	  command_close },
	{ "watch", COMMAND_WATCH, "[SERVER...]", 0, -1,
	  "tell who comes, who goes and what changes, until interrupted",
	  "Looks every few seconds; the first look tells who is there. A session has changed when it\n"
	  "holds another number of files open or has other flags. It has ended when two answers in a\n"
	  "row lack it: the server is asked once more at once. netsession reports once that a server\n"
	  "stops answering, and once that it answers again; no session counts as ended meanwhile.\n",
	  EXITS_OF_SERVERS " at the last look",
	  "  netsession watch fs1 fs2\n"
	  "  netsession watch --every 60 -o jsonl fs1 >> sessions.jsonl\n",
	  command_watch },
	{ "doctor", COMMAND_DOCTOR, "[SERVER]", 0, 1,
	  "go the way to a server step by step, and tell what is there and what to do",
	  "Looks at the name, the port, the dialects, signing and encryption, how one may log on, the\n"
	  "log-on, the pipe, and every level. Without a server it looks at netsessiond on this\n"
	  "computer: whether it answers, by which names it knows you, every level, and what it has\n"
	  "counted.\n",
	  "0 sessions can be listed, 2 usage, 3 they cannot",
	  "  netsession doctor\n"
	  "  netsession doctor fs1\n"
	  "  netsession doctor -o json -A ~/.smb-admin fs1\n",
	  command_doctor },
};

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}
