/* SPDX-License-Identifier: MIT */
#include "describe.h"

#include <stdio.h>
#include <string.h>
#include "cli/roff.h"
#include "commands.h"

/* ---- netsession(1), in man(7) ---- */

static void describe_put_option(const struct option_entry *o)
{
	fputs(".TP\n", stdout);
	if (o->letter != '\0')
		printf("\\fB\\-%c\\fR, ", o->letter);
	fputs("\\fB\\-\\-", stdout);
	roff_put(stdout, o->name);
	printf("\\fR%s%s%s\n", o->argument != NULL ? " \\fI" : "",
	       o->argument != NULL ? o->argument : "", o->argument != NULL ? "\\fR" : "");
	roff_put_sentence(stdout, o->help);
	if ((o->commands & (o->commands - 1)) == 0 || o->commands == 0) {
		for (size_t i = 0; i < COMMAND_COUNT; i++)
			if (o->commands & commands[i].bit)
				printf("Only for \\fB%s\\fR.\n", commands[i].name);
	}
}

static void describe_put_command(const struct command *c)
{
	printf(".SS netsession %s %s\n", c->name, c->operands);
	roff_put_sentence(stdout, c->summary);
	roff_put(stdout, c->description);
	fputs("Exit status: ", stdout);
	roff_put(stdout, c->exits);
	fputs(".\n.PP\n.nf\n", stdout);
	roff_put(stdout, c->examples);
	fputs(".fi\n", stdout);
}

static void describe_man(void)
{
	printf(".TH NETSESSION 1 2026-11-24 \"netsession %s\" \"netsession\"\n",
	       netsession_version());
	fputs(".SH NAME\nnetsession \\- who is connected to which file server, and since when\n"
	      ".SH SYNOPSIS\n.B netsession\n.I command\n[\\fIoptions\\fR] [\\fIoperands\\fR]\n"
	      ".SH DESCRIPTION\n"
	      "Asks SMB file servers, Windows and Samba alike, for their sessions, by the protocol\n"
	      "that NetSessionEnum of Windows speaks ([MS\\-SRVS] over SMB 2 and 3).\n"
	      "A server is a name or an address, also \\fI//host\\fR, \\fIsmb://host\\fR,\n"
	      "\\fIhost:port\\fR and \\fI[v6]:port\\fR.\n"
	      "Without one, netsessiond on this computer is asked over its socket, and no\n"
	      "credentials are needed: it knows you as who you are.\n.SH COMMANDS\n",
	      stdout);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		describe_put_command(&commands[i]);
	fputs(".SH OPTIONS\n", stdout);
	for (size_t i = 0; i < option_count; i++)
		describe_put_option(&option_table[i]);
	fputs(".SH ENVIRONMENT\n.TP\n.B NETSESSION_CREDENTIALS\nA file as "
	      "\\fB\\-\\-authentication\\-file\\fR takes it, used when neither that nor "
	      "\\fB\\-\\-as\\fR is given.\nWithout it the caller's Kerberos tickets are used.\n"
	      ".TP\n.B NETSESSION_SOCKET\nThe socket of netsessiond on this computer, "
	      "\\fI/run/netsession/local.sock\\fR by default.\n"
	      ".SH SEE ALSO\n.BR NetSessionEnum (3),\n.BR netsession_enum (3)\n",
	      stdout);
}

/* ---- completion ---- */

static void put_option_words(unsigned command)
{
	for (size_t i = 0; i < option_count; i++) {
		if ((option_table[i].commands & command) == 0)
			continue;
		if (option_table[i].letter != '\0')
			printf("-%c ", option_table[i].letter);
		printf("--%s ", option_table[i].name);
	}
}

static void put_bash_arguments(const struct option_entry *o)
{
	if (o->argument == NULL)
		return;
	fputs("\t", stdout);
	if (o->letter != '\0')
		printf("-%c|", o->letter);
	printf("--%s) COMPREPLY=(", o->name);
	if (o->choices != NULL)
		printf("$(compgen -W '%s' -- \"$word\")", o->choices);
	else if (strcmp(o->argument, "FILE") == 0)
		fputs("$(compgen -f -- \"$word\")", stdout);
	fputs("); return ;;\n", stdout);
}

