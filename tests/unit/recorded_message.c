/* SPDX-License-Identifier: MIT */
#include "recorded_message.h"

#include <stdlib.h>

struct recording recorded;

struct wire_reader recorded_message_again(void)
{
	struct wire_reader message;

	wire_reader_init(&message, recorded.data + MESSAGE_AT, recorded.bytes - MESSAGE_AT);
	return message;
}

struct wire_reader recorded_message(const char *name)
{
	recording_free(&recorded);
	recorded = recording_load(name);
	return recorded_message_again();
}

void recorded_message_cut(void (*check)(struct wire_reader *message, const void *argument),
                          const void *argument)
{
	for (size_t bytes = 0; MESSAGE_AT + bytes <= recorded.bytes; bytes++) {
		uint8_t *cut = recording_cut(&recorded, MESSAGE_AT + bytes);
		struct wire_reader message;

		wire_reader_init(&message, cut + MESSAGE_AT, bytes);
		check(&message, argument);
		free(cut);
	}
}

int recorded_message_unload(void **state)
{
	(void)state;
	recording_free(&recorded);
	return 0;
}
