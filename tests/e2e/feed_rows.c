/* SPDX-License-Identifier: MIT */
/* Feeds sessions, until its input ends: feed_rows COUNT CLIENT USER TYPE TRANSPORT OPENS ACTIVE_S
 * IDLE_S FLAGS
 *
 * More than one have their numbers behind client and user. Says "open" when it feeds, "close KEY"
 * and "refused KEY STATUS" as it is told, and "lost STATUS". A failure of netsession_publisher_open
 * or _put ends it: "status STATUS". */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <netsession.h>

static void on_close(void *context, uint64_t key)
{
	(void)context;
	printf("close %lu\n", (unsigned long)key);
}

static void on_refused(void *context, uint64_t key, const struct netsession_error *error)
{
	(void)context;
	printf("refused %lu %u\n", (unsigned long)key, error->status);
}

static uint32_t put_all(struct netsession_publisher *feed, char **words)
{
	unsigned long count = strtoul(words[0], NULL, 10);
	char client[128], user[128];
	struct netsession_row row = { .client_type = words[3],
		                      .transport = words[4],
		                      .num_opens = (uint32_t)strtoul(words[5], NULL, 10),
		                      .active_s = (uint32_t)strtoul(words[6], NULL, 10),
		                      .idle_s = (uint32_t)strtoul(words[7], NULL, 10),
		                      .user_flags = (uint32_t)strtoul(words[8], NULL, 10) };
	uint32_t status = 0;

	row.client = count > 1 ? client : words[1];
	row.user = count > 1 ? user : words[2];
	for (unsigned long i = 0; i < count && status == 0; i++) {
		snprintf(client, sizeof client, "%s%lu", words[1], i);
		snprintf(user, sizeof user, "%s%lu", words[2], i);
		status = netsession_publisher_put(feed, i, &row);
	}
	return status;
}

int main(int argc, char **argv)
{
	static const struct netsession_publisher_handler handler = { .on_close = on_close,
		                                                     .on_refused = on_refused };
	struct pollfd fds[2] = { { .fd = 0, .events = POLLIN }, { .events = POLLIN } };
	struct netsession_publisher_options options = { .name = "feed_rows" };
	struct netsession_publisher *feed;
	uint32_t status;

	if (argc != 10)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	status = netsession_publisher_open(&options, &handler, NULL, &feed, NULL);
	if (status == 0) {
		puts("open");
		status = put_all(feed, argv + 1);
	}
	if (status != 0)
		printf("status %u\n", status);
	fds[1].fd = status == 0 ? netsession_publisher_fd(feed) : -1;
	while (status == 0 && poll(fds, 2, -1) > 0 && fds[0].revents == 0) {
		status = fds[1].revents != 0 ? netsession_publisher_dispatch(feed, NULL) : 0;
		if (status != 0)
			printf("lost %u\n", status);
	}
	netsession_publisher_close(feed);
	return 0;
}
