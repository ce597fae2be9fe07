/* SPDX-License-Identifier: MIT */
/* Unix sockets: a connection, and the text that a daemon sends to each client, read as a whole. */
#ifndef NET_LOCAL_TEXT_H
#define NET_LOCAL_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Connects to a Unix socket, without waiting. Returns the descriptor, which does not block; -1: see
 * errno. */
int net_local_connect(const char *path);

/* Connects to the Unix socket at path, and reads until its peer closes. Waits for each piece no
 * longer than timeout_ms. Returns the bytes before the NUL. A text that is empty, has no end in
 * time or has no room is a failure, and no part of it counts: then returns -1, and errno says why.
 */
ssize_t net_local_text_read(const char *path, int timeout_ms, char *to, size_t room);

#endif
