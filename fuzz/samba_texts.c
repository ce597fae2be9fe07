/* SPDX-License-Identifier: MIT */
/* Texts of Samba's that netsession-samba reads: smb.conf, the names of pipes that Samba's programs
 * list, the users that wbinfo knows; and how smbd names a client to a pipe.
 * Input: kind, then the text; of smb.conf: a directory before it.
 * Must reach: smb_conf_read smb_conf_find_block smb_conf_find_place smb_conf_block smb_conf_insert
 *   smb_conf_remove smb_conf_directory_fault smb_conf_line_sets_parameter smb_conf_line_has_mark
 *   smb_conf_file_read smb_conf_file_read_text smb_conf_file_fini pipe_names_parse pipe_names_add
 *   pipe_names_add_endpoint pipe_names_has user_names_learn user_names_apply user_names_find_line
 *   user_names_is_line_of user_names_is_wanted user_names_add_asked npa_opening_client npa_get_text
 * Holds: a block that is put in is found again, and taken out it leaves each byte as it was; a pipe
 * is a name of a file, listed once; a user gets a name of its own line, and is asked for once; a
 * client's address stays the same, however much more comes. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fuzz.h"
#include "samba/relay/npa.h"
#include "samba/setup/smb_conf.h"
#include "samba/setup/smb_conf_file.h"
#include "samba/smbstatus/user_names.h"
#include "samba/socket_dir/pipe_names.h"

/* Texts from any bytes have no terminator: so a block of exactly their size shows each read behind
 * them. */
static void reads_as(const char *text, size_t bytes, struct smb_conf *to)
{
	smb_conf_read(to, text, bytes);
	MUST(to->begin <= to->end && to->end <= bytes);
	MUST((to->state == SMB_CONF_WITH) == (to->directory[0] != '\0'));
	MUST((to->state == SMB_CONF_UNUSABLE) == (to->fault != NULL));
}

static void put_in_and_take_out(const struct smb_conf *c, const char *text, size_t bytes,
                                const char *directory)
{
	char *block = smb_conf_block(c, directory), *with, *without;
	size_t with_bytes, without_bytes;
	struct smb_conf again;

	with = smb_conf_insert(c, text, bytes, block, &with_bytes);
	reads_as(with, with_bytes, &again);
	MUST(again.state == SMB_CONF_WITH && strcmp(again.directory, directory) == 0);
	MUST(again.begin == c->begin && again.end - again.begin == strlen(block));
	without = smb_conf_remove(&again, with, with_bytes, &without_bytes);
	MUST(without_bytes == bytes && (bytes == 0 || memcmp(without, text, bytes) == 0));
	free(without);
	free(with);
	free(block);
}

static void take_out(const struct smb_conf *c, const char *text, size_t bytes)
{
	struct smb_conf again;
	size_t left_bytes;
	char *left = smb_conf_remove(c, text, bytes, &left_bytes);

	MUST(left_bytes < bytes && smb_conf_directory_fault(c->directory) == NULL);
	reads_as(left, left_bytes, &again);
	MUST(again.state == SMB_CONF_WITHOUT || again.state == SMB_CONF_UNUSABLE);
	free(left);
}

static void smb_conf(struct fuzz_input *in)
{
	char *directory = fuzz_text(in);
	size_t bytes;
	char *text = (char *)fuzz_rest(in, &bytes);
	struct smb_conf c;

	reads_as(text, bytes, &c);
	if (c.state == SMB_CONF_WITHOUT && smb_conf_directory_fault(directory) == NULL)
		put_in_and_take_out(&c, text, bytes, directory);
	if (c.state == SMB_CONF_WITH)
		take_out(&c, text, bytes);
	free(text);
	free(directory);
}

