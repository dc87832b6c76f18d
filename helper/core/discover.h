// SPDX-License-Identifier: MIT
// What a profile does not say, from the servers themselves. What is found is pinned in the profile: no get asks again.
#ifndef SK_DISCOVER_H
#define SK_DISCOVER_H

#include "base/buf.h"
#include "base/status.h"
#include "model/profile.h"

// Fills in the profile's issuer, token_endpoint, revocation_endpoint, resource, scope, auth_method, grant and assertion_alg, each
// where it is NULL, from its first url or its issuer; an issuer that is there is the only one that will do. What is filled in
// points into answer. key_algorithms: NULL for a client with a secret; what the client's key can sign with, "" where that is
// not known. preferred: the method to take if the server has it; may be NULL. STATUS_NOT_FOUND: no metadata; STATUS_POLICY:
// metadata that is not to be believed, or of a server that does not take what the client has; STATUS_TEMPORARY. The profile
// is untouched on failure. warning: that the profile's own auth_method is not one that the server lists; text "" for nothing.
enum status discover(struct profile *profile, const char *key_algorithms, const char *preferred, struct buf *answer,
		     struct err *warning, struct err *err);

// What was found, in lines, for the user to read: who the authorization server is, and where a credential will go.
void discover_describe(const struct profile *profile, struct buf *lines);

// "send the client secret to URL", or what is done there with a key.
void discover_intent(const struct profile *profile, struct buf *words);

#endif
