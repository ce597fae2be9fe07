/* SPDX-License-Identifier: MIT */
/* NetApiBuffer*: a buffer is a block of malloc's, so the engine's answers are buffers too. */
#include <malloc.h>
#include <stdlib.h>
#include <windows.h>
#include <lm.h>

NET_API_STATUS NetApiBufferAllocate(DWORD ByteCount, LPVOID *Buffer)
{
	if (Buffer == NULL)
		return ERROR_INVALID_PARAMETER;
	*Buffer = malloc(ByteCount > 0 ? ByteCount : 1);
	return *Buffer != NULL ? NERR_Success : ERROR_NOT_ENOUGH_MEMORY;
}

NET_API_STATUS NetApiBufferFree(LPVOID Buffer)
{
	free(Buffer);
	return NERR_Success;
}

NET_API_STATUS NetApiBufferReallocate(LPVOID OldBuffer, DWORD NewByteCount, LPVOID *NewBuffer)
{
	if (NewBuffer == NULL)
		return ERROR_INVALID_PARAMETER;
	if (OldBuffer != NULL && NewByteCount == 0) {
		free(OldBuffer);
		*NewBuffer = NULL;
		return NERR_Success;
	}
	*NewBuffer = realloc(OldBuffer, NewByteCount > 0 ? NewByteCount : 1);
	return *NewBuffer != NULL ? NERR_Success : ERROR_NOT_ENOUGH_MEMORY;
}

NET_API_STATUS NetApiBufferSize(LPVOID Buffer, LPDWORD ByteCount)
{
	size_t bytes;

	if (Buffer == NULL || ByteCount == NULL)
		return ERROR_INVALID_PARAMETER;
	bytes = malloc_usable_size(Buffer);
	*ByteCount = bytes < UINT32_MAX ? (DWORD)bytes : UINT32_MAX;
	return NERR_Success;
}
