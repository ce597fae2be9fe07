/* SPDX-License-Identifier: MIT */
#include "fleet/directory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <ldap.h>
#include <lmerr.h>
#include "base/sid.h"
#include "base/text.h"
#include "client/server_name.h"
#include "wire/writer.h"

#define STEP "directory"

enum {
	CONNECT_S = 5,
	ANSWER_S = 30,
	PAGE = 1000, /* MaxPageSize of [MS-ADTS] 3.1.1.3.4.6 */
	MOST_ACCOUNTS = 1 << 22,
	MOST_PAGES = 1 << 14, /* a page may be short, or empty */
	CAN_SIGN = 1,         /* the least strength that Cyrus SASL calls integrity */
};

/* The attributes that are read: [MS-ADA1], [MS-ADA3]. */
#define NAME  "sAMAccountName"
#define HOST  "dNSHostName"
#define FLAGS "userAccountControl"
#define SID   "objectSid"

/* userAccountControl ([MS-ADTS] 2.2.16) by the rule LDAP_MATCHING_RULE_BIT_AND. */
#define FLAG_IS_SET(bit) "(" FLAGS ":1.2.840.113556.1.4.803:=" bit ")"
#define IS_DISABLED      FLAG_IS_SET("2")
#define IS_DC            FLAG_IS_SET("8192")
#define BIT_WORKSTATION  0x1000u
#define BIT_DC           0x2000u

struct directory {
	LDAP *ldap;
	struct err *err;
	directory_on_account on_account;
	void *context;
	size_t count;
};

/* ---- errors ---- */

static NET_API_STATUS directory_status_of(int result)
{
	switch (result) {
	case LDAP_SERVER_DOWN:
	case LDAP_CONNECT_ERROR:
		return ERROR_NO_LOGON_SERVERS;
	case LDAP_LOCAL_ERROR:
	case LDAP_INVALID_CREDENTIALS:
	case LDAP_AUTH_UNKNOWN:
	case LDAP_STRONG_AUTH_REQUIRED:
		return ERROR_LOGON_FAILURE;
	case LDAP_INSUFFICIENT_ACCESS:
		return ERROR_ACCESS_DENIED;
	case LDAP_TIMEOUT:
	case LDAP_TIMELIMIT_EXCEEDED:
		return ERROR_TIMEOUT;
	case LDAP_NO_MEMORY:
		return ERROR_NOT_ENOUGH_MEMORY;
	case LDAP_FILTER_ERROR:
	case LDAP_NO_SUCH_OBJECT:
	case LDAP_INVALID_DN_SYNTAX:
		return ERROR_INVALID_PARAMETER;
	default:
		return ERROR_BAD_NET_RESP;
	}
}

static const char *directory_advice_of(int result)
{
	switch (result) {
	case LDAP_AUTH_UNKNOWN:
		return "install the GSSAPI module of Cyrus SASL (libsasl2-modules-gssapi-mit)";
	case LDAP_LOCAL_ERROR:
	case LDAP_INVALID_CREDENTIALS:
		return "run kinit as a user of the domain";
	case LDAP_SERVER_DOWN:
	case LDAP_CONNECT_ERROR:
	case LDAP_TIMEOUT:
		return "check that a domain controller is up, and the firewall before its port 389";
	case LDAP_NO_SUCH_OBJECT:
	case LDAP_INVALID_DN_SYNTAX:
		return "check the search base, a distinguished name such as OU=Servers,DC=lab,DC=example";
	default:
		return NULL;
	}
}

/* Records why a call of libldap failed, as libldap and the server say it. Returns false. */
static bool directory_fail(struct directory *d, int result, const char *doing)
{
	char *said = NULL;

	(void)ldap_get_option(d->ldap, LDAP_OPT_DIAGNOSTIC_MESSAGE, &said);
	err_format(d->err, directory_status_of(result), STEP, "%s: %s%s%s", doing,
	           ldap_err2string(result), said != NULL && said[0] != '\0' ? ": " : "",
	           said != NULL ? said : "");
	if (directory_advice_of(result) != NULL)
		err_advise(d->err, directory_advice_of(result));
	ldap_memfree(said);
	return false;
}

