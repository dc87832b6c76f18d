// SPDX-License-Identifier: MIT
// Runs one of our own private programs: its request on its stdin, its answer from its stdout, and an end to it.
#ifndef SK_SUBPROCESS_H
#define SK_SUBPROCESS_H

#include "base/buf.h"
#include "base/status.h"
#include "base/wire.h"

#include <stdint.h>

struct subprocess {
	const char *program;		// its name in our libexec directory; no PATH is searched
	const char *const *environment; // names of the variables that it gets; NULL-terminated
	const struct buf *input;
	int64_t timeout_ms; // then it is killed
};

// Runs it with its request, and reads its answer: key=value lines, of which status= and message= say how it went, and the
// others go to take; they point into answer. STATUS_TEMPORARY, too, when it was killed at its deadline; STATUS_INTERNAL when
// it could not be run or its answer is not complete. err has its message on success, too.
enum status subprocess_ask(const struct subprocess *what, struct buf *answer,
			   void (*take)(const struct wire_field *field, void *context), void *context, struct err *err);

#endif
