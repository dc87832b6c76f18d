// SPDX-License-Identifier: MIT
#include "core/ask.h"

#include "model/secret.h"
#include "model/url.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
	caught = number;
}

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
#define SIGNALS (sizeof signals / sizeof signals[0])

// The end of the input is an empty line. False with errno set, EINTR when a signal came, EFBIG for a line that is too long.
static bool ask_line(int fd, struct buf *line)
{
	if (!buf_read_line(line, fd) && errno != 0)
		return false;
	errno = EFBIG;
	return buf_ok(line);
}

static bool ask_say(int fd, const char *text)
{
	return write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

// Turns the echo off before the prompt is shown, and drops what was typed before. A signal is raised again only after
// the terminal has its old settings back. After Ctrl-Z and 'fg' the answer is false with errno EAGAIN, and the question
// must be asked again: otherwise the rest of the secret would be typed with the echo on, or into the shell.
static bool ask_once(int tty, const char *prompt, struct buf *line)
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct sigaction old[SIGNALS];
	struct termios before, quiet;
	bool ok;

	if (tcgetattr(tty, &before) < 0)
		return false;
	caught = 0;
	for (size_t i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &action, &old[i]);
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
	quiet.c_lflag |= ECHONL;
	tcsetattr(tty, TCSAFLUSH, &quiet);
	ok = ask_say(tty, prompt) && ask_line(tty, line);
	tcsetattr(tty, TCSAFLUSH, &before);
	for (size_t i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &old[i], NULL);
	if (!caught)
		return ok;
	raise(caught);
	buf_reset(line);
	errno = caught == SIGTSTP ? EAGAIN : EINTR;
	return false;
}

static bool ask_without_echo(int tty, const char *prompt, struct buf *line)
{
	bool ok;

	do
		ok = ask_once(tty, prompt, line);
	while (!ok && errno == EAGAIN);
	return ok;
}

enum status ask_secret(const char *profile, const char *endpoint, struct buf *secret, struct err *err)
{
	bool ok;
	int tty;

	if (!isatty(STDIN_FILENO)) {
		do {
			ok = ask_line(STDIN_FILENO, secret);
		} while (!ok && errno == EINTR);
	} else {
		char prompt[512];

		tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
		if (tty < 0)
			return err_set(err, STATUS_USAGE,
				       "client secret: there is no terminal to ask on: give it on standard input");
		(void)snprintf(prompt, sizeof prompt, "Client secret of '%s', for %.*s (not shown): ", profile,
			       url_shown(endpoint), endpoint);
		ok = ask_without_echo(tty, prompt, secret);
		close(tty);
	}
	if (!ok)
		return err_set(err, STATUS_USAGE, "client secret: %s",
			       errno == EFBIG ? "the line is too long" : "could not be read from standard input");
	if (!secret->len && !isatty(STDIN_FILENO))
		return err_set(
			err, STATUS_USAGE,
			"client secret: standard input has none, and there is no terminal to ask on: pipe it in, or run this in a "
			"terminal");
	// a NUL would end it early
	if (strlen(secret->data) != secret->len)
		return err_set(err, STATUS_USAGE, "client secret: it has a NUL byte");
	return secret_text_check(secret->data, err);
}

enum status ask_text(const char *prompt, struct buf *answer, struct err *err)
{
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	size_t blanks;
	bool ok;

	if (tty < 0)
		return err_set(err, STATUS_USAGE, "there is no terminal to ask on: give it as an option");
	ok = ask_say(tty, prompt) && ask_line(tty, answer);
	close(tty);
	blanks = strspn(answer->data, " \t");
	memmove(answer->data, answer->data + blanks, answer->len - blanks + 1);
	answer->len -= blanks;
	while (answer->len && strchr(" \t\r", answer->data[answer->len - 1]))
		answer->data[--answer->len] = '\0';
	if (!ok || !answer->len)
		return err_set(err, STATUS_USAGE, "nothing was typed, and nothing was changed");
	return STATUS_OK;
}

enum status ask_private_key(const char *file, struct buf *text, struct err *err)
{
	bool is_stdin = !strcmp(file, "-");
	int fd = is_stdin ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	bool ok;

	if (fd < 0)
		return err_set(err, STATUS_USAGE, "private key: '%s': %s", file, strerror(errno));
	if (is_stdin && isatty(fd))
		return err_set(err, STATUS_USAGE,
			       "private key: not from a terminal, which would show it: name a file, or pipe it in");
	ok = buf_read(text, fd);
	if (!ok)
		err_set(err, STATUS_USAGE, "private key: '%s': %s", file,
			errno == EFBIG ? "too large for one" : strerror(errno));
	if (!is_stdin)
		close(fd);
	return ok ? STATUS_OK : STATUS_USAGE;
}

enum status ask_yes(const char *lines, const char *question, const char *without_terminal, struct err *err)
{
	BUF_AUTO(line, 256);
	bool yes = false;
	int tty = isatty(STDIN_FILENO) ? open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY) : -1;

	if (tty < 0)
		return err_set(err, STATUS_USAGE, "%s", without_terminal);
	// what was typed or pasted before the question is no answer to it
	tcflush(tty, TCIFLUSH);
	if ((!lines || ask_say(tty, lines)) && ask_say(tty, question) && ask_say(tty, "? [y/N] ") && ask_line(tty, &line))
		yes = !strcmp(line.data, "y") || !strcmp(line.data, "yes") || !strcmp(line.data, "Y");
	close(tty);
	return yes ? STATUS_OK : err_set(err, STATUS_USAGE, "nothing was changed");
}
