/* SPDX-License-Identifier: MIT */
/* How much force NetUseDel uses. */
#ifndef NETAPI32_LMUSEFLG_H
#define NETAPI32_LMUSEFLG_H

#define USE_NOFORCE       0 /* not while something is open */
#define USE_FORCE         1 /* also then, but not while a device is the current drive of somebody */
#define USE_LOTS_OF_FORCE 2 /* always */

#endif
