/* SPDX-License-Identifier: MIT */
/* The client of an SMB server, that says what it is told to, right or wrong. One connection at a
 * time. */
#ifndef TESTS_SMB_PEER_H
#define TESTS_SMB_PEER_H

#include "crypto/crypto.h"
#include "smb2/encryption.h"
#include "smb2/status.h"
#include "smb_host.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define MAX_ANSWERS 2048
#define RELATED     SMB2_FLAGS_RELATED_OPERATIONS
#define ANY_ID      SMB2_RELATED_ID_64

extern const struct smb2_file_id same_file;
extern const struct smb2_session_key session_key;

extern struct smb2_server_settings settings;
extern struct smb2_server *server;

struct answer {
	struct smb2_header header;
	struct wire_reader message; /* the whole of it, at its start */
	size_t bytes;
	bool is_sealed, is_signed; /* and the signature holds */
};

extern struct peer {
	/* The header of the next request; message_id counts by itself. */
	struct smb2_header next;
	bool seals, is_silent_about_signing; /* else what it sends is signed, once there is a key */
	size_t damage;                       /* the byte of the message to spoil; 0: none */
	struct smb2_negotiate_response agreed;
	uint8_t preauth[CRYPTO_SHA512_BYTES];
	struct crypto_mac *signing_key;
	struct smb2_encryption *sealing;
	struct answer answers[MAX_ANSWERS]; /* to what was sent last */
	size_t answer_count;
	bool is_closed; /* by the server */
	struct smb2_file_id pipe;
} peer;

int peer_set_up(void **state);
int peer_tear_down(void **state);
/* Another connection to a server of the same settings. */
void peer_begin_anew(void);

/* Begins a request, whose body goes into what is returned; further ones are compounded. */
struct wire_writer *peer_request(uint16_t command);
size_t peer_header_at(void);
/* What is built so far, from its first header on. */
struct wire_writer *peer_message(void);
/* Sends the message and takes what comes back. */
void peer_send(void);
/* Sends bytes as they are, with a frame around them. */
void peer_send_bytes(const void *data, size_t bytes);
/* Takes what the server has to say by itself. */
void peer_listen(void);

/* ---- requests ---- */

void ask_negotiate(uint16_t only_dialect);
void ask_session_setup(const char *token, uint64_t previous_session_id, uint8_t flags);
void ask_empty(uint16_t command);
void ask_tree_connect(const char *share);
void ask_create(const char *name);
void ask_close(struct smb2_file_id id, uint16_t flags);
void ask_read(struct smb2_file_id id, uint32_t max_bytes);
void query_write_results(struct smb2_file_id id, const char *text);
void ask_transceive(struct smb2_file_id id, const char *text, uint32_t max_bytes);
void ask_ioctl(uint32_t fsctl, struct smb2_file_id id, const void *input, size_t bytes,
               uint32_t max_bytes);
void ask_query_info(struct smb2_file_id id, uint8_t type, uint8_t class, uint32_t max_bytes);
void ask_set_info(struct smb2_file_id id, uint8_t class, const void *input, size_t bytes);
/* One of a file alone, with nothing that its command means: the id stands at id_at of the body. */
void ask_of_file(uint16_t command, uint16_t structure_size, size_t id_at, struct smb2_file_id id);

/* ---- what is expected ---- */

void expect_answers(size_t count);
void expect_status(size_t i, uint32_t status);
/* Sends, and expects one answer. */
void expect_one(uint32_t status);
void expect_closed(void);
void expect_data(size_t i, const char *text);

/* ---- how a conversation goes well ---- */

void negotiate(uint16_t only_dialect);
/* Answers the token that waits; with success or without. */
void judge(uint32_t nt, bool is_anonymous);
void log_on(void);
void log_on_as_nobody(void);
void connect_tree(void);
void open_pipe(void);
/* All of it, at that dialect. */
void begin_with_pipe(uint16_t only_dialect);
/* Keys that a client derives from what was said so far. */
void peer_make_keys(void);

#endif
