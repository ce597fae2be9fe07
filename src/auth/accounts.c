/* SPDX-License-Identifier: MIT */
#include "auth/accounts.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/locale.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "wire/writer.h"

#define STEP           ACCOUNTS_STEP
#define MAX_FILE_BYTES (4u << 20)
#define MAX_NAME_BYTES 120 /* each: both are a name of less than 256 bytes */

struct accounts {
	char *text; /* the file: names, their passwords wiped */
	size_t text_bytes;
	struct account *list;
	size_t count, cap;
	struct wire_writer hashed; /* for gss-ntlmssp */
};

static void accounts_wipe_secret(struct wire_writer *secret)
{
	if (secret->data != NULL)
		crypto_wipe(secret->data, secret->cap);
	wire_writer_fini(secret);
}

void accounts_free(struct accounts *accounts)
{
	if (accounts == NULL)
		return;
	if (accounts->text != NULL)
		crypto_wipe(accounts->text, accounts->text_bytes);
	accounts_wipe_secret(&accounts->hashed);
	free(accounts->text);
	free(accounts->list);
	free(accounts);
}

/* A file of root may be readable by the group of root or of this process, because packages and
 * systemd hand secrets to a service in this way. */
static bool accounts_file_is_private(const struct stat *info)
{
	mode_t forbidden = S_IWGRP | S_IXGRP | S_IRWXO;

	if (info->st_uid != 0 || (info->st_gid != 0 && info->st_gid != getegid()))
		forbidden |= S_IRGRP;
	return (info->st_uid == 0 || info->st_uid == geteuid()) && (info->st_mode & forbidden) == 0;
}

static NET_API_STATUS accounts_read_all(int fd, struct accounts *accounts, struct err *err)
{
	ssize_t count;

	accounts->text = malloc(MAX_FILE_BYTES + 1);
	if (accounts->text == NULL)
		return err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	do {
		count = read(fd, accounts->text + accounts->text_bytes,
		             MAX_FILE_BYTES - accounts->text_bytes);
		if (count > 0)
			accounts->text_bytes += (size_t)count;
	} while (count > 0 || (count < 0 && errno == EINTR));
	accounts->text[accounts->text_bytes] = '\0';
	if (count < 0)
		return err_set(err, ERROR_ACCESS_DENIED, STEP, "it cannot be read");
	if (accounts->text_bytes == MAX_FILE_BYTES)
		return err_set(err, ERROR_INVALID_PARAMETER, STEP, "it is larger than 4 MiB");
	if (strlen(accounts->text) != accounts->text_bytes || !text_utf8_is_valid(accounts->text))
		return err_set(err, ERROR_INVALID_PARAMETER, STEP, "it is not UTF-8 text");
	return NERR_Success;
}

static NET_API_STATUS accounts_read_file(const char *path, struct accounts *accounts,
                                         struct err *err)
{
	NET_API_STATUS status;
	struct stat info;
	int fd;

	do
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return errno == ENOENT
		               ? err_set(err, ERROR_FILE_NOT_FOUND, STEP, "no such file")
		               : err_set(err, ERROR_ACCESS_DENIED, STEP, "it cannot be read");
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
		status = err_set(err, ERROR_INVALID_PARAMETER, STEP, "it is not a regular file");
	else if (!accounts_file_is_private(&info))
		status = err_set(err, ERROR_ACCESS_DENIED, STEP,
		                 "other users can read or change it: chown it to root or to "
		                 "the server's user, and chmod 600 it");
	else
		status = accounts_read_all(fd, accounts, err);
	close(fd);
	return status;
}

static bool accounts_is_name(const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < length; i++)
		if ((unsigned char)name[i] < ' ' || name[i] == 0x7F || name[i] == '\\')
			return false;
	return length > 0 && length <= MAX_NAME_BYTES;
}

/* Makes room for a secret, which would leave copies of itself behind if it grew. */
static void accounts_reserve_secret(struct wire_writer *w, size_t bytes)
{
	wire_put_zeros(w, bytes);
	if (!w->failed)
		wire_writer_clear(w);
}

/* [MS-NLMP] 3.3.1, NTOWFv1: MD4 of the password in UTF-16. */
static bool accounts_hash_password(struct crypto_md4 *md4, const char *password,
                                   uint8_t to[CRYPTO_MD4_BYTES])
{
	struct wire_writer utf16 = { 0 };
	bool hashed;

	accounts_reserve_secret(&utf16, 2 * strlen(password));
	wire_put_utf16le(&utf16, password);
	hashed = !utf16.failed && crypto_md4_compute(md4, utf16.data, utf16.len, to);
	accounts_wipe_secret(&utf16);
	return hashed;
}

static size_t accounts_count_lines(const char *text)
{
	size_t count = 1;

	for (; *text != '\0'; text++)
		count += *text == '\n';
	return count;
}

#define HASHED_BYTES 80 /* of a line beside its names */

/* The form of Samba's smbpasswd, without a LAN Manager hash. */
static void accounts_put_hashed(struct wire_writer *w, const char *domain, const char *user,
                                const uint8_t nt[CRYPTO_MD4_BYTES])
{
	static const char no_lm[] = ":0:XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX:";
	static const char digits[] = "0123456789ABCDEF";

	wire_put_bytes(w, domain, strlen(domain));
	wire_put_u8(w, '\\');
	wire_put_bytes(w, user, strlen(user));
	wire_put_bytes(w, no_lm, sizeof no_lm - 1);
	for (size_t i = 0; i < CRYPTO_MD4_BYTES; i++) {
		wire_put_u8(w, (uint8_t)digits[nt[i] >> 4]);
		wire_put_u8(w, (uint8_t)digits[nt[i] & 15]);
	}
	wire_put_bytes(w, ":\n", 2);
}

