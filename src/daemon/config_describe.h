/* SPDX-License-Identifier: MIT */
/* The configuration described for people, from the table of its keys. */
#ifndef DAEMON_CONFIG_DESCRIBE_H
#define DAEMON_CONFIG_DESCRIBE_H

#include <stdio.h>

/* The keys and their defaults, for --help. */
void config_describe_keys(FILE *to);
/* A configuration file with all keys, each with its default in a comment. */
void config_describe_sample(FILE *to);
/* netsessiond.conf(5). */
void config_describe_manual(FILE *to);

#endif
