/* SPDX-License-Identifier: MIT */
#include "auth/accounts.h"

#include <assert.h>
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
#include "auth/account_line.h"
#include "auth/ntlm_message.h"
#include "auth/password_hash.h"
#include "auth/secret_file.h"
#include "auth/secret_writer.h"
#include "base/locale.h"
#include "base/search.h"
#include "base/text.h"
#include "base/text_lines.h"
#include "crypto/crypto.h"
#include "wire/writer.h"

#define STEP ACCOUNTS_STEP

enum { MOST_FILE_BYTES = 4 << 20 };

struct accounts {
	struct secret_file file; /* names, their passwords wiped */
	struct account *list;
	size_t count, cap;
	const struct account **by_name; /* sorted by hashes of names, then by lines */
	struct wire_writer hashes;      /* while the file is read */
	int hashes_fd; /* a file in memory, with the NT hash of each account; -1: none */
};

void accounts_free(struct accounts *accounts)
{
	if (accounts == NULL)
		return;
	secret_writer_wipe(&accounts->hashes);
	free(accounts->by_name);
	if (accounts->hashes_fd >= 0)
		close(accounts->hashes_fd);
	secret_file_fini(&accounts->file);
	free(accounts->list);
	free(accounts);
}

/* ---- the file ---- */

/* A file of root may be readable by the group of root or of this process, because packages and
 * systemd hand secrets to a service in this way. */
static const char *accounts_find_file_fault(const struct stat *info)
{
	mode_t forbidden = S_IWGRP | S_IXGRP | S_IRWXO;

	if (info->st_uid != 0 || (info->st_gid != 0 && info->st_gid != getegid()))
		forbidden |= S_IRGRP;
	if ((info->st_uid == 0 || info->st_uid == geteuid()) && (info->st_mode & forbidden) == 0)
		return NULL;
	return "other users can read or change it: chown it to root or to the server's user, and "
	       "chmod 600 it";
}

static size_t accounts_count_lines(const struct secret_file *file)
{
	size_t count = 1;

	for (size_t i = 0; i < file->bytes; i++)
		count += file->text[i] == '\n';
	return count;
}

static bool accounts_add_account(struct accounts *accounts, const struct account *account)
{
	if (accounts->count == accounts->cap) {
		size_t cap = accounts->cap > 0 ? 2 * accounts->cap : 16;
		struct account *list = realloc(accounts->list, cap * sizeof *list);

		if (list == NULL)
			return false;
		accounts->list = list;
		accounts->cap = cap;
	}
	accounts->list[accounts->count++] = *account;
	return true;
}

static bool accounts_hash_names(struct account *account)
{
	return text_hash_nocase(account->domain, &account->domain_hash) &&
	       text_hash_nocase(account->user, &account->user_hash);
}

/* Skips comments and empty lines. False: see err. */
static bool accounts_parse_line(struct accounts *accounts, struct text_lines *lines, char *line,
                                struct err *err)
{
	struct account account = { .line = lines->line };
	struct account_line parsed;
	bool taken;

	if (line[0] == '#' || line[strspn(line, " \t")] == '\0')
		return true;
	if (!account_line_parse(lines, line, &parsed))
		return false;
	account.domain = parsed.domain;
	account.user = parsed.user;
	taken = accounts_hash_names(&account) && accounts_add_account(accounts, &account);
	if (taken)
		wire_put_bytes(&accounts->hashes, parsed.nt, sizeof parsed.nt);
	else
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	crypto_wipe(&parsed, sizeof parsed);
	return taken;
}

