// SPDX-License-Identifier: MIT
#include "core/notice.h"

#include "base/text.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void notice_print(const char *command, const char *text)
{
	char line[1024];
	size_t len;

	(void)snprintf(line, sizeof line, "sk-helper: %s: %s", command, text);
	text_sanitize(line);
	len = strlen(line);
	line[len] = '\n';
	// who started us may not read it: better lost than waited for (pipe(7): there is room for a whole line)
	if (poll(&(struct pollfd){ .fd = STDERR_FILENO, .events = POLLOUT }, 1, 0) == 1)
		(void)!write(STDERR_FILENO, line, len + 1);
}

void notice_print_new(char last[NOTICE_LAST_SIZE], const char *command, const char *text)
{
	if (!strncmp(last, text, NOTICE_LAST_SIZE - 1))
		return;
	(void)snprintf(last, NOTICE_LAST_SIZE, "%s", text);
	notice_print(command, text);
}