static bool directory_fail_memory(struct directory *d)
{
	err_set(d->err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	return false;
}

/* ---- the filter ---- */

static void directory_put(struct wire_writer *to, const char *text)
{
	wire_put_bytes(to, text, strlen(text));
}

/* Puts what is to match as RFC 4515 3 escapes it; each * stands for anything. */
static void directory_put_pattern(struct wire_writer *to, const char *pattern)
{
	const char *at = pattern;

	for (;;) {
		size_t bytes = strcspn(at, "*");
		struct berval part = { bytes, (char *)at }, escaped = { 0, NULL };

		to->failed |= ldap_bv2escaped_filter_value(&part, &escaped) != 0;
		if (escaped.bv_len > 0)
			wire_put_bytes(to, escaped.bv_val, escaped.bv_len);
		if (escaped.bv_val != part.bv_val)
			ldap_memfree(escaped.bv_val);
		if (at[bytes] == '\0')
			return;
		directory_put(to, "*");
		at += bytes + 1;
	}
}

/* The time so many days ago as the directory has times: in 100 ns since 1601. */
static long long directory_time_of_days(unsigned days)
{
	return ((long long)time(NULL) - 86400LL * days + 11644473600LL) * 10000000LL;
}

/* Puts the filter and its NUL. */
static void directory_put_filter(struct wire_writer *to, const struct directory_filter *filter)
{
	char seen[64];

	directory_put(to, "(&(objectCategory=computer)(dNSHostName=*)");
	if (!filter->with_disabled)
		directory_put(to, "(!" IS_DISABLED ")");
	if (filter->without_domain_controllers)
		directory_put(to, "(!" IS_DC ")");
	if (filter->seen_within_days > 0) {
		snprintf(seen, sizeof seen, "(lastLogonTimestamp>=%lld)",
		         directory_time_of_days(filter->seen_within_days));
		directory_put(to, seen);
	}
	if (filter->operating_system != NULL) {
		directory_put(to, "(operatingSystem=");
		directory_put_pattern(to, filter->operating_system);
		directory_put(to, ")");
	}
	directory_put(to, ")");
	wire_put_u8(to, '\0');
}

/* ---- the connection ---- */

/* Puts the URLs of the domain's controllers, in the order in which they are to be tried, and a NUL.
 */
static NET_API_STATUS directory_find_controllers(struct wire_writer *urls, const char *domain,
                                                 struct err *err)
{
	char *hosts = NULL;

	if (ldap_domain2hostlist(domain, &hosts) != LDAP_SUCCESS) {
		err_format(err, ERROR_NO_SUCH_DOMAIN, STEP,
		           "DNS has no domain controllers of %.255s (SRV _ldap._tcp.%.255s)",
		           domain, domain);
		return err_advise(err, "check the domain's DNS name and /etc/resolv.conf");
	}
	for (char *rest = hosts, *host; (host = strsep(&rest, " ")) != NULL;) {
		directory_put(urls, host == hosts ? "ldap://" : " ldap://");
		directory_put(urls, host);
	}
	wire_put_u8(urls, '\0');
	ldap_memfree(hosts);
	return urls->failed ? err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL) : NERR_Success;
}

/* The same of one controller. Kerberos has no tickets for an address. */
static NET_API_STATUS directory_put_controller(struct wire_writer *urls, const char *controller,
                                               struct err *err)
{
	struct server_name name;
	char port[16] = "";

	if (!server_name_parse(controller, &name, err))
		return err->status;
	if (server_name_is_address(controller) || name.address[0] != '\0')
		return err_set(
			err, NERR_InvalidComputer, STEP,
			"a domain controller is named by its DNS name, for which the KDC has "
			"tickets, and not by an address");
	if (name.port != 0)
		snprintf(port, sizeof port, ":%u", name.port);
	directory_put(urls, "ldap://");
	directory_put(urls, name.host);
	directory_put(urls, port);
	wire_put_u8(urls, '\0');
	return urls->failed ? err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL) : NERR_Success;
}

/* GSSAPI asks for nothing: the tickets say who logs on. */
static int directory_answer_sasl(LDAP *ldap, unsigned flags, void *defaults, void *questions)
{
	(void)ldap;
	(void)flags;
	(void)defaults;
	(void)questions;
	return LDAP_SUCCESS;
}

