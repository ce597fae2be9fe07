/* SPDX-License-Identifier: MIT */
/* Inside the SMB endpoint: one connection. */
#ifndef DAEMON_SMB_CONNECTION_H
#define DAEMON_SMB_CONNECTION_H

#include "daemon/smb_connections.h"
#include "net/endpoint.h"

/* Judges the sessions of a connection after a reload; former are the acceptor's former settings. A
 * visit of net_endpoint_visit. */
void smb_connection_judge(struct net_connection *net, void *former);

/* The handler of the endpoint, whose context is a struct smb_connections. */
extern const struct net_endpoint_handler smb_connection_handler;

#endif
