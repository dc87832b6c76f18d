// SPDX-License-Identifier: MIT
// What an asker of 'share' may have of one profile, and how often: new tokens cost the authorization server a request each, and each kind of
// token takes a place in the keyring.
#ifndef SK_SHARE_LIMITS_H
#define SK_SHARE_LIMITS_H

#include "base/status.h"
#include "model/profile.h"
#include "model/request.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHARE_KINDS_MAX 16			    // of tokens, by scope and resource, besides the profile's own
#define SHARE_SEEN_MAX	(2 * (SHARE_KINDS_MAX + 1)) // each kind's token, and the one before it

struct share_limits {
	const char *name;	       // of the profile
	int64_t fresh_at;	       // CLOCK_BOOTTIME in ms: when a fresh token was last asked for
	int64_t renewals_at;	       // until when new tokens are paid for
	uint64_t seen[SHARE_SEEN_MAX]; // hashes of the tokens that were given last
	size_t seen_count;
	uint64_t kinds[SHARE_KINDS_MAX]; // hashes of scope and resource
	size_t kind_count;
};

// Whether a request may bring a new token although there is one: seven at once, and then one every 10 seconds; fresh ones no more often from
// the first on. STATUS_TEMPORARY, with the seconds to wait. fresh: one that surely does, which is noted.
enum status share_limits_check_renewal(struct share_limits *limits, bool fresh, struct err *err);

// STATUS_POLICY for one kind of token too many.
enum status share_limits_check_kind(struct share_limits *limits, const struct request *request, const struct profile *profile,
				    struct err *err);

// A token was given: whether it is a new one is seen here.
void share_limits_note(struct share_limits *limits, const char *token);

#endif
