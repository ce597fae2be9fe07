/* SPDX-License-Identifier: MIT */
#include "targets.h"

#include <stdio.h>
#include <string.h>
#include "failure.h"
#include "terminal/terminal.h"

#define OUT_OF_MEMORY 8 /* ERROR_NOT_ENOUGH_MEMORY */

static void targets_report_refused(void *context, const char *message)
{
	(void)context;
	terminal_print_line(stderr, "netsession: %s", message);
}

static bool targets_report_failure(const struct err *err)
{
	failure_print(err);
	return false;
}

/* Returns 0, or ERROR_NOT_ENOUGH_MEMORY. */
static uint32_t targets_add_operand(struct target_list *list, const char *operand)
{
	struct err err = { 0 };

	if (!target_list_is_range(operand))
		return text_list_add(&list->names, operand) ? 0 : OUT_OF_MEMORY;
	if (target_list_add(list, operand, &err) != 0 && err.status != OUT_OF_MEMORY) {
		terminal_print_line(stderr, "netsession: %s: %s", operand, err_text(&err));
		return 0;
	}
	return err.status;
}

static bool targets_drop_repeated(struct target_list *list)
{
	const struct err err = { .status = OUT_OF_MEMORY };

	return target_list_drop_repeated(list) || targets_report_failure(&err);
}

bool targets_collect(const struct options *options, struct target_list *list)
{
	struct err err = { 0 };

	for (int i = 0; i < options->operands.count && err.status == 0; i++)
		err.status = targets_add_operand(list, options->operands.list[i]);
	if (err.status == 0 && options->hosts != NULL)
		(void)target_list_read(list, options->hosts, targets_report_refused, NULL, &err);
	if (err.status != 0)
		return targets_report_failure(&err);
	if (options->hosts != NULL && !targets_drop_repeated(list))
		return false;
	if (list->names.count == 0 && options->hosts != NULL) {
		terminal_print_line(stderr, "netsession: %s names no server",
		                    strcmp(options->hosts, "-") == 0 ? "standard input"
		                                                     : options->hosts);
		return false;
	}
	return list->names.count > 0 || list->refused == 0;
}

bool targets_collect_distinct(const struct options *options, struct target_list *list)
{
	return targets_collect(options, list) && targets_drop_repeated(list);
}
