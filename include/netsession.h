/* SPDX-License-Identifier: MIT */
/* netsession: list and close the sessions of a file server, and publish those of your own.
 *
 * A session is one user who is logged on to a file server from one computer. This header offers
 * what <lm.h> lacks: UTF-8, many servers at once on any libuv loop, rows as they arrive,
 * credentials, deadlines, cancellation, and an explanation of every failure.
 *
 * Conventions:
 * - Functions that can fail return a NET_API_STATUS, a value of <lmerr.h> or <winerror.h>. 0 is
 *   success. The comments name the value and its number.
 * - Times are in milliseconds where a name ends in _ms, and in seconds where it ends in _s.
 * - A "borrowed" parameter is used until the function returns. A "kept" parameter is used until the
 *   event that the comment names. A function that "gives" an object makes the caller its owner; a
 *   function that "takes" an object becomes its owner.
 * - Functions that free an object accept NULL. */
#ifndef NETSESSION_H
#define NETSESSION_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the library ---- */

/* The version of this header as 0xMMmmpp: 0x000300 is 0.3.0. */
#define NETSESSION_VERSION_NUMBER 0x000300

/* Return the version of the library that runs, as static text ("0.3.0") and as a number of the same
 * form as NETSESSION_VERSION_NUMBER. */
const char *netsession_version(void);
uint32_t netsession_version_number(void);

/* Returns non-zero when the library has a feature, on this computer and now:
 * "kerberos", "ntlm"  The library can log on by this mechanism. Mechanisms are plug-ins of GSSAPI.
 * "nbns"              The library resolves NetBIOS names.
 * "idle-connections"  A further call to the same server costs one round trip.
 * "local-service"     A query without a server goes to netsessiond on this computer.
 * Returns 0 for every other name. name is borrowed and must not be NULL. */
int netsession_has_feature(const char *name);

/* ---- rows and errors ---- */

/* The level of a query that asks for the most detailed level that the server grants: the first of
 * 502, 2, 1, 10 and 0. */
#define NETSESSION_LEVEL_AUTO 0xFFFFFFFFu

/* The value of a number that is not known, such as the number of open files of a file server that
 * does not report it. 0 is a number that is known. */
#define NETSESSION_UNKNOWN 0xFFFFFFFFu

/* One session. A member that the level does not have is NULL or 0. A number that is not known is
 * NETSESSION_UNKNOWN, and a text that is not known is NULL or empty: netsessiond on this computer
 * tells them apart from 0; over SMB the protocol cannot, so a server sends 0. Times of 2^31 seconds
 * and more, which Samba sends for sessions that have just begun, are NETSESSION_UNKNOWN, too.
 * Texts are UTF-8, as the server sent them: they may contain control characters and characters that
 * reverse the order of a line, so escape them before you print them. Source: [MS-SRVS] 2.2.4.11 to
 * 2.2.4.15. */
struct netsession_row {
	const char *client; /* the computer that the session comes from: an address or a name */
	const char *user;   /* the account, without its domain */
	const char *client_type; /* the client's software; empty since Windows Vista */
	const char *transport;   /* a device name: \Device\NetbiosSmb */
	uint32_t num_opens;      /* number of files, devices and pipes that are open */
	uint32_t active_s;       /* seconds since the session began */
	uint32_t idle_s;         /* seconds since the session was last used */
	uint32_t user_flags;     /* SESS_GUEST 1, SESS_NOENCRYPTION 2 */
};

/* The outcome of a call. The texts are static, or part of the struct: nothing has to be freed. The
 * text can be printed as it is: characters that drive a terminal, forge a line or are invisible are
 * shown as \xNN, \uNNNN or \UNNNNNNNN, also in what a server sent. */
struct netsession_error {
	uint32_t status;    /* what the function returns; 0: success */
	uint32_t nt_status; /* the NTSTATUS that the server sent; 0: the server sent none */
	const char *step;   /* the step that failed: "TREE_CONNECT IPC$"; NULL: no step failed */
	const char *advice; /* what to do about the failure; NULL: there is no general advice */
	char text[512]; /* one line of UTF-8 with all of that, for people; empty after success */
};

/* ---- credentials ---- */

/* A user name, a domain and a password, or an anonymous user. */
struct netsession_credentials;

