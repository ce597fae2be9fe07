/* SPDX-License-Identifier: MIT */
/* Publishes sessions that it reads of, and says "close KEY" when somebody wants one closed:
 *
 *     put KEY CLIENT USER OPENS     a session is there, or has changed; KEY is 0 to 999
 *     touch KEY                     it was used just now
 *     remove KEY                    it has ended
 *
 * When netsessiond comes back it gets to hear of all sessions again. README.md beside it says how
 * to build it. */
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <netsession.h>

#define MOST 1000

static struct session {
	int is_there;
	char client[64], user[64];
	unsigned opens;
	time_t since, used;
} sessions[MOST];                         /* by their keys */
static struct netsession_publisher *feed; /* NULL: netsessiond is not there */

static void publish(unsigned key)
{
	const struct session *s = &sessions[key];
	struct netsession_row row = { .client = s->client, .user = s->user, .num_opens = s->opens };

	row.active_s = (uint32_t)(time(NULL) - s->since);
	row.idle_s = (uint32_t)(time(NULL) - s->used);
	if (feed != NULL && s->is_there && netsession_publisher_put(feed, key, &row) != 0)
		fprintf(stderr, "%u is not published\n", key);
}

static void obey(const char *line)
{
	struct session told = { .is_there = 1, .since = time(NULL), .used = time(NULL) };
	unsigned key;

	if (sscanf(line, "put %u %63s %63s %u", &key, told.client, told.user, &told.opens) == 4 &&
	    key < MOST) {
		told.since = sessions[key].is_there ? sessions[key].since : told.since;
		sessions[key] = told;
		publish(key);
	} else if (sscanf(line, "touch %u", &key) == 1 && key < MOST) {
		sessions[key].used = told.used;
		if (feed != NULL)
			netsession_publisher_touch(feed, key, sessions[key].opens, 0);
	} else if (sscanf(line, "remove %u", &key) == 1 && key < MOST) {
		sessions[key].is_there = 0;
		if (feed != NULL)
			netsession_publisher_remove(feed, key);
	}
}

static void on_close(void *context, uint64_t key)
{
	(void)context;
	printf("close %u\n", (unsigned)key);
}

static void open_feed(void)
{
	static const struct netsession_publisher_handler handler = { .on_close = on_close };
	struct netsession_publisher_options options = { .name = "publisher", .timeout_ms = 1000 };
	struct netsession_error error;

	if (netsession_publisher_open(&options, &handler, NULL, &feed, &error) != 0)
		fprintf(stderr, "%s\n", error.text);
	for (unsigned key = 0; key < MOST; key++)
		publish(key);
}

int main(void)
{
	struct pollfd fds[2] = { { .fd = 0, .events = POLLIN }, { .events = POLLIN } };
	char line[256];

	setvbuf(stdin, NULL, _IONBF, 0); /* what is not read yet is for poll to see */
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (;;) {
		if (feed == NULL)
			open_feed();
		fds[1].fd = feed != NULL ? netsession_publisher_fd(feed) : -1;
		poll(fds, 2, feed != NULL ? -1 : 1000);
		if (fds[0].revents != 0 && fgets(line, sizeof line, stdin) == NULL)
			break;
		if (fds[0].revents != 0)
			obey(line);
		if (fds[1].revents != 0 && netsession_publisher_dispatch(feed, NULL) != 0) {
			netsession_publisher_close(
				feed); /* netsessiond has gone: with it, all sessions */
			feed = NULL;
		}
	}
	netsession_publisher_close(feed);
	return 0;
}
