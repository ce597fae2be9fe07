/* SPDX-License-Identifier: MIT */
/* Of netsession itself. */
#include "program.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/locale.h"
#include "commands.h"
#include "terminal/terminal.h"
#include "watch_record.h"

#define FLEET_PROGRAM "netsession-fleet"

/* Executes it where it was built, beside this program, or where it is installed. */
static int program_run_fleet(char **argv)
{
	static const char *const places[] = { "", "../" NETSESSION_LIBEXECDIR "/netsession/" };
	char path[PATH_MAX], own[PATH_MAX];
	ssize_t bytes = readlink("/proc/self/exe", own, sizeof own - 1);

	own[bytes > 0 ? bytes : 0] = '\0';
	/* Without a folder of its own, the program would be looked for in the working directory. */
	if (strrchr(own, '/') != NULL)
		strrchr(own, '/')[1] = '\0';
	for (size_t i = 0; own[0] == '/' && i < sizeof places / sizeof *places; i++)
		if (snprintf(path, sizeof path, "%s%s" FLEET_PROGRAM, own, places[i]) <
		    (int)sizeof path)
			(void)execv(path, argv);
	terminal_print_line(stderr,
	                    "netsession: " FLEET_PROGRAM
	                    " cannot be executed: %s; install netsession again",
	                    locale_error_text(errno));
	return EXIT_NONE;
}

const struct watch_recording *const watch_recording = NULL;

const struct program program = {
	.run = {
		[COMMAND_LIST] = command_list,
		[COMMAND_INFO] = command_info,
		[COMMAND_CLOSE] = command_close,
		[COMMAND_WATCH] = command_watch,
		[COMMAND_DOCTOR] = command_doctor,
		[COMMAND_METRICS] = command_metrics,
	},
	.run_other = program_run_fleet,
	.leaves_fleets = true,
};
