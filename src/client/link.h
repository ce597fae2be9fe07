/* SPDX-License-Identifier: MIT */
/* The way to a server's pipe: a kept contact, or look-up, dial and log-on; then the bytes of its
 * conversation. The one place where a conversation meets a socket and worker threads. */
#ifndef CLIENT_LINK_H
#define CLIENT_LINK_H

#include "client/contact.h"
#include "net/loop.h"

struct link;

/* Each returns false when it closed or parked the link. */
struct link_handler {
	bool (*ready)(void *context);    /* the pipe is open, and nothing is asked: ask */
	bool (*rows)(void *context);     /* CONVERSATION_ROWS */
	bool (*answered)(void *context); /* CONVERSATION_ANSWER */
	/* The last call: link_close. err is borrowed. */
	void (*failed)(void *context, const struct err *err);
};

/* Copies key, keeps the rest. NULL: out of memory. */
struct link *link_new(struct net_loop *loop, const struct contact_key *key,
                      const struct link_handler *handler, void *context);

/* Goes there. handler is called from here, too. */
void link_open(struct link *link);

/* There is one from ready on. */
struct conversation *link_conversation(struct link *link);

/* TREE_CONNECT succeeded. */
bool link_has_tree(const struct link *link);

/* What it is about at present: static text. */
const char *link_doing(const struct link *link);

/* Ends it, at whatever step. Takes link; NULL is allowed. */
void link_close(struct link *link);

/* Keeps its connection for the next call, if it is fit for that. Takes link. */
void link_park(struct link *link);

#endif
