// SPDX-License-Identifier: MIT
// Runs one of our own private programs: its request on its stdin, its answer from its stdout, and an end to it.
#ifndef SK_SUBPROCESS_H
#define SK_SUBPROCESS_H

#include "buf.h"
#include "status.h"

#include <stdint.h>

struct subprocess {
	const char *program;		// its name in our libexec directory; no PATH is searched
	const char *const *environment; // names of the variables that it gets; NULL-terminated
	const struct buf *input;
	int64_t timeout_ms; // then it is killed
};

// Appends what the program wrote to output. STATUS_OK: it ended by itself with status 0. STATUS_TEMPORARY: it was killed at
// its deadline. STATUS_INTERNAL: it could not be run, or ended in another way.
enum status subprocess_run(const struct subprocess *what, struct buf *output, struct err *err);

#endif
