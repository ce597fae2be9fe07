/* SPDX-License-Identifier: MIT */
/* What the system itself takes for an exchange: ping_pong REQUEST_BYTES ANSWER_BYTES COUNT.
 * Two processes exchange messages of these sizes over one TCP connection of 127.0.0.1, with one
 * read or write for each piece that the kernel takes. Prints the median time in nanoseconds. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PIECE_BYTES = 1024 * 1024 };

static unsigned char piece[PIECE_BYTES];

static bool transfer(int socket, size_t bytes, bool is_sent)
{
	while (bytes > 0) {
		size_t some = bytes < PIECE_BYTES ? bytes : PIECE_BYTES;
		ssize_t done = is_sent ? write(socket, piece, some) : read(socket, piece, some);

		if (done <= 0)
			return false;
		bytes -= (size_t)done;
	}
	return true;
}

static int compare_times(const void *a, const void *b)
{
	long long one = *(const long long *)a, other = *(const long long *)b;

	return (one > other) - (one < other);
}

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void answer(int listening, size_t request_bytes, size_t answer_bytes)
{
	int s = accept(listening, NULL, NULL), on = 1;

	setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	while (transfer(s, request_bytes, false) && transfer(s, answer_bytes, true))
		;
	_exit(0);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t bytes = sizeof address;
	int listening = socket(AF_INET, SOCK_STREAM, 0), s = socket(AF_INET, SOCK_STREAM, 0),
	    on = 1;
	size_t request_bytes, answer_bytes, count;
	long long *times;

	if (argc != 4)
		return 2;
	request_bytes = strtoul(argv[1], NULL, 10);
	answer_bytes = strtoul(argv[2], NULL, 10);
	count = strtoul(argv[3], NULL, 10);
	times = calloc(count, sizeof *times);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (times == NULL || bind(listening, (struct sockaddr *)&address, bytes) != 0 ||
	    listen(listening, 1) != 0 ||
	    getsockname(listening, (struct sockaddr *)&address, &bytes) != 0)
		return 3;
	if (fork() == 0) {
		close(s);
		answer(listening, request_bytes, answer_bytes);
	}
	if (connect(s, (struct sockaddr *)&address, sizeof address) != 0)
		return 3;
	setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	for (size_t i = 0; i < count; i++) {
		long long began_ns = now_ns();

		if (!transfer(s, request_bytes, true) || !transfer(s, answer_bytes, false))
			return 4;
		times[i] = now_ns() - began_ns;
	}
	close(s);
	wait(NULL);
	qsort(times, count, sizeof *times, compare_times);
	printf("%lld\n", times[count / 2]);
	return 0;
}