/* Reads credentials from a file with the lines "username = ", "password = " and "domain = ", as
 * smbclient -A and mount.cifs read it; netsession_credentials_read(3) lists the forms. Other users
 * must not have access to the file, and it must belong to the caller or to root.
 * path     borrowed
 * out      gives the credentials, to be freed by netsession_credentials_free; NULL after a failure
 * error    gives the outcome; may be NULL
 * Returns  0
 *          2 ERROR_FILE_NOT_FOUND: there is no such file
 *          5 ERROR_ACCESS_DENIED: the file cannot be read, belongs to another user than the
 *             caller or root, or other users have access to it
 *          8 ERROR_NOT_ENOUGH_MEMORY
 *          87 ERROR_INVALID_PARAMETER: the file has another format; the text of error begins with
 *             the file and the line */
uint32_t netsession_credentials_read(const char *path, struct netsession_credentials **out,
                                     struct netsession_error *error);

/* Makes credentials from texts. The texts are borrowed and copied: the caller wipes its own copies.
 * user      the user name, also as DOMAIN\user, DOMAIN/user or user@REALM; must not be empty
 * domain    a NetBIOS or DNS domain, which a domain in user replaces; NULL or "": that one, or else
 *           the server's own accounts
 * password  may be empty, and hold any character
 * out       gives the credentials, to be freed by netsession_credentials_free; NULL after a failure
 * error     gives the outcome; may be NULL
 * Returns   0
 *           8 ERROR_NOT_ENOUGH_MEMORY
 *           87 ERROR_INVALID_PARAMETER: user is empty, a text is not UTF-8, or user or domain
 *           contains a control character */
uint32_t netsession_credentials_new(const char *user, const char *domain, const char *password,
                                    struct netsession_credentials **out,
                                    struct netsession_error *error);

/* Makes credentials of an anonymous user, who logs on with a null session. A null session has no
 * key, so messages are neither signed nor encrypted, and a query that requires encryption fails.
 * out       gives the credentials, to be freed by netsession_credentials_free; NULL after a failure
 * error     gives the outcome; may be NULL
 * Returns   0 or 8 ERROR_NOT_ENOUGH_MEMORY */
uint32_t netsession_credentials_new_anonymous(struct netsession_credentials **out,
                                              struct netsession_error *error);

/* Takes credentials: wipes and frees them as soon as no call and no idle connection uses them. */
void netsession_credentials_free(struct netsession_credentials *credentials);

/* The mechanism of a log-on. */
enum netsession_authentication {
	/* With the caller's tickets: Kerberos. With a password whose domain is a realm, which means
	 * that the domain contains a dot: Kerberos; NTLMv2 if no KDC issues a ticket, or if the
	 * server chooses NTLM. With any other password: NTLMv2. */
	NETSESSION_AUTHENTICATION_ANY = 0,
	NETSESSION_AUTHENTICATION_KERBEROS, /* Kerberos only */
	NETSESSION_AUTHENTICATION_NTLM,     /* NTLMv2 only; needs a password */
};

/* ---- queries ---- */

/* A server, the user to log on as, and what to ask for. A query that is all zero except for server
 * lists all sessions at level 0.
 *
 * A query without a server goes to netsessiond on this computer, over the socket that the
 * environment variable NETSESSION_SOCKET names, or else over /run/netsession/local.sock.
 * netsessiond identifies the caller by the kernel, so port, credentials, authentication, encrypt
 * and wins are ignored. */
struct netsession_query {
	/* The server: a name or an address, with or without leading \\; also host:port, [v6]:port
	 * and fe80--1.ipv6-literal.net; also name@address and name@address:port, where Kerberos
	 * gets the name, and the connection the address. NULL or "": this computer. */
	const char *server;
	/* The TCP port. 0: the port in server, or else 445. */
	uint16_t port;
	/* The time limit of the whole call. 0: 30,000. */
	uint32_t timeout_ms;
	/* Held until the call ends. NULL: the file that NETSESSION_CREDENTIALS names, or else the
	 * caller's Kerberos tickets. */
	struct netsession_credentials *credentials;
	enum netsession_authentication authentication;
	/* Non-zero: fail where the server offers no encryption. 0: encrypt if the server requires
	 * it. */
	int encrypt;
	/* The IPv4 address of a WINS server, which is queried for names that DNS does not know.
	 * "none": NetBIOS is not used, neither by such a query nor by a broadcast, which any host
	 * of the local network can answer. NULL: what NETSESSION_WINS says in the same form, or
	 * else a broadcast. */
	const char *wins;

