/* SPDX-License-Identifier: MIT */
/* One recorded SMB2 message at a time. */
#ifndef TESTS_RECORDED_MESSAGE_H
#define TESTS_RECORDED_MESSAGE_H

#include "recording.h"
#include "smb2/frames.h"
#include "wire/reader.h"

#define MESSAGE_AT SMB2_FRAME_PREFIX_BYTES

extern struct recording recorded; /* the one loaded last, with its frame's prefix */

/* Loads the recording of that name, or reads the one loaded last anew. */
struct wire_reader recorded_message(const char *name);
struct wire_reader recorded_message_again(void);

/* Calls check with every beginning of the recorded message, its whole included, each in a block of
 * its own size. */
void recorded_message_cut(void (*check)(struct wire_reader *message, const void *argument),
                          const void *argument);

/* Ends a group of tests. */
int recorded_message_unload(void **state);

#endif
