/* SPDX-License-Identifier: MIT */
/* A Wine prefix: the folder in which Wine keeps its drive C. The bridge is the netapi32.dll of
 * compat/wine. */
#ifndef NETSESSION_WINE_PREFIX_H
#define NETSESSION_WINE_PREFIX_H

#include <stdbool.h>
#include "base/err.h"

enum prefix_change {
	PREFIX_UNCHANGED, /* there was no bridge to remove */
	PREFIX_CHANGED,
	PREFIX_RENEWED, /* the bridge was there, and was installed again */
};

/* What "install" puts into a prefix. */
struct prefix_parts {
	const char *bridge;  /* is copied */
	const char *library; /* gets a link: libnetapi32.so.1, which the bridge opens */
	const char
		*wine_dll; /* gets a link: Wine's own netapi32.dll, to which the bridge forwards */
};

/* Both may be called again, and leave a whole prefix behind where they fail. */
bool prefix_install(const char *prefix, const struct prefix_parts *parts,
                    enum prefix_change *change, struct err *err);
bool prefix_remove(const char *prefix, enum prefix_change *change, struct err *err);

#endif