	/* 0, 1, 2, 10, 502 or NETSESSION_LEVEL_AUTO. */
	uint32_t level;
	/* Select the sessions from this client, with or without leading \\: a name, in any case,
	 * or an address in any spelling. No name is looked up. NULL or "": any. */
	const char *client;
	/* Select the sessions of this user: alice, LAB\alice, LAB/alice or alice@LAB.EXAMPLE, in
	 * any case. Domains are compared where both the query and the session have one; a NetBIOS
	 * domain is equal to a DNS domain that has it as a label. NULL or "": any. */
	const char *user;
	/* The wished size of a page in bytes. 0: all sessions in one page, if the server can. */
	uint32_t preferred_bytes;
	/* Where the page begins, from netsession_page_resume_handle. 0: at the first session. */
	uint32_t resume_handle;
	/* Non-zero: netsession_start asks for further pages until it has all of them.
	 * netsession_enum gives one page in any case. */
	int all_pages;
	/* The most memory in bytes that the sessions of one call may take: of all pages that
	 * on_page got, and of the page that is arriving. A page whose on_page is NULL counts until
	 * it is complete. Beside that a call holds at most about 2 MiB. 0: 1,073,741,824, which is
	 * five times what a million sessions take at level 502. */
	uint64_t max_bytes;
};

/* ---- pages ---- */

/* One answer of a server: all sessions that were selected, or a part of them. */
struct netsession_page;

/* Returns the level of the entries: 0, 1, 2, 10 or 502. */
uint32_t netsession_page_level(const struct netsession_page *page);
/* Returns the number of entries in this page. */
uint32_t netsession_page_entries(const struct netsession_page *page);
/* Returns the number of sessions from this page on, including this page. Servers estimate it. */
uint32_t netsession_page_total(const struct netsession_page *page);
/* Returns non-zero when a further page follows, which begins at netsession_page_resume_handle. */
int netsession_page_has_more(const struct netsession_page *page);
uint32_t netsession_page_resume_handle(const struct netsession_page *page);

/* Returns 0 when sessions that the query selects are missing, although no further page follows: the
 * server announced more than it sent, or netsessiond on this computer knows that one of its sources
 * is not complete. The last page of an answer says this for all pages; the others return non-zero.
 * Remote servers seldom say that sessions are missing, because the protocol has no place for it. */
int netsession_page_is_complete(const struct netsession_page *page);
/* Returns non-zero when sessions that an earlier answer had are missing, although they may be open:
 * netsessiond has lost a source of theirs. Not complete either. */
int netsession_page_has_lost_source(const struct netsession_page *page);
/* Returns why sessions are missing, or what else is to be known about the answer: one line of UTF-8
 * for people, which lives as long as the page; escaped as netsession_error.text is. NULL: there is
 * no warning of this number. The first number is 0. */
const char *netsession_page_warning(const struct netsession_page *page, uint32_t number);

/* Converts an entry to a row.
 * entry    the number of the entry, less than netsession_page_entries
 * row      is filled; its texts are valid until the next call for the same page
 * Returns  0 or 8 ERROR_NOT_ENOUGH_MEMORY */
uint32_t netsession_page_row(struct netsession_page *page, uint32_t entry,
                             struct netsession_row *row);

/* Gives the entries as the array SESSION_INFO_<level>[entries] of <lmshare.h>: one block of memory,
 * the array first and its UTF-16 strings behind it. Numbers that are NETSESSION_UNKNOWN in a row
 * are 0 there, as Windows' programs expect. Free it by free or NetApiBufferFree. Afterwards the
 * page has no entries. Returns NULL when the page has no entries. */
void *netsession_page_take_infos(struct netsession_page *page);

/* Frees a page. */
void netsession_page_free(struct netsession_page *page);

/* ---- one server: functions that wait for the answer ---- */

