// SPDX-License-Identifier: MIT
#include "base/debug.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static enum { DEBUG_UNKNOWN, DEBUG_OFF, DEBUG_ON } state;

void debug_enable(void)
{
	state = DEBUG_ON;
}

bool debug_is_on(void)
{
	const char *value;

	if (state == DEBUG_UNKNOWN) {
		value = getenv(DEBUG_VARIABLE);
		state = value && !strcmp(value, "1") ? DEBUG_ON : DEBUG_OFF;
	}
	return state == DEBUG_ON;
}

void debug_say(const char *format, ...)
{
	struct timespec now;
	char text[1024];
	va_list args;

	if (!debug_is_on())
		return;
	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	text_sanitize(text);
	clock_gettime(CLOCK_REALTIME, &now);
	// the time of day in UTC, as servers' logs have it
	dprintf(STDERR_FILENO, "sk-helper: debug: %02d:%02d:%02d.%03d %s\n", (int)(now.tv_sec / 3600 % 24),
		(int)(now.tv_sec / 60 % 60), (int)(now.tv_sec % 60), (int)(now.tv_nsec / 1000000), text);
}
