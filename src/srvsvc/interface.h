/* SPDX-License-Identifier: MIT */
/* The interface srvsvc and those of its operations that are supported: [MS-SRVS] 1.9 and 3.1.4. */
#ifndef SRVSVC_INTERFACE_H
#define SRVSVC_INTERFACE_H

#define SRVSVC_PIPE_NAME "srvsvc"

/* 4b324fc8-1670-01d3-1278-5a47bf6ee188, version 3.0, as the parts of a struct rpc_syntax. */
/* clang-format off */
#define SRVSVC_INTERFACE_UUID \
	{ 0x4b324fc8, 0x1670, 0x01d3, { 0x12, 0x78, 0x5a, 0x47, 0xbf, 0x6e, 0xe1, 0x88 } }
/* clang-format on */
#define SRVSVC_INTERFACE_VERSION 3

/* The operations, each with its opnum and its name. */
#define SRVSVC_OPERATIONS(O)                               \
	O(SRVSVC_NETR_SESSION_ENUM, 12, "NetrSessionEnum") \
	O(SRVSVC_NETR_SESSION_DEL, 13, "NetrSessionDel")   \
	O(SRVSVC_NETR_SHARE_ENUM, 15, "NetrShareEnum")     \
	O(SRVSVC_NETR_SERVER_GET_INFO, 21, "NetrServerGetInfo")

enum srvsvc_opnum {
#define O(OPERATION, OPNUM, NAME) OPERATION = OPNUM,
	SRVSVC_OPERATIONS(O)
#undef O
};

#endif
