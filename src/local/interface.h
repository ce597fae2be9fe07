/* SPDX-License-Identifier: MIT */
/* The local service of netsessiond: a Unix socket that speaks DCE/RPC without a transport of its
 * own (C706 12.6). It offers srvsvc, and the interface netsession_local. */
#ifndef LOCAL_INTERFACE_H
#define LOCAL_INTERFACE_H

#define LOCAL_SOCKET_PATH "/run/netsession/local.sock"

/* 7255a609-3e05-40a5-b627-481f41a4b1f3, version 1.0, as the parts of a struct rpc_syntax. */
/* clang-format off */
#define LOCAL_INTERFACE_UUID \
	{ 0x7255a609, 0x3e05, 0x40a5, { 0xb6, 0x27, 0x48, 0x1f, 0x41, 0xa4, 0xb1, 0xf3 } }
/* clang-format on */
#define LOCAL_INTERFACE_VERSION 1
#define LOCAL_INTERFACE_NAME    "netsession_local"

/* The operations of netsession_local. All but LOCAL_ENUM_SESSIONS answer with a list:
 * local_list.h. */
enum local_opnum {
	/* The names by which the access policy may mean the caller. No input. */
	LOCAL_GET_CALLER = 0,
	/* The counters of netsessiond. No input. */
	LOCAL_GET_COUNTERS = 1,
	/* The sessions that NetrSessionDel would close in addition to those that it selects. The
	 * input is that of NetrSessionDel; the name of an entry is the client, its help the user.
	 */
	LOCAL_LIST_ALSO_CLOSED = 2,
	/* NetrSessionEnum, but for numbers that are not known: those are NETSESSION_UNKNOWN, and
	 * not 0. */
	LOCAL_ENUM_SESSIONS = 3,
	/* What callers who list sessions should know of the list. No input; the name of an entry is
	 * a warning, its value the LOCAL_WARNING_... that apply. */
	LOCAL_LIST_WARNINGS = 4,
};

enum {
	LOCAL_WARNING_INCOMPLETE = 1,  /* sessions are missing */
	LOCAL_WARNING_LOST_SOURCE = 2, /* among them sessions that were listed before */
};

#endif
