/* SPDX-License-Identifier: MIT */
/* Keeps the folder that smbd looks for its pipes in, relaying nothing: all pipes are links.
 * Arguments: that folder, Samba's ncalrpc dir, the folder of its rpcd_*, smb.conf. Says how many
 * links there are once it has made them, and ends at SIGTERM. */
#include <signal.h>
#include <stdio.h>
#include "net/loop.h"
#include "net/signals.h"
#include "samba/socket_dir/socket_dir.h"

struct held {
	struct socket_dir *folder;
	struct net_signals *signals;
};

static void on_signal(void *context, int number)
{
	struct held *held = context;

	(void)number;
	socket_dir_close(held->folder);
	net_signals_free(held->signals);
}

int main(int argc, char **argv)
{
	const int ends[] = { SIGTERM, 0 };
	struct socket_dir_settings settings;
	struct net_loop *loop = net_loop_new();
	struct held held = { 0 };
	struct err err = { 0 };

	if (argc != 5 || loop == NULL)
		return 2;
	settings = (struct socket_dir_settings){
		.directory = argv[1],
		.ncalrpc_dir = argv[2],
		.libexec_dir = argv[3],
		.smb_conf = argv[4],
	};
	held.folder = socket_dir_open(loop, &settings, &err);
	held.signals = net_signals_new(loop, ends, on_signal, &held);
	if (held.folder == NULL || held.signals == NULL) {
		fprintf(stderr, "%s: %s\n", err.step, err.text);
		return 1;
	}
	printf("%zu links\n", socket_dir_link_count(held.folder));
	fflush(stdout);
	net_loop_run(loop);
	net_loop_free(loop);
	return 0;
}
