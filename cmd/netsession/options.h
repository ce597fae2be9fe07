/* SPDX-License-Identifier: MIT */
/* The options of all commands, as the command line gives them. */
#ifndef NETSESSION_OPTIONS_H
#define NETSESSION_OPTIONS_H

#include "cli/cli.h"

enum exit_code {
	EXIT_ALL = 0,
	EXIT_SOME = 1,
	EXIT_USAGE = CLI_EXIT_USAGE,
	EXIT_NONE = 3,
	EXIT_INCOMPLETE = 4,
};

struct options {
	uint32_t level;
	const char *client, *user;
	uint32_t page_bytes; /* 0: all sessions at once */
	const char *credentials_file;
	bool anonymous;
	bool kerberos;  /* no other mechanism is tried */
	const char *as; /* DOMAIN\user; the password is asked for on the terminal */
	uint32_t port;  /* 0: the server's name may say it, else 445 */
	uint32_t timeout_ms;
	uint64_t max_bytes; /* that the sessions of one server may take */
	bool encrypt;
	const char *wins;   /* NULL: the environment may say it */
	const char *output; /* the name of a format */
	const char *proxy;  /* NULL: the environment may say it */
	const char *hosts;  /* a file of servers; "-": standard input; NULL: there is none */
	const char *file;   /* to write metrics to; NULL: standard output */
	const char *samba_directory; /* of netsession-samba */
	bool yes;
	uint32_t interval_ms; /* between two polls */
	uint32_t polls;       /* 0: poll until interrupted */
	bool verbose;
	/* of a sweep */
	uint32_t concurrency; /* 0: as many as the limit of open files has room for */
	uint32_t per_network, rate, retries, max_log_on_failures; /* as struct sweep_settings */
	uint32_t connect_ms, jitter_ms, backoff_ms;
	bool in_order, quiet;
	const char *db;                /* the file of the store; NULL: the user's own */
	const char *domain;            /* whose computers are targets; NULL: there is none */
	const char *domain_controller; /* NULL: those that DNS has */
	const char *search_base, *operating_system; /* NULL: any */
	uint32_t seen_within_days;                  /* 0: whenever */
	bool include_disabled, exclude_dcs;
	bool no_lookups; /* of the names of addresses */
	bool no_db, resume;
	int64_t every_s; /* from one sweep to the next; 0: there is one */
	/* of many machines */
	bool queue, wait;
	const char *site;  /* NULL: the default one */
	uint32_t lease_ms; /* 0: long enough for the other options */
	/* of a report */
	int64_t at, since; /* seconds since 1970; 0: not given */
	uint32_t older_than_days;
	struct cli_operands operands;
};

#endif
