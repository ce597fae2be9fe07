/* SPDX-License-Identifier: MIT */
/* The blocks of memory in which Net* functions give their answers. Pass them to these functions
 * only: how a block is allocated may change. */
#ifndef NETAPI32_LMAPIBUF_H
#define NETAPI32_LMAPIBUF_H

#include "lmcons.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Allocates a block.
 * ByteCount   size in bytes. A block of 0 bytes is valid, too, and is freed like any other.
 * Buffer      gives one block, aligned for any type and not initialized. On failure *Buffer is
 *             NULL.
 * Returns     NERR_Success; ERROR_INVALID_PARAMETER (Buffer is NULL); ERROR_NOT_ENOUGH_MEMORY.
 * Source      NetApiBufferAllocate, Windows API. */
NET_API_STATUS NET_API_FUNCTION NetApiBufferAllocate(DWORD ByteCount, LPVOID *Buffer);

/* Frees a block, and with it every string inside it.
 * Buffer      takes one block; NULL is allowed.
 * Returns     NERR_Success.
 * Source      NetApiBufferFree, Windows API. */
NET_API_STATUS NET_API_FUNCTION NetApiBufferFree(LPVOID Buffer);

/* Changes the size of a block; the bytes that fit are kept. The block may move, and then pointers
 * into the old block, also those stored in it, are no longer valid. OldBuffer   takes one block on
 * success; on failure the block stays valid and belongs to the caller. NULL: allocates.
 * NewByteCount  new size, bytes. 0 frees OldBuffer and gives NULL.
 * NewBuffer   gives the block; NULL when there is none, also on failure.
 * Returns     NERR_Success; ERROR_INVALID_PARAMETER (NewBuffer is NULL);
 *             ERROR_NOT_ENOUGH_MEMORY.
 * Source      NetApiBufferReallocate, Windows API. */
NET_API_STATUS NET_API_FUNCTION NetApiBufferReallocate(LPVOID OldBuffer, DWORD NewByteCount,
                                                       LPVOID *NewBuffer);

/* Gives the size of a block.
 * Buffer      borrows one block.
 * ByteCount   gives the size in bytes, which may be more than was allocated.
 * Returns     NERR_Success; ERROR_INVALID_PARAMETER (Buffer or ByteCount is NULL).
 * Source      NetApiBufferSize, Windows API. */
NET_API_STATUS NET_API_FUNCTION NetApiBufferSize(LPVOID Buffer, LPDWORD ByteCount);

#ifdef __cplusplus
}
#endif

#endif
