/* SPDX-License-Identifier: MIT */
/* Inside srvsvc's server: a call that is being run. */
#ifndef SRVSVC_SERVER_CALL_H
#define SRVSVC_SERVER_CALL_H

#include "srvsvc/service.h"
#include "wire/ndr_writer.h"
#include "wire/reader.h"

struct srvsvc_call {
	struct srvsvc_caller *caller;
	struct wire_reader *stub;
	struct ndr_writer answer;
	bool shows_unknown; /* else numbers that are not known are sent as 0 */
	/* An operation fills in the request and the result, then calls srvsvc_report once, while
	 * the texts of the event exist; not if the operation returns a fault. */
	struct srvsvc_event event;
};

/* Whether the access policy grants right to the caller. */
bool srvsvc_allows(const struct srvsvc_call *c, enum access_right right);
void srvsvc_report(const struct srvsvc_call *c);

#endif