/* Lists sessions: gives one page of those that the query selects.
 * query    borrowed
 * page     gives the page, to be freed by netsession_page_free; NULL after a failure
 * error    gives the outcome; may be NULL
 * Returns  0, also when further pages follow; else the same status as in error:
 *          5 ERROR_ACCESS_DENIED: the server does not grant the list to this user
 *          50 ERROR_NOT_SUPPORTED: encryption is required and not available
 *          51 ERROR_REM_NOT_LIST: the server refuses connections from this computer
 *          53 ERROR_BAD_NETPATH: the name is unknown, or the server cannot be reached
 *          58 ERROR_BAD_NET_RESP: the peer does not speak SMB, or breaks its rules
 *          64 ERROR_NETNAME_DELETED: the connection was lost
 *          87 ERROR_INVALID_PARAMETER: a member of the query is invalid
 *          124 ERROR_INVALID_LEVEL: there is no such level, or the server does not know it
 *          1311 ERROR_NO_LOGON_SERVERS: no KDC answered
 *          1312 ERROR_NO_SUCH_LOGON_SESSION: there are neither credentials nor tickets
 *          1326 ERROR_LOGON_FAILURE: the server refused the user or the password
 *          1396 ERROR_WRONG_TARGET_NAME: Kerberos does not know the server by this name
 *          1398 ERROR_TIME_SKEW: the clocks differ too much for Kerberos
 *          1460 ERROR_TIMEOUT: the time limit was reached
 *          1610 ERROR_BAD_CONFIGURATION: krb5.conf is malformed, or cannot be read
 *          1783 RPC_X_BAD_STUB_DATA: the answer is malformed
 *          1816 ERROR_NOT_ENOUGH_QUOTA: the sessions need more memory than max_bytes
 *          1937 ERROR_NTLM_BLOCKED: the server does not accept NTLM
 *          2114 NERR_ServerNotStarted: netsessiond does not run on this computer
 *          2221 NERR_UserNotFound, 2312 NERR_ClientNameNotFound: no session was selected
 *          2351 NERR_InvalidComputer: server is not a valid name
 *          and other values from the server
 * Source   [MS-SRVS] 3.1.4.5 */
uint32_t netsession_enum(const struct netsession_query *query, struct netsession_page **page,
                         struct netsession_error *error);

/* Closes all sessions of query->user from query->client. At least one of the two must be given; no
 * client means sessions from any client, no user means sessions of any user. Both mean the same
 * sessions as in netsession_enum: they are listed first, and closed by the names that the server
 * lists. The members of the query about levels and pages are ignored. After a failure the sessions
 * may be closed nevertheless, if the request was sent.
 * query    borrowed
 * error    gives the outcome; may be NULL
 * Returns  0; else as netsession_enum does, and
 *          87 ERROR_INVALID_PARAMETER: neither client nor user is given
 *          2312 NERR_ClientNameNotFound: there is no such session
 * Source   [MS-SRVS] 3.1.4.6 */
uint32_t netsession_del(const struct netsession_query *query, struct netsession_error *error);

/* Reports the sessions that netsession_del would close in addition to the selected ones, because
 * their file server can only close them together. Closes nothing. Only netsessiond on this computer
 * knows these sessions.
 * query    as for netsession_del; its server must be NULL or ""
 * found    called for each of these sessions, at most 256 times, before the function returns; row
 *          is borrowed and has only a client and a user
 * context  passed to found
 * error    gives the outcome; may be NULL
 * Returns  0; else as netsession_del does, and
 *          50 ERROR_NOT_SUPPORTED: the query names a server, or netsessiond is too old */
uint32_t netsession_del_also_closes(const struct netsession_query *query,
                                    void (*found)(void *context, const struct netsession_row *row),
                                    void *context, struct netsession_error *error);

/* Logs on to the server and connects to its share IPC$, and calls nothing: shows whether the
 * credentials are valid there. The connection stays open for the next call.
 * query    borrowed
 * error    gives the outcome; may be NULL
 * Returns  0; else as netsession_enum does */
uint32_t netsession_connect(const struct netsession_query *query, struct netsession_error *error);

/* ---- idle connections ----
 *
 * After a call the connection stays open for ten seconds. The next call to the same server, with
 * the same credentials or with tickets of the same principal, the same authentication and
 * encryption, uses it and costs one round trip. If the server has closed the idle connection
 * meanwhile, a new one replaces it. All threads share the idle connections; the child process of a
 * fork has none. A later call frees what is left of a closed connection. */

/* Closes the idle connections to a server at once, on all its ports. Calls that are under way
 * continue. An invalid name is ignored.
 * server   borrowed. "": close the idle connections to this computer; NULL: close all */
void netsession_close_idle(const char *server);

/* ---- many servers at once ----
 *
 * netsession_start begins a call. netsession_run works on all calls side by side until the last one
 * has ended. An object belongs to one thread. */