static void describe_bash(void)
{
	fputs("# bash completion for netsession, made by netsession --describe bash\n"
	      "_netsession()\n{\n"
	      "\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
	      "\tCOMPREPLY=()\n"
	      "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\tCOMPREPLY=($(compgen -W '",
	      stdout);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		printf("%s ", commands[i].name);
	fputs("--help --version' -- \"$word\"))\n\t\treturn\n\tfi\n\tcase $before in\n", stdout);
	for (size_t i = 0; i < option_count; i++)
		put_bash_arguments(&option_table[i]);
	fputs("\tesac\n\tcase $word in -*) ;; *)\n"
	      "\t\tCOMPREPLY=($(compgen -A hostname -- \"$word\")); return ;;\n\tesac\n"
	      "\tcase ${COMP_WORDS[1]} in\n",
	      stdout);
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		printf("\t%s) COMPREPLY=($(compgen -W '", commands[i].name);
		put_option_words(commands[i].bit);
		fputs("' -- \"$word\")) ;;\n", stdout);
	}
	fputs("\tesac\n}\ncomplete -F _netsession netsession\n", stdout);
}

/* In quotes of the shells, and in zsh's brackets. */
static void put_quoted(const char *text, const char *escaped)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			fputs("'\\'", stdout);
		else if (strchr(escaped, *text) != NULL)
			putchar('\\');
		putchar(*text);
	}
}

static void put_zsh_option(const struct option_entry *o)
{
	fputs("\t\t\t'", stdout);
	if (o->letter != '\0')
		printf("(-%c --%s)'{-%c,--%s}'", o->letter, o->name, o->letter, o->name);
	else
		printf("--%s", o->name);
	putchar('[');
	put_quoted(o->help, "[]:\\");
	putchar(']');
	if (o->argument != NULL) {
		printf(":%s:", o->argument);
		if (o->choices != NULL)
			printf("(%s)", o->choices);
		else if (strcmp(o->argument, "FILE") == 0)
			fputs("_files", stdout);
	}
	fputs("' \\\n", stdout);
}

static void describe_zsh(void)
{
	fputs("#compdef netsession\n# made by netsession --describe zsh\n_netsession()\n{\n"
	      "\tif (( CURRENT == 2 )); then\n\t\tlocal -a commands=(\n",
	      stdout);
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		printf("\t\t\t'%s:", commands[i].name);
		put_quoted(commands[i].summary, ":\\");
		fputs("'\n", stdout);
	}
	fputs("\t\t)\n\t\t_describe command commands\n\t\treturn\n\tfi\n"
	      "\tlocal command=$words[2]\n\tshift words\n\t(( CURRENT-- ))\n\tcase $command in\n",
	      stdout);
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		printf("\t%s)\n\t\t_arguments -s \\\n", commands[i].name);
		for (size_t o = 0; o < option_count; o++)
			if (option_table[o].commands & commands[i].bit)
				put_zsh_option(&option_table[o]);
		fputs("\t\t\t'*:server:_hosts' ;;\n", stdout);
	}
	fputs("\tesac\n}\n_netsession \"$@\"\n", stdout);
}

static void put_fish_option(const struct command *c, const struct option_entry *o)
{
	printf("complete -c netsession -n '__fish_seen_subcommand_from %s' -l %s", c->name,
	       o->name);
	if (o->letter != '\0')
		printf(" -s %c", o->letter);
	if (o->choices != NULL)
		printf(" -x -a '%s'", o->choices);
	else if (o->argument != NULL)
		fputs(strcmp(o->argument, "FILE") == 0 ? " -r -F" : " -x", stdout);
	fputs(" -d '", stdout);
	put_quoted(o->help, "\\");
	fputs("'\n", stdout);
}

static void describe_fish(void)
{
	fputs("# fish completion for netsession, made by netsession --describe fish\n"
	      "complete -c netsession -f\n",
	      stdout);
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		printf("complete -c netsession -n __fish_use_subcommand -a %s -d '",
		       commands[i].name);
		put_quoted(commands[i].summary, "\\");
		fputs("'\n", stdout);
	}
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		for (size_t o = 0; o < option_count; o++)
			if (option_table[o].commands & commands[i].bit)
				put_fish_option(&commands[i], &option_table[o]);
}

bool daemon_describe(const char *form)
{
	static const struct {
		const char *name;
		void (*print)(void);
	} forms[] = {
		{ "man", describe_man },
		{ "bash", describe_bash },
		{ "zsh", describe_zsh },
		{ "fish", describe_fish },
	};

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		if (strcmp(forms[i].name, form) == 0) {
			forms[i].print();
			return true;
		}
	fprintf(stderr, "netsession: --describe prints man, bash, zsh or fish\n");
	return false;
}
