/* SPDX-License-Identifier: MIT */
/* A feeder that only learns of its sessions by looking: feed_looks FILE, which holds how many there
 * are. It looks there when it is asked, and says "looked"; it ends with its input. A FILE that is
 * not there is one that it looks for in vain: it never says that it has told all. */
#include <poll.h>
#include <stdio.h>
#include <netsession.h>

static const char *file;
static unsigned long told;
static struct netsession_publisher *feed;

static void on_asked(void *context)
{
	FILE *looked = fopen(file, "r");
	unsigned long count;
	char client[32];
	const struct netsession_row row = { .client = client };

	(void)context;
	puts("looked");
	if (looked == NULL)
		return;
	if (fscanf(looked, "%lu", &count) != 1)
		count = 0;
	fclose(looked);
	for (; told < count; told++) {
		snprintf(client, sizeof client, "fs%lu", told);
		(void)netsession_publisher_put(feed, told, &row);
	}
	while (told > count)
		netsession_publisher_remove(feed, --told);
	netsession_publisher_refreshed(feed);
}

int main(int argc, char **argv)
{
	static const struct netsession_publisher_handler handler = { .on_refresh = on_asked };
	struct pollfd fds[2] = { { .fd = 0, .events = POLLIN }, { .events = POLLIN } };
	struct netsession_publisher_options options = { .name = "feed_looks" };

	if (argc != 2)
		return 2;
	file = argv[1];
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (netsession_publisher_open(&options, &handler, NULL, &feed, NULL) != 0)
		return 3;
	puts("open");
	fds[1].fd = netsession_publisher_fd(feed);
	while (poll(fds, 2, -1) > 0 && fds[0].revents == 0)
		if (netsession_publisher_dispatch(feed, NULL) != 0)
			break;
	netsession_publisher_close(feed);
	return 0;
}
