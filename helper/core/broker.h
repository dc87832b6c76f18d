// SPDX-License-Identifier: MIT
// The side of sk-core that answers the questions of a relay, sk-bridge or sk-proxy, for tokens: a struct question each. A token of
// another profile than those that the relay was started for, or for another URL, cannot be asked for.
#ifndef SK_CORE_BROKER_H
#define SK_CORE_BROKER_H

#include "base/buf.h"
#include "base/status.h"
#include "base/wire.h"
#include "core/notice.h"
#include "core/question.h"
#include "model/challenge.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BROKER_PROFILES_MAX 16

// A profile that can be asked for. One question at a time: the relay asks the next one when it has its answer.
struct broker_profile {
	const char *name, *url;
	char scope[CHALLENGE_SCOPE_MAX + 1]; // that a server has wanted, and was granted; "" for the profile's
	struct question question;
	bool steps_up;
	char last_warning[NOTICE_LAST_SIZE];
};

struct broker {
	const char *command; // "bridge" or "proxy", for messages
	int socket;	     // to the relay
	struct broker_profile profiles[BROKER_PROFILES_MAX];
	size_t count;
	int64_t used_at; // CLOCK_BOOTTIME in ms: when a token was last asked for
};

void broker_begin(struct broker *broker, const char *command, int socket);
void broker_add(struct broker *broker, const char *profile, const char *url);
void broker_end(struct broker *broker);

#define BROKER_FDS (1 + BROKER_PROFILES_MAX * QUESTION_FDS)

// What is to be waited for, and what then is to be done. False when the relay is gone.
void broker_fill(const struct broker *broker, struct pollfd fds[BROKER_FDS]);
bool broker_step(struct broker *broker, const struct pollfd fds[BROKER_FDS]);

#endif
