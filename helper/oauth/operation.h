// SPDX-License-Identifier: MIT
// What sk-oauth is asked to do, and what it can answer: the request of every operation.
#ifndef SK_OPERATION_H
#define SK_OPERATION_H

#include "base/buf.h"
#include "base/status.h"
#include "model/assertion.h"
#include "model/oauth-error.h"
#include "model/profile.h"

#include <stdint.h>

// As it came over the pipe; what is absent is NULL.
struct oauth_request {
	const char *operation, *url, *issuer, *token_endpoint, *revocation_endpoint, *auth_method, *client_id, *client_secret,
		*scope, *resource, *audience, *token, *ca_file, *ca_file_sha256, *proxy, *timeout_ms;
	const char *private_key, *certificate; // for TLS alone (RFC 8705): what a key signs otherwise comes as an assertion
	const char *grant, *identity_token, *identity_token_reuse, *assertion_type, *subject_token_type, *token_request;
	const char *params[PROFILE_PARAMS_MAX]; // NAME=VALUE
	size_t param_count;
	const char
		*assertions[ASSERTIONS_MAX]; // of a client with a key: one for each try, because each is good for one request
	size_t assertion_count;
};

// What there is to know of a failure besides its status.
struct oauth_failure {
	enum oauth_error error;
	long http_status;    // 0 where there was no answer
	int64_t retry_after; // the seconds that the server asked for; -1 where it did not
	bool was_sent;	     // something of the request has left
};

// Writes status=ok and what was asked for to answer; on failure, err and failure are what is answered.
typedef enum status oauth_operation(const struct oauth_request *request, struct buf *answer, struct oauth_failure *failure,
				    struct err *err);

#endif
