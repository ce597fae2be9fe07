/* SPDX-License-Identifier: MIT */
/* netsession-wine: lets Windows programs that run under Wine list and close sessions. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/locale.h"
#include "cli/cli.h"
#include "prefix.h"
#include "terminal/terminal.h"

enum wine_command { WINE_COMMAND_INSTALL, WINE_COMMAND_REMOVE, WINE_COMMAND_COUNT };

enum { EXIT_DONE = 0, EXIT_FAILED = 1 };

struct wine_options {
	const char *wine_directory;
};

static const struct cli_option option_table[] = {
	{ .name = "wine-directory",
	  .argument = "DIR",
	  .kind = CLI_DIRECTORY,
	  .member = offsetof(struct wine_options, wine_directory),
	  .commands = 1u << WINE_COMMAND_INSTALL,
	  .help = "absolute path of the directory that has Wine's own 64-bit netapi32.dll "
	          "(default: the first of those in FILES)" },
};

static const struct cli_exit install_exits[] = {
	{ EXIT_DONE, "the bridge is installed" },
	{ EXIT_FAILED, "the bridge could not be installed" },
	CLI_USAGE_ROW,
	{ 0 },
};

static const struct cli_exit remove_exits[] = {
	{ EXIT_DONE, "the bridge is not installed" },
	{ EXIT_FAILED, "the bridge could not be removed" },
	CLI_USAGE_ROW,
	{ 0 },
};

static const struct cli_command commands[WINE_COMMAND_COUNT] = {
	[WINE_COMMAND_INSTALL] = {
		.name = "install",
		.operands = "[PREFIX]",
		.max_operands = 1,
		.summary = "install the bridge in a Wine prefix",
		.description = "Puts the bridge in the place of netapi32.dll, which is kept beside it. "
		               "Programs that run already continue with the old one. If the bridge "
		               "is installed already, it is installed again: do that after an "
		               "upgrade of netsession.",
		.exits = install_exits,
		.examples = "  netsession-wine install\n"
		            "  netsession-wine install ~/.local/share/wineprefixes/audit\n",
	},
	[WINE_COMMAND_REMOVE] = {
		.name = "remove",
		.operands = "[PREFIX]",
		.max_operands = 1,
		.summary = "remove the bridge from a Wine prefix",
		.description = "Puts back the netapi32.dll that was there before. If the bridge is not "
		               "installed, nothing changes.",
		.exits = remove_exits,
		.examples = "  netsession-wine remove\n",
	},
};

static const char examples[] =
	"  netsession-wine install\n"
	"      installs the bridge in ~/.wine, or in the prefix that WINEPREFIX names\n"
	"  NETSESSION_CREDENTIALS=root.cred wine audit.exe\n"
	"      runs a program, which logs on to servers with the credentials of that file\n"
	"  WINEDEBUG=warn+netsession wine audit.exe\n"
	"      shows why calls of the program fail\n"
	"  netsession-wine remove\n"
	"      puts back Wine's own DLL\n";

static const struct cli_item files[] = {
	{ "drive_c/windows/system32/netapi32.dll", "In the prefix: the bridge." },
	{ "drive_c/windows/system32/netapi32.dll.before-netsession",
	  "The DLL that was there before; `remove` puts it back." },
	{ "drive_c/windows/system32/netapi32_wine.dll",
	  "A link to Wine's own DLL, which implements all other functions." },
	{ "drive_c/windows/system32/libnetapi32.so.1",
	  "A link to the library that the bridge calls." },
	{ "/usr/lib/x86_64-linux-gnu/wine/x86_64-windows",
	  "Wine's own DLLs on Debian and Ubuntu. `install` looks also into\n"
	  "/usr/lib64/wine/x86_64-windows, /usr/lib/wine/x86_64-windows, and\n"
	  "lib64/wine/x86_64-windows below /opt/wine-stable, /opt/wine-staging, /opt/wine-devel\n"
	  "and /usr/local." },
	{ 0 },
};

static const struct cli_section sections[] = {
	{ .title = "WHAT PROGRAMS GET",
	  .text = "`NetSessionEnum`, `NetSessionGetInfo` and `NetSessionDel` are those of libnetapi32, at\n"
	          "all five levels, with pages and filters. So are `NetUseAdd` and `NetUseDel` for\n"
	          "\\\\server\\IPC$.\n"
	          "All other functions of netapi32.dll remain those of Wine.\n\n"
	          "A program logs on with the credentials that it sets by `NetUseAdd`, or else with\n"
	          "those of the file that `NETSESSION_CREDENTIALS` names, or else with your Kerberos\n"
	          "tickets. A server name of NULL is netsessiond on this computer.\n\n"
	          "Without the bridge, Wine's `NetSessionEnum` returns success and sets no output, and\n"
	          "the other two end the program." },
	{ .title = "LIMITS",
	  .text = "Only 64-bit programs are supported, in 64-bit prefixes.\n"
	          "If the libraries of netsession are removed while the bridge is installed, its\n"
	          "functions return 126 (ERROR_MOD_NOT_FOUND), and all others work.\n"
	          "If Wine was built with Samba's libnetapi, which that of Debian is not, Wine does not\n"
	          "use it while the bridge is installed: what it asks of other computers by it is\n"
	          "refused." },
	{ .title = "FILES", .items = files },
	{ 0 },
};

static const struct cli_program wine_program = {
	.name = "netsession-wine",
	.manual_section = 1,
	.summary = "let Windows programs under Wine list and close sessions",
	.description =
		"Wine's netapi32.dll does not implement NetSessionEnum and its kin.\n"
		"netsession-wine installs a bridge in a Wine prefix: a netapi32.dll that passes the\n"
		"functions of sessions to libnetapi32, and all others to Wine's own DLL.\n\n"
		"PREFIX is the directory of the Wine prefix. Default: the one that `WINEPREFIX`\n"
		"names, or else ~/.wine.",
	.commands = commands,
	.command_count = WINE_COMMAND_COUNT,
	.options = option_table,
	.option_count = sizeof option_table / sizeof *option_table,
	.examples = examples,
	.sections = sections,
	.see_also = "netsession(1), NetSessionEnum(3), wine(1)",
};

/* ---- places ---- */

