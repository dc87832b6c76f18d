// SPDX-License-Identifier: MIT
#include "base/listen-fds.h"

#include "base/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

int listen_fds_count(void)
{
	const char *pid_text = getenv("LISTEN_PID"), *count_text = getenv("LISTEN_FDS");
	int64_t pid, count;

	// LISTEN_PID: the variables are inherited by what this process runs, and not meant for that
	if (!pid_text || !count_text || !text_to_number(pid_text, 1, INT32_MAX, &pid) || pid != getpid() ||
	    !text_to_number(count_text, 1, 16, &count))
		return 0;
	return (int)count;
}
