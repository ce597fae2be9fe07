/* SPDX-License-Identifier: MIT */
#include "terminal/password_prompt.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include "terminal/terminal.h"

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
	FILE *to = terminal >= 0 ? fdopen(terminal, "w") : NULL;
	struct termios shown, hidden;
	bool is_read;

	password[0] = '\0';
	if (to == NULL || tcgetattr(terminal, &shown) != 0) {
		if (to != NULL)
			fclose(to);
		else if (terminal >= 0)
			close(terminal);
		return PASSWORD_NO_TERMINAL;
	}
	caught = 0;
	for (int i = 0; i < END_SIGNALS; i++)
		sigaction(end_signals[i], &action, &before[i]);
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	hidden.c_lflag |= ECHONL;
	tcsetattr(terminal, TCSAFLUSH, &hidden);
	terminal_print(to, "Password for %s: ", user);
	fflush(to);
	is_read = password_read_line(terminal, password);
	tcsetattr(terminal, TCSAFLUSH, &shown);
	fclose(to);
	for (int i = 0; i < END_SIGNALS; i++)
		sigaction(end_signals[i], &before[i], NULL);
	if (caught != 0)
		raise(caught);
	return is_read ? PASSWORD_READ : caught != 0 ? PASSWORD_INTERRUPTED : PASSWORD_BAD_LINE;
}
