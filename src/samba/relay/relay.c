/* SPDX-License-Identifier: MIT */
#include "samba/relay/relay.h"

#include <stdlib.h>

/* Samba lists its sessions for members of BUILTIN\Administrators only. */
#define ADMINISTRATORS "S-1-5-32-544"

/* Ids begin with the time, so that resume handles from before a restart are below all ids: a client
 * that resumes with one begins anew, instead of missing new sessions. */
#define IDS_BEGIN_S 1577836800 /* 2020-01-01 */

static uint32_t relay_first_id(int64_t now_ms)
{
	int64_t s = now_ms / 1000 - IDS_BEGIN_S;

	return s > 0 && s < INT32_MAX ? (uint32_t)s : 0;
}

static struct access_policy *relay_make_policy(void)
{
	struct access_policy *policy = access_policy_new("hardened");
	struct err err = { 0 };

	if (policy != NULL &&
	    !access_policy_set_group(policy, "administrators", ADMINISTRATORS, &err)) {
		access_policy_release(policy);
		policy = NULL;
	}
	return policy;
}

/* Sessions are shown as they were when Samba listed them. */
static int64_t relay_cached_ms(void *context)
{
	return ((struct relay *)context)->cached_ms;
}

static void relay_on_warn(void *context, session_warning_found *found, void *found_context)
{
	const struct relay *r = context;

	if (r->is_doubtful)
		found(found_context, &(struct session_warning){
					     .text = "smbstatus cannot be asked for more sessions",
					     .is_incomplete = true });
}

static void relay_report_event(void *context, const struct srvsvc_event *event)
{
	struct relay *r = context;

	r->settings.on_event(r->settings.context, event);
}

struct relay *relay_new(const struct relay_settings *settings)
{
	struct relay *r = calloc(1, sizeof *r);

	if (r == NULL)
		return NULL;
	r->settings = *settings;
	r->cache = session_cache_new(settings->max_sessions,
	                             relay_first_id(settings->now_ms(settings->context)));
	r->administrator = identity_new_unlabelled("Administrators", "BUILTIN");
	r->service = (struct srvsvc_server){
		.policy = relay_make_policy(),
		.netbios_name = "",
		.comment = "",
		.max_answer_bytes = settings->max_answer_bytes,
		.max_held_bytes = settings->max_held_bytes,
		.now_ms = relay_cached_ms,
		.report = relay_report_event,
		.context = r,
	};
	r->source = (struct session_source){ .warn = relay_on_warn, .context = r };
	LIST_INSERT_HEAD(&r->service.sources, &r->source, entry);
	if (r->cache == NULL || r->administrator == NULL || r->service.policy == NULL ||
	    !identity_add_label(r->administrator, ADMINISTRATORS)) {
		relay_free(r);
		return NULL;
	}
	r->service.table = session_cache_table(r->cache);
	r->caller = (struct srvsvc_caller){ .service = &r->service,
		                            .identity = r->administrator,
		                            .address = "samba",
		                            .endpoint = "pipe" };
	return r;
}

void relay_free(struct relay *r)
{
	if (r == NULL)
		return;
	access_policy_release(r->service.policy);
	identity_release(r->administrator);
	session_cache_free(r->cache);
	free(r);
}
