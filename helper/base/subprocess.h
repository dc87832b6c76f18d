// SPDX-License-Identifier: MIT
// Runs one of our own private programs: its request on its stdin, its answer from its stdout, and an end to it.
#ifndef SK_SUBPROCESS_H
#define SK_SUBPROCESS_H

#include "base/buf.h"
#include "base/status.h"
#include "base/wire.h"

#include <stdbool.h>
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

#define SUBPROCESS_FDS 5

// One of our programs, as it is run: nothing is searched for, and it has none of our signal settings and descriptors.
struct spawn {
	const char *path;
	char **args, **environment;
	int fds[SUBPROCESS_FDS]; // what its descriptors 0 to 4 are; -1: /dev/null for 0 to 2, and closed for the others
	bool own_group;		 // Ctrl-C does not reach it
	bool own_session;	 // and it has no terminal
};

// STATUS_INTERNAL when it cannot be run.
enum status subprocess_spawn(const struct spawn *spawn, pid_t *pid, struct err *err);

// Starts a program of our libexec directory that has *socket to us as its descriptor 3, for packets of up to WIRE_PACKET_MAX bytes. listener:
// its descriptor 4; or -1, and then it has our standard input and output. Of the members of what, input and timeout_ms are not used.
enum status subprocess_start_with_socket(const struct subprocess *what, int listener, pid_t *pid, int *socket, struct err *err);

// Starts it: it waits for its request (input and timeout_ms are not used yet). STATUS_INTERNAL when it could not be run.
// Then it is either asked or stopped.
enum status subprocess_start(const struct subprocess *what, struct child *child, struct err *err);
void subprocess_stop(struct child *child);

// Hands it its request - one that was started before, or, where started is NULL, a new one - and reads its answer: key=value lines, of
// which status= and message= say how it went, and the others go to take; they point into answer. STATUS_TEMPORARY, too, when it was
// killed at its deadline; STATUS_INTERNAL when it could not be run or its answer is not complete. err has its message on success, too.
enum status subprocess_ask(const struct subprocess *what, struct child *started, struct buf *answer,
			   void (*take)(const struct wire_field *field, void *context), void *context, struct err *err);

#endif
