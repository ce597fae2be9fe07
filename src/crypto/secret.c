/* SPDX-License-Identifier: MIT */
#include "crypto/secret.h"

#include <stdalign.h>
#include <string.h>
#include <sys/mman.h>
#include "crypto/crypto.h"

/* Before the secret, in its first page. */
struct secret_head {
	alignas(max_align_t) size_t mapped_bytes; /* the head included */
};

/* Not MADV_WIPEONFORK: a program may make credentials before it becomes a daemon by fork. */
void *crypto_secret_new(size_t bytes)
{
	size_t all = bytes + sizeof(struct secret_head);
	struct secret_head *head;

	if (all < bytes)
		return NULL;
	head = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (head == MAP_FAILED)
		return NULL;
	(void)mlock(head, all);
	(void)madvise(head, all, MADV_DONTDUMP);
	head->mapped_bytes = all;
	return head + 1;
}

char *crypto_secret_copy(const char *text)
{
	size_t bytes = strlen(text) + 1;
	char *copy = crypto_secret_new(bytes);

	return copy != NULL ? memcpy(copy, text, bytes) : NULL;
}

void crypto_secret_free(void *secret)
{
	struct secret_head *head;
	size_t all;

	if (secret == NULL)
		return;
	head = (struct secret_head *)secret - 1;
	all = head->mapped_bytes;
	crypto_wipe(head, all);
	(void)munmap(head, all);
}