struct netsession;
struct uv_loop_s;

/* Makes an object, to be freed by netsession_free. Returns NULL: out of memory or file
 * descriptors. */
struct netsession *netsession_new(void);

/* Makes an object that works on the caller's libuv loop, which is kept until netsession_free. Run
 * the loop by uv_run, and not by netsession_run. The object belongs to the thread of the loop.
 * Returns NULL: out of memory. */
struct netsession *netsession_new_on_loop(struct uv_loop_s *loop);

/* Frees an object. All of its calls must have ended, and no handler may be running. On a caller's
 * loop a few handles may still be closing: run the loop once more before uv_loop_close. */
void netsession_free(struct netsession *session);

/* The functions that report the progress of a call. They are called from the loop only, never from
 * netsession_start or netsession_cancel. They may start and cancel calls. on_row and on_page may be
 * NULL. */
struct netsession_handler {
	/* A session has arrived, before its page is complete. row and its texts are borrowed;
	 * members that the level lacks are NULL or 0. The call may still fail. */
	void (*on_row)(void *context, uint32_t level, const struct netsession_row *row);
	/* A page is complete. Gives the page, to be freed by netsession_page_free. */
	void (*on_page)(void *context, struct netsession_page *page);
	/* The call has ended; this is called last, and once for each call. error is borrowed;
	 * error->status is 0 after success. */
	void (*on_end)(void *context, const struct netsession_error *error);
};

/* A call that is under way. It is freed after its on_end. */
struct netsession_call;

/* Begin a call that lists sessions, as netsession_enum does, or closes sessions, as netsession_del
 * does. An invalid query is reported by on_end, too.
 * query    borrowed; its credentials are held until on_end
 * handler  kept until on_end
 * context  passed to the handler
 * call     gives the call, for netsession_cancel; may be NULL
 * Returns  0; 8 ERROR_NOT_ENOUGH_MEMORY, and then the handler is never called */
uint32_t netsession_start(struct netsession *session, const struct netsession_query *query,
                          const struct netsession_handler *handler, void *context,
                          struct netsession_call **call);
uint32_t netsession_start_del(struct netsession *session, const struct netsession_query *query,
                              const struct netsession_handler *handler, void *context,
                              struct netsession_call **call);

/* Cancels a call at any step; on_row and on_page may cancel it, too. Afterwards neither of them is
 * called, and on_end follows with 1223 ERROR_CANCELLED. Sessions may be closed nevertheless, if a
 * request to close them was sent. */
void netsession_cancel(struct netsession_call *call);

/* Works on the calls until the last one has ended. For objects of netsession_new only. */
void netsession_run(struct netsession *session);

/* ---- diagnosis ---- */

enum netsession_verdict {
	NETSESSION_GOOD,
	NETSESSION_NOTICE, /* it works, and could be better */
	NETSESSION_BAD,
};

/* What netsession_diagnose found in one step. Texts are UTF-8 and borrowed; they are escaped as
 * netsession_error.text is. */
struct netsession_report {
	/* For a server: "name", "port", "dialects", "sizes" if they are less than [MS-SMB2]
	 * demands, "signing", "encryption", "mechanisms", "clock", "log-on", "share", "pipe", and
	 * "level 502" and the other levels. For this computer: "service"; "caller", with the names
	 * that the access policy can use for the caller; the levels; "sources" for each warning
	 * about what the lists are made of; and "counter" for each counter of netsessiond, or
	 * "counters" if the caller may not read the counters. */
	const char *step;
	enum netsession_verdict verdict;
	uint32_t status;    /* of the failure; 0: the step succeeded */
	const char *text;   /* what was found: "3.1.1, 3.0.2, 3.0, 2.1, 2.0.2" */
	const char *advice; /* what to do about it; NULL: nothing */
};

/* Checks each step of connecting to a server, and reports the result of each. Stops at a failed
 * step if the next step needs it.
 * query    as for netsession_enum; its time limit applies to each step
 * report   called for each step before the function returns
 * context  passed to report
 * error    gives the outcome; may be NULL
 * Returns  0 when sessions can be listed at one level at least; else the status of the first step
 *          that failed, which is the same as in error */
uint32_t netsession_diagnose(const struct netsession_query *query,
                             void (*report)(void *context, const struct netsession_report *report),
                             void *context, struct netsession_error *error);

/* ---- counters ---- */

