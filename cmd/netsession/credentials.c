/* SPDX-License-Identifier: MIT */
#include "credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include "output_forms.h"

enum { PROMPT_MAX_BYTES = 512 };

/* ---- the prompt ---- */

/* These signals would end the program while the terminal does not echo: the echo is restored first.
 */
static const int end_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };

enum { END_SIGNALS = sizeof end_signals / sizeof *end_signals };

static volatile sig_atomic_t caught;

static void prompt_on_signal(int number)
{
	caught = number;
}

/* Returns false if the line is too long or has no end. */
static bool prompt_read_line(int terminal, char password[PROMPT_MAX_BYTES])
{
	size_t length = 0;
	char byte = '\0';

	while (caught == 0 && read(terminal, &byte, 1) == 1 && byte != '\n')
		if (length < PROMPT_MAX_BYTES)
			password[length++] = byte;
	if (byte != '\n' || length == PROMPT_MAX_BYTES)
		return false;
	password[length] = '\0';
	return true;
}

/* Asks for the password of user on the terminal, which does not show it. Fills password, which the
 * caller wipes. Returns false after a message on stderr, or without one for a signal that does not
 * end the program. */
static bool prompt_password(const char *user, char password[PROMPT_MAX_BYTES])
{
	struct sigaction action = { .sa_handler = prompt_on_signal }, before[END_SIGNALS];
	int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct termios shown, hidden;
	bool read;

	if (terminal < 0 || tcgetattr(terminal, &shown) != 0) {
		fprintf(stderr,
		        "netsession: the password of %s has to be asked for on a terminal, and "
		        "there is none; use --authentication-file FILE\n",
		        user);
		if (terminal >= 0)
			close(terminal);
		return false;
	}
	caught = 0;
	for (int i = 0; i < END_SIGNALS; i++)
		sigaction(end_signals[i], &action, &before[i]);
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	hidden.c_lflag |= ECHONL;
	tcsetattr(terminal, TCSAFLUSH, &hidden);
	dprintf(terminal, "Password for %s: ", user);
	read = prompt_read_line(terminal, password);
	tcsetattr(terminal, TCSAFLUSH, &shown);
	close(terminal);
	for (int i = 0; i < END_SIGNALS; i++)
		sigaction(end_signals[i], &before[i], NULL);
	if (!read) {
		explicit_bzero(password, PROMPT_MAX_BYTES);
		if (caught == 0)
			fprintf(stderr,
			        "netsession: the password is missing or longer than %d bytes\n",
			        PROMPT_MAX_BYTES - 1);
	}
	if (caught != 0)
		raise(caught);
	return read;
}

/* ---- from the options ---- */

/* Whether the user is none of smbclient's user%password. The message does not repeat the secret. */
static bool credentials_check_user(const char *user)
{
	if (strchr(user, '%') == NULL)
		return true;
	if (strcmp(user, "%") == 0)
		fprintf(stderr, "netsession: --as needs a user; use --no-pass to log on "
		                "anonymously\n");
	else
		fprintf(stderr,
		        "netsession: --as takes no password after a percent sign, because every user of this "
		        "computer can read a command line; give the user alone and enter the password, or "
		        "use --authentication-file FILE\n");
	return false;
}

/* --as: the password comes from the terminal only. */
static bool credentials_from_prompt(const char *user, struct netsession_credentials **credentials)
{
	struct netsession_error error;
	char password[PROMPT_MAX_BYTES];
	bool made;

	if (!credentials_check_user(user) || !prompt_password(user, password))
		return false;
	made = netsession_credentials_new(user, NULL, password, credentials, &error) == 0;
	explicit_bzero(password, sizeof password);
	if (!made) {
		fprintf(stderr, "netsession: --as %s: ", user);
		output_end_line(stderr, error.text);
	}
	return made;
}

bool credentials_from_options(const struct options *options,
                              struct netsession_credentials **credentials)
{
	struct netsession_error error;

	*credentials = NULL;
	if ((options->credentials_file != NULL) + (options->as != NULL) + options->anonymous > 1) {
		fprintf(stderr,
		        "netsession: use only one of --authentication-file, --as and --no-pass\n");
		return false;
	}
	if (options->anonymous && netsession_credentials_new_anonymous(credentials, &error) != 0) {
		fputs("netsession: --no-pass: ", stderr);
		output_end_line(stderr, error.text);
		return false;
	}
	if (options->as != NULL)
		return credentials_from_prompt(options->as, credentials);
	if (options->credentials_file == NULL ||
	    netsession_credentials_read(options->credentials_file, credentials, &error) == 0)
		return true;
	fputs("netsession: ", stderr);
	output_end_line(stderr, error.text);
	return false;
}