static bool accounts_add_account(struct accounts *accounts, const char *domain, const char *user)
{
	if (accounts->count == accounts->cap) {
		size_t cap = accounts->cap > 0 ? 2 * accounts->cap : 16;
		struct account *list = realloc(accounts->list, cap * sizeof *list);

		if (list == NULL)
			return false;
		accounts->list = list;
		accounts->cap = cap;
	}
	accounts->list[accounts->count++] = (struct account){ domain, user };
	return true;
}

/* Skips comments and empty lines. A password may hold colons and blanks. */
static NET_API_STATUS accounts_parse_line(struct accounts *accounts, struct crypto_md4 *md4,
                                          char *line, struct err *err)
{
	uint8_t nt[CRYPTO_MD4_BYTES];
	char *password = line, *domain, *user;
	bool taken;

	line[strcspn(line, "\r")] = '\0';
	if (line[0] == '#' || line[strspn(line, " \t")] == '\0')
		return NERR_Success;
	domain = strsep(&password, ":");
	user = strsep(&password, ":");
	if (user == NULL || password == NULL || !accounts_is_name(domain) ||
	    !accounts_is_name(user))
		return err_set(err, ERROR_INVALID_PARAMETER, STEP,
		               "it has a line that is not DOMAIN:user:password");
	taken = accounts_hash_password(md4, password, nt) &&
	        accounts_add_account(accounts, domain, user);
	crypto_wipe(password, strlen(password));
	if (taken)
		accounts_put_hashed(&accounts->hashed, domain, user, nt);
	crypto_wipe(nt, sizeof nt);
	return taken ? NERR_Success : err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
}

static NET_API_STATUS accounts_parse_lines(struct accounts *accounts, struct err *err)
{
	struct crypto_md4 *md4 = crypto_md4_new();
	NET_API_STATUS status = NERR_Success;
	char *rest = accounts->text, *line;

	if (md4 == NULL)
		return err_set(err, ERROR_NOT_SUPPORTED, STEP,
		               "OpenSSL has no MD4: its legacy provider is not installed");
	accounts_reserve_secret(&accounts->hashed,
	                        accounts->text_bytes +
	                                HASHED_BYTES * accounts_count_lines(accounts->text));
	while (status == NERR_Success && (line = strsep(&rest, "\n")) != NULL)
		status = accounts_parse_line(accounts, md4, line, err);
	if (status == NERR_Success && accounts->hashed.failed)
		status = err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	crypto_md4_free(md4);
	return status;
}

NET_API_STATUS accounts_read(const char *path, struct accounts **out, struct err *err)
{
	struct accounts *accounts = calloc(1, sizeof *accounts);
	NET_API_STATUS status;

	*out = NULL;
	if (accounts == NULL)
		return err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	status = accounts_read_file(path, accounts, err);
	if (status == NERR_Success)
		status = accounts_parse_lines(accounts, err);
	if (status == NERR_Success)
		*out = accounts;
	else
		accounts_free(accounts);
	return status;
}

const struct account *accounts_find(const struct accounts *accounts, const char *domain,
                                    const char *user)
{
	for (size_t i = 0; i < accounts->count; i++)
		if (text_equal_nocase(accounts->list[i].user, user) &&
		    (domain[0] == '\0' || text_equal_nocase(accounts->list[i].domain, domain)))
			return &accounts->list[i];
	return NULL;
}

/* gss-ntlmssp reads names in the charset of the locale. */
NET_API_STATUS accounts_check_locale(const struct accounts *accounts, struct err *err)
{
	if (locale_is_utf8())
		return NERR_Success;
	for (size_t i = 0; i < accounts->count; i++) {
		const struct account *account = &accounts->list[i];

		if (account->user[text_ascii_bytes(account->user)] != '\0' ||
		    account->domain[text_ascii_bytes(account->domain)] != '\0')
			return err_format(err, ERROR_NOT_SUPPORTED, STEP,
			                  "%s\\%s could not log on: gss-ntlmssp needs the locale "
			                  "C.UTF-8 for names beyond ASCII, and this system has "
			                  "no such locale; install it",
			                  account->domain, account->user);
	}
	return NERR_Success;
}

/* Makes a file in memory. -1: it failed. */
static int accounts_make_memfd(const struct wire_writer *content)
{
	int fd = memfd_create("ntlm-accounts", MFD_CLOEXEC);
	size_t at = 0;

	while (fd >= 0 && at < content->len) {
		ssize_t count = write(fd, content->data + at, content->len - at);

		if (count > 0) {
			at += (size_t)count;
		} else if (errno != EINTR) {
			close(fd);
			fd = -1;
		}
	}
	return fd;
}

/* The descriptor that gss-ntlmssp reads, from the first call on. Other accounts replace it by dup3,
 * because an environment variable cannot be changed while threads read it. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int published = -1;

static bool accounts_set_environment(int fd)
{
	char path[32];

	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return setenv("NTLM_USER_FILE", path, 1) == 0;
}

NET_API_STATUS accounts_publish(struct accounts *accounts, struct err *err)
{
	int fd = accounts_make_memfd(&accounts->hashed);
	bool done = false;

	accounts_wipe_secret(&accounts->hashed);
	pthread_mutex_lock(&mutex);
	if (fd >= 0 && published >= 0)
		done = dup3(fd, published, O_CLOEXEC) >= 0;
	else if (fd >= 0 && (published = fcntl(fd, F_DUPFD_CLOEXEC, 0)) >= 0)
		done = accounts_set_environment(published);
	pthread_mutex_unlock(&mutex);
	if (fd >= 0)
		close(fd);
	return done ? NERR_Success : err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, "out of memory");
}
