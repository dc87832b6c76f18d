// SPDX-License-Identifier: MIT
// A token for a profile: from the cache while it is fresh, else from the authorization server, one flight at a time.
#ifndef SK_OBTAIN_H
#define SK_OBTAIN_H

#include "base/lock.h"
#include "base/status.h"
#include "model/profile.h"
#include "model/request.h"
#include "model/secret.h"
#include "model/token.h"

struct obtained {
	struct token token; // points into record and into the profile
	struct buf record;
	char boot_id[BOOT_ID_SIZE];
	struct err warning;  // text "" for none: what did not work, though there is a token
	int64_t retry_after; // seconds that the server wants not to be asked, after a failure; 0 for none
	bool invalid_client; // after a failure: the server does not know the secret
};

#define OBTAINED_INIT ((struct obtained){ .record = BUF_INIT(65536) })

void obtained_free(struct obtained *obtained);

// Frees what to has, and puts what from has in its place.
void obtained_move(struct obtained *to, const struct obtained *from);

// How good the token must be.
struct demand {
	int64_t min_ttl;
	bool good_part; // with a good part of its life left, for who cannot ask again soon: not one that is aging
	bool fresh;	// not older than this moment
	bool refused;	// the last one was not accepted: not older than a little while, in which others may have got a new one
};

// For a get: the cache, or one flight.
enum status obtain_token(const struct profile *profile, const struct wanted *wanted, const struct demand *demand,
			 struct obtained *obtained, struct err *err);

// For the renewal behind a get in the soft window: goes only if nobody else does, and not again soon after a failure.
// STATUS_OK too when there was nothing to do.
enum status obtain_renew(const struct profile *profile, const struct wanted *wanted, struct err *err);

// For 'add': a token with this secret, which is not stored yet. Not cached.
enum status obtain_with_secret(const struct profile *profile, const struct secret *secret, struct obtained *obtained,
			       struct err *err);

// Keeps all others from getting a token for the profile, once those who are at it are done. False when that
// took longer.
bool obtain_lock(struct lock *lock, const struct profile *profile, int64_t wait_ms);

// Whether a get would fail now without asking the server, because of how the last request ended; err says how.
bool obtain_last_failure(const struct profile *profile, struct err *err);

// Forgets how the last request for this profile failed: its secret is another one now.
void obtain_forgive(const struct profile *profile);

// Puts it into the profile's token cache. A failure is only a warning in obtained.
void obtain_cache(const struct profile *profile, struct obtained *obtained);

// Forgets the profile's tokens, whatever scope they are for; with a credential, only one that is equal to it. count: how many.
enum status obtain_forget(const struct profile *profile, const char *credential, unsigned *count, struct err *err);

#endif
