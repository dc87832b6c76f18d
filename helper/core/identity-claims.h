// SPDX-License-Identifier: MIT
// What an identity token (a JWT of a platform's) says about itself: whom it is for, and when it ends. Its signature is the authorization
// server's to verify; what is looked at here keeps a token from going to a server that it is not for.
#ifndef SK_IDENTITY_CLAIMS_H
#define SK_IDENTITY_CLAIMS_H

#include "base/buf.h"
#include "base/status.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#define IDENTITY_TOKEN_MAX 16384 // what servers take at most

struct identity_claims {
	cJSON *json;
	const char *issuer, *subject; // point into json; "" for none
	int64_t expires_at;	      // seconds since 1970; 0 for none
	int64_t not_before;	      // the same
};

#define IDENTITY_CLAIMS_AUTO(name) __attribute__((cleanup(identity_claims_free))) struct identity_claims name = { 0 }

void identity_claims_free(struct identity_claims *claims);

// STATUS_POLICY for what is no signed JWT.
enum status identity_claims_read(const char *token, struct identity_claims *claims, struct err *err);

// Appends its audiences, with ", " between them.
void identity_claims_put_audience(const struct identity_claims *claims, struct buf *out);

// A platform's clock that is ahead by so many seconds is waited for.
#define IDENTITY_WAIT_MAX 5

// Whether it may be sent to a server that audience stands for: STATUS_POLICY where it is for others, has ended, or is not valid within
// IDENTITY_WAIT_MAX.
enum status identity_claims_check(const struct identity_claims *claims, const char *audience, int64_t now, struct err *err);

#endif