/* Where Wine's own DLLs are: see FILES. */
static const char *const wine_directories[] = {
	"/usr/lib/x86_64-linux-gnu/wine/x86_64-windows",
	"/usr/lib64/wine/x86_64-windows",
	"/usr/lib/wine/x86_64-windows",
	"/opt/wine-stable/lib64/wine/x86_64-windows",
	"/opt/wine-staging/lib64/wine/x86_64-windows",
	"/opt/wine-devel/lib64/wine/x86_64-windows",
	"/usr/local/lib64/wine/x86_64-windows",
};

struct wine_places {
	char library[PATH_MAX], bridge[PATH_MAX], wine_dll[PATH_MAX];
};

static bool places_have_wine_dll(struct wine_places *places, const char *directory)
{
	int bytes = snprintf(places->wine_dll, sizeof places->wine_dll, "%s/netapi32.dll",
	                     directory);

	return bytes < (int)sizeof places->wine_dll && access(places->wine_dll, R_OK) == 0;
}

static bool places_find_wine(struct wine_places *places, const char *directory, struct err *err)
{
	if (directory != NULL && places_have_wine_dll(places, directory))
		return true;
	if (directory != NULL) {
		err_format(err, ERROR_GEN_FAILURE, "Wine",
		           "%s has no netapi32.dll that can be read: %s", directory,
		           locale_error_text(errno));
		return false;
	}
	for (size_t i = 0; i < sizeof wine_directories / sizeof *wine_directories; i++)
		if (places_have_wine_dll(places, wine_directories[i]))
			return true;
	err_set(err, ERROR_GEN_FAILURE, "Wine",
	        "Wine's own 64-bit netapi32.dll was not found: install wine64, or name its directory "
	        "with --wine-directory, such as .../wine/x86_64-windows");
	return false;
}