static int accounts_compare_numbers(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int accounts_compare_names(const void *a, const void *b)
{
	const struct account *const *x = a, *const *y = b;
	int order = accounts_compare_numbers((*x)->user_hash, (*y)->user_hash);

	if (order == 0)
		order = accounts_compare_numbers((*x)->domain_hash, (*y)->domain_hash);
	return order != 0 ? order : accounts_compare_numbers((*x)->line, (*y)->line);
}

/* False: out of memory. */
static bool accounts_sort(struct accounts *accounts)
{
	accounts->by_name = calloc(accounts->count + 1, sizeof *accounts->by_name);
	if (accounts->by_name == NULL)
		return false;
	for (size_t i = 0; i < accounts->count; i++)
		accounts->by_name[i] = &accounts->list[i];
	qsort(accounts->by_name, accounts->count, sizeof *accounts->by_name,
	      accounts_compare_names);
	return true;
}

static bool accounts_have_equal_hashes(const struct account *a, const struct account *b)
{
	return a->user_hash == b->user_hash && a->domain_hash == b->domain_hash;
}

static bool accounts_are_same(const struct account *a, const struct account *b)
{
	return text_equal_nocase(a->user, b->user) && text_equal_nocase(a->domain, b->domain);
}

/* Only the first of two accounts of one name could log on. Fails with the first line that repeats
 * an earlier one. */
static void accounts_find_duplicate(const struct accounts *accounts, struct text_lines *lines)
{
	const struct account *const *sorted = accounts->by_name;
	const struct account *first = NULL, *second = NULL;

	for (size_t i = 0; i < accounts->count; i++) {
		size_t j = i + 1;

		while (j < accounts->count && accounts_have_equal_hashes(sorted[i], sorted[j]) &&
		       !accounts_are_same(sorted[i], sorted[j]))
			j++;
		if (j < accounts->count && accounts_have_equal_hashes(sorted[i], sorted[j]) &&
		    (second == NULL || sorted[j]->line < second->line)) {
			first = sorted[i];
			second = sorted[j];
		}
	}
	if (second != NULL)
		text_lines_fail_at(lines, second->line,
		                   "the user is in line %u already, where upper and lower case are "
		                   "the same; delete one of the two lines",
		                   first->line);
}

/* Moves the hashes out of the process's memory. False: it failed. */
static bool accounts_store(struct accounts *accounts)
{
	const struct wire_writer *hashes = &accounts->hashes;
	size_t at = 0;

	accounts->hashes_fd = memfd_create("ntlm-hashes", MFD_CLOEXEC);
	while (accounts->hashes_fd >= 0 && at < hashes->len) {
		ssize_t count = write(accounts->hashes_fd, hashes->data + at, hashes->len - at);

		if (count > 0)
			at += (size_t)count;
		else if (errno != EINTR)
			return false;
	}
	secret_writer_wipe(&accounts->hashes);
	return accounts->hashes_fd >= 0;
}

static void accounts_parse_lines(struct accounts *accounts, const char *path, struct err *err)
{
	struct text_lines lines;
	char *line;

	secret_writer_reserve(&accounts->hashes,
	                      PASSWORD_HASH_BYTES * accounts_count_lines(&accounts->file));
	text_lines_begin(&lines, accounts->file.text, accounts->file.bytes, path, STEP, err);
	while ((line = text_lines_next(&lines)) != NULL &&
	       accounts_parse_line(accounts, &lines, line, err))
		;
	if (err->status == NERR_Success &&
	    (accounts->hashes.failed || !accounts_sort(accounts) || !accounts_store(accounts)))
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	if (err->status == NERR_Success)
		accounts_find_duplicate(accounts, &lines);
}

NET_API_STATUS accounts_read(const char *path, struct accounts **out, struct err *err)
{
	static const struct secret_file_rules rules = { .step = STEP,
		                                        .most_bytes = MOST_FILE_BYTES,
		                                        .must_be_regular = true,
		                                        .find_fault = accounts_find_file_fault };
	struct accounts *accounts = calloc(1, sizeof *accounts);

	*out = NULL;
	if (accounts == NULL)
		return err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	accounts->hashes_fd = -1;
	if (secret_file_read(&accounts->file, path, &rules, err) == NERR_Success)
		accounts_parse_lines(accounts, path, err);
	if (err->status == NERR_Success)
		*out = accounts;
	else
		accounts_free(accounts);
	return err->status;
}

static int accounts_compare_user_hash(const void *key, const void *element)
{
	const struct account *const *account = element;

	return accounts_compare_numbers(*(const uint32_t *)key, (*account)->user_hash);
}

void account_name_read(struct account_name *name, const char *domain, const char *user)
{
	char *at = NULL;

	*name = (struct account_name){ .domain = domain, .user = user };
	if (domain[0] == '\0' && strlen(user) < sizeof name->text)
		at = strrchr(strcpy(name->text, user), '@');
	if (at == NULL || at[1] == '\0')
		return;
	*at = '\0';
	name->user = name->text;
	name->domain = at + 1;
}

const struct account *accounts_find(const struct accounts *accounts, const char *domain,
                                    const char *user)
{
	const struct account *found = NULL, *at;
	struct account_name name;
	uint32_t hash;
	size_t i;

	account_name_read(&name, domain, user);
	domain = name.domain;
	user = name.user;
	if (!text_hash_nocase(user, &hash))
		return NULL;
	i = search_lower_bound(&hash, accounts->by_name, accounts->count, sizeof *accounts->by_name,
	                       accounts_compare_user_hash);
	for (; i < accounts->count && accounts->by_name[i]->user_hash == hash; i++) {
		at = accounts->by_name[i];
		if (text_equal_nocase(at->user, user) &&
		    (domain[0] == '\0' || text_equal_nocase(at->domain, domain)) &&
		    (found == NULL || at->line < found->line))
			found = at;
	}
	return found;
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

/* ---- what gss-ntlmssp reads ---- */

/* The file that NTLM_USER_FILE names: gss-ntlmssp reads it when it has to verify a response. It is
 * empty but while an account is lent. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int lent_fd = -1;

NET_API_STATUS accounts_prepare(struct err *err)
{
	bool is_good = true;
	char path[32];

	pthread_mutex_lock(&mutex);
	if (lent_fd < 0) {
		lent_fd = memfd_create("ntlm-account", MFD_CLOEXEC);
		(void)snprintf(path, sizeof path, "/proc/self/fd/%d", lent_fd);
		/* Below 3, gss-ntlmssp takes NTLM version 1 only. */
		(void)unsetenv("LM_COMPAT_LEVEL");
		is_good = lent_fd >= 0 && setenv("NTLM_USER_FILE", path, 1) == 0;
	}
	pthread_mutex_unlock(&mutex);
	return is_good ? NERR_Success : err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
}

