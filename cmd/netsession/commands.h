/* SPDX-License-Identifier: MIT */
/* The commands of netsession. Each returns an enum exit_code, and has written to stderr what went
 * wrong. */
#ifndef NETSESSION_COMMANDS_H
#define NETSESSION_COMMANDS_H

#include "options.h"

int command_list(const struct options *options);
int command_info(const struct options *options);
int command_close(const struct options *options);
int command_watch(const struct options *options);
int command_close_fleet(const struct options *options);
int command_report(const struct options *options);
int command_collect(const struct options *options);
int command_store(const struct options *options);
int command_export(const struct options *options);
int command_sweep(const struct options *options);
int command_doctor(const struct options *options);
int command_metrics(const struct options *options);

/* The output formats of doctor and of metrics by index; NULL behind the last one. */
const char *doctor_format_name(size_t index);
const char *metrics_format_name(size_t index);

#endif
