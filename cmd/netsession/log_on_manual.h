/* SPDX-License-Identifier: MIT */
/* The section of netsession(1) on log-ons that fail. */
#ifndef LOG_ON_MANUAL_H
#define LOG_ON_MANUAL_H

#include "cli/cli.h"

#define LOG_ON_MANUAL_TEXT                                                                            \
	"A log-on that fails is one line on standard error, at the step `SESSION_SETUP`, with the\n"  \
	"system error number, the server's NTSTATUS if the server refused it, the reason, and what\n" \
	"to do. `netsession doctor` shows the steps before it, too, among them the mechanisms that\n" \
	"the server announces and both clocks. These are the situations that people meet:"

extern const struct cli_item log_on_manual_items[];

#endif