/* The libraries are installed with this program, wherever that is. */
static bool places_find_ours(struct wine_places *places, struct err *err)
{
	char path[PATH_MAX + sizeof "/../" NETSESSION_LIBDIR "/libnetapi32.so.1"];
	ssize_t bytes = readlink("/proc/self/exe", path, PATH_MAX - 1);

	path[bytes > 0 ? bytes : 0] = '\0';
	if (bytes > 0)
		strcpy(strrchr(path, '/'), "/../" NETSESSION_LIBDIR "/libnetapi32.so.1");
	if (realpath(path, places->library) == NULL) {
		err_set_errno(err, "library", path);
		return false;
	}
	strcpy(strrchr(path, '/'), "/netsession/netapi32.dll.so");
	if (realpath(path, places->bridge) == NULL) {
		err_set_errno(err, "bridge", path);
		return false;
	}
	return true;
}

/* ---- commands ---- */

static int command_end(const char *verb, const char *prefix, enum prefix_change change,
                       const struct err *err)
{
	if (err->status != NERR_Success) {
		terminal_print_line(stderr, "netsession-wine: %s", err_text(err));
		return EXIT_FAILED;
	}
	if (change == PREFIX_UNCHANGED)
		terminal_print_line(stdout, "Not installed in %s: nothing was changed.", prefix);
	else
		terminal_print_line(stdout, "%s %s%s.", verb, prefix,
		                    change == PREFIX_RENEWED ? " again" : "");
	return EXIT_DONE;
}

static int command_install(const struct wine_options *options, const char *prefix)
{
	enum prefix_change change = PREFIX_UNCHANGED;
	struct wine_places places;
	struct err err = { 0 };

	if (places_find_ours(&places, &err) &&
	    places_find_wine(&places, options->wine_directory, &err)) {
		const struct prefix_parts parts = { .bridge = places.bridge,
			                            .library = places.library,
			                            .wine_dll = places.wine_dll };

		prefix_install(prefix, &parts, &change, &err);
	}
	return command_end("Installed in", prefix, change, &err);
}

static int command_remove(const struct wine_options *options, const char *prefix)
{
	enum prefix_change change = PREFIX_UNCHANGED;
	struct err err = { 0 };

	(void)options;
	prefix_remove(prefix, &change, &err);
	return command_end("Removed from", prefix, change, &err);
}

/* The prefix that Wine would use, where the command line names none. */
static bool prefix_find_default(char to[PATH_MAX])
{
	const char *prefix = getenv("WINEPREFIX"), *home = getenv("HOME");
	int bytes;

	if (prefix != NULL && *prefix != '\0')
		bytes = snprintf(to, PATH_MAX, "%s", prefix);
	else if (home != NULL && *home != '\0')
		bytes = snprintf(to, PATH_MAX, "%s/.wine", home);
	else
		bytes = PATH_MAX;
	return bytes < PATH_MAX;
}

int main(int argc, char **argv)
{
	static int (*const run[WINE_COMMAND_COUNT])(const struct wine_options *options,
	                                            const char *prefix) = {
		[WINE_COMMAND_INSTALL] = command_install,
		[WINE_COMMAND_REMOVE] = command_remove,
	};
	struct wine_options options = { 0 };
	struct cli_operands operands;
	char prefix[PATH_MAX];
	int status, command;

	command = cli_parse(&wine_program, argc, argv, &options, &operands, &status);
	if (command < 0)
		return status;
	if (operands.count == 0 && !prefix_find_default(prefix)) {
		terminal_print_line(stderr, "netsession-wine: neither WINEPREFIX nor HOME is set: "
		                            "name the prefix");
		return CLI_EXIT_USAGE;
	}
	return cli_end(&wine_program,
	               run[command](&options, operands.count > 0 ? operands.list[0] : prefix));
}
