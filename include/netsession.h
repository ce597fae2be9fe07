/* SPDX-License-Identifier: MIT */
/* netsession: who is connected to a file server, and since when.
 *
 * What <lm.h> lacks: UTF-8, many servers at once on any libuv loop, rows as they arrive,
 * credentials, deadlines, cancellation, and the story of a failure. Numbers named status are
 * NET_API_STATUS, the values of <lmerr.h>. */
#ifndef NETSESSION_H
#define NETSESSION_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of this header; what netsession_version_number tells of the library has the same form. */
#define NETSESSION_VERSION_NUMBER 0x000200 /* 0xMMmmpp: 0.2.0 */

/* The library that runs: "0.2.0", and 0x000200. Static text. */
const char *netsession_version(void);
uint32_t netsession_version_number(void);

/* Non-zero when the library can do it, here and now:
 * "kerberos", "ntlm"  logs on by it (GSSAPI's mechanisms are plug-ins)
 * "nbns"              resolves NetBIOS names
 * "kept-connections"  a call after another one to the same server costs one round trip
 * "local-service"     asks netsessiond on this computer where server is NULL
 * Names that it does not know are 0. */
int netsession_has_feature(const char *name);

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
	const char *step;   /* static text: the step that failed; NULL: none did */
	const char *advice; /* static text: what to do about it; NULL: nothing in general */
	char text[320];     /* one line, UTF-8: what happened, where, and the advice */
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
/* The same from texts, which are copied; wipe your own.
 * user      not empty; without its domain, or user@REALM
 * domain    a NetBIOS or DNS domain; NULL or "": the server's own accounts, or what user says
 * Returns   0; ERROR_INVALID_PARAMETER when a text is no UTF-8, or holds a control character;
 *           ERROR_NOT_ENOUGH_MEMORY. */
uint32_t netsession_credentials_new(const char *user, const char *domain, const char *password,
                                    struct netsession_credentials **out,
                                    struct netsession_error *error);

/* Nobody: a null session. It has no key, so that nothing of it is signed, and encrypt refuses it.
 */
uint32_t netsession_credentials_new_anonymous(struct netsession_credentials **out,
                                              struct netsession_error *error);

/* Wipes and frees, as soon as no call and no kept connection uses them any more. NULL is
 * allowed. */
void netsession_credentials_free(struct netsession_credentials *credentials);

/* By what a log-on may be made. */
enum netsession_authentication {
	/* Kerberos with the caller's tickets. With a password whose domain is a realm (it has a
	 * dot): Kerberos, or NTLMv2 if no KDC gives a ticket or the server chooses NTLM. With any
	 * other password: NTLMv2. */
	NETSESSION_AUTHENTICATION_ANY = 0,
	NETSESSION_AUTHENTICATION_KERBEROS, /* alone */
	NETSESSION_AUTHENTICATION_NTLM,     /* NTLMv2 alone: needs a password */
};

/* What is asked, of which server, and as whom. All zero but server asks for level 0 of all
 * sessions, as whoever the environment says: the file that NETSESSION_CREDENTIALS names, else the
 * caller's Kerberos tickets. On the local computer netsessiond is asked, over the socket that
 * NETSESSION_SOCKET names, else /run/netsession/local.sock: it knows who asks, and what concerns
 * port, log-on, encryption and WINS is passed over. */
struct netsession_query {
	const char *server; /* NULL or "": the local computer. A name or an address, with or without
	                       leading \\; also host:port, [v6]:port, fe80--1.ipv6-literal.net */
	uint16_t port;      /* 0: what server says, else 445 */
	uint32_t timeout_ms;                        /* for the whole call; 0: 30,000 */
	struct netsession_credentials *credentials; /* held until the call ends */
	enum netsession_authentication authentication;
	int encrypt;      /* non-zero: not without encryption; 0: where the server asks for it */
	const char *wins; /* address of the WINS server to ask for names that DNS does not know;
	                     NULL: what NETSESSION_WINS says, else a broadcast */

