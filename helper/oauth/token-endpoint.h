// SPDX-License-Identifier: MIT
// The token endpoint: the client credentials grant (RFC 6749 section 4.4) and what servers answer to it.
#ifndef SK_TOKEN_ENDPOINT_H
#define SK_TOKEN_ENDPOINT_H

#include "base/buf.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

// As it came over the pipe; what is absent is NULL.
struct oauth_request {
	const char *operation, *url, *issuer, *token_endpoint, *revocation_endpoint, *auth_method, *client_id, *client_secret,
		*private_key, *certificate, *key_id, *assertion_alg, *assertion_audience, *scope, *resource, *audience, *token,
		*ca_file, *proxy, *timeout_ms;
	const char *body; // what follows the blank line; "" for nothing
	size_t body_len;
};

// What there is to know of a failure besides its status.
struct oauth_failure {
	int64_t retry_after; // the seconds that the server asked for; -1 where it did not
	bool invalid_client; // it does not know the secret
};

// Writes status, access_token, expires_in, scope. Tries again by itself, within the time given, after temporary failures.
enum status token_endpoint_request(const struct oauth_request *request, struct buf *answer, struct oauth_failure *failure,
				   struct err *err);

// Takes a token out of use (RFC 7009). STATUS_REFUSED where the server cannot do that for such tokens.
enum status token_endpoint_revoke(const struct oauth_request *request, struct buf *answer, struct oauth_failure *failure,
				  struct err *err);

// Asks for nothing and sends no credential: writes status, http_status, date, address.
enum status token_endpoint_look(const struct oauth_request *request, struct buf *answer, struct oauth_failure *failure,
				struct err *err);

// One answer's meaning. Exposed for the tests and the fuzzer. retry_after: seconds, -1 for none. secrets: the client secret in
// each form that it was sent in, NULL-terminated: nothing that repeats one of them is passed on.
enum status token_response_read(long code, const char *content_type, struct buf *body, int64_t retry_after,
				const char *const *secrets, struct buf *answer, struct err *err);
enum status revocation_response_read(long code, const char *content_type, struct buf *body, int64_t retry_after,
				     const char *const *secrets, struct buf *answer, struct err *err);

#endif
