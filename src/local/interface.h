/* SPDX-License-Identifier: MIT */
/* The local service: a Unix socket that speaks DCE/RPC (C706 12.6) as it is, with srvsvc and an
 * interface of our own. */
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

/* Its operations answer with a list: local_list.h. They take nothing but what is said. */
enum local_opnum {
	LOCAL_WHO_AM_I = 0,         /* the names by which the access policy may mean the caller */
	LOCAL_GET_COUNTERS = 1,     /* what the service has counted */
	LOCAL_LIST_ALSO_CLOSED = 2, /* takes what NetrSessionDel takes: sessions that would end
	                             * beside those that it means; an entry's name is the client,
	                             * its help the user */
};

#endif
