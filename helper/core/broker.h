// SPDX-License-Identifier: MIT
// The side of sk-core that answers sk-bridge's questions for tokens: each by running 'sk-helper get -', the program that everybody else
// runs. So caching, the combining of requests at the same time and the check of the URL are written once. A token of
// another profile, or for another URL, cannot be asked for.
#ifndef SK_CORE_BROKER_H
#define SK_CORE_BROKER_H

#include "base/buf.h"
#include "base/status.h"
#include "base/wire.h"
#include "model/challenge.h"

#include <poll.h>
#include <stdbool.h>
#include <sys/types.h>

// One question at a time: sk-bridge asks the next one when it has its answer.
struct broker {
	const char *profile, *url;
	int socket;			     // to sk-bridge
	char scope[CHALLENGE_SCOPE_MAX + 1]; // that a server has wanted, and was granted; "" for the profile's
	// the question that is being answered; pid 0: none
	pid_t pid;
	int in, out, error; // our ends of the pipes; -1: closed
	struct buf input, answer, errors;
	size_t written; // of input
	bool steps_up;
	char last_warning[256];
};

void broker_begin(struct broker *broker, const char *profile, const char *url, int socket);
void broker_end(struct broker *broker);

// One line on standard error, if somebody reads it there.
void broker_print(const char *text);

#define BROKER_FDS 4

// What is to be waited for, and what then is to be done. False when sk-bridge is gone.
void broker_fill(const struct broker *broker, struct pollfd fds[BROKER_FDS]);
bool broker_step(struct broker *broker, const struct pollfd fds[BROKER_FDS]);

#endif
