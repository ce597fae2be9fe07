/* SPDX-License-Identifier: MIT */
/* The other end of a conversation as a script: what no Samba does. One conversation at a time. */
#ifndef TESTS_SCRIPTED_SERVER_H
#define TESTS_SCRIPTED_SERVER_H

#include "client/state.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MAX_ASKED    16
#define SESSION_ID   0x5E55
#define TREE_ID      0x7EE
#define FRAG_BYTES   1432

extern struct client_state c; /* the client */

/* What the server was asked last. */
extern struct asked {
	struct smb2_header header;
	struct wire_reader body;
} asked[MAX_ASKED];
extern size_t asked_count;

extern uint16_t grants;               /* credits with each answer */
extern bool validates;                /* the client is let ask what NEGOTIATE said */
extern size_t stub_multiple;          /* zeros that mean nothing make a stub as long as that */
extern struct wire_writer stub, pdus; /* of the answer being given; stub is free for tests */
extern const struct smb2_file_id pipe_id;

int set_up(void **state);
int tear_down(void **state);
void expect(enum client_event event);
void expect_asked(size_t count, enum smb2_command first);
void expect_failure(NET_API_STATUS status, uint32_t nt, const char *doing);
void answer(size_t i, uint32_t status);
void refuse(size_t i, uint32_t status);
void answer_negotiate(void);
void answer_session_setup(uint32_t status, uint16_t session_flags);
void answer_tree_connect(size_t i, uint32_t share_flags);
void answer_create(size_t i);
void answer_data(size_t i, uint32_t status, const uint8_t *data, size_t bytes);
void answer_validation(unsigned changed);
void answer_write(uint32_t written);
void make_bind_ack(uint16_t result, uint16_t reason);
void negotiate(void);
void complete_log_on(void);
void stop_signing(void);
void log_on(void);
void open_pipe(void);
void ask_level_0(void);
void make_answer(uint32_t entries, uint32_t lie, bool has_hint);
size_t fragments(void);
void answer_fragment(size_t i, size_t number);
void expect_answer(uint32_t entries);

#endif
