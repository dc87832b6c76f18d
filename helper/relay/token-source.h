// SPDX-License-Identifier: MIT
// The token of one profile, for all requests of a relay: asked for again and again, so that one that was renewed, revoked or erased
// meanwhile is not used, and renewed once for all requests that a server has refused with it.
#ifndef SK_TOKEN_SOURCE_H
#define SK_TOKEN_SOURCE_H

#include "base/buf.h"
#include "relay/ask-core.h"

#include <stdbool.h>
#include <stdint.h>

// What a request needs a token for, and so what is asked.
enum token_need {
	NEED_TOKEN,   // any that is not older than a second
	NEED_RENEWAL, // another one than that of a generation, which was refused (401)
	NEED_SCOPE,   // one with the scope that the server wants from this request (403)
};

struct token_source {
	const char *profile;
	struct buf token;
	unsigned generation; // how many different ones there have been; 0: none yet
	int64_t token_at;    // CLOCK_BOOTTIME in ms: when it was last said to be good
	// the last question
	bool asking;
	enum token_need asked_for;
	const void *asked_by;
	int64_t answered_at; // 0: not yet
	enum status failure; // STATUS_OK where it brought a token
	char why[512];	     // in words, where not
	// the token that took the place of a refused one; 0: none has
	unsigned renewed_generation;
	int64_t renewed_at;
	bool last; // no more questions: the token that is there is used, however old
};

enum token_state {
	TOKEN_READY,   // source->token may be sent
	TOKEN_WANTED,  // a question must be asked for it: token_source_ask
	TOKEN_AWAITED, // one is on its way
	TOKEN_FAILED,  // and brought none: source->why
};

// A request that waits for a token.
struct token_wait {
	enum token_need need;
	unsigned refused_generation;
	int64_t since; // CLOCK_BOOTTIME in ms: what was answered before is not for it
	const void *who;
};

enum token_state token_source_state(const struct token_source *source, const struct token_wait *wait);

// Asks; lines: what the server said of the token that was refused, NULL for an ordinary question.
void token_source_ask(struct token_source *source, const struct token_wait *wait, const struct buf *lines);

// Takes the answer.
void token_source_take(struct token_source *source, const struct core_answer *answer);

// Whether a refusal of this generation's token is to be answered with a renewal: not where it is itself a new one of just now.
bool token_source_may_renew(const struct token_source *source, unsigned generation);

void token_source_free(struct token_source *source);

#endif
