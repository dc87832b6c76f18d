// SPDX-License-Identifier: MIT
// A token for a request: from the cache while it is good enough, else from the authorization server, one flight at a time.
#ifndef SK_OBTAIN_H
#define SK_OBTAIN_H

#include "base/status.h"
#include "core/ask-oauth.h"
#include "core/token-cache.h"
#include "model/profile.h"
#include "model/request.h"
#include "model/secret.h"

// For a get: the cache, or one flight. The request has been resolved. STATUS_TEMPORARY, too, where the token was refused too often to
// be renewed now.
enum status obtain_token(const struct profile *profile, const struct request *request, struct cached_token *obtained,
			 struct err *err);

// For the renewal behind a get whose token is near its end: asks only if nobody else does, and not again soon after a failure.
// STATUS_OK too when there was nothing to do.
enum status obtain_renewal(const struct profile *profile, const struct request *request, struct err *err);

// For 'add' and 'rotate': a token with this secret, which need not be stored. Not cached. failure: what the server answered.
enum status obtain_with_secret(const struct profile *profile, const struct secret *secret, struct cached_token *obtained,
			       struct endpoint_failure *failure, struct err *err);

#endif
