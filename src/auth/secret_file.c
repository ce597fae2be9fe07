/* SPDX-License-Identifier: MIT */
#include "auth/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "base/locale.h"
#include "crypto/secret.h"

static NET_API_STATUS secret_file_fail_to_read(const char *step, struct err *err)
{
	return errno == ENOENT ? err_set(err, ERROR_FILE_NOT_FOUND, step, "no such file")
	                       : err_format(err, ERROR_ACCESS_DENIED, step, "it cannot be read: %s",
	                                    locale_error_text(errno));
}

static NET_API_STATUS secret_file_read_all(struct secret_file *f, int fd, const struct stat *info,
                                           const struct secret_file_rules *rules, struct err *err)
{
	/* A regular file has its size; one byte more shows that it has grown. */
	size_t room = (S_ISREG(info->st_mode) && (size_t)info->st_size < rules->most_bytes
	                       ? (size_t)info->st_size
	                       : rules->most_bytes) +
	              1;
	ssize_t count;

	f->text = crypto_secret_new(room + 1);
	if (f->text == NULL)
		return err_set(err, ERROR_NOT_ENOUGH_MEMORY, rules->step, NULL);
	do {
		count = read(fd, f->text + f->bytes, room - f->bytes);
		if (count > 0)
			f->bytes += (size_t)count;
	} while (count > 0 || (count < 0 && errno == EINTR));
	if (count < 0)
		return secret_file_fail_to_read(rules->step, err);
	if (f->bytes < room)
		return NERR_Success;
	return room <= rules->most_bytes
	               ? err_set(err, ERROR_BUSY, rules->step, "it grew while it was read")
	               : err_format(err, ERROR_INVALID_PARAMETER, rules->step,
	                            "it is larger than %zu KiB", rules->most_bytes >> 10);
}

NET_API_STATUS secret_file_read(struct secret_file *f, const char *path,
                                const struct secret_file_rules *rules, struct err *err)
{
	int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | (rules->must_be_regular ? O_NONBLOCK : 0);
	NET_API_STATUS status;
	const char *fault;
	struct stat info;
	int fd;

	*f = (struct secret_file){ 0 };
	do
		fd = open(path, flags);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return secret_file_fail_to_read(rules->step, err);
	if (fstat(fd, &info) != 0)
		status = secret_file_fail_to_read(rules->step, err);
	else if (rules->must_be_regular && !S_ISREG(info.st_mode))
		status = err_set(err, ERROR_INVALID_PARAMETER, rules->step,
		                 "it is not a regular file");
	else if ((fault = rules->find_fault(&info)) != NULL)
		status = err_set(err, ERROR_ACCESS_DENIED, rules->step, fault);
	else
		status = secret_file_read_all(f, fd, &info, rules, err);
	close(fd);
	return status;
}

void secret_file_fini(struct secret_file *f)
{
	crypto_secret_free(f->text);
	*f = (struct secret_file){ 0 };
}
