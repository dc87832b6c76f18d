// SPDX-License-Identifier: MIT
#include "core/terminal.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define TERMINAL_WIDTH	   80
#define TERMINAL_WIDTH_MIN 40

const char *terminal_color(enum terminal_color color)
{
	static const char *const codes[] = {
		[TERMINAL_PLAIN] = "\033[0m",
		[TERMINAL_GOOD] = "\033[32m",
		[TERMINAL_BAD] = "\033[1;31m",
		[TERMINAL_HEAD] = "\033[1m",
	};
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if ((no && *no) || !term || !strcmp(term, "dumb") || !isatty(STDOUT_FILENO))
		return "";
	return codes[color];
}

int terminal_width(FILE *out)
{
	struct winsize size;

	if (!isatty(fileno(out)))
		return 0;
	// a terminal that does not say, such as a serial one
	if (ioctl(fileno(out), TIOCGWINSZ, &size) < 0 || size.ws_col < TERMINAL_WIDTH_MIN)
		return TERMINAL_WIDTH;
	return size.ws_col;
}

void terminal_print_wrapped(FILE *out, const char *text, int column, int width)
{
	int at = column;

	if (!width) {
		(void)fprintf(out, "%s\n", text);
		return;
	}
	while (*text) {
		int len = (int)strcspn(text, " ");

		if (at > column && at + 1 + len > width) {
			(void)fprintf(out, "\n%*s", column, "");
			at = column;
		} else if (at > column) {
			(void)fputc(' ', out);
			at++;
		}
		(void)fprintf(out, "%.*s", len, text);
		at += len;
		text += len + strspn(text + len, " ");
	}
	(void)fputc('\n', out);
}

static const char *notice;
static timer_t timer;
static bool waiting;
static struct sigaction before;

static void terminal_print_notice(int number)
{
	static const char begin[] = "sk-helper: waiting for ", end[] = " ...\n";

	(void)number;
	(void)!write(STDERR_FILENO, begin, sizeof begin - 1);
	(void)!write(STDERR_FILENO, notice, strlen(notice));
	(void)!write(STDERR_FILENO, end, sizeof end - 1);
}

void terminal_wait_begin(const char *what)
{
	const struct itimerspec once = { { 0, 0 }, { 1, 0 } };
	const struct sigaction action = { .sa_handler = terminal_print_notice, .sa_flags = SA_RESTART };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2 };

	if (waiting || !isatty(STDERR_FILENO) || timer_create(CLOCK_MONOTONIC, &event, &timer) < 0)
		return;
	waiting = true;
	notice = what;
	sigaction(SIGUSR2, &action, &before);
	timer_settime(timer, 0, &once, NULL);
}

void terminal_wait_end(void)
{
	if (!waiting)
		return;
	timer_delete(timer);
	sigaction(SIGUSR2, &before, NULL);
	waiting = false;
}
