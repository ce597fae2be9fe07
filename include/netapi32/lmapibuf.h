/* SPDX-License-Identifier: MIT */
/* The blocks in which Net* functions give their answers. Give them to these functions alone:
 * how a block is allocated is the library's own business. */
#ifndef NETAPI32_LMAPIBUF_H
#define NETAPI32_LMAPIBUF_H

#include "lmcons.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Allocates a block.
 * ByteCount   size, bytes. 0 gives a valid block too, which is freed like any other.
 * Buffer      gives one block, aligned for any type and not initialized. On failure *Buffer is
 *             NULL.
 * Returns     NERR_Success; ERROR_INVALID_PARAMETER (Buffer is NULL); ERROR_NOT_ENOUGH_MEMORY.
 * Source      NetApiBufferAllocate, Windows API. */
NET_API_STATUS NET_API_FUNCTION NetApiBufferAllocate(DWORD ByteCount, LPVOID *Buffer);

/* Frees a block, and with it every string inside it.
 * Buffer      takes one block; NULL is no error.
 * Returns     NERR_Success.
 * Source      NetApiBufferFree, Windows API. */
NET_API_STATUS NET_API_FUNCTION NetApiBufferFree(LPVOID Buffer);

/* Changes the size of a block; what fits of its bytes is kept. The block may move, and then
 * pointers into it, also those stored in it, still point to where it was.
 * OldBuffer   takes one block on success; on failure it stays valid and the caller's. NULL:
 *             allocates.
 * NewByteCount  new size, bytes. 0 frees OldBuffer and gives NULL.
 * NewBuffer   gives the block; NULL when there is none, also on failure.
 * Returns     NERR_Success; ERROR_INVALID_PARAMETER (NewBuffer is NULL);
 *             ERROR_NOT_ENOUGH_MEMORY.
 * Source      NetApiBufferReallocate, Windows API. */
NET_API_STATUS NET_API_FUNCTION NetApiBufferReallocate(LPVOID OldBuffer, DWORD NewByteCount,
                                                       LPVOID *NewBuffer);

/* Tells how large a block is.
 * Buffer      borrows one block.
 * ByteCount   gives its size, bytes: what was asked for, or more.
 * Returns     NERR_Success; ERROR_INVALID_PARAMETER (Buffer or ByteCount is NULL).
 * Source      NetApiBufferSize, Windows API. */
NET_API_STATUS NET_API_FUNCTION NetApiBufferSize(LPVOID Buffer, LPDWORD ByteCount);

#ifdef __cplusplus
}
#endif

#endif
