/* SPDX-License-Identifier: MIT */
/* The network management functions: one include for all of them, as on Windows. */
#ifndef NETAPI32_LM_H
#define NETAPI32_LM_H

#include "lmcons.h"
#include "lmerr.h"
#include "lmshare.h"
#include "lmuse.h"
#include "lmapibuf.h"

#endif
