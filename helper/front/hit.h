// SPDX-License-Identifier: MIT
// A token that the cache has for a request, and the memory that all of an answer is made in.
#ifndef SK_HIT_H
#define SK_HIT_H

#include "base/buf.h"
#include "model/profile.h"
#include "model/request.h"
#include "model/token.h"
#include "protocols/protocols.h"

// A buf of all memory that is left. arena_keep then says that it has its final length, and the next is behind it.
struct buf arena_take(void);
void arena_keep(const struct buf *b);
void arena_wipe(void);

struct hit {
	struct profile profile;
	struct token token; // points into the arena
	struct answer answer;
	enum freshness freshness;
};

// For a request whose profile has been loaded into hit->profile. False where the cache has no token that is good enough, or the request
// is not for the front door to answer.
bool hit_find(struct hit *hit, struct request *request);

#endif
