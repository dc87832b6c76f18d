// SPDX-License-Identifier: MIT
#include "core/terminal.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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