/* One line in the form of Samba's smbpasswd, without a LAN Manager hash. */
static bool accounts_write_line(const char *domain, const char *user,
                                const uint8_t nt[PASSWORD_HASH_BYTES])
{
	char hex[PASSWORD_HASH_DIGITS], line[2 * NTLM_NAME_BYTES + 128];
	bool is_written;
	int bytes;

	password_hash_print(nt, hex);
	bytes = snprintf(line, sizeof line, "%s\\%s:0:XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX:%s:\n",
	                 domain, user, hex);
	is_written = bytes > 0 && (size_t)bytes < sizeof line &&
	             pwrite(lent_fd, line, (size_t)bytes, 0) == bytes;
	crypto_wipe(line, sizeof line);
	crypto_wipe(hex, sizeof hex);
	return is_written;
}

bool accounts_may_exist(const char *domain, const char *user)
{
	struct account_name name;

	account_name_read(&name, domain, user);
	domain = name.domain;
	user = name.user;
	return (domain[0] == '\0' || account_line_domain_fault(domain) == NULL) &&
	       account_line_user_fault(user) == NULL && strpbrk(domain, ":") == NULL &&
	       strpbrk(user, ":") == NULL;
}

static bool accounts_read_hash(const struct accounts *accounts, const struct account *account,
                               uint8_t to[PASSWORD_HASH_BYTES])
{
	off_t at = (off_t)PASSWORD_HASH_BYTES * (account - accounts->list);

	return pread(accounts->hashes_fd, to, PASSWORD_HASH_BYTES, at) == PASSWORD_HASH_BYTES;
}

bool accounts_have_same_password(const struct accounts *accounts, const struct account *account,
                                 const struct accounts *others, const struct account *other)
{
	uint8_t nt[PASSWORD_HASH_BYTES], other_nt[PASSWORD_HASH_BYTES];
	bool is_same = accounts_read_hash(accounts, account, nt) &&
	               accounts_read_hash(others, other, other_nt) &&
	               crypto_equal(nt, other_nt, sizeof nt);

	crypto_wipe(nt, sizeof nt);
	crypto_wipe(other_nt, sizeof other_nt);
	return is_same;
}

/* For a user who does not exist, the first account's hash is read and not used, and for one who
 * does a random hash is made: so a refusal takes the same time. */
bool accounts_lend(const struct accounts *accounts, const struct account *account,
                   const char *domain, const char *user)
{
	uint8_t known[PASSWORD_HASH_BYTES], unknown[PASSWORD_HASH_BYTES];
	bool has_accounts = accounts != NULL && accounts->count > 0;
	bool is_lent =
		crypto_random(unknown, sizeof unknown) &&
		(!has_accounts ||
	         accounts_read_hash(accounts, account != NULL ? account : accounts->list, known));

	pthread_mutex_lock(&mutex);
	is_lent = is_lent && accounts_write_line(domain, user, account != NULL ? known : unknown);
	crypto_wipe(known, sizeof known);
	crypto_wipe(unknown, sizeof unknown);
	if (!is_lent)
		accounts_take_back();
	return is_lent;
}

void accounts_take_back(void)
{
	bool is_empty = ftruncate(lent_fd, 0) == 0;

	assert(is_empty); /* it is memory */
	pthread_mutex_unlock(&mutex);
}