/* One thing that netsessiond counts. Texts are borrowed. */
struct netsession_counter {
	/* "log_ons"; with labels behind it, "smb_sessions_now{dialect=\"3.1.1\",encrypted=\"no\"}".
	 * "_now" ends the names of counters that also go down. No name has a user or a client. */
	const char *name;
	const char *help; /* what is counted */
	uint64_t value;
};

/* Reads the counters of netsessiond on this computer. The access policy says who may.
 * query    its time limit applies; its server is not used
 * found    called for each counter before the function returns
 * context  passed to found
 * error    gives the outcome; may be NULL
 * Returns  0; 5 ERROR_ACCESS_DENIED; 2114 NERR_ServerNotStarted if netsessiond does not run */
uint32_t netsession_counters(const struct netsession_query *query,
                             void (*found)(void *context, const struct netsession_counter *counter),
                             void *context, struct netsession_error *error);

/* ---- publishing the sessions of a file server ----
 *
 * netsessiond shows, beside its own sessions, those of every publisher on this computer: a file
 * server, or a program that knows the sessions of one. A session is shown from
 * netsession_publisher_put to netsession_publisher_remove, and no longer than the connection of the
 * publisher. Only netsession_publisher_open waits. A change that netsessiond has not accepted yet
 * is kept here, at most one for each session: a later change replaces an earlier one, so a slow
 * netsessiond does not delay the publisher.
 *
 * A publisher belongs to one thread at a time. After a fork the child process may only close it,
 * which leaves the connection to the parent; the child should close it, because the connection
 * lasts as long as one process has it open. */

struct netsession_publisher;

/* The requests of netsessiond to the publisher. The functions are called from
 * netsession_publisher_dispatch only, for keys that were put and not removed. They may put, touch
 * and remove sessions, and must not close the publisher. Each of them may be NULL. */
struct netsession_publisher_handler {
	/* A caller wants this session closed (NetSessionDel). The session is shown until it is
	 * removed. */
	void (*on_close)(void *context, uint64_t key);
	/* netsessiond does not show this session: 69 ERROR_TOO_MANY_SESS, 8
	 * ERROR_NOT_ENOUGH_MEMORY. The session counts as removed, and may be put again. error is
	 * borrowed. */
	void (*on_refused)(void *context, uint64_t key, const struct netsession_error *error);
	/* A caller waits for the current sessions, for at most [server] refresh_timeout_ms of
	 * netsessiond (2 s by default). Poll the file server, put, touch and remove the sessions
	 * that have changed, and then call netsession_publisher_refreshed, from on_refresh or
	 * later. For publishers that poll their file server. NULL: the publisher reports each
	 * change as it happens, and no caller waits. */
	void (*on_refresh)(void *context);
};

/* How to connect to netsessiond. All members may be zero. */
struct netsession_publisher_options {
	/* The path of netsessiond's socket. NULL or "": the one that NETSESSION_PUBLISH_SOCKET
	 * names, or else /run/netsession/publish.sock. */
	const char *socket;
	/* The publisher's name in netsessiond's log: UTF-8, at most 1,024 bytes. May be NULL. */
	const char *name;
	/* The time limit of netsession_publisher_open. 0: 5,000. */
	uint32_t timeout_ms;
};

/* Connects to netsessiond, and waits until netsessiond accepts the publisher.
 * options    borrowed
 * handler    kept until netsession_publisher_close
 * context    passed to the handler
 * publisher  gives the publisher, to be freed by netsession_publisher_close; NULL after a failure
 * error      gives the outcome; may be NULL
 * Returns    0
 *            5 ERROR_ACCESS_DENIED: this user may not publish sessions
 *            8 ERROR_NOT_ENOUGH_MEMORY
 *            50 ERROR_NOT_SUPPORTED: netsessiond speaks another version of the protocol
 *            58 ERROR_BAD_NET_RESP: the peer is not netsessiond
 *            64 ERROR_NETNAME_DELETED: netsessiond closed the connection
 *            71 ERROR_REQ_NOT_ACCEP: netsessiond accepts no further publisher
 *            87 ERROR_INVALID_PARAMETER: the name or the path is invalid
 *            1460 ERROR_TIMEOUT: the time limit was reached
 *            2114 NERR_ServerNotStarted: netsessiond does not run, or does not offer the socket */