	uint32_t level;           /* 0, 1, 2, 10, 502 or NETSESSION_LEVEL_AUTO */
	const char *client;       /* only sessions from it, with or without \\; NULL or "": any */
	const char *user;         /* only sessions of it; NULL or "": any */
	uint32_t preferred_bytes; /* wished size of a page; 0: all in one, if the server can */
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

/* ---- one server, waited for ---- */

/* Lists sessions.
 * query    borrowed
 * page     gives the page, NULL after a failure; must not be NULL
 * error    may be NULL
 * Returns  0, also when more pages follow; else the status that stands in error:
 *          53 ERROR_BAD_NETPATH (no such host, or nothing listens), 1460 ERROR_TIMEOUT,
 *          1326 ERROR_LOGON_FAILURE, 5 ERROR_ACCESS_DENIED, 124 ERROR_INVALID_LEVEL,
 *          2312 NERR_ClientNameNotFound, 2221 NERR_UserNotFound, 2351 NERR_InvalidComputer,
 *          2114 NERR_ServerNotStarted, 1783 RPC_X_BAD_STUB_DATA, 1312 (neither credentials nor
 *          tickets), 1396 and 1398 (Kerberos: no such server, clocks differ), 1311 (no KDC), 1937
 *          (the server takes no NTLM), 64 (connection lost), 50 (no encryption to be had), 87
 *          and others.
 * Source   [MS-SRVS] 3.1.4.5. */
uint32_t netsession_enum(const struct netsession_query *query, struct netsession_page **page,
                         struct netsession_error *error);

/* Closes every session from query->client and of query->user, of which one at least has to be
 * given; one that is not given means any. Level and what concerns pages is passed over.
 * Returns  0; 87 ERROR_INVALID_PARAMETER when neither is given; 2312 NERR_ClientNameNotFound when
 *          there is none (Samba says 5 ERROR_ACCESS_DENIED); else as netsession_enum.
 * Source   [MS-SRVS] 3.1.4.6. */
uint32_t netsession_del(const struct netsession_query *query, struct netsession_error *error);

/* Names the sessions that netsession_del would end beside those that query means, since their file
 * server cannot close them alone. Only netsessiond on this computer can tell.
 * query    as for netsession_del; its server is NULL
 * found    called from here, for each of them: row's client and user alone, borrowed; 256 at most
 * Returns  0; 50 ERROR_NOT_SUPPORTED: a server is named, or netsessiond is an older one;
 *          5 ERROR_ACCESS_DENIED; else as netsession_del. */
uint32_t netsession_del_also_closes(const struct netsession_query *query,
                                    void (*found)(void *context, const struct netsession_row *row),
                                    void *context, struct netsession_error *error);

/* Logs on to query->server and its IPC$, and asks nothing: whether these credentials are good
 * there. The connection is kept for the next call.
 * Returns  0; else as netsession_enum. */
uint32_t netsession_connect(const struct netsession_query *query, struct netsession_error *error);

/* ---- kept connections ----
 *
 * When a server has answered a call, the connection is kept for ten seconds: the next call to the
 * same server with the same credentials, or tickets of the same principal, authentication and
 * encryption costs one round trip. A kept connection that the server has closed meanwhile is
 * replaced without a word. Threads share them; the child of a fork has none. What is left of a
 * connection that was closed is freed by a later call. */

/* Closes those that are kept for server, on whatever port, "": for the local computer, NULL: all,
 * now. What is no server's name is passed over. */
void netsession_close_idle(const char *server);

/* ---- many servers at once ----
 *
 * Each netsession_start begins a call, netsession_run works on all of them side by side until the
 * last has ended. An object belongs to one thread. */

struct netsession;
struct uv_loop_s;

/* NULL: out of memory or file descriptors. */
struct netsession *netsession_new(void);
/* The same on a loop of the caller's, kept until netsession_free: run that (uv_run), and not
 * netsession_run. Its thread is the object's. */
struct netsession *netsession_new_on_loop(struct uv_loop_s *loop);
/* Every call that was started must have ended; not from within a handler. On a caller's loop a few
 * handles may still be closing: run it once more before uv_loop_close. NULL is allowed. */
void netsession_free(struct netsession *session);

/* What happens to a call. Called from the loop, never from netsession_start or netsession_cancel;
 * handlers may start and cancel calls. on_row and on_page may be NULL. */
struct netsession_handler {
	/* One session, as soon as the last byte of it is here, before its page; row and its texts
	 * are borrowed. Members that level lacks are NULL and 0. A failure may still follow. */
	void (*on_row)(void *context, uint32_t level, const struct netsession_row *row);
	/* Gives page. Called once for each page. */
	void (*on_page)(void *context, struct netsession_page *page);
	/* The last call. error->status is 0 when all went well; error is borrowed. */
	void (*on_end)(void *context, const struct netsession_error *error);
};

/* A call under way. It is gone when its on_end is called. */
struct netsession_call;

/* Begin what netsession_enum and netsession_del do.
 * query    borrowed, but for its credentials
 * handler  kept until on_end, as is context
 * call     gives the call, to cancel it; may be NULL
 * Returns  0; ERROR_NOT_ENOUGH_MEMORY, and the handler is never called. */
uint32_t netsession_start(struct netsession *session, const struct netsession_query *query,
                          const struct netsession_handler *handler, void *context,
                          struct netsession_call **call);
uint32_t netsession_start_del(struct netsession *session, const struct netsession_query *query,
                              const struct netsession_handler *handler, void *context,
                              struct netsession_call **call);

/* Ends a call at whatever step it is, also from within on_row and on_page: neither is called any
 * more, and on_end comes next, with 1223 ERROR_CANCELLED. A deletion that was sent may have
 * been done. */
void netsession_cancel(struct netsession_call *call);

void netsession_run(struct netsession *session);

/* ---- what stands between here and an answer ---- */

enum netsession_verdict {
	NETSESSION_GOOD,
	NETSESSION_NOTICE, /* it works, and could be better */
	NETSESSION_BAD,
};

/* One thing that netsession_diagnose found. Texts are UTF-8 and borrowed. */
struct netsession_report {
	const char *step; /* "name", "port", "dialects", "signing", "encryption", "mechanisms",
	                     "log-on", "share", "pipe", "level 502" and the other levels; of the
	                     local computer "service", "caller" (the names by which its access
	                     policy may mean you), the levels, and a "counter" for each thing that
	                     it has counted, or "counters" where it keeps those from you */
	enum netsession_verdict verdict;
	uint32_t status;    /* of what failed, else 0 */
	const char *text;   /* what was found: "3.1.1, 3.0.2, 3.0, 2.1, 2.0.2" */
	const char *advice; /* what to do about it; NULL: nothing */
};

/* Goes the whole way to query->server step by step and tells what it finds, until a step fails
 * that the next one needs. query as for netsession_enum; its timeout is for each step.
 * found    called from here, for each finding
 * Returns  0 when sessions can be listed at one level at least; else the status of what is in
 *          the way, which stands in error. */
uint32_t netsession_diagnose(const struct netsession_query *query,
                             void (*found)(void *context, const struct netsession_report *finding),
                             void *context, struct netsession_error *error);

/* ---- a file server's own sessions ----
 *
 * netsessiond shows, beside its own, the sessions of every file server on this computer that feeds
 * it. They are there from netsession_publisher_put to netsession_publisher_remove, and no longer
 * than the connection: a file server that dies takes them with it. Only netsession_publisher_open
 * ever waits. What netsessiond has not taken yet is kept here, one change for a session at most, a
 * later one in the place of an earlier: a slow netsessiond holds up nobody, and misses nothing but
 * what has passed.
 *
 * A feed is used by one thread at a time. A child of fork may only close it, which leaves the
 * connection to the parent; it should, since an open copy outlives the parent. */

struct netsession_publisher;

/* What netsessiond says. Called from netsession_publisher_dispatch alone, for keys that were put
 * and not removed. The functions may put, touch and remove, and must not close the feed. NULL: of
 * no interest. */
struct netsession_publisher_handler {
	/* Somebody wants this session closed (NetSessionDel). It is shown until it is removed. */
	void (*on_close)(void *context, uint64_t key);
	/* It is not shown any more, as if it were removed: ERROR_TOO_MANY_SESS (69),
	 * ERROR_NOT_ENOUGH_MEMORY. It may be put again. error is borrowed. */
	void (*on_refused)(void *context, uint64_t key, const struct netsession_error *error);
	/* Somebody asks who is there, and waits for a moment: look, tell what has changed, now or
	 * later, and then call netsession_publisher_refreshed. For those who learn of their
	 * sessions only by looking; NULL: all is told as it happens. */
	void (*on_refresh)(void *context);
};

/* All zero is allowed. */
struct netsession_publisher_options {
	const char *socket; /* its path; NULL or "": what NETSESSION_PUBLISH_SOCKET says, else
	                       /run/netsession/publish.sock */
	const char *name;   /* the file server's, for netsessiond's log; UTF-8, up to 1,024 bytes */
	uint32_t timeout_ms; /* 0: 5,000 */
};

/* Connects to netsessiond and waits to be let in.
 * options  borrowed
 * handler  kept until netsession_publisher_close, as is context
 * feed     gives the feed, NULL after a failure
 * error    may be NULL
 * Returns  0; 2114 NERR_ServerNotStarted (nobody listens there), 5 ERROR_ACCESS_DENIED (this user
 *          may not feed), 71 ERROR_REQ_NOT_ACCEP (too many feeders), 1460 ERROR_TIMEOUT,
 *          50 ERROR_NOT_SUPPORTED (another version), 58 ERROR_BAD_NET_RESP (not a netsessiond),
 *          64 ERROR_NETNAME_DELETED, 87 ERROR_INVALID_PARAMETER, ERROR_NOT_ENOUGH_MEMORY. */
uint32_t netsession_publisher_open(const struct netsession_publisher_options *options,
                                   const struct netsession_publisher_handler *handler,
                                   void *context, struct netsession_publisher **feed,
                                   struct netsession_error *error);

/* Shows a session, or shows it anew, wholly.
 * key      yours to choose. Use it for one session only, as a counter does: what is said of the
 *          one before may still be on its way.
 * row      borrowed, texts UTF-8 without control characters, up to 1,024 bytes. It has a client.
 *          NULL is shown as "". active_s and idle_s go on by themselves.
 * Returns  0: it will be told; 87 ERROR_INVALID_PARAMETER: row is not of that form;
 *          69 ERROR_TOO_MANY_SESS: netsessiond takes no more of one feed; 64
 *          ERROR_NETNAME_DELETED: netsession_publisher_dispatch has said so;
 * ERROR_NOT_ENOUGH_MEMORY. */
uint32_t netsession_publisher_put(struct netsession_publisher *feed, uint64_t key,
                                  const struct netsession_row *row);
/* The same of a session that ends together with others: the file server cannot close one of them
 * alone. netsessiond names them to those who close one.
 * group    yours to choose: the same for all of them. 0: it ends alone, as by
 * netsession_publisher_put
 */
uint32_t netsession_publisher_put_in_group(struct netsession_publisher *feed, uint64_t key,
                                           uint32_t group, const struct netsession_row *row);
/* The two that change with each request, without a look at the rest. A key that was not put, or
 * refused, is passed over. */
void netsession_publisher_touch(struct netsession_publisher *feed, uint64_t key, uint32_t num_opens,
                                uint32_t idle_s);
/* The session has ended. A key that is not there is passed over. */
void netsession_publisher_remove(struct netsession_publisher *feed, uint64_t key);

/* All is told as it was when on_asked was called last, or later: who waits for it is answered. Of
 * no effect when nobody does. */
void netsession_publisher_refreshed(struct netsession_publisher *feed);

/* What to wait for, in any loop: when it is readable (level-triggered), call
 * netsession_publisher_dispatch. There is no need to wait until it is writable. */
int netsession_publisher_fd(const struct netsession_publisher *feed);
/* Takes what has come, which may call the handler, and tells what waits. It never waits.
 * error    may be NULL
 * Returns  0; 64 ERROR_NETNAME_DELETED or 58 ERROR_BAD_NET_RESP: the connection is lost, and
 *          netsessiond shows nothing of this feed any more. Close it, and later open another one
 *          and put all sessions again. */
uint32_t netsession_publisher_dispatch(struct netsession_publisher *feed,
                                       struct netsession_error *error);

/* Ends the connection, and with it the sessions. NULL is allowed. */
void netsession_publisher_close(struct netsession_publisher *feed);

/* The story of the calling thread's last NetSession* or NetUse* function of <lm.h>; "" when it
 * succeeded. Lives until the thread's next one. In libnetapi32. */
const char *netsession_last_error_text(void);

#ifdef __cplusplus
}
#endif

#endif
