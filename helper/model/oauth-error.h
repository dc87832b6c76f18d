// SPDX-License-Identifier: MIT
// The error codes of an authorization server (RFC 6749 section 5.2 and others), as values that the program can decide
// by. Other text of the server, such as error_description, is only shown.
#ifndef SK_OAUTH_ERROR_H
#define SK_OAUTH_ERROR_H

#include <stdbool.h>

enum oauth_error {
	OAUTH_ERROR_NONE,  // it did not answer with an OAuth error
	OAUTH_ERROR_OTHER, // one that is not in the list
	OAUTH_INVALID_REQUEST,
	OAUTH_INVALID_CLIENT, // it does not know the client, or its secret
	OAUTH_INVALID_GRANT,
	OAUTH_UNAUTHORIZED_CLIENT,
	OAUTH_UNSUPPORTED_GRANT_TYPE,
	OAUTH_INVALID_SCOPE,
	OAUTH_INVALID_TARGET,
	OAUTH_ACCESS_DENIED,
	OAUTH_UNSUPPORTED_TOKEN_TYPE,
	OAUTH_TEMPORARILY_UNAVAILABLE,
	OAUTH_SERVER_ERROR,
	OAUTH_SLOW_DOWN,
	OAUTH_TOO_MANY_REQUESTS,
	OAUTH_RATE_LIMIT_EXCEEDED,
	OAUTH_ERRORS
};

// OAUTH_ERROR_NONE for "", OAUTH_ERROR_OTHER for a code that is not in the list.
enum oauth_error oauth_error_find(const char *code);

// "invalid_client"; "" for NONE, "an error" for OTHER.
const char *oauth_error_code(enum oauth_error error);

// Whether the same request may be granted later.
bool oauth_error_is_temporary(enum oauth_error error);

#endif
