// SPDX-License-Identifier: MIT
// The platform's identity token, in the place of a client secret: read anew for each exchange, checked before it is sent, and sent once.
#ifndef SK_IDENTITY_TOKEN_H
#define SK_IDENTITY_TOKEN_H

#include "base/buf.h"
#include "base/sha256.h"
#include "base/status.h"
#include "core/identity-claims.h"
#include "model/profile.h"

#include <stdbool.h>
#include <stdint.h>

struct identity_token {
	struct buf text; // the JWT
	char sha256[SHA256_HEX_SIZE];
	bool is_marked; // as sent (core/sent-tokens.h)
};

#define IDENTITY_TOKEN_INIT	  ((struct identity_token){ .text = BUF_INIT(IDENTITY_TOKEN_MAX) })
#define IDENTITY_TOKEN_AUTO(name) __attribute__((cleanup(identity_token_free))) struct identity_token name = IDENTITY_TOKEN_INIT

void identity_token_free(struct identity_token *token);

// Reads the profile's; unchecked. STATUS_NOT_FOUND: its source gives none; STATUS_POLICY: it is not to be trusted; STATUS_TEMPORARY: it
// does not answer.
enum status identity_token_read(const struct profile *profile, struct identity_token *token, struct err *err);

// For a request that sends it: reads it, and checks that it is for this profile's server and valid. Unless the server takes the same one
// more than once, it is marked as sent: STATUS_TEMPORARY where it was sent before.
enum status identity_token_take(const struct profile *profile, struct identity_token *token, struct err *err);

// Whether the profile's server takes the same one more than once.
bool identity_token_may_be_reused(const struct profile *profile);

// After identity_token_take: the server has refused it.
void identity_token_note(const struct identity_token *token, int64_t http_status);

// After identity_token_take: the request has not left, so that it may be sent after all.
void identity_token_put_back(struct identity_token *token);

// A number for the token that is there now, so that a failure is held against it and not against the next one. 0 where there is none, or
// where the source gives another one each time.
uint64_t identity_token_now(const struct profile *profile);

#endif
