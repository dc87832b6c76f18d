// SPDX-License-Identifier: MIT
// What a profile does not say, from the servers themselves. What is found is pinned in the profile: no get asks again.
#ifndef SK_DISCOVER_H
#define SK_DISCOVER_H

#include "buf.h"
#include "profile.h"
#include "status.h"

// Fills in the profile's issuer, token_endpoint, resource, scope and auth_method, each where it is NULL, from its first url or
// its issuer; an issuer that is there is the only one that will do. What is filled in points into answer. STATUS_NOT_FOUND:
// no metadata; STATUS_POLICY: metadata that is not to be believed; STATUS_TEMPORARY. The profile is untouched on failure.
enum status discover(struct profile *profile, struct buf *answer, struct err *err);

#endif
