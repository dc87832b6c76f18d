// SPDX-License-Identifier: MIT
// The token cache of a profile: which tokens are kept in the keyring that its token_cache names.
#ifndef SK_TOKEN_CACHE_H
#define SK_TOKEN_CACHE_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/status.h"
#include "keyring/keyring.h"
#include "model/profile.h"
#include "model/request.h"
#include "model/token.h"

// A token with what it points into.
struct cached_token {
	struct token token; // points into record, into boot_id, and into the profile that it was requested for
	struct buf record;
	char boot_id[BOOT_ID_SIZE]; // of this boot
	struct err warning;	    // what did not work, though there may be a token; text "" for nothing
};

#define CACHED_TOKEN_INIT	((struct cached_token){ .record = BUF_INIT(ANSWER_MAX) })
#define CACHED_TOKEN_AUTO(name) __attribute__((cleanup(cached_token_free))) struct cached_token name = CACHED_TOKEN_INIT

void cached_token_free(struct cached_token *cached);

// Frees what to has, and puts what from has in its place.
void cached_token_move(struct cached_token *to, const struct cached_token *from);

// Seconds that it has left, and how good it is.
int64_t cached_token_left(const struct cached_token *cached, struct moment now);
enum freshness cached_token_freshness(const struct cached_token *cached, struct moment now, int64_t min_ttl);

// Whether the cache has a token that was issued for this very profile and request, however old; in cached then.
bool token_cache_get(const struct profile *profile, const struct request *request, struct cached_token *cached);

// Keeps it, and plans its renewal. A failure is only a warning in cached.
void token_cache_put(const struct profile *profile, struct cached_token *cached);

// Calls visit with the key of each token that is kept for the profile, whatever scope it is for. visit may delete it.
enum status token_cache_each(const struct profile *profile,
			     void (*visit)(const struct keyring *cache, const struct keyring_key *key, void *context),
			     void *context, struct err *err);

// Forgets the profile's tokens; with a credential, or the SHA-256 of one, in hexadecimal digits, only one that is equal to it. Each may be
// NULL. count: how many; may be NULL.
enum status token_cache_forget(const struct profile *profile, const char *credential, const char *credential_sha256,
			       unsigned *count, struct err *err);

#endif