/* As a file of this name says it. realpath(3) finds none in memory. */
static void smb_conf_file(struct fuzz_input *in)
{
	char path[64];
	struct smb_conf_file f;
	struct err err = { 0 };
	int fd;

	snprintf(path, sizeof path, "/tmp/netsession-fuzz-%ld.conf", (long)getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	MUST(fd >= 0 && (in->left == 0 || write(fd, in->at, in->left) == (ssize_t)in->left));
	close(fd);
	MUST(smb_conf_file_read(&f, path, &err));
	MUST(f.bytes == in->left && (f.bytes == 0 || memcmp(f.text, in->at, f.bytes) == 0));
	MUST(strcmp(f.path, path) == 0 && f.backup[0] == '\0');
	smb_conf_file_fini(&f);
	unlink(path);
	MUST(!smb_conf_file_read(&f, path, &err) && err.status != 0);
	smb_conf_file_fini(&f);
}

static void pipes(struct fuzz_input *in)
{
	char *text = fuzz_text(in);
	struct pipe_names names = { 0 };

	pipe_names_parse(&names, text);
	MUST(names.count <= MAX_PIPE_NAMES);
	for (size_t i = 0; i < names.count; i++) {
		MUST(names.list[i][0] != '\0' && names.list[i][0] != '.');
		MUST(strchr(names.list[i], '/') == NULL && pipe_names_has(&names, names.list[i]));
		for (size_t j = 0; j < i; j++)
			MUST(strcmp(names.list[i], names.list[j]) != 0);
	}
	free(text);
}

/* Sessions of users 0 to 3, of whom smbstatus shows the numbers. */
static void users(struct fuzz_input *in)
{
	static const char *const numbers[] = { "0", "1000", "4294967294", "root" };
	bool is_controller = (fuzz_u8(in) & 1) != 0, is_over = (fuzz_u8(in) & 1) != 0;
	struct user_names *n = user_names_new(is_controller);
	char *output = fuzz_text(in);
	struct smbstatus_session sessions[8] = { 0 };
	struct smbstatus_list list = { .sessions = sessions, .count = 8 };
	uint32_t asked[USER_NAMES_MOST_ASKED];
	size_t count;

	for (int64_t now_ms = 0, round = 0; round < 3; round++, now_ms += USER_NAMES_NAMELESS_MS) {
		for (unsigned i = 0; i < 8; i++) {
			sessions[i].user = numbers[i % 4];
			sessions[i].uid = i == 7 ? SMBSTATUS_NO_UID
			                         : (uint32_t)atoll(numbers[i % 4]);
		}
		count = user_names_apply(n, &list, now_ms, asked);
		for (size_t i = 0; i < count; i++)
			for (size_t j = 0; j < i; j++)
				MUST(asked[i] != asked[j]);
		for (unsigned i = 0; i < 8; i++)
			MUST(sessions[i].user == numbers[i % 4] ||
			     strstr(output, sessions[i].user) != NULL);
		MUST(round > 0 || count == 3);
		MUST(user_names_learn(n, asked, count, output, is_over, now_ms));
	}
	user_names_free(n);
	free(output);
}

/* The client's address does not depend on how much has come, once it has come. */
static void pipe_opening(struct fuzz_input *in)
{
	size_t bytes;
	uint8_t *opening = fuzz_rest(in, &bytes);
	struct ip_address whole, part;
	bool has_come = false;

	if (bytes > NPA_CLIENT_BYTES)
		bytes = NPA_CLIENT_BYTES;
	for (size_t some = 0; some <= bytes; some++) {
		uint8_t *piece = fuzz_piece(opening, some);
		bool is_there = npa_opening_client(piece, some, &part);

		MUST(is_there || !has_come);
		MUST(!has_come || ip_address_compare(&part, &whole) == 0);
		if (is_there)
			whole = part;
		has_come = is_there;
		free(piece);
	}
	free(opening);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static void (*const kinds[])(struct fuzz_input *) = { smb_conf, smb_conf_file, pipes, users,
		                                              pipe_opening };
	struct fuzz_input in = { data, bytes };

	kinds[fuzz_u8(&in) % 5](&in);
	return 0;
}