uint32_t netsession_publisher_open(const struct netsession_publisher_options *options,
                                   const struct netsession_publisher_handler *handler,
                                   void *context, struct netsession_publisher **publisher,
                                   struct netsession_error *error);

/* Shows a session, or replaces all that is shown of it.
 * key      identifies the session; chosen by the caller. Use a key for one session only, as from a
 *          counter: messages about the last session of that key may still be under way.
 * row      borrowed. Its client must not be empty; other texts may be NULL: not known. Texts are
 *          UTF-8 without control characters, at most 1,024 bytes. active_s and idle_s advance by
 *          themselves. Numbers that the publisher does not know are NETSESSION_UNKNOWN; callers of
 *          netsessiond over SMB, and an older netsessiond, get 0 for these.
 * Returns  0: the session will be sent to netsessiond
 *          8 ERROR_NOT_ENOUGH_MEMORY
 *          64 ERROR_NETNAME_DELETED: netsession_publisher_dispatch has reported the end of the
 *          connection
 *          69 ERROR_TOO_MANY_SESS: netsessiond accepts no more sessions of one publisher
 *          87 ERROR_INVALID_PARAMETER: row is invalid */
uint32_t netsession_publisher_put(struct netsession_publisher *publisher, uint64_t key,
                                  const struct netsession_row *row);

/* The same as netsession_publisher_put, for a session that the file server can only close together
 * with others. netsessiond reports the sessions of the same group to callers who close one of them.
 * group    identifies these sessions; chosen by the caller. 0: the session closes alone. */
uint32_t netsession_publisher_put_in_group(struct netsession_publisher *publisher, uint64_t key,
                                           uint32_t group, const struct netsession_row *row);

/* Updates the two members of a session that change with each request; each may be
 * NETSESSION_UNKNOWN. Does nothing if no session has this key, or if netsessiond refused the
 * session. */
void netsession_publisher_touch(struct netsession_publisher *publisher, uint64_t key,
                                uint32_t num_opens, uint32_t idle_s);

/* Removes a session that has ended. Does nothing if no session has this key. */
void netsession_publisher_remove(struct netsession_publisher *publisher, uint64_t key);

/* Reports that the publisher is up to date as of the last on_refresh call; callers that wait for it
 * continue. Does nothing when no caller waits. */
void netsession_publisher_refreshed(struct netsession_publisher *publisher);

/* Reports whether the sessions that are published are all sessions of the file server. netsessiond
 * logs a change, and tells it to callers on this computer (netsession_page_is_complete). The report
 * holds until the next one; before the first one, the sessions are complete. Call it before
 * netsession_publisher_refreshed. An older netsessiond does not learn of it.
 * is_complete  0: sessions are missing
 * warning      borrowed; one line of UTF-8 without control characters, cut after 250 bytes: why
 *              sessions are missing, or what else callers should know. NULL or "": nothing
 * Returns      0
 *              64 ERROR_NETNAME_DELETED: netsession_publisher_dispatch has reported the end of the
 *              connection
 *              87 ERROR_INVALID_PARAMETER: warning is not valid */
uint32_t netsession_publisher_set_complete(struct netsession_publisher *publisher, int is_complete,
                                           const char *warning);

/* Returns a file descriptor for any event loop, which belongs to the publisher: when it is readable
 * (level-triggered), call netsession_publisher_dispatch. There is no need to wait until it is
 * writable. */
int netsession_publisher_fd(const struct netsession_publisher *publisher);

/* Receives what netsessiond has sent, which may call the handler, and sends changes that wait. Does
 * not wait.
 * error    gives the outcome; may be NULL
 * Returns  0
 *          58 ERROR_BAD_NET_RESP, 64 ERROR_NETNAME_DELETED: the connection has ended, and
 *          netsessiond no longer shows the sessions of this publisher. Close the publisher, open a
 *          new one later, and put all sessions again. */
uint32_t netsession_publisher_dispatch(struct netsession_publisher *publisher,
                                       struct netsession_error *error);

/* Takes a publisher: ends its connection, and with it the sessions in netsessiond. */
void netsession_publisher_close(struct netsession_publisher *publisher);

/* ---- with <lm.h> ---- */

/* Returns the message of the calling thread's last NetSession* or NetUse* function, as
 * netsession_error.text has it; "" after success. The text is valid until the thread's next call of
 * such a function. This function is in libnetapi32. */
const char *netsession_last_error_text(void);

#ifdef __cplusplus
}
#endif

#endif
