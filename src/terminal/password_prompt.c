/* SPDX-License-Identifier: MIT */
#include "terminal/password_prompt.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include "base/escape.h"

/* These signals would end the program while the terminal does not echo: the echo is restored first.
 */
static const int end_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };

enum { END_SIGNALS = sizeof end_signals / sizeof *end_signals };

static volatile sig_atomic_t caught;

static void prompt_on_signal(int number)
{
	caught = number;
}

bool password_read_line(int fd, char password[PASSWORD_BYTES])
{
	size_t length = 0;
	char byte = '\0';

	while (caught == 0 && read(fd, &byte, 1) == 1 && byte != '\n')
		if (length < PASSWORD_BYTES)
			password[length++] = byte;
	if (byte == '\n' && length < PASSWORD_BYTES) {
		password[length] = '\0';
		return true;
	}
	explicit_bzero(password, PASSWORD_BYTES);
	return false;
}

enum password_result password_prompt(const char *user, char password[PASSWORD_BYTES])
{
	struct sigaction action = { .sa_handler = prompt_on_signal }, before[END_SIGNALS];
	int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	char *shown_user = escape_format("%s", user);
	struct termios shown, hidden;
	bool is_read;

	password[0] = '\0';
	if (terminal < 0 || tcgetattr(terminal, &shown) != 0) {
		if (terminal >= 0)
			close(terminal);
		free(shown_user);
		return PASSWORD_NO_TERMINAL;
	}
	caught = 0;
	for (int i = 0; i < END_SIGNALS; i++)
		sigaction(end_signals[i], &action, &before[i]);
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	hidden.c_lflag |= ECHONL;
	tcsetattr(terminal, TCSAFLUSH, &hidden);
	dprintf(terminal, "Password for %s: ", shown_user != NULL ? shown_user : "the user");
	free(shown_user);
	is_read = password_read_line(terminal, password);
	tcsetattr(terminal, TCSAFLUSH, &shown);
	close(terminal);
	for (int i = 0; i < END_SIGNALS; i++)
		sigaction(end_signals[i], &before[i], NULL);
	if (caught != 0)
		raise(caught);
	return is_read ? PASSWORD_READ : caught != 0 ? PASSWORD_INTERRUPTED : PASSWORD_BAD_LINE;
}