static bool directory_set_options(LDAP *ldap)
{
	const struct timeval connect = { CONNECT_S, 0 }, answer = { ANSWER_S, 0 };
	const int version = LDAP_VERSION3;
	const ber_len_t strength = CAN_SIGN;
	const struct {
		int option;
		const void *value;
	} options[] = {
		{ LDAP_OPT_PROTOCOL_VERSION, &version },
		{ LDAP_OPT_NETWORK_TIMEOUT, &connect },
		{ LDAP_OPT_TIMEOUT, &answer },
		{ LDAP_OPT_REFERRALS, LDAP_OPT_OFF },     /* to other domains, with our tickets */
		{ LDAP_OPT_X_SASL_NOCANON, LDAP_OPT_ON }, /* the host is who DNS's SRV names */
		{ LDAP_OPT_X_SASL_SSF_MIN, &strength },
	};

	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		if (ldap_set_option(ldap, options[i].option, options[i].value) != LDAP_OPT_SUCCESS)
			return false;
	return true;
}

static bool directory_log_on(struct directory *d, const struct directory_place *place)
{
	struct wire_writer urls = { 0 };
	int result = LDAP_NO_MEMORY;

	(void)(place->controller != NULL
	               ? directory_put_controller(&urls, place->controller, d->err)
	               : directory_find_controllers(&urls, place->domain, d->err));
	if (d->err->status == NERR_Success)
		result = ldap_initialize(&d->ldap, (const char *)urls.data);
	wire_writer_fini(&urls);
	if (d->err->status != NERR_Success)
		return false;
	if (result != LDAP_SUCCESS || !directory_set_options(d->ldap))
		return directory_fail_memory(d);
	result = ldap_sasl_interactive_bind_s(d->ldap, NULL, "GSSAPI", NULL, NULL, LDAP_SASL_QUIET,
	                                      directory_answer_sasl, NULL);
	return result == LDAP_SUCCESS || directory_fail(d, result, "logging on to LDAP");
}

/* ---- the search ---- */

/* The first value of an entry's attribute, as a text that is to be freed; NULL: it has none, or it
 * is no text, or memory is out. */
static char *directory_value(LDAP *ldap, LDAPMessage *entry, const char *attribute)
{
	struct berval **values = ldap_get_values_len(ldap, entry, attribute);
	char *text = NULL;

	if (values != NULL && values[0] != NULL &&
	    memchr(values[0]->bv_val, '\0', values[0]->bv_len) == NULL)
		text = strndup(values[0]->bv_val, values[0]->bv_len);
	ldap_value_free_len(values);
	if (text != NULL && !text_utf8_is_valid(text)) {
		free(text);
		text = NULL;
	}
	return text;
}

/* The distinguished name of the domain; NULL: see err. */
static char *directory_find_base(struct directory *d)
{
	char attribute[] = "defaultNamingContext", *attributes[] = { attribute, NULL };
	LDAPMessage *answer = NULL;
	char *base = NULL;
	int result = ldap_search_ext_s(d->ldap, "", LDAP_SCOPE_BASE, "(objectClass=*)", attributes,
	                               0, NULL, NULL, NULL, 1, &answer);

	if (result != LDAP_SUCCESS)
		(void)directory_fail(d, result, "reading the domain's name");
	else if ((base = directory_value(d->ldap, answer, attribute)) == NULL)
		err_set(d->err, ERROR_BAD_NET_RESP, STEP,
		        "the server is no domain controller: it has no defaultNamingContext");
	ldap_msgfree(answer);
	return base;
}

static char *directory_sid(LDAP *ldap, LDAPMessage *entry, char to[SID_TEXT_BYTES])
{
	struct berval **values = ldap_get_values_len(ldap, entry, SID);
	struct sid sid;
	bool has_sid = values != NULL && values[0] != NULL &&
	               sid_decode(&sid, (const uint8_t *)values[0]->bv_val, values[0]->bv_len);

	ldap_value_free_len(values);
	return has_sid ? sid_text(&sid, to) : NULL;
}

/* Hands on an account. Returns whether the list goes on. */
static bool directory_take_entry(struct directory *d, LDAPMessage *entry)
{
	char *name = directory_value(d->ldap, entry, NAME),
	     *host = directory_value(d->ldap, entry, HOST);
	char *flags = directory_value(d->ldap, entry, FLAGS), sid[SID_TEXT_BYTES];
	unsigned long bits = flags != NULL ? strtoul(flags, NULL, 10) : 0;
	const struct directory_account account = {
		.name = name,
		.host = host,
		.sid = directory_sid(d->ldap, entry, sid),
		.is_computer = (bits & (BIT_WORKSTATION | BIT_DC)) != 0,
		.is_domain_controller = (bits & BIT_DC) != 0,
	};
	bool goes_on = d->on_account(d->context, &account);

	free(flags);
	free(host);
	free(name);
	return goes_on;
}

