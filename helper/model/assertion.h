// SPDX-License-Identifier: MIT
// What a client's private key signs, in the place of a secret: an assertion for one request (RFC 7523 section 2.2), as draft-ietf-oauth-rfc7523bis
// has it: the issuer alone is the audience, and the type is said.
#ifndef SK_ASSERTION_H
#define SK_ASSERTION_H

#include "base/buf.h"
#include "base/status.h"

// Long enough for clocks that differ a little; short, because whoever gets hold of it is the client for so long.
#define ASSERTION_SECONDS 120
#define ASSERTION_MAX	  16384
#define ASSERTIONS_MAX	  3 // for one exchange, which is tried again after a failure: each is good for one request

struct assertion {
	const char *algorithm, *client_id, *audience;
	const char *key_id; // NULL for none
};

// Appends the header and the claims, with a new jti, as they are signed: what is left to be appended is '.' and the signature.
enum status assertion_write(const struct assertion *assertion, struct buf *text, struct err *err);

#endif
