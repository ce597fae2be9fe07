/* SPDX-License-Identifier: MIT */
/* The folder that smbd looks for its pipes in, with real files and sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>
#include "group.h"
#include "net/loop.h"
#include "samba/socket_dir/socket_dir.h"
#include "samba/socket_dir/pipe_names.h"
#include "samba/socket_dir/pipe_query.h"

enum { WAIT_MS = 10000 };

static struct {
	char base[64];
	uv_loop_t uv;
	struct net_loop *loop;
	struct socket_dir *folder;
	int sockets[16], socket_count;
} here;

/* ---- files ---- */

/* A path below this test's own folder. Lives until the fourth call from now. */
static const char *at(const char *format, ...)
{
	static _Thread_local char paths[4][PATH_MAX];
	static _Thread_local unsigned next;
	char *path = paths[next++ % 4];
	int used = snprintf(path, PATH_MAX, "%s/", here.base);
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(path + used, (size_t)(PATH_MAX - used), format, arguments);
	va_end(arguments);
	return path;
}

static void make_folder(const char *name)
{
	assert_int_equal(mkdir(at("%s", name), 0700), 0);
}

static void write_file(const char *name, const char *text, mode_t mode)
{
	FILE *file = fopen(at("%s", name), "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(at("%s", name), mode), 0);
}

static int bind_there(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", at("%s", name));
	assert_int_equal(bind(s, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(s, 5), 0);
	return s;
}

/* A socket that somebody listens at until the test ends. */
static void listen_there(const char *name)
{
	here.sockets[here.socket_count++] = bind_there(name);
}

static void leave_dead_socket(const char *name)
{
	close(bind_there(name));
}

/* 0, or errno. */
static int connect_to(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), why;

	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", at("%s", name));
	why = connect(s, (struct sockaddr *)&address, sizeof address) == 0 ? 0 : errno;
	close(s);
	return why;
}

static bool is_there(const char *name)
{
	struct stat status;

	return lstat(at("%s", name), &status) == 0;
}

static bool is_link_to(const char *name, const char *target)
{
	char found[PATH_MAX];
	ssize_t bytes = readlink(at("%s", name), found, sizeof found - 1);

	found[bytes > 0 ? bytes : 0] = '\0';
	return strcmp(found, at("%s", target)) == 0;
}

/* A link in our folder to the socket of its name. */
static bool is_linked(const char *name)
{
	char link[80], target[80];

	(void)snprintf(link, sizeof link, "ours/np/%s", name);
	(void)snprintf(target, sizeof target, "ncalrpc/np/%s", name);
	return is_link_to(link, target);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *ftw)
{
	(void)status;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void remove_all(const char *path)
{
	assert_int_equal(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* ---- what all begin with ---- */

static int set_up(void **state)
{
	(void)state;
	memset(&here, 0, sizeof here);
	strcpy(here.base, "/tmp/samba-folder-XXXXXX");
	if (mkdtemp(here.base) == NULL || uv_loop_init(&here.uv) != 0)
		return -1;
	here.loop = net_loop_new_on(&here.uv);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	socket_dir_close(here.folder);
	while (uv_run(&here.uv, UV_RUN_NOWAIT) != 0)
		;
	net_loop_free(here.loop);
	for (int i = 0; i < here.socket_count; i++)
		close(here.sockets[i]);
	remove_all(here.base);
	return uv_loop_close(&here.uv);
}

/* A program of Samba's that has these pipes. */
static void make_program(const char *name, const char *pipes)
{
	char path[64], text[1024];

	(void)mkdir(at("libexec"), 0700);
	(void)snprintf(path, sizeof path, "libexec/%s", name);
	(void)snprintf(text, sizeof text,
	               "#!/bin/sh\n[ \"$1\" = --list-interfaces ] || exit 9\ncat <<'END'\n5\n60\n"
	               "12345778-1234-abcd-ef00-0123456789ab/0x00000000 it\n%s\nEND\n",
	               pipes);
	write_file(path, text, 0700);
}

static struct socket_dir *open_as(const char *directory, struct err *err)
{
	const struct socket_dir_settings settings = {
		.directory = directory,
		.ncalrpc_dir = at("ncalrpc"),
		.libexec_dir = is_there("libexec") ? at("libexec") : "",
	};

	return socket_dir_open(here.loop, &settings, err);
}

static void open_folder(void)
{
	struct err err = { 0 };
	char directory[PATH_MAX];

	strcpy(directory, at("ours"));
	here.folder = open_as(directory, &err);
	if (here.folder == NULL)
		fail_msg("%s: %s", err.step, err.text);
}

static void refuses(const char *directory, const char *why)
{
	struct socket_dir *folder;
	struct err err = { 0 };
	char copy[PATH_MAX];

	strcpy(copy, directory);
	folder = open_as(copy, &err);
	socket_dir_close(folder);
	assert_null(folder);
	if (strstr(err.text, why) == NULL)
		fail_msg("it says \"%s\", not \"%s\"", err.text, why);
}

/* Runs the loop until the condition holds. */
#define AWAIT(condition)                                                       \
	do {                                                                   \
		uint64_t began = uv_hrtime();                                  \
		while (!(condition)) {                                         \
			if (uv_hrtime() - began > WAIT_MS * UINT64_C(1000000)) \
				fail_msg("it never came: " #condition);        \
			(void)uv_run(&here.uv, UV_RUN_NOWAIT);                 \
			usleep(1000);                                          \
		}                                                              \
	} while (0)

/* ---- names ---- */

static void takes_the_named_pipes_of_what_programs_list(void **state)
{
	/* Of rpcd_classic and rpcd_epmapper, Samba 4.17.12. */
	static const char said[] =
		"5\n60\n"
		"894de0c0-0d55-11d3-a322-00c04fa321a1/0x00000001 initshutdown\n"
		" ncacn_np:[\\pipe\\InitShutdown]\n"
		"8d9f4e40-a03d-11ce-8f69-08003e30051b/0x00000001 ntsvcs\n"
		" ncacn_np:[\\pipe\\ntsvcs]\n ncacn_np:[\\pipe\\plugplay]\n"
		"6bffd098-a112-3610-9833-46c3f87e345a/0x00000001 wkssvc\n"
		" ncacn_np:[\\pipe\\wkssvc]\n ncacn_ip_tcp:\n ncalrpc:\n"
		"e1af8308-5d1f-11c9-91a4-08002b14a0fa/0x00000003 epmapper\n"
		" ncacn_np:[\\pipe\\epmapper]\n ncacn_ip_tcp:[135]\n ncacn_http:[593]\n"
		" ncalrpc:[EPMAPPER]\n"
		" ncacn_np:[\\pipe\\ntsvcs]";
	static const char *const expected[] = { "initshutdown", "ntsvcs", "plugplay", "wkssvc",
		                                "epmapper" };
	struct pipe_names names = { 0 };

	(void)state;
	pipe_names_parse(&names, said);
	assert_int_equal(names.count, 5);
	for (size_t i = 0; i < names.count; i++)
		assert_string_equal(names.list[i], expected[i]);
}

static void takes_bindings_with_hosts_options_and_without_a_prefix(void **state)
{
	struct pipe_names names = { 0 };

	(void)state;
	pipe_names_parse(&names, " ncacn_np:host[\\PIPE\\One,sign]\n ncacn_np:[two]\n ncacn_np:\n"
	                         " ncacn_np:[]\n ncacn_np:[\\pipe\\]\n ncacn_np:[\\pipe\\three");
	assert_int_equal(names.count, 3);
	assert_string_equal(names.list[0], "one");
	assert_string_equal(names.list[1], "two");
	assert_string_equal(names.list[2], "three");
}

static void refuses_names_that_are_no_single_file(void **state)
{
	static const char *const bad[] = { "", ".", "..", ".hidden", "a/b", "/a", "a\nb", "a\177" };
	struct pipe_names names = { 0 };
	char name[MAX_PIPE_NAME_BYTES + 1];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(pipe_names_add(&names, bad[i]));
	memset(name, 'x', sizeof name);
	name[MAX_PIPE_NAME_BYTES] = '\0';
	assert_false(pipe_names_add(&names, name));
	name[MAX_PIPE_NAME_BYTES - 1] = '\0';
	assert_true(pipe_names_add(&names, name));
	pipe_names_parse(&names, " ncacn_np:[\\pipe\\../../etc/passwd]\n");
	assert_int_equal(names.count, 1);
}

static void keeps_no_more_names_than_there_is_room_for(void **state)
{
	struct pipe_names names = { 0 };
	char name[16];

	(void)state;
	for (int i = 0; i < MAX_PIPE_NAMES; i++) {
		(void)snprintf(name, sizeof name, "pipe%d", i);
		assert_true(pipe_names_add(&names, name));
	}
	assert_false(pipe_names_add(&names, "another"));
	assert_true(pipe_names_add(&names, "pipe7"));
	assert_int_equal(names.count, MAX_PIPE_NAMES);
}

static void asks_all_programs_though_one_of_them_fails(void **state)
{
	struct pipe_names names = { 0 };

	(void)state;
	make_program("rpcd_one", " ncacn_np:[\\pipe\\one]");
	make_program("rpcd_two", " ncacn_np:[\\pipe\\two]");
	make_program("samba-dcerpcd", " ncacn_np:[\\pipe\\three]");
	make_program("rpcd_one.dpkg-new", " ncacn_np:[\\pipe\\four]");
	assert_true(pipe_query_run(&names, at("libexec"), NULL));
	assert_int_equal(names.count, 2);
	assert_true(pipe_names_has(&names, "one") && pipe_names_has(&names, "two"));

	write_file("libexec/rpcd_bad", "#!/bin/sh\necho no >&2\nexit 1\n", 0700);
	names.count = 0;
	assert_false(pipe_query_run(&names, at("libexec"), NULL));
	assert_int_equal(names.count, 2);
	assert_false(pipe_query_run(&names, at("nowhere"), NULL));
}

static void tells_programs_which_configuration_it_is(void **state)
{
	struct pipe_names names = { 0 };

	(void)state;
	make_folder("libexec");
	write_file("libexec/rpcd_it",
	           "#!/bin/sh\n[ \"$2\" = '--configfile=/a b/smb.conf' ] || exit 1\n"
	           "echo ' ncacn_np:[\\pipe\\it]'\n",
	           0700);
	assert_true(pipe_query_run(&names, at("libexec"), "/a b/smb.conf"));
	assert_int_equal(names.count, 1);
}

static void does_not_wait_for_a_program_that_does_not_end(void **state)
{
	struct pipe_names names = { 0 };
	uint64_t began = uv_hrtime();

	(void)state;
	make_program("rpcd_one", " ncacn_np:[\\pipe\\one]");
	write_file("libexec/rpcd_slow", "#!/bin/sh\nexec sleep 30\n", 0700);
	assert_false(pipe_query_run(&names, at("libexec"), NULL));
	assert_int_equal(names.count, 1);
	assert_int_in_range((uv_hrtime() - began) / 1000000, 9000, 15000);
}

/* ---- the folder ---- */

static void makes_the_folder_for_its_owner_alone(void **state)
{
	struct stat status;

	(void)state;
	umask(0);
	open_folder();
	assert_int_equal(stat(at("ours"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	assert_int_equal(stat(at("ours/np"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	umask(022);
}

static void makes_parents_that_are_not_there(void **state)
{
	struct stat status;
	struct err err = { 0 };
	char directory[PATH_MAX];

	(void)state;
	strcpy(directory, at("var/lib/ours"));
	here.folder = open_as(directory, &err);
	assert_non_null(here.folder);
	assert_int_equal(stat(at("var/lib"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0755);
	assert_int_equal(stat(at("var/lib/ours"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	assert_true(is_link_to("var/lib/ours/np/srvsvc", "ncalrpc/np/srvsvc"));
}

static void links_what_samba_lists_before_it_runs(void **state)
{
	(void)state;
	make_program("rpcd_lsad", " ncacn_np:[\\pipe\\lsarpc]\n ncacn_np:[\\pipe\\samr]");
	make_program("rpcd_classic",
	             " ncacn_np:[\\pipe\\srvsvc]\n ncacn_np:[\\pipe\\InitShutdown]");
	open_folder();
	assert_true(is_linked("lsarpc") && is_linked("samr") && is_linked("initshutdown"));
	assert_true(is_linked("srvsvc"));
	assert_int_equal(socket_dir_link_count(here.folder), 3);
}

static void links_what_listens_there_already(void **state)
{
	(void)state;
	make_folder("ncalrpc");
	make_folder("ncalrpc/np");
	listen_there("ncalrpc/np/netlogon");
	write_file("ncalrpc/np/readme", "", 0600);
	open_folder();
	assert_true(is_linked("netlogon"));
	assert_false(is_there("ours/np/readme"));
	assert_int_equal(connect_to("ours/np/netlogon"), 0);
	assert_int_equal(socket_dir_link_count(here.folder), 1);
}

static void is_had_by_one_alone(void **state)
{
	(void)state;
	open_folder();
	refuses(at("ours"), "another netsession-samba uses ");
	socket_dir_close(here.folder);
	here.folder = NULL;
	open_folder();
}

static void refuses_a_folder_in_whose_place_others_may_put_another(void **state)
{
	(void)state;
	make_folder("others");
	assert_int_equal(chmod(at("others"), 0777), 0);
	refuses(at("others/ours"), ", a folder above ");
	assert_int_equal(chmod(at("others"), 0700), 0);
	make_folder("others/real");
	assert_int_equal(chmod(at("others"), 0770), 0);
	assert_int_equal(symlink(at("others/real"), at("link")), 0);
	refuses(at("link/ours"), ", a folder above ");
	refuses(at("link"), ", a folder above ");
	assert_int_equal(unlink(at("link")), 0);
	make_folder("real");
	assert_int_equal(symlink(at("real"), at("others/link")), 0);
	refuses(at("others/link/ours"), ", a folder above ");
}

static void refuses_sambas_own_folder(void **state)
{
	(void)state;
	make_folder("ncalrpc");
	refuses(at("ncalrpc"), "Samba's own folder");
	assert_int_equal(symlink(at("ncalrpc"), at("link")), 0);
	refuses(at("link"), "Samba's own folder");
	assert_false(is_there("ncalrpc/np"));
}

static void refuses_a_pipe_folder_that_is_none_or_is_not_its_own(void **state)
{
	(void)state;
	make_folder("ours");
	write_file("ours/np", "", 0600);
	refuses(at("ours"), "not a folder");
	assert_int_equal(unlink(at("ours/np")), 0);
	make_folder("elsewhere");
	assert_int_equal(symlink(at("elsewhere"), at("ours/np")), 0);
	refuses(at("ours"), "not a folder");
	assert_int_equal(unlink(at("ours/np")), 0);
	make_folder("ours/np");
	assert_int_equal(chmod(at("ours/np"), 0770), 0);
	refuses(at("ours"), "others may write to it");
	if (geteuid() == 0) {
		assert_int_equal(chmod(at("ours/np"), 0700), 0);
		assert_int_equal(chown(at("ours/np"), 1, 1), 0);
		refuses(at("ours"), "belongs to another user");
	}
	write_file("file", "", 0600);
	refuses(at("file"), "Not a directory");
	refuses(at("file/below"), "Not a directory");
	refuses("relative", "absolute");
}

static void refuses_a_folder_that_others_may_write_to(void **state)
{
	(void)state;
	make_folder("ours");
	assert_int_equal(chmod(at("ours"), 0777), 0);
	refuses(at("ours"), "others may write to it");
	assert_false(is_there("ours/np"));
}

static void refuses_a_path_without_room_for_its_pipes(void **state)
{
	char name[128];
	size_t room;

	(void)state;
	make_program("rpcd_fsrvp", " ncacn_np:[\\pipe\\FssagentRpc]");
	room = 107 - strlen(here.base) - strlen("//np/fssagentrpc");
	memset(name, 'x', sizeof name);
	name[room + 1] = '\0';
	refuses(at("%s", name), " is too long: with /np/");
	name[100] = '\0';
	refuses(at("%s", name), " is too long: with /np/");
	assert_false(is_there(name));
	name[room] = '\0';
	here.folder = open_as(strdupa(at("%s", name)), &(struct err){ 0 });
	assert_non_null(here.folder);
	close(socket_dir_listen(here.folder, &(struct err){ 0 }));
}

static void leaves_alone_what_is_not_its_own(void **state)
{
	struct stat before, after;

	(void)state;
	make_program("rpcd_lsad", " ncacn_np:[\\pipe\\lsarpc]\n ncacn_np:[\\pipe\\samr]"
	                          "\n ncacn_np:[\\pipe\\winreg]");
	make_folder("ours");
	make_folder("ours/np");
	write_file("ours/np/lsarpc", "a file", 0600);
	leave_dead_socket("ours/np/samr");
	assert_int_equal(symlink("/somewhere/else", at("ours/np/winreg")), 0);
	make_folder("ours/np/folder");
	write_file("ours/np/.hidden", "", 0600);
	assert_int_equal(stat(at("ours/np/samr"), &before), 0);
	open_folder();
	assert_int_equal(stat(at("ours/np/samr"), &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_true(is_there("ours/np/folder") && is_there("ours/np/.hidden"));
	assert_int_equal(lstat(at("ours/np/lsarpc"), &after), 0);
	assert_true(S_ISREG(after.st_mode));
	assert_int_equal(lstat(at("ours/np/winreg"), &after), 0);
	assert_int_equal(after.st_size, strlen("/somewhere/else"));
	assert_int_equal(socket_dir_link_count(here.folder), 0);
}

static void leads_links_to_where_samba_is_now(void **state)
{
	(void)state;
	make_program("rpcd_lsad", " ncacn_np:[\\pipe\\lsarpc]");
	make_folder("ours");
	make_folder("ours/np");
	assert_int_equal(symlink("/run/before/np/lsarpc", at("ours/np/lsarpc")), 0);
	assert_int_equal(symlink("/run/before/np/srvsvc", at("ours/np/srvsvc")), 0);
	assert_int_equal(symlink("/run/before/np/gone", at("ours/np/gone")), 0);
	open_folder();
	assert_true(is_linked("lsarpc") && is_linked("srvsvc"));
	assert_false(is_there("ours/np/gone"));
	assert_int_equal(socket_dir_link_count(here.folder), 1);
}

static void removes_nothing_while_it_does_not_know_what_samba_has(void **state)
{
	(void)state;
	make_folder("ours");
	make_folder("ours/np");
	assert_int_equal(symlink("/run/before/np/lsarpc", at("ours/np/lsarpc")), 0);
	open_folder();
	assert_true(is_linked("lsarpc"));
	assert_int_equal(socket_dir_link_count(here.folder), 1);
}

/* ---- kept true ---- */

static void links_a_new_socket_at_once_and_unlinks_one_that_went(void **state)
{
	(void)state;
	make_program("rpcd_lsad", " ncacn_np:[\\pipe\\lsarpc]");
	make_folder("ncalrpc");
	make_folder("ncalrpc/np");
	open_folder();
	listen_there("ncalrpc/np/netlogon");
	listen_there("ncalrpc/np/lsarpc");
	AWAIT(is_linked("netlogon"));
	assert_int_equal(connect_to("ours/np/lsarpc"), 0);
	assert_int_equal(unlink(at("ncalrpc/np/netlogon")), 0);
	assert_int_equal(unlink(at("ncalrpc/np/lsarpc")), 0);
	AWAIT(!is_there("ours/np/netlogon"));
	assert_true(is_linked("lsarpc")); /* which Samba lists */
}

static void finds_sambas_folder_when_it_comes(void **state)
{
	(void)state;
	open_folder();
	make_folder("ncalrpc");
	make_folder("ncalrpc/np");
	listen_there("ncalrpc/np/lsarpc");
	AWAIT(is_linked("lsarpc"));
	listen_there("ncalrpc/np/samr");
	AWAIT(is_linked("samr"));
}

static void finds_sambas_folder_when_it_is_made_anew(void **state)
{
	(void)state;
	make_program("rpcd_lsad", " ncacn_np:[\\pipe\\lsarpc]");
	make_folder("ncalrpc");
	make_folder("ncalrpc/np");
	listen_there("ncalrpc/np/netlogon");
	open_folder();
	for (int i = 0; i < 3; i++) {
		remove_all(at("ncalrpc"));
		AWAIT(!is_there("ours/np/netlogon"));
		make_folder("ncalrpc");
		make_folder("ncalrpc/np");
		listen_there("ncalrpc/np/netlogon");
		AWAIT(is_linked("netlogon"));
		remove_all(at("ncalrpc/np"));
		make_folder("ncalrpc/np");
		AWAIT(!is_there("ours/np/netlogon"));
		listen_there("ncalrpc/np/netlogon");
		AWAIT(is_linked("netlogon"));
	}
}

static void makes_its_own_folder_again(void **state)
{
	(void)state;
	make_program("rpcd_lsad", " ncacn_np:[\\pipe\\lsarpc]");
	make_folder("ncalrpc");
	make_folder("ncalrpc/np");
	open_folder();
	remove_all(at("ours/np"));
	listen_there("ncalrpc/np/samr");
	AWAIT(is_linked("samr"));
	assert_true(is_linked("lsarpc"));
}

/* ---- srvsvc ---- */

static int listen_now(void)
{
	struct err err = { 0 };
	int listening = socket_dir_listen(here.folder, &err);

	if (listening < 0)
		fail_msg("%s: %s", err.step, err.text);
	return listening;
}

static void serves_srvsvc_until_it_is_closed(void **state)
{
	int listening, accepted;

	(void)state;
	make_program("rpcd_classic", " ncacn_np:[\\pipe\\srvsvc]\n ncacn_np:[\\pipe\\wkssvc]");
	make_folder("ncalrpc");
	make_folder("ncalrpc/np");
	open_folder();
	listening = listen_now();
	assert_int_equal(connect_to("ours/np/srvsvc"), 0);
	accepted = accept(listening, NULL, NULL);
	assert_true(accepted >= 0);
	close(accepted);
	assert_string_equal(socket_dir_upstream(here.folder), at("ncalrpc/np/srvsvc"));

	/* Samba's coming is no reason to let go. */
	listen_there("ncalrpc/np/srvsvc");
	listen_there("ncalrpc/np/samr");
	AWAIT(is_linked("samr"));
	assert_false(is_linked("srvsvc"));
	assert_int_equal(socket_dir_link_count(here.folder), 2);

	socket_dir_close(here.folder);
	here.folder = NULL;
	assert_true(is_linked("srvsvc") && is_linked("wkssvc"));
	close(listening);
	assert_int_equal(connect_to("ours/np/srvsvc"), 0); /* Samba's */
}

static atomic_bool has_ended;

static void *look_on(void *context)
{
	long *missing = context, looks = 0;

	for (; !atomic_load(&has_ended); looks++)
		*missing += !is_there("ours/np/srvsvc");
	assert_true(looks > 0);
	return NULL;
}

static void is_never_without_srvsvc(void **state)
{
	pthread_t onlooker;
	long missing = 0;

	(void)state;
	open_folder();
	atomic_store(&has_ended, false);
	assert_int_equal(pthread_create(&onlooker, NULL, look_on, &missing), 0);
	for (int i = 0; i < 200; i++) {
		int listening = listen_now();

		socket_dir_close(here.folder);
		close(listening);
		open_folder();
	}
	atomic_store(&has_ended, true);
	pthread_join(onlooker, NULL);
	assert_int_equal(missing, 0);
}

static void takes_the_place_of_one_that_was_killed(void **state)
{
	(void)state;
	make_folder("ours");
	make_folder("ours/np");
	leave_dead_socket("ours/np/srvsvc");
	leave_dead_socket("ours/srvsvc"); /* it was about to listen */
	assert_int_equal(symlink("nowhere", at("ours/link.new")), 0);
	open_folder();
	assert_true(is_linked("srvsvc"));
	close(listen_now());
}

static void does_not_take_srvsvc_from_others(void **state)
{
	struct err err = { 0 };

	(void)state;
	make_folder("ours");
	make_folder("ours/np");
	listen_there("ours/np/srvsvc");
	open_folder();
	assert_int_equal(socket_dir_listen(here.folder, &err), -1);
	assert_string_equal(err.text, "another process listens at np/srvsvc");
	assert_int_equal(connect_to("ours/np/srvsvc"), 0);
	assert_int_equal(unlink(at("ours/np/srvsvc")), 0);
	write_file("ours/np/srvsvc", "", 0600);
	err = (struct err){ 0 };
	assert_int_equal(socket_dir_listen(here.folder, &err), -1);
	assert_string_equal(err.text, "np/srvsvc was not made by netsession-samba");
}

static void gives_srvsvc_back_for_one_that_was_killed(void **state)
{
	struct err err = { 0 };

	(void)state;
	make_folder("ours");
	make_folder("ours/np");
	leave_dead_socket("ours/np/srvsvc");
	assert_true(socket_dir_release(at("ours"), at("ncalrpc"), &err));
	assert_true(is_linked("srvsvc"));
	assert_true(socket_dir_release(at("ours"), at("ncalrpc"), &err));
	assert_int_equal(unlink(at("ours/np/srvsvc")), 0);
	assert_true(socket_dir_release(at("ours"), at("ncalrpc"), &err));
	assert_true(is_linked("srvsvc"));
}

static void gives_nothing_back_where_nothing_is(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_true(socket_dir_release(at("ours"), at("ncalrpc"), &err));
	assert_false(is_there("ours"));
}

static void takes_srvsvc_from_nobody_who_lives(void **state)
{
	struct err err = { 0 };
	int listening;

	(void)state;
	open_folder();
	assert_false(socket_dir_release(at("ours"), at("ncalrpc"), &err));
	assert_non_null(strstr(err.text, "another netsession-samba uses /"));
	listening = listen_now();
	err = (struct err){ 0 };
	assert_false(socket_dir_release(at("ours"), at("ncalrpc"), &err));
	assert_int_equal(connect_to("ours/np/srvsvc"), 0);
	socket_dir_close(here.folder);
	here.folder = NULL;
	close(listening);

	assert_int_equal(unlink(at("ours/np/srvsvc")), 0);
	listen_there("ours/np/srvsvc"); /* without the lock */
	err = (struct err){ 0 };
	assert_false(socket_dir_release(at("ours"), at("ncalrpc"), &err));
	assert_string_equal(err.text, "another process listens at np/srvsvc");
	assert_int_equal(connect_to("ours/np/srvsvc"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

TEST_GROUP(socket_dir)
{
	const struct CMUnitTest tests[] = {
		TEST(takes_the_named_pipes_of_what_programs_list),
		TEST(takes_bindings_with_hosts_options_and_without_a_prefix),
		TEST(refuses_names_that_are_no_single_file),
		TEST(keeps_no_more_names_than_there_is_room_for),
		TEST(asks_all_programs_though_one_of_them_fails),
		TEST(tells_programs_which_configuration_it_is),
		TEST(does_not_wait_for_a_program_that_does_not_end),
		TEST(makes_the_folder_for_its_owner_alone),
		TEST(makes_parents_that_are_not_there),
		TEST(links_what_samba_lists_before_it_runs),
		TEST(links_what_listens_there_already),
		TEST(is_had_by_one_alone),
		TEST(refuses_a_folder_in_whose_place_others_may_put_another),
		TEST(refuses_sambas_own_folder),
		TEST(refuses_a_pipe_folder_that_is_none_or_is_not_its_own),
		TEST(refuses_a_folder_that_others_may_write_to),
		TEST(refuses_a_path_without_room_for_its_pipes),
		TEST(leaves_alone_what_is_not_its_own),
		TEST(leads_links_to_where_samba_is_now),
		TEST(removes_nothing_while_it_does_not_know_what_samba_has),
		TEST(links_a_new_socket_at_once_and_unlinks_one_that_went),
		TEST(finds_sambas_folder_when_it_comes),
		TEST(finds_sambas_folder_when_it_is_made_anew),
		TEST(makes_its_own_folder_again),
		TEST(serves_srvsvc_until_it_is_closed),
		TEST(is_never_without_srvsvc),
		TEST(takes_the_place_of_one_that_was_killed),
		TEST(does_not_take_srvsvc_from_others),
		TEST(gives_srvsvc_back_for_one_that_was_killed),
		TEST(gives_nothing_back_where_nothing_is),
		TEST(takes_srvsvc_from_nobody_who_lives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