/* Hands on the accounts of a page. Returns whether the list goes on. */
static bool directory_take_page(struct directory *d, LDAPMessage *page)
{
	for (LDAPMessage *entry = ldap_first_entry(d->ldap, page); entry != NULL;
	     entry = ldap_next_entry(d->ldap, entry)) {
		if (!directory_take_entry(d, entry))
			return false;
		if (++d->count > MOST_ACCOUNTS) {
			err_format(d->err, ERROR_BAD_NET_RESP, STEP,
			           "the directory lists more than %d accounts", MOST_ACCOUNTS);
			return false;
		}
	}
	return true;
}

/* Reads where the next page begins. Returns whether there is one. */
static bool directory_find_next_page(struct directory *d, LDAPMessage *page, struct berval *cookie)
{
	LDAPControl **controls = NULL, *paging;
	ber_int_t estimate;
	int told, result = ldap_parse_result(d->ldap, page, &told, NULL, NULL, NULL, &controls, 0);

	ber_memfree(cookie->bv_val);
	*cookie = (struct berval){ 0, NULL };
	if (result != LDAP_SUCCESS)
		return directory_fail(d, result, "reading a page of accounts");
	paging = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
	if (paging != NULL)
		result = ldap_parse_pageresponse_control(d->ldap, paging, &estimate, cookie);
	ldap_controls_free(controls);
	if (result != LDAP_SUCCESS)
		return directory_fail(d, result, "reading a page of accounts");
	return cookie->bv_len > 0;
}

static void directory_search(struct directory *d, const char *base, const char *filter)
{
	char name[] = NAME, host[] = HOST, flags[] = FLAGS, sid[] = SID;
	char *attributes[] = { name, host, flags, sid, NULL };
	struct berval cookie = { 0, NULL };
	unsigned pages = 0;
	LDAPMessage *page;
	bool goes_on;

	do {
		LDAPControl *paging = NULL, *controls[] = { NULL, NULL };
		int result = ldap_create_page_control(d->ldap, PAGE, &cookie, 1, &paging);

		page = NULL;
		controls[0] = paging;
		if (result == LDAP_SUCCESS)
			result = ldap_search_ext_s(d->ldap, base, LDAP_SCOPE_SUBTREE, filter,
			                           attributes, 0, controls, NULL, NULL, 0, &page);
		ldap_control_free(paging);
		goes_on = result == LDAP_SUCCESS
		                  ? directory_take_page(d, page) &&
		                            directory_find_next_page(d, page, &cookie)
		                  : directory_fail(d, result, "searching accounts");
		ldap_msgfree(page);
	} while (goes_on && ++pages < MOST_PAGES);
	if (goes_on)
		err_set(d->err, ERROR_BAD_NET_RESP, STEP, "the directory's list has no end");
	ber_memfree(cookie.bv_val);
}

/* filter: a text and its NUL. search_base: NULL for the whole domain. */
static NET_API_STATUS directory_list(const struct directory_place *place, const char *search_base,
                                     const struct wire_writer *filter,
                                     directory_on_account on_account, void *context,
                                     struct err *err)
{
	struct directory d = { .err = err, .on_account = on_account, .context = context };
	char *base = NULL;

	if (filter->failed)
		return err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	if (directory_log_on(&d, place))
		base = search_base == NULL ? directory_find_base(&d) : strdup(search_base);
	if (base != NULL)
		directory_search(&d, base, (const char *)filter->data);
	else if (err->status == NERR_Success)
		(void)directory_fail_memory(&d);
	if (d.ldap != NULL)
		(void)ldap_unbind_ext_s(d.ldap, NULL, NULL);
	free(base);
	return err->status;
}

NET_API_STATUS directory_list_computers(const struct directory_place *place,
                                        const struct directory_filter *filter,
                                        directory_on_account on_account, void *context,
                                        struct err *err)
{
	struct wire_writer text = { 0 };

	directory_put_filter(&text, filter);
	(void)directory_list(place, filter->search_base, &text, on_account, context, err);
	wire_writer_fini(&text);
	return err->status;
}

NET_API_STATUS directory_list_accounts(const struct directory_place *place,
                                       directory_on_account on_account, void *context,
                                       struct err *err)
{
	struct wire_writer text = { 0 };

	directory_put(&text,
	              "(&(objectClass=user)(|(objectCategory=computer)(objectCategory=person)))");
	wire_put_u8(&text, '\0');
	(void)directory_list(place, NULL, &text, on_account, context, err);
	wire_writer_fini(&text);
	return err->status;
}
