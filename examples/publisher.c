/* SPDX-License-Identifier: MIT */
/* Publishes the sessions that it reads about, and prints "close KEY" when a caller wants to close
 * one:
 *
 *     put KEY CLIENT USER OPENS     a session has begun, or has changed; KEY is 0 to 999
 *     touch KEY                     the session was used just now
 *     remove KEY                    the session has ended
 *
 * When netsessiond was restarted, it gets all sessions again. README.md beside this file says how
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
} sessions[MOST];                              /* by their keys */
static struct netsession_publisher *publisher; /* NULL: not connected to netsessiond */

static void publish(unsigned key)
{
	const struct session *s = &sessions[key];
	struct netsession_row row = { .client = s->client, .user = s->user, .num_opens = s->opens };

	row.active_s = (uint32_t)(time(NULL) - s->since);
	row.idle_s = (uint32_t)(time(NULL) - s->used);
	if (publisher != NULL && s->is_there && netsession_publisher_put(publisher, key, &row) != 0)
		fprintf(stderr, "%u is not published\n", key);
}

static void apply(const char *line)
{
	struct session session = { .is_there = 1, .since = time(NULL), .used = time(NULL) };
	unsigned key;

	if (sscanf(line, "put %u %63s %63s %u", &key, session.client, session.user,
	           &session.opens) == 4 &&
	    key < MOST) {
		session.since = sessions[key].is_there ? sessions[key].since : session.since;
		sessions[key] = session;
		publish(key);
	} else if (sscanf(line, "touch %u", &key) == 1 && key < MOST) {
		sessions[key].used = session.used;
		if (publisher != NULL)
			netsession_publisher_touch(publisher, key, sessions[key].opens, 0);
	} else if (sscanf(line, "remove %u", &key) == 1 && key < MOST) {
		sessions[key].is_there = 0;
		if (publisher != NULL)
			netsession_publisher_remove(publisher, key);
	}
}

static void on_close(void *context, uint64_t key)
{
	(void)context;
	printf("close %u\n", (unsigned)key);
}

static void open_publisher(void)
{
	static const struct netsession_publisher_handler handler = { .on_close = on_close };
	struct netsession_publisher_options options = { .name = "publisher", .timeout_ms = 1000 };
	struct netsession_error error;

	if (netsession_publisher_open(&options, &handler, NULL, &publisher, &error) != 0)
		fprintf(stderr, "%s\n", error.text);
	for (unsigned key = 0; key < MOST; key++)
		publish(key);
}

int main(void)
{
	struct pollfd fds[2] = { { .fd = 0, .events = POLLIN }, { .events = POLLIN } };
	char line[256];

	setvbuf(stdin, NULL, _IONBF, 0); /* poll has to see what is not read yet */
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (;;) {
		if (publisher == NULL)
			open_publisher();
		fds[1].fd = publisher != NULL ? netsession_publisher_fd(publisher) : -1;
		poll(fds, 2, publisher != NULL ? -1 : 1000);
		if (fds[0].revents != 0 && fgets(line, sizeof line, stdin) == NULL)
			break;
		if (fds[0].revents != 0)
			apply(line);
		if (fds[1].revents != 0 && netsession_publisher_dispatch(publisher, NULL) != 0) {
			netsession_publisher_close(
				publisher); /* the sessions have to be published again */
			publisher = NULL;
		}
	}
	netsession_publisher_close(publisher);
	return 0;
}
