// SPDX-License-Identifier: MIT
// The connection to sk-core, which started this program: it says what to do, and then answers questions for tokens. A socket with one message
// of key=value lines a packet.
#ifndef SK_ASK_CORE_H
#define SK_ASK_CORE_H

#include "base/buf.h"
#include "base/status.h"
#include "base/wire.h"

#include <stdbool.h>

#define CORE_FD 3 // where sk-core puts it

// Receives one packet into text, which it replaces. False when sk-core is gone; text is empty where nothing has come.
bool core_receive(struct buf *text);
// Waits for the first packet.
bool core_wait(struct buf *text);

// Asks for a token. lines: what the question has besides, such as credential=; may be NULL. False when it could not be sent.
bool core_ask(const char *profile, const struct buf *lines);

// What a person must know. sk-core prints it.
void core_notice(const char *text);

// The answer to a question. The strings point into the packet.
struct core_answer {
	enum status status;
	const char *message;	// why there is no token; made for people
	const char *credential; // "" for none
	const char *profile;	// "" where it was not said
};

// False when the packet is not an answer.
bool core_read_answer(struct buf *packet, struct core_answer *answer);

#endif
