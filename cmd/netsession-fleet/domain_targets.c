/* SPDX-License-Identifier: MIT */
#include "domain_targets.h"

#include <stdio.h>
#include "base/locale.h"
#include "fleet/directory.h"
#include "failure.h"
#include "terminal/terminal.h"

struct domain_targets {
	struct target_list *list;
	NET_API_STATUS status; /* why the list ended before its end */
};

/* Any computer may choose its name, so it is checked as a line of --hosts is. */
static bool domain_targets_add_computer(void *context, const struct directory_account *account)
{
	struct domain_targets *targets = context;
	const char *name = account->host;
	struct err err = { 0 };

	if (name == NULL)
		return true;
	if (target_list_is_range(name)) {
		targets->list->refused++;
		err_set(&err, NERR_InvalidComputer, "directory", "a range of addresses is no name");
	} else {
		(void)target_list_add(targets->list, name, &err);
	}
	if (err.status == NERR_InvalidComputer)
		terminal_print_line(stderr,
		                    "netsession: a computer of the domain has the name %s: %s",
		                    name, err_text(&err));
	else
		targets->status = err.status;
	return targets->status == NERR_Success;
}

bool domain_targets_check(const struct options *options)
{
	const char *chosen = options->domain_controller != NULL  ? "--domain-controller"
	                     : options->exclude_dcs              ? "--exclude-dcs"
	                     : options->operating_system != NULL ? "--operating-system"
	                     : options->seen_within_days > 0     ? "--seen-within"
	                     : options->search_base != NULL      ? "--search-base"
	                     : options->include_disabled         ? "--include-disabled"
	                                                         : NULL;

	if (options->domain != NULL || chosen == NULL)
		return true;
	terminal_print_line(stderr,
	                    "netsession: %s is for the computers of a domain: name it with "
	                    "--domain DOMAIN",
	                    chosen);
	return false;
}

static bool domain_targets_report(const struct options *options, const struct err *err)
{
	struct err whole = { 0 };

	err_format(&whole, err->status, err->step, "the computers of %s cannot be listed: %s",
	           options->domain, err_text(err));
	err_advise(&whole, err->advice);
	failure_print(&whole);
	return false;
}

bool domain_targets_add(const struct options *options, struct target_list *list)
{
	const struct directory_filter filter = {
		.search_base = options->search_base,
		.operating_system = options->operating_system,
		.seen_within_days = options->seen_within_days,
		.with_disabled = options->include_disabled,
		.without_domain_controllers = options->exclude_dcs,
	};
	const struct directory_place place = { options->domain, options->domain_controller };
	struct domain_targets targets = { .list = list };
	size_t before = list->names.count;
	struct err err = { 0 };
	locale_t previous;

	if (options->domain == NULL)
		return true;
	previous = locale_enter(); /* for libkrb5, which libldap loads */
	(void)directory_list_computers(&place, &filter, domain_targets_add_computer, &targets,
	                               &err);
	locale_leave(previous);
	if (err.status == NERR_Success && targets.status != NERR_Success)
		err_set(&err, targets.status, "directory", NULL);
	if (err.status == NERR_Success && list->names.count == before)
		err_set(&err, NERR_InvalidComputer, "directory", "there are none that match");
	return err.status == NERR_Success || domain_targets_report(options, &err);
}
