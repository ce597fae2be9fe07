/* SPDX-License-Identifier: MIT */
/* Inside the SMB endpoint: one connection. */
#ifndef DAEMON_SMB_CONNECTION_H
#define DAEMON_SMB_CONNECTION_H

#include "daemon/smb_connections.h"
#include "net/endpoint.h"

/* The handler of the endpoint, whose context is a struct smb_connections. */
extern const struct net_endpoint_handler smb_connection_handler;

#endif
