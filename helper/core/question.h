// SPDX-License-Identifier: MIT
// A question for a token that is answered by running 'sk-helper get -', or 'erase -', the program that everybody else runs: so caching, the combining of
// requests at the same time and the check of the URL are written once. Nothing here waits: it is a part of a loop around poll(2).
#ifndef SK_QUESTION_H
#define SK_QUESTION_H

#include "base/buf.h"
#include "base/status.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct question {
	pid_t pid;	    // 0: nothing is asked
	int in, out, error; // our ends of the pipes; -1: closed
	struct buf input;   // what 'get -' reads; the caller fills it
	struct buf answer, errors;
	size_t written; // of input
};

#define QUESTION_FDS 3

void question_begin(struct question *question);

// Asks what is in input; command: "get" or "erase". On failure nothing runs, and input is empty again.
enum status question_ask(struct question *question, const char *command, struct err *err);

// What is to be waited for, and what then is to be done. True when there is an answer: question_end takes it.
void question_fill(const struct question *question, struct pollfd fds[QUESTION_FDS]);
bool question_step(struct question *question, const struct pollfd fds[QUESTION_FDS]);

// How it ended. STATUS_OK: the lines are in answer. Else *why is what get said, in errors. Both are there until question_forget.
enum status question_end(struct question *question, const char **why);

// What get said though there is a token: a warning of one line; "" for none.
const char *question_warning(struct question *question);

// Frees all of it. A get that still runs goes on by itself, for others who wait for the same token.
void question_forget(struct question *question);

#endif
