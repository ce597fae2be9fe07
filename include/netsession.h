/* SPDX-License-Identifier: MIT */
/* netsession: who is connected to a file server, and since when.
 *
 * What <lm.h> lacks: UTF-8, many servers at once, credentials, deadlines, and the story of a
 * failure. Numbers named status are NET_API_STATUS, the values of <lmerr.h>. */
#ifndef NETSESSION_H
#define NETSESSION_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Ask at the richest level that the server grants: 502, then 2, 1, 10, 0. */
#define NETSESSION_LEVEL_AUTO 0xFFFFFFFFu

/* One session. Texts are UTF-8 and NULL, numbers are 0, where the level lacks the member or the
 * server sent none. Source: [MS-SRVS] 2.2.4.11 to 2.2.4.15. */
struct netsession_row {
	const char *client;      /* the computer it comes from: an address or a name */
	const char *user;        /* the account, without its domain */
	const char *client_type; /* empty since Windows Vista */
	const char *transport;   /* a device name: \Device\NetbiosSmb */
	uint32_t num_opens;      /* files, devices and pipes it holds open */
	uint32_t active_s;       /* seconds since it was set up */
	uint32_t idle_s;         /* seconds since it was last used */
	uint32_t user_flags;     /* SESS_GUEST 1, SESS_NOENCRYPTION 2 */
};

/* How a call ended. */
struct netsession_error {
	uint32_t status;    /* 0: it did not fail */
	uint32_t nt_status; /* NTSTATUS from the server, 0 when it gave none */
	const char *doing;  /* static text: the step that failed; NULL: none did */
	char text[320];     /* one line, UTF-8: what happened, where, and what to do about it */
};

/* Who asks. */
struct netsession_credentials;

/* Reads a file of lines "username = ", "password = " and "domain = ", as smbclient -A and
 * mount.cifs take it. The file must not be readable by others.
 * out      gives the credentials; NULL after a failure
 * error    may be NULL
 * Returns  0; ERROR_ACCESS_DENIED (5) when others may read it; ERROR_FILE_NOT_FOUND (2);
 *          ERROR_INVALID_PARAMETER (87) when it is not of that form; ERROR_NOT_ENOUGH_MEMORY. */
uint32_t netsession_credentials_read(const char *path, struct netsession_credentials **out,
                                     struct netsession_error *error);
/* Wipes and frees, as soon as no enumeration uses them any more. NULL is allowed. */
void netsession_credentials_free(struct netsession_credentials *credentials);

/* One enumeration. All zero but server asks for level 0 of all sessions, as whoever the
 * environment says: the file that NETSESSION_CREDENTIALS names, else the caller's Kerberos
 * tickets. */
struct netsession_query {
	const char *server; /* NULL or "": the local computer. A name or an address, with or without
	                       leading \\; also host:port, [v6]:port, fe80--1.ipv6-literal.net */
	uint16_t port;      /* 0: what server says, else 445 */
	uint32_t timeout_ms;                        /* for the whole enumeration; 0: 30,000 */
	struct netsession_credentials *credentials; /* held until the enumeration ends */
	int encrypt; /* non-zero: not without encryption; 0: where the server asks for it */

	uint32_t level;           /* 0, 1, 2, 10, 502 or NETSESSION_LEVEL_AUTO */
	const char *client;       /* only sessions from it, with or without \\; NULL or "": any */
	const char *user;         /* only sessions of it; NULL or "": any */
	uint32_t preferred_bytes; /* wished size of a page; 0: all in one */
	uint32_t resume_handle;   /* 0: from the beginning */
	int all_pages;            /* non-zero: go on after ERROR_MORE_DATA until all are here;
	                             netsession_enum gives one page in any case */
};

/* One answer of a server: its sessions, or the next part of them. */
struct netsession_page;

uint32_t netsession_page_level(const struct netsession_page *page);
uint32_t netsession_page_entries(const struct netsession_page *page);
/* Sessions from this page on, itself included; a hint. */
uint32_t netsession_page_total(const struct netsession_page *page);
/* Non-zero when more sessions follow, from netsession_page_resume_handle on. */
int netsession_page_has_more(const struct netsession_page *page);
uint32_t netsession_page_resume_handle(const struct netsession_page *page);

/* Entry number entry, below netsession_page_entries, as UTF-8. Its texts live until the next
 * call for the same page.
 * Returns  0; ERROR_NOT_ENOUGH_MEMORY. */
uint32_t netsession_page_row(struct netsession_page *page, uint32_t entry,
                             struct netsession_row *row);

/* Gives the page's SESSION_INFO_<level>[entries] as <lmshare.h> has them: one block, the array
 * first and its 16-bit strings behind it; free() or NetApiBufferFree it. NULL when the page has
 * no entry. The page has no entries afterwards. */
void *netsession_page_take_infos(struct netsession_page *page);
void netsession_page_free(struct netsession_page *page);

/* Asks one server and waits.
 * query    borrowed
 * page     gives the page, NULL after a failure
 * error    may be NULL
 * Returns  0, also when more pages follow; else the status that stands in error:
 *          53 ERROR_BAD_NETPATH (no such host, or nothing listens), 1460 ERROR_TIMEOUT,
 *          1326 ERROR_LOGON_FAILURE, 5 ERROR_ACCESS_DENIED, 124 ERROR_INVALID_LEVEL,
 *          2312 NERR_ClientNameNotFound, 2221 NERR_UserNotFound, 2351 NERR_InvalidComputer,
 *          2114 NERR_ServerNotStarted, 1783 RPC_X_BAD_STUB_DATA and others.
 * Source   [MS-SRVS] 3.1.4.5. */
uint32_t netsession_enum(const struct netsession_query *query, struct netsession_page **page,
                         struct netsession_error *error);

/* Many servers at once: each netsession_start begins an enumeration, netsession_run works on
 * all of them side by side until the last has ended. An object belongs to one thread. */
struct netsession;

/* NULL: out of memory or file descriptors. */
struct netsession *netsession_new(void);
/* Every enumeration that was started must have ended. NULL is allowed. */
void netsession_free(struct netsession *session);

/* What happens to an enumeration. Called from netsession_run, never from netsession_start. */
struct netsession_handler {
	/* Gives page. Called once for each page. */
	void (*on_page)(void *context, struct netsession_page *page);
	/* The last call. error->status is 0 when all went well; error is borrowed. */
	void (*on_end)(void *context, const struct netsession_error *error);
};

/* query    borrowed, but for its credentials
 * handler  kept until on_end, as is context
 * Returns  0; ERROR_NOT_ENOUGH_MEMORY, and the handler is never called. */
uint32_t netsession_start(struct netsession *session, const struct netsession_query *query,
                          const struct netsession_handler *handler, void *context);
void netsession_run(struct netsession *session);

/* The story of the calling thread's last NetSession* function of <lm.h>; "" when it succeeded.
 * Lives until the thread's next one. In libnetapi32. */
const char *netsession_last_error_text(void);

#ifdef __cplusplus
}
#endif

#endif
