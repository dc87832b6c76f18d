// SPDX-License-Identifier: MIT
// The token endpoint: the grants of model/grant.h, and what servers answer to them.
#ifndef SK_TOKEN_ENDPOINT_H
#define SK_TOKEN_ENDPOINT_H

#include "oauth/operation.h"

// Writes status, access_token, expires_in, scope. Tries again by itself, within the time given, after temporary failures; but an identity
// token that has left is not sent a second time, unless the request says that the server takes it so (identity_token_reuse).
oauth_operation token_endpoint_request;

// Takes a token out of use (RFC 7009). STATUS_REFUSED where the server cannot do that for such tokens.
oauth_operation token_endpoint_revoke;

// Asks for nothing and sends no credential: writes status, http_status, date, address.
oauth_operation token_endpoint_probe;

// One answer of a server's.
struct token_response {
	long code;
	const char *content_type;
	const struct buf *body;
	int64_t retry_after; // seconds, -1 for none
};

// What it means. Exposed for the tests and the fuzzer. secrets: the client secret in each form that it was sent in, NULL-terminated:
// nothing that repeats one of them is passed on.
enum status token_response_read(const struct token_response *response, const char *const *secrets, struct buf *answer,
				struct oauth_failure *failure, struct err *err);
enum status revocation_response_read(const struct token_response *response, const char *const *secrets, struct buf *answer,
				     struct oauth_failure *failure, struct err *err);

#endif
