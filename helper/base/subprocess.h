// SPDX-License-Identifier: MIT
// Runs one of our own private programs: its request on its stdin, its answer from its stdout, and an end to it.
#ifndef SK_SUBPROCESS_H
#define SK_SUBPROCESS_H

#include "base/buf.h"
#include "base/status.h"
#include "base/wire.h"

#include <stdint.h>
#include <sys/types.h>

struct subprocess {
	const char *program;		// its name in our libexec directory; no PATH is searched
	const char *const *environment; // names of the variables that it gets; NULL-terminated
	const char *setting;		// one more, NAME=VALUE; may be NULL
	const struct buf *input;
	int64_t timeout_ms; // then it is killed
};

struct child {
	pid_t pid;
	int in, out; // our ends of its pipes
};

// Starts it: it waits for its request (input and timeout_ms are not used yet). STATUS_INTERNAL when it could not be run.
// Then it is either asked or stopped.
enum status subprocess_start(const struct subprocess *what, struct child *child, struct err *err);
void subprocess_stop(struct child *child);

// Hands it its request - one that was started before, or, where started is NULL, a new one - and reads its answer: key=value lines, of which status= and message= say how it went, and the
// others go to take; they point into answer. STATUS_TEMPORARY, too, when it was killed at its deadline; STATUS_INTERNAL when
// it could not be run or its answer is not complete. err has its message on success, too.
enum status subprocess_ask(const struct subprocess *what, struct child *started, struct buf *answer,
			   void (*take)(const struct wire_field *field, void *context), void *context, struct err *err);

#endif
